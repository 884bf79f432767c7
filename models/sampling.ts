/**
 * Walking through what was received of one feed, instant by instant.
 *
 * @module
 */
import type { Panel } from '../src/domain/market/panel.ts'
import type { FeedDeclaration } from '../src/domain/market/tick.ts'
import { HOUR } from '../src/domain/units.ts'
import type { Columns, Span, VenueColumn } from './columns.ts'
import { newestOf, receivedBy, type Track, trackOf } from './tracks.ts'

/** Windows longer than this are asked for again and again, each a little later: what they read is kept. */
const KEPT_HOURS = 500
/** They reach equally far back whatever their rows, so that one reading serves all. */
const KEPT_REACH = 840
const KEPT_FLOW_REACH = 120

/** Rows are hourly: an earlier one may rest on a value of up to an hour ago, as where history was fetched by the hour. */
const staleEarlier = (feed: FeedDeclaration): number => Math.max(2 * feed.cadence, HOUR)

/** What was received of a feed for the last instants; whatever is stale at the first of them already is left out. */
export function openTrack(panel: Panel, feed: FeedDeclaration, { at, hours }: Span, first: number): Track {
  const keep = hours > KEPT_HOURS
  const reach = keep ? Math.max(hours - first, first > 0 ? KEPT_FLOW_REACH : KEPT_REACH) : hours - first
  return trackOf(panel, feed, { from: at - (reach - 1) * HOUR - staleEarlier(feed) - 1, at, keep })
}

/** Takes one instant: the newest observation, those received within the hour as [start … end), and the newest one's age. */
export type Reader = (i: number, newest: number, start: number, end: number, age: number) => void

/** Walks the instants from the first on, each with what had been received by it; nothing fresh, nothing read. */
export function readEach(track: Track, columns: Columns, first: number, read: Reader, ages?: number[]): void {
  const { feed, eventAt } = track
  const [staleAfter, before, cadence] = [2 * feed.cadence, staleEarlier(feed), Math.max(feed.cadence, HOUR)]
  const hours = columns.instants.length
  let end = receivedBy(track, columns.instants[first]! - HOUR, track.begin)
  let newest = newestOf(track, track.begin, end, -1)
  for (let i = first; i < hours; i++) {
    const instant = columns.instants[i]!
    const start = end
    end = receivedBy(track, instant, start)
    newest = newestOf(track, start, end, newest)
    if (newest < 0) continue
    const elapsed = instant - eventAt[newest]!
    if (elapsed > (i === hours - 1 ? staleAfter : before)) continue
    const age = Math.max(0, elapsed) / cadence
    if (ages && !(ages[i]! <= age)) ages[i] = age
    read(i, newest, start, end, age)
  }
}

/** A column of a venue's own, of which nothing is known yet. */
export function addVenue(list: VenueColumn[], { venue, cadence }: FeedDeclaration, { instants }: Columns): VenueColumn {
  const column = { venue, cadenceHours: cadence / HOUR, values: unknown(instants.length) }
  list.push(column)
  return column
}

export const unknown = (hours: number): number[] => new Array<number>(hours).fill(Number.NaN)
