/**
 * Walking through what was received of one feed, instant by instant.
 *
 * @module
 */
import type { Panel } from '../src/domain/market/panel.ts'
import type { FeedDeclaration, Observed } from '../src/domain/market/tick.ts'
import { HOUR, timestamp } from '../src/domain/units.ts'
import type { Columns, Span, VenueColumn } from './columns.ts'

export interface Sampling {
  readonly feed: FeedDeclaration
  /** In order of receipt; whatever is stale at the first instant already is left out. */
  readonly ticks: readonly Observed[]
}

/** Rows are hourly: an earlier one may rest on a value of up to an hour ago, as where history was fetched by the hour. */
const staleEarlier = (feed: FeedDeclaration): number => Math.max(2 * feed.cadence, HOUR)

export function openSampling(panel: Panel, feed: FeedDeclaration, { at, hours }: Pick<Span, 'at' | 'hours'>): Sampling {
  const from = timestamp(at - (hours - 1) * HOUR - staleEarlier(feed) - 1)
  return { feed, ticks: panel.between(feed.feed, feed.venue, feed.asset, from, at) as readonly Observed[] }
}

/** Takes one instant: the newest observation, those received within the hour as `ticks[start … end)`, and its age. */
export type Reader = (
  i: number,
  newest: Observed,
  ticks: readonly Observed[],
  start: number,
  end: number,
  age: number,
) => void

/** Walks the instants from the first on, each with what had been received by it; nothing fresh, nothing read. */
export function readEach({ feed, ticks }: Sampling, columns: Columns, first: number, read: Reader, ages?: number[]) {
  const [staleAfter, before, cadence] = [2 * feed.cadence, staleEarlier(feed), Math.max(feed.cadence, HOUR)]
  const hours = columns.instants.length
  let newest: Observed | undefined
  let end = receivedBy(ticks, columns.instants[first]! - HOUR, 0)
  newest = newestOf(ticks, 0, end, newest)
  let stride = 1
  for (let i = first; i < hours; i++) {
    const instant = columns.instants[i]!
    const start = end
    end = receivedBy(ticks, instant, start, stride)
    stride = end - start
    newest = newestOf(ticks, start, end, newest)
    if (!newest) continue
    const elapsed = instant - newest.eventAt
    if (elapsed > (i === hours - 1 ? staleAfter : before)) continue
    const age = Math.max(0, elapsed) / cadence
    if (ages) ages[i] = Number.isNaN(ages[i]!) ? age : Math.min(ages[i]!, age)
    read(i, newest, ticks, start, end, age)
  }
}

/**
 * How many had been received by an instant, counted on from `start`: first looks where the last step leads, as most feeds come
 * evenly spaced, then in steps that double.
 */
export function receivedBy(ticks: readonly Observed[], at: number, start: number, stride = 1): number {
  const guess = start + stride
  if (guess <= ticks.length && (stride === 0 || ticks[guess - 1]!.receivedAt <= at)) {
    if (guess === ticks.length || ticks[guess]!.receivedAt > at) return guess
  }
  let [low, step] = [start, 1]
  while (low + step <= ticks.length && ticks[low + step - 1]!.receivedAt <= at) {
    low += step
    step *= 2
  }
  let high = Math.min(ticks.length, low + step - 1)
  while (low < high) {
    const middle = (low + high) >> 1
    if (ticks[middle]!.receivedAt <= at) low = middle + 1
    else high = middle
  }
  return low
}

/**
 * The newest event of `ticks[start … end)` and of what was known before; of two reports of one event the later received.
 *
 * Looks back only as far as receipts reach the newest event: what was received before it happened cannot be newer.
 */
function newestOf(ticks: readonly Observed[], start: number, end: number, known?: Observed): Observed | undefined {
  if (end <= start) return known
  let newest = ticks[end - 1]!
  for (let i = end - 2; i >= start && ticks[i]!.receivedAt >= newest.eventAt; i--) {
    if (ticks[i]!.eventAt > newest.eventAt) newest = ticks[i]!
  }
  return known && known.eventAt > newest.eventAt ? known : newest
}

/** A column of a venue's own, of which nothing is known yet. */
export function addVenue(list: VenueColumn[], { venue, cadence }: FeedDeclaration, { instants }: Columns): VenueColumn {
  const column = { venue, cadenceHours: cadence / HOUR, values: unknown(instants.length) }
  list.push(column)
  return column
}

export const unknown = (hours: number): number[] => new Array<number>(hours).fill(Number.NaN)
