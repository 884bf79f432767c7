/**
 * The estimator against the synthetic market's true map (specification T3): it sees only what the venues publish.
 *
 * Profiles are smoothed over five bins; recall is the share of the three largest true peaks that one of the five largest
 * estimated peaks meets within two bins (50 bps); all averaged over daily snapshots and both sides.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { coinsByBin } from '../../../src/domain/liquidation/density.ts'
import { LEVERAGE_BUCKETS } from '../../../src/domain/liquidation/leverage.ts'
import { advanceMap, createLiquidationMap, type LiquidationMap } from '../../../src/domain/liquidation/map.ts'
import { BIN_WIDTH, binOf, HALF_BINS } from '../../../src/domain/liquidation/position-bins.ts'
import { createPanel } from '../../../src/domain/market/panel.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'
import { DAY, later, timestamp } from '../../../src/domain/units.ts'
import { createPublisher, STEP } from '../../../src/venues/simulated/publication.ts'
import { createWorld, type WorldTruth } from '../../../src/venues/simulated/world.ts'

const DAYS = 365
const SETTLING_DAYS = 20
const STEPS_PER_DAY = DAY / STEP
const WRONG_SHARES = [0.15, 0.2, 0.3, 0.25, 0.1]
const [TRUTH_BINS, REACH] = [60, 2]

for (const seed of [1, 2]) {
  test(`the map is recovered from a year of hourly public data (seed ${seed})`, (t) => {
    const { right, wrong, fixed, largestError } = recover(seed)
    t.diagnostic(
      `correlation/recall: right ${right}, wrong prior ${wrong}, static ${fixed}; open interest within ${largestError}`,
    )
    assert.ok(right.correlation > 0.9 && right.recall > 0.85, `right prior: ${right}`)
    assert.ok(wrong.correlation > 0.7 && wrong.recall > 0.75, `wrong prior: ${wrong}`)
    assert.ok(fixed.correlation < 0.4 && fixed.recall < 0.4, `static: ${fixed}`)
    assert.ok(right.correlation > wrong.correlation, 'the right prior should win')
    assert.ok(largestError < 0.05, `open interest was ${largestError} off`)
  })
}

function recover(seed: number) {
  const start = timestamp(Date.UTC(2024, 0, 1))
  const world = createWorld({ seed, preset: 'default', asset: 'ETH', startPrice: 3_000, openInterestUsd: 8e9 })
  // A window that opens after the end: everything is published at the hourly cadence of history.
  const publish = createPublisher({
    asset: 'ETH',
    from: later(start, (DAYS + 1) * DAY),
    normal: createGaussian(createRandom(seed)),
  })
  const panel = createPanel()
  const maps = {
    right: createLiquidationMap({ asset: 'ETH' }),
    wrong: createLiquidationMap({
      asset: 'ETH',
      unleveredHours: 48,
      buckets: LEVERAGE_BUCKETS.map((bucket, k) => ({
        ...bucket,
        share: WRONG_SHARES[k]!,
        holdingHours: bucket.holdingHours / 2,
      })),
    }),
  }
  const scores = { right: scorer(), wrong: scorer(), fixed: scorer() }
  let largestError = 0
  for (let i = 1; i <= DAYS * STEPS_PER_DAY; i++) {
    const at = later(start, i * STEP)
    const ticks = publish(world.step(), at)
    for (const tick of ticks) panel.apply(tick)
    if (ticks.length > 0) for (const map of Object.values(maps)) advanceMap(map, panel, 'ETH', at)
    if (i % STEPS_PER_DAY !== 0) continue
    panel.forget(later(at, -3 * DAY))
    if (i < SETTLING_DAYS * STEPS_PER_DAY) continue
    const truth = world.truth()
    for (const side of ['sell', 'buy'] as const) {
      const actual = half(side, side === 'sell' ? truth.longs : truth.shorts)
      scores.right.add(actual, half(side, around(maps.right, side, truth)))
      scores.wrong.add(actual, half(side, around(maps.wrong, side, truth)))
      scores.fixed.add(actual, half(side, everythingAtTheCurrentPrice(maps.right, side)))
    }
    const estimated = [...maps.right.venues.values()].reduce((sum, venue) => sum + venue.openInterest, 0)
    const actual = truth.openInterest.reduce((sum, coins) => sum + coins, 0)
    largestError = Math.max(largestError, Math.abs(estimated / actual - 1))
  }
  return { right: scores.right.mean(), wrong: scores.wrong.mean(), fixed: scores.fixed.mean(), largestError }
}

/** Our coins on the grid of the truth: bins of the price ± 60. */
function around(map: LiquidationMap, side: 'sell' | 'buy', truth: WorldTruth): number[] {
  const { coins } = coinsByBin(map, side)
  const first = binOf(truth.price) - map.centre + HALF_BINS - TRUTH_BINS
  return Array.from({ length: 2 * TRUTH_BINS }, (_, i) => coins[first + i] ?? 0)
}

/** What the simplest public tools draw: all open interest entered at the current price. */
function everythingAtTheCurrentPrice(map: LiquidationMap, side: 'sell' | 'buy'): number[] {
  const bins = new Array<number>(2 * TRUTH_BINS).fill(0)
  const { offsets } = [...map.venues.values()][0]!.margins
  for (const [k, offset] of offsets[side === 'sell' ? 0 : 1]!.entries()) {
    const i = TRUTH_BINS + Math.round(offset / BIN_WIDTH)
    if (i in bins) bins[i]! += LEVERAGE_BUCKETS[k]!.share
  }
  return bins
}

const half = (side: 'sell' | 'buy', bins: ArrayLike<number>): number[] => {
  const own = side === 'sell' ? Array.from(bins).slice(0, TRUTH_BINS) : Array.from(bins).slice(TRUTH_BINS + 1)
  return own.map((_, i) => own.slice(Math.max(0, i - REACH), i + REACH + 1).reduce((sum, coins) => sum + coins, 0))
}

function scorer() {
  let [correlations, snapshots, met, peaks] = [0, 0, 0, 0]
  return {
    add(actual: number[], estimated: number[]): void {
      correlations += correlation(actual, estimated)
      snapshots++
      const found = largestPeaks(estimated, 5)
      for (const peak of largestPeaks(actual, 3)) {
        peaks++
        if (found.some((other) => Math.abs(other - peak) <= REACH)) met++
      }
    },
    mean: () => ({
      correlation: correlations / snapshots,
      recall: met / peaks,
      toString() {
        return `${this.correlation.toFixed(3)}/${this.recall.toFixed(3)}`
      },
    }),
  }
}

const largestPeaks = (bins: number[], count: number): number[] =>
  bins
    .map((coins, i) => ({ coins, i }))
    .filter(({ coins, i }) => coins > (bins[i - 1] ?? 0) && coins >= (bins[i + 1] ?? 0))
    .sort((a, b) => b.coins - a.coins)
    .slice(0, count)
    .map(({ i }) => i)

function correlation(xs: number[], ys: number[]): number {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const [meanX, meanY] = [mean(xs), mean(ys)]
  const sum = (f: (i: number) => number) => xs.reduce((total, _, i) => total + f(i), 0)
  const scale = Math.sqrt(sum((i) => (xs[i]! - meanX) ** 2) * sum((i) => (ys[i]! - meanY) ** 2))
  return scale > 0 ? sum((i) => (xs[i]! - meanX) * (ys[i]! - meanY)) / scale : 0
}
