/**
 * The one definition of what the models see: the same code fills training rows and live windows.
 *
 * A window is 72 hourly rows, the last one at the asked instant; each row is computed only from what had been received by
 * its own instant. A value that cannot be known (feed missing, stale, too coarse, history too short) is 0 with mask 0.
 *
 * @module
 * @see specification §2.2 (point-in-time join), §3 (features)
 */
import { canonicalJson, sha256 } from '../src/domain/hash.ts'
import { createPanel, type Panel } from '../src/domain/market/panel.ts'
import { type Asset, EXPECTED_KINDS, type FeedDeclaration } from '../src/domain/market/tick.ts'
import { DAY, HOUR, type TimestampMs } from '../src/domain/units.ts'
import { type Columns, type SampledFeed, sampleColumns } from './columns.ts'
import { FEATURES, FEEDS_USED, prepare } from './feature-rows.ts'
import { FUEL_HOURS } from './fuel.ts'
import { probeMarket } from './probe-market.ts'
import { fillRows, VENUE_FEATURES, venueRowsOf } from './venue-features.ts'
import type { VenueHours } from './venue-hours.ts'

export { FEATURES, FEEDS_USED } from './feature-rows.ts'
export { VENUE_FEATURE_COUNT, VENUE_FEATURES, venueRowsOf } from './venue-features.ts'

/** Hourly rows in a window. */
export const WINDOW_HOURS = 72
/** Hours of history before the first row: the month that it is measured against, and the day that the month's first sums span. */
export const LOOKBACK_HOURS = 744
/** The longest sum over liquidations, taker flow and volumes by venue. */
const FLOW_LOOKBACK_HOURS = 24
export const FEATURE_COUNT = FEATURES.length

export interface FeatureWindow {
  /** Row-major [hours × FEATURE_COUNT], oldest row first, not yet normalised. */
  readonly values: Float32Array
  /** 1 where the value is known, same shape. */
  readonly mask: Uint8Array
  /** The largest venues' own rows over the same hours; none unless asked for. */
  readonly venues: readonly VenueHours[]
  /** Kinds of feed of which nothing fresh is known at the last row, out of what every asset is expected to have or was declared. */
  readonly maskedFeeds: readonly SampledFeed[]
  /** Whether the price is fresh at the last row. */
  readonly fresh: boolean
  /** Hours between the oldest known price of the last 72 hours and the last row; below 71 the window is not full. */
  readonly priceHours: number
}

export interface WindowOptions {
  /** Rows asked for; default `WINDOW_HOURS`. A model of the last row asks for 1, and pays for 1. */
  readonly hours?: number
  /** Whether each venue's own rows are wanted; default they are not. */
  readonly venues?: boolean
}

/** The window of an asset as of any instant. */
export function featureWindow(
  panel: Panel,
  asset: Asset,
  at: TimestampMs,
  feeds: readonly FeedDeclaration[],
  { hours = WINDOW_HOURS, venues = false }: WindowOptions = {},
): FeatureWindow {
  const columns = sampleColumns(panel, asset, feeds, {
    at,
    hours: hours + LOOKBACK_HOURS,
    flowHours: hours + FLOW_LOOKBACK_HOURS,
    rangeHours: hours + FUEL_HOURS,
  })
  const last = columns.price.length - 1
  const oldest = columns.price.findIndex((price, i) => i > last - WINDOW_HOURS && price > 0)
  const declared = new Set(feeds.flatMap((feed) => (feed.asset === asset ? [feed.feed] : [])))
  return {
    ...rowsOf(columns, hours),
    venues: venues ? venueRowsOf(columns, hours) : [],
    maskedFeeds: FEEDS_USED.filter(
      (kind) => (EXPECTED.has(kind) || declared.has(kind)) && Number.isNaN(columns.age[kind][last]!),
    ),
    fresh: columns.price[last]! > 0,
    priceHours: oldest < 0 ? 0 : last - oldest,
  }
}

const EXPECTED: ReadonlySet<SampledFeed> = new Set(EXPECTED_KINDS)

/** The last `count` rows of sampled columns: values and mask, row-major [count × FEATURE_COUNT]. */
export function rowsOf(columns: Columns, count: number): { values: Float32Array; mask: Uint8Array } {
  const rows = {
    values: new Float32Array(count * FEATURE_COUNT),
    mask: new Uint8Array(count * FEATURE_COUNT),
  }
  fillRows(rows, FEATURES, prepare(columns, columns.price.length - count))
  return rows
}

/** Indices of the features that cannot be known without a kind of feed. */
export const featuresOf = (kind: SampledFeed): readonly number[] =>
  FEATURES.flatMap(({ feeds }, i) => (feeds.includes(kind) ? [i] : []))
/** The same of the features of a venue. */
export const venueFeaturesOf = (kind: SampledFeed): readonly number[] =>
  VENUE_FEATURES.flatMap(({ feeds }, i) => (feeds.includes(kind) ? [i] : []))

let hash: string | undefined

/**
 * Fingerprint of names, shapes and formulas: a model trained on other features must not be fed these.
 *
 * The formulas enter by what they answer on a small made-up market, rounded to four digits, so that no one has to remember
 * to raise a version number.
 */
export function featureHash(): string {
  if (hash) return hash
  const { values, mask, venues } = probeWindow()
  const answers = (rows: Pick<FeatureWindow, 'values' | 'mask'>) =>
    Array.from(rows.values, (value, i) => (rows.mask[i] ? value.toPrecision(4) : '-'))
  const names = (features: readonly { readonly name: string }[]) => features.map(({ name }) => name)
  hash = sha256(
    canonicalJson({
      names: names(FEATURES),
      venueNames: names(VENUE_FEATURES),
      window: WINDOW_HOURS,
      answers: answers({ values, mask }),
      venueAnswers: venues.map((rows) => [rows.venue, ...answers(rows)]),
    }),
  ).slice(0, 16)
  return hash
}

/** The window on the made-up market that formulas are told apart by; every feature is known there. */
export function probeWindow(): FeatureWindow {
  const { ticks, feeds, asset, from } = probeMarket()
  const panel = createPanel()
  for (const tick of ticks) panel.apply(tick)
  return featureWindow(panel, asset, (from + 33 * DAY + HOUR / 4) as TimestampMs, feeds, { venues: true })
}
