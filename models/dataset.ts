import { HORIZON_LENGTH, HORIZONS, type Horizon } from '../src/domain/forecast.ts'
import { createPanel } from '../src/domain/market/panel.ts'
import type { Asset } from '../src/domain/market/tick.ts'
import { DAY, HOUR, MINUTE, timestamp } from '../src/domain/units.ts'
import type { MarketSource } from '../src/ports.ts'
import { appendColumns, type Columns, sampleColumns } from './columns.ts'
import { prepare } from './feature-rows.ts'
import { LOOKBACK_HOURS, rowsOf, WINDOW_HOURS } from './features.ts'

/** What the network answers, in the order of its heads. */
export const HEADS = [
  'cascade-down-4h',
  'cascade-up-4h',
  'cascade-down-24h',
  'cascade-up-24h',
  'cascade-down-72h',
  'cascade-up-72h',
  'overlay-pays',
] as const
export type Head = (typeof HEADS)[number]
type CascadeHead = Exclude<Head, 'overlay-pays'>

/** One value per head, in their order. */
export const byHead = <T>(value: (head: Head) => T): Record<Head, T> =>
  Object.fromEntries(HEADS.map((head) => [head, value(head)])) as Record<Head, T>

export const cascadeHead = (way: 'down' | 'up', horizon: Horizon): CascadeHead => `cascade-${way}-${horizon}`

const hoursIn = (horizon: Horizon): number => HORIZON_LENGTH[horizon] / HOUR
const OVERLAY_HORIZON = '24h' satisfies Horizon

/** Hours that a head looks ahead. */
export const HORIZON_HOURS: Readonly<Record<Head, number>> = {
  'cascade-down-4h': hoursIn('4h'),
  'cascade-up-4h': hoursIn('4h'),
  'cascade-down-24h': hoursIn('24h'),
  'cascade-up-24h': hoursIn('24h'),
  'cascade-down-72h': hoursIn('72h'),
  'cascade-up-72h': hoursIn('72h'),
  'overlay-pays': hoursIn(OVERLAY_HORIZON),
}
/** Hours after which every label of a sample is known: what splits purge and embargo by. */
export const LONGEST_HORIZON_HOURS = Math.max(...Object.values(HORIZON_HOURS))

/** A cascade is a move of this many standard deviations of the horizon (specification §2.1, frozen). */
export const CASCADE_SIGMAS = 2.5
/** Cost of one side of a hedge: taker fee 5 bp and half the spread 1 bp. */
export const OVERLAY_COST = 6e-4

/** Minutes past the hour at which training looks: forecasts are asked for at any time, not only on the hour. */
export const PHASES = [0, 20, 40] as const

/** One asset's hours at one phase, ready to cut windows from. */
export interface AssetHours {
  readonly asset: Asset
  /** Index in `PHASES`. */
  readonly phase: number
  readonly instants: Float64Array
  /** Row-major [hours × features], not normalised, and 1 where known. */
  readonly values: Float32Array
  readonly mask: Uint8Array
  /** Label by head and hour: 0, 1, or NaN where the future is not recorded or the volatility is not known. */
  readonly labels: Record<Head, Float32Array>
  /** First hour with a full window and its history behind it. */
  readonly firstUsable: number
}

export interface CollectOptions {
  /** Told after every simulated day: share done from 0 to 1, when the source says where it ends. */
  readonly onProgress?: (share: number) => void
  readonly signal?: AbortSignal
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
  const panel = createPanel()
  const sampled = source.assets.map((asset) => PHASES.map((): { asset: Asset; columns?: Columns } => ({ asset })))
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
    for (const phases of sampled) {
      for (const [phase, known] of phases.entries()) {
        const at = timestamp(until + PHASES[phase]! * MINUTE)
        const more = sampleColumns(panel, known.asset, source.feeds, { at, hours: DAY / HOUR })
        if (known.columns) appendColumns(known.columns, more)
        else known.columns = more
      }
    }
    panel.forget(timestamp(until - 3 * DAY))
    options.onProgress?.((step.at - begin) / (source.to - begin))
  }
  options.signal?.throwIfAborted()
  return sampled.flatMap((phases) =>
    phases.flatMap(({ asset, columns }, phase) => (columns ? [toHours(asset, phase, columns)] : [])),
  )
}

function toHours(asset: Asset, phase: number, columns: Columns): AssetHours {
  return {
    asset,
    phase,
    instants: Float64Array.from(columns.instants),
    ...rowsOf(columns, columns.price.length),
    labels: labelsOf(columns),
    firstUsable: WINDOW_HOURS + LOOKBACK_HOURS,
  }
}

/**
 * Labels of every hour t over (t, t + H] for H of 4, 24 and 72 hours, with σ the EWMA standard deviation of hourly returns
 * (half-life 48 h) known at t:
 *
 *     cascade-down-H   min ln(low/P) < −2.5·σ·√H          cascade-up-H   max ln(high/P) > 2.5·σ·√H
 *     overlay-pays     −(P₊/P − 1) + f8·H/8 − 2κ > 0      H = 24
 *
 * The last: one unit shorted at t and bought back at t + H earns the fall, the funding f8 known at t (per eight hours, income
 * when positive, nothing when unknown) and pays κ = 6 bp on each side; it pays when that is above zero. Prices are the hourly
 * closes as received, extremes those of the bars between. Labels look ahead; features never do.
 *
 * @see specification §2.1 (yPrice), §4.5 (overlayConfidence)
 */
export function labelsOf(columns: Columns): AssetHours['labels'] {
  const { volatility, funding } = prepare(columns, 0)
  const { price } = columns
  const hours = price.length
  const labels = byHead(() => new Float32Array(hours).fill(Number.NaN))
  const overlayHours = HORIZON_HOURS['overlay-pays']
  for (let i = 0; i < hours; i++) {
    for (const { horizon, lowest, highest } of extremesAfter(columns, i)) {
      const threshold = CASCADE_SIGMAS * volatility[48][i]! * Math.sqrt(hoursIn(horizon))
      if (!(threshold > 0) || !(lowest > 0)) continue
      labels[cascadeHead('down', horizon)][i] = Math.log(lowest / price[i]!) < -threshold ? 1 : 0
      labels[cascadeHead('up', horizon)][i] = Math.log(highest / price[i]!) > threshold ? 1 : 0
    }
    const fall = 1 - (price[i + overlayHours] ?? Number.NaN) / price[i]!
    const carry = Number.isNaN(funding[i]!) ? 0 : (funding[i]! * overlayHours) / 8
    if (!Number.isNaN(fall)) labels['overlay-pays'][i] = fall + carry - 2 * OVERLAY_COST > 0 ? 1 : 0
  }
  return labels
}

/** The lowest and highest prices within each horizon after hour `i`, for those horizons that are recorded to their end. */
function extremesAfter(
  { price, high, low }: Columns,
  i: number,
): { horizon: Horizon; lowest: number; highest: number }[] {
  let [lowest, highest, j] = [price[i]!, price[i]!, i]
  return HORIZONS.flatMap((horizon) => {
    const end = i + hoursIn(horizon)
    if (end >= price.length) return []
    while (j < end) {
      j++
      if (low[j]! < lowest) lowest = low[j]!
      if (high[j]! > highest) highest = high[j]!
    }
    return [{ horizon, lowest, highest }]
  })
}

/** An hour of one asset. */
export interface Sample {
  readonly hours: AssetHours
  readonly i: number
}

export interface Split {
  readonly train: readonly Sample[]
  readonly calibration: readonly Sample[]
  readonly test: readonly Sample[]
  /** First instants of the calibration and the test segment, and the last instant. */
  readonly boundaries: readonly [number, number, number]
}

const SHARES = { train: 0.6, calibration: 0.15 } // the rest is the test segment

/**
 * Splits hours in time: train, then calibration, then test, the same boundaries for all assets.
 *
 * Purged: a sample any of whose labels reaches past its segment's end is dropped. Embargoed: so are the first 72 h after
 * each boundary, the longest horizon anyone labels (specification §2.3).
 *
 * Every hour is looked at in one of its phases, taking turns, so that the count is of hours.
 *
 * @param everyHours - keep one hour in so many of the train segment; overlapping labels carry little news
 */
export function splitHours(assets: readonly AssetHours[], everyHours: number): Split {
  const longest = assets.reduce((best, hours) => (hours.instants.length > best.instants.length ? hours : best))
  const [from, to] = [longest.instants[longest.firstUsable]!, longest.instants.at(-1)!]
  const calibrationFrom = from + Math.floor(((to - from) * SHARES.train) / HOUR) * HOUR
  const testFrom = from + Math.floor(((to - from) * (SHARES.train + SHARES.calibration)) / HOUR) * HOUR
  const segment = (first: number, end: number, every: number): Sample[] =>
    assets.flatMap((hours) => {
      const samples: Sample[] = []
      for (let i = hours.firstUsable; i < hours.instants.length; i++) {
        const at = hours.instants[i]!
        if (at < first || at + LONGEST_HORIZON_HOURS * HOUR >= end) continue
        if (i % every !== 0 || Math.floor(i / every) % PHASES.length !== hours.phase) continue
        if (HEADS.every((head) => !Number.isNaN(hours.labels[head][i]!))) samples.push({ hours, i })
      }
      return samples
    })
  const embargo = LONGEST_HORIZON_HOURS * HOUR
  return {
    train: segment(from, calibrationFrom, everyHours),
    calibration: segment(calibrationFrom + embargo, testFrom, 1),
    test: segment(testFrom + embargo, Number.POSITIVE_INFINITY, 1),
    boundaries: [calibrationFrom, testFrom, to],
  }
}
