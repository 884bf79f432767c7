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
import type { Asset, FeedDeclaration } from '../src/domain/market/tick.ts'
import { DAY, HOUR, type TimestampMs } from '../src/domain/units.ts'
import { type Columns, type SampledFeed, sampleColumns } from './columns.ts'
import { FEATURES, FEED_OF_GROUP, FEEDS_USED, type FeatureGroup, fillRow, prepare } from './feature-rows.ts'
import { probeMarket } from './probe-market.ts'

export { FEATURES, FEEDS_USED, type FeatureGroup } from './feature-rows.ts'

/** Hourly rows in a window. */
export const WINDOW_HOURS = 72
/** Hours of history before the first row that its averages look back on. */
export const LOOKBACK_HOURS = 720
/** The longest sum over liquidations and taker flow. */
const FLOW_LOOKBACK_HOURS = 24
export const FEATURE_COUNT = FEATURES.length

export interface FeatureWindow {
  /** Row-major [WINDOW_HOURS × FEATURE_COUNT], oldest row first, not yet normalised. */
  readonly values: Float32Array
  /** 1 where the value is known, same shape. */
  readonly mask: Uint8Array
  /** Kinds of feed that features are made of and of which nothing fresh is known at the last row. */
  readonly maskedFeeds: readonly SampledFeed[]
  /** Whether the price is fresh at the last row. */
  readonly fresh: boolean
  /** Hours between the oldest row with a known price and the last row; below 71 the window is not full. */
  readonly priceHours: number
}

/** The window of an asset as of any instant; about a millisecond. */
export function featureWindow(
  panel: Panel,
  asset: Asset,
  at: TimestampMs,
  feeds: readonly FeedDeclaration[],
): FeatureWindow {
  const columns = sampleColumns(panel, asset, feeds, {
    at,
    hours: WINDOW_HOURS + LOOKBACK_HOURS,
    flowHours: WINDOW_HOURS + FLOW_LOOKBACK_HOURS,
  })
  const { values, mask } = rowsOf(columns, WINDOW_HOURS)
  const last = columns.price.length - 1
  const oldest = columns.price.findIndex((price, i) => i > last - WINDOW_HOURS && price > 0)
  return {
    values,
    mask,
    maskedFeeds: FEEDS_USED.filter((kind) => Number.isNaN(columns.age[kind][last]!)),
    fresh: columns.price[last]! > 0,
    priceHours: oldest < 0 ? 0 : last - oldest,
  }
}

/** The last `count` rows of sampled columns: values and mask, row-major [count × FEATURE_COUNT]. */
export function rowsOf(columns: Columns, count: number): { values: Float32Array; mask: Uint8Array } {
  const values = new Float32Array(count * FEATURE_COUNT)
  const mask = new Uint8Array(count * FEATURE_COUNT)
  const start = columns.price.length - count
  const prepared = prepare(columns, start)
  const row = new Float64Array(FEATURE_COUNT)
  for (let r = 0; r < count; r++) {
    fillRow(prepared, start + r, row)
    for (let f = 0; f < FEATURE_COUNT; f++) {
      const value = row[f]!
      if (!Number.isFinite(value)) continue
      values[r * FEATURE_COUNT + f] = value
      mask[r * FEATURE_COUNT + f] = 1
    }
  }
  return { values, mask }
}

/** Indices of the features that cannot be known without a kind of feed. */
export const featuresOf = (kind: SampledFeed): readonly number[] =>
  FEATURES.flatMap((feature, i) => (FEED_OF_GROUP[feature.group as FeatureGroup].includes(kind) ? [i] : []))

let hash: string | undefined

/**
 * Fingerprint of names, shapes and formulas: a model trained on other features must not be fed these.
 *
 * The formulas enter by what they answer on a small made-up market, rounded to four digits, so that no one has to remember
 * to raise a version number.
 */
export function featureHash(): string {
  if (hash) return hash
  const { ticks, feeds, asset, from } = probeMarket()
  const panel = createPanel()
  for (const tick of ticks) panel.apply(tick)
  const { values, mask } = featureWindow(panel, asset, (from + 32 * DAY + HOUR / 4) as TimestampMs, feeds)
  const answers = Array.from(values, (value, i) => (mask[i] ? value.toPrecision(4) : '-'))
  hash = sha256(canonicalJson({ names: FEATURES.map(({ name }) => name), window: WINDOW_HOURS, answers })).slice(0, 16)
  return hash
}
