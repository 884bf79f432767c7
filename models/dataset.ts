import { createPanel, type Panel } from '../src/domain/market/panel.ts'
import type { Asset, FeedDeclaration } from '../src/domain/market/tick.ts'
import { DAY, HOUR, later, MINUTE, type TimestampMs, timestamp } from '../src/domain/units.ts'
import type { MarketSource } from '../src/ports.ts'
import { appendColumns, type Columns, sampleColumns } from './columns.ts'
import { LOOKBACK_HOURS, rowsOf, WINDOW_HOURS } from './features.ts'
import { labelsOf } from './labels.ts'
import type { AssetHours } from './samples.ts'
import { perHour, venueMean } from './series.ts'
import { venueRowsOf } from './venue-features.ts'

/** Minutes past the hour at which training looks: forecasts are asked for at any time, not only on the hour. */
export const PHASES = [0, 20, 40] as const

export interface CollectOptions {
  /** Default `PHASES`; a record that is hourly itself is looked at once an hour. */
  readonly phases?: readonly number[]
  /** Whether to keep each venue's own rows; default true. */
  readonly venues?: boolean
  /** Told after every simulated day: share done from 0 to 1, when the source says where it ends. */
  readonly onProgress?: (share: number) => void
  readonly signal?: AbortSignal
}

/** One asset at one phase while it is being read. */
interface Sampled {
  readonly asset: Asset
  readonly phase: number
  readonly minutes: number
  columns?: Columns
  readonly after5m: number[]
}

/**
 * Reads a market source to its end and turns it into hourly rows and labels, one list per asset and phase.
 *
 * Rows are sampled a day at a time from a panel that holds three days, by the code that live forecasts use.
 *
 * @throws {RangeError} when the source never ends
 * @throws the signal's reason when it is aborted
 */
export async function collectHours(source: MarketSource, options: CollectOptions = {}): Promise<AssetHours[]> {
  if (source.to === undefined) throw new RangeError(`Expected a source with an end, was ${source.name} without one`)
  const { phases = PHASES, venues = true } = options
  const panel = createPanel()
  const all = source.assets.flatMap((asset) =>
    phases.map((minutes, phase): Sampled => ({ asset, phase, minutes, after5m: [] })),
  )
  let begin: number | undefined
  let until: number | undefined
  for await (const step of source.steps({ signal: options.signal })) {
    options.signal?.throwIfAborted()
    begin ??= step.at
    until ??= Math.ceil(step.at / HOUR) * HOUR
    for (const tick of step.ticks) panel.apply(tick)
    // The last phase of a day is complete within the first hour of the next.
    if (step.at < until + DAY + HOUR) continue
    until += DAY
    for (const sampled of all) sampleDay(panel, source.feeds, sampled, timestamp(until + sampled.minutes * MINUTE))
    panel.forget(timestamp(until - 3 * DAY))
    options.onProgress?.((step.at - begin) / (source.to - begin))
  }
  options.signal?.throwIfAborted()
  return all.flatMap((sampled) => (sampled.columns ? [toHours(sampled, sampled.columns, venues)] : []))
}

function sampleDay(panel: Panel, feeds: readonly FeedDeclaration[], into: Sampled, at: TimestampMs): void {
  const more = sampleColumns(panel, into.asset, feeds, { at, hours: DAY / HOUR })
  into.after5m.push(...pricesAfter5m(panel, into.asset, feeds, more.instants))
  if (into.columns) appendColumns(into.columns, more)
  else into.columns = more
}

/** NaN where the bars of the price venue are coarser than five minutes. */
function pricesAfter5m(
  panel: Panel,
  asset: Asset,
  feeds: readonly FeedDeclaration[],
  instants: readonly number[],
): readonly number[] {
  const venue = panel.priceVenue(asset)
  const fine = feeds.some(
    (feed) => feed.feed === 'bar' && feed.asset === asset && feed.venue === venue && feed.cadence <= 5 * MINUTE,
  )
  if (venue === undefined || !fine) return instants.map(() => Number.NaN)
  const marks = instants.map((at) => timestamp(at + 5 * MINUTE))
  const known = later(marks.at(-1)!, 5 * MINUTE)
  const bars = panel.newestAt('bar', venue, asset, { marks, from: timestamp(marks[0]! - HOUR), known })
  return bars.map((bar, k) => (bar && bar.eventAt > instants[k]! ? bar.closePrice : Number.NaN))
}

function toHours({ asset, phase, after5m }: Sampled, columns: Columns, venues: boolean): AssetHours {
  const hours = columns.price.length
  return {
    asset,
    phase,
    instants: Float64Array.from(columns.instants),
    ...rowsOf(columns, hours),
    venues: venues ? venueRowsOf(columns, hours) : [],
    labels: labelsOf(columns, { priceAfter5m: after5m }),
    price: Float64Array.from(columns.price),
    funding: fundingOf(columns),
    firstUsable: WINDOW_HOURS + LOOKBACK_HOURS,
  }
}

const fundingOf = ({ funding, instants }: Columns): Float64Array =>
  perHour(instants.length, (i) => venueMean(funding, i))
