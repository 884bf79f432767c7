/**
 * How well the liquidation map finds positions that it cannot see, on a market that knows them.
 *
 * @module
 * @see specification §7.5, T3
 */
import { coinsByBin } from '../domain/liquidation/density.ts'
import { LEVERAGE_BUCKETS } from '../domain/liquidation/leverage.ts'
import type { LearningReport } from '../domain/liquidation/leverage-learning.ts'
import { advanceMap, createLiquidationMap, type LiquidationMap, type MapOptions } from '../domain/liquidation/map.ts'
import { BIN_WIDTH, binOf, HALF_BINS } from '../domain/liquidation/position-bins.ts'
import { createPanel } from '../domain/market/panel.ts'
import type { Asset, Tick } from '../domain/market/tick.ts'
import { DAY, later, type TimestampMs } from '../domain/units.ts'

/** Bins on each side of the price that are compared, and how far apart two peaks may lie to be the same: 50 bps. */
const [TRUTH_BINS, REACH] = [60, 2]
const SETTLING_DAYS = 20
const KEPT = 3 * DAY

/** The true map: coins by bin of 25 bps around the price, 60 on each side. */
export interface Truth {
  readonly price: number
  readonly longs: ArrayLike<number>
  readonly shorts: ArrayLike<number>
  /** Coins by venue. */
  readonly openInterest: readonly number[]
}

export interface TruthfulStep {
  readonly at: TimestampMs
  /** What venues published, and all that the map may see. */
  readonly ticks: readonly Tick[]
  readonly truth: () => Truth
}

export interface Recovery {
  /** Of estimated with true coins over the bins of one side, smoothed over five bins, averaged over days and sides. */
  readonly correlation: number
  /** Share of the three largest true peaks that one of the five largest estimated peaks meets within 50 bps. */
  readonly recall: number
}

export type RecoveryReport<Name extends string> = Readonly<Record<Name | 'static', Recovery>> & {
  readonly largestError: number
  readonly learning: Readonly<Record<Name, LearningReport>>
}

/** Priors that are wrong on purpose: other shares of leverage, holding times halved. */
export const WRONG_PRIORS: Omit<MapOptions, 'asset'> = {
  unleveredHours: 48,
  buckets: LEVERAGE_BUCKETS.map((bucket, k) => ({
    ...bucket,
    share: [0.15, 0.2, 0.3, 0.25, 0.1][k]!,
    holdingHours: bucket.holdingHours / 2,
  })),
}

/**
 * Runs maps with different assumptions over the same published ticks and compares each with the truth once a day, beside the
 * map that simple public tools draw: all open interest entered at the current price.
 */
export function measureRecovery<Name extends string>(
  steps: Iterable<TruthfulStep>,
  { asset, maps: options }: { asset: Asset; maps: Readonly<Record<Name, Omit<MapOptions, 'asset'>>> },
): RecoveryReport<Name> {
  const panel = createPanel()
  const names = Object.keys(options) as Name[]
  const maps = names.map((name) => ({
    name,
    map: createLiquidationMap({ asset, ...options[name] }),
    score: createScore(),
  }))
  const staticScore = createScore()
  let [largestError, startedAt, comparedAt] = [0, undefined as TimestampMs | undefined, 0]
  for (const { at, ticks, truth } of steps) {
    startedAt ??= at
    for (const tick of ticks) panel.apply(tick)
    if (ticks.length > 0) for (const { map } of maps) advanceMap(map, panel, asset, at)
    if (at % DAY !== 0 || at === comparedAt) continue
    comparedAt = at
    panel.forget(later(at, -KEPT))
    if (at < startedAt + SETTLING_DAYS * DAY) continue
    const actual = truth()
    for (const side of ['sell', 'buy'] as const) {
      const wanted = half(side, side === 'sell' ? actual.longs : actual.shorts)
      for (const { map, score } of maps) score.add(wanted, half(side, around(map, side, actual)))
      staticScore.add(wanted, half(side, everythingAtTheCurrentPrice(maps[0]!.map, side)))
    }
    const estimated = [...maps[0]!.map.venues.values()].reduce((sum, venue) => sum + venue.openInterest, 0)
    const known = actual.openInterest.reduce((sum, coins) => sum + coins, 0)
    largestError = Math.max(largestError, Math.abs(estimated / known - 1))
  }
  return {
    ...Object.fromEntries(maps.map(({ name, score }) => [name, score.mean()])),
    static: staticScore.mean(),
    largestError,
    learning: Object.fromEntries(maps.map(({ name, map }) => [name, map.learning.report()])),
  } as unknown as RecoveryReport<Name>
}

/** Our coins on the grid of the truth: bins of the price ± 60. */
function around(map: LiquidationMap, side: 'sell' | 'buy', truth: Truth): number[] {
  const { coins } = coinsByBin(map, side)
  const first = binOf(truth.price) - map.centre + HALF_BINS - TRUTH_BINS
  return Array.from({ length: 2 * TRUTH_BINS }, (_, i) => coins[first + i] ?? 0)
}

function everythingAtTheCurrentPrice(map: LiquidationMap, side: 'sell' | 'buy'): number[] {
  const bins = new Array<number>(2 * TRUTH_BINS).fill(0)
  const venue = [...map.venues.values()][0]
  for (const [k, offset] of (venue?.margins.offsets[side === 'sell' ? 0 : 1] ?? []).entries()) {
    const i = TRUTH_BINS + Math.round(offset / BIN_WIDTH)
    if (i in bins) bins[i]! += map.options.buckets[k]!.share
  }
  return bins
}

const half = (side: 'sell' | 'buy', bins: ArrayLike<number>): number[] => {
  const own = side === 'sell' ? Array.from(bins).slice(0, TRUTH_BINS) : Array.from(bins).slice(TRUTH_BINS + 1)
  return own.map((_, i) => own.slice(Math.max(0, i - REACH), i + REACH + 1).reduce((sum, coins) => sum + coins, 0))
}

function createScore() {
  let [correlations, snapshots, met, peaks] = [0, 0, 0, 0]
  return {
    add(actual: readonly number[], estimated: readonly number[]): void {
      correlations += correlation(actual, estimated)
      snapshots++
      const found = largestPeaks(estimated, 5)
      for (const peak of largestPeaks(actual, 3)) {
        peaks++
        if (found.some((other) => Math.abs(other - peak) <= REACH)) met++
      }
    },
    mean: (): Recovery => ({ correlation: correlations / snapshots, recall: met / peaks }),
  }
}

const largestPeaks = (bins: readonly number[], count: number): number[] =>
  bins
    .map((coins, i) => ({ coins, i }))
    .filter(({ coins, i }) => coins > (bins[i - 1] ?? 0) && coins >= (bins[i + 1] ?? 0))
    .sort((a, b) => b.coins - a.coins)
    .slice(0, count)
    .map(({ i }) => i)

/** Pearson's; 0 when either side does not vary. */
export function correlation(xs: readonly number[], ys: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanX, meanY] = [mean(xs), mean(ys)]
  let [xy, xx, yy] = [0, 0, 0]
  for (const [i, x] of xs.entries()) {
    xy += (x - meanX) * (ys[i]! - meanY)
    xx += (x - meanX) ** 2
    yy += (ys[i]! - meanY) ** 2
  }
  return xx > 0 && yy > 0 ? xy / Math.sqrt(xx * yy) : 0
}
