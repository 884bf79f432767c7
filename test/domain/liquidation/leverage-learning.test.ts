import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import fc from 'fast-check'
import { LEVERAGE_BUCKETS } from '../../../src/domain/liquidation/leverage.ts'
import {
  createLeverageLearning,
  LEARNING_WINDOW,
  type LearningReport,
  type LearningWindow,
  leastSquares,
  nonNegativeLeastSquares,
} from '../../../src/domain/liquidation/leverage-learning.ts'
import { advanceMap, createLiquidationMap } from '../../../src/domain/liquidation/map.ts'
import { createPanel } from '../../../src/domain/market/panel.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'
import { DAY, later, timestamp } from '../../../src/domain/units.ts'
import { createSimulatedMarket } from '../../../src/venues/simulated/market.ts'
import { LEVERAGE_MIX } from '../../../src/venues/simulated/presets.ts'
import { START } from './setup.ts'

const WINDOWS_PER_MONTH = (30 * DAY) / LEARNING_WINDOW
const rowsOf = (seed: number, count: number, width: number): number[][] => {
  const random = createRandom(seed)
  return Array.from({ length: count }, () => Array.from({ length: width }, () => random() ** 2))
}
const timesRow = (row: readonly number[], beta: readonly number[]): number =>
  row.reduce((sum, value, k) => sum + value * beta[k]!, 0)

test('non-negative least squares finds the coefficients that made the numbers', () => {
  const coefficient = fc.oneof(fc.constant(0), fc.double({ min: 0.01, max: 50, noNaN: true }))
  fc.assert(
    fc.property(fc.array(coefficient, { minLength: 5, maxLength: 5 }), fc.nat(1_000), (beta, seed) => {
      const rows = rowsOf(seed, 200, 5)
      const found = nonNegativeLeastSquares(
        rows,
        rows.map((row) => timesRow(row, beta)),
      )
      for (const [k, value] of found.entries())
        assert.ok(Math.abs(value - beta[k]!) < 1e-6 * Math.max(1, ...beta), `${found} for ${beta}`)
    }),
  )
})

test('a coefficient is never negative, and no other non-negative ones fit better', () => {
  const numbers = fc.array(fc.double({ min: -10, max: 10, noNaN: true }), { minLength: 30, maxLength: 30 })
  fc.assert(
    fc.property(numbers, fc.nat(1_000), (y, seed) => {
      const rows = rowsOf(seed, 30, 4)
      const beta = nonNegativeLeastSquares(rows, y)
      assert.ok(beta.every((value) => value >= 0 && Number.isFinite(value)))
      const error = (other: readonly number[]): number =>
        rows.reduce((sum, row, i) => sum + (y[i]! - timesRow(row, other)) ** 2, 0)
      for (const [k, step] of beta.flatMap((_, k) => [0.01, -0.01].map((step) => [k, step] as const))) {
        const moved = beta.map((value, j) => (j === k ? Math.max(0, value + step) : value))
        assert.ok(error(moved) >= error(beta) - 1e-9 * error(beta), `${moved} is better than ${beta}`)
      }
    }),
  )
})

test('a column of zeros gets no coefficient, and none at all is no crash', () => {
  const rows = rowsOf(1, 50, 3).map(([a, b]) => [a!, 0, b!])
  const y = rows.map(([a, , b]) => 2 * a! + 3 * b!)
  for (const [k, value] of nonNegativeLeastSquares(rows, y).entries()) assert.ok(Math.abs(value - [2, 0, 3][k]!) < 1e-9)
  for (const [k, value] of leastSquares(rows, y).entries()) assert.ok(Math.abs(value - [2, 0, 3][k]!) < 1e-6)
  assert.deepEqual(nonNegativeLeastSquares([], []), [])
})

/** Windows in which what was forced out follows the swept coins by `beta`, or nothing at all. */
function windows(count: number, { beta, seed = 3 }: { beta?: readonly number[]; seed?: number }): LearningWindow[] {
  const random = createRandom(seed)
  const normal = createGaussian(random)
  return Array.from({ length: count }, (_, i) => {
    const move = Math.abs(0.012 * normal())
    const swept = LEVERAGE_BUCKETS.map(() => move * 1_000 * random())
    const forced = beta ? timesRow(swept, beta) : 100 * random()
    return { endsAt: later(START, i * LEARNING_WINDOW), forced: Math.max(0, forced + 0.5 * normal()), swept, move }
  })
}

test('shares go half of the way to what was liquidated, once a month, after six weeks', () => {
  const prior = [0.2, 0.2, 0.2, 0.2, 0.2]
  const beta = [0.4, 0.3, 0.2, 0.1, 0]
  const learning = createLeverageLearning(prior)
  const learnedAt: number[] = []
  let shares: readonly number[] = prior
  for (const [i, window] of windows(4 * WINDOWS_PER_MONTH, { beta }).entries()) {
    const learned = learning.add(window)
    if (!learned) continue
    learnedAt.push(i + 1)
    shares = learned
  }
  assert.deepEqual(
    learnedAt,
    [2, 3, 4].map((month) => month * WINDOWS_PER_MONTH),
  )
  for (const [k, share] of shares.entries()) assert.ok(Math.abs(share - (prior[k]! + beta[k]!) / 2) < 0.01, `${shares}`)
  assert.ok(Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9)
})

test('where the swept coins say nothing of what was forced, nothing is gained, and where they say all, much', () => {
  const report = (beta?: readonly number[]): LearningReport => {
    const learning = createLeverageLearning([0.2, 0.2, 0.2, 0.2, 0.2])
    for (const window of windows(6 * WINDOWS_PER_MONTH, { ...(beta ? { beta } : {}) })) learning.add(window)
    return learning.report()
  }
  const [nothing, all] = [report(), report([0.4, 0.3, 0.2, 0.1, 0.05])]
  assert.ok(Math.abs(nothing.deltaR2) < 0.02 && nothing.r2Full < 0.02, JSON.stringify(nothing))
  assert.ok(all.deltaR2 > 0.1 && all.r2Full > 0.95, JSON.stringify(all))
  assert.equal(all.months, 4)
})

test('before the first month was judged, no figure is given', () => {
  const learning = createLeverageLearning([0.5, 0.5])
  assert.deepEqual(learning.add({ endsAt: START, forced: 1, swept: [1, 1], move: 0.01 }), undefined)
  const { windows: seen, months, r2Return, r2Full, deltaR2, shares } = learning.report()
  assert.deepEqual([seen, months, r2Return, r2Full, deltaR2], [1, 0, Number.NaN, Number.NaN, Number.NaN])
  assert.deepEqual(shares, [0.5, 0.5])
})

const HALF_A_YEAR = 182
const TRUTH = LEVERAGE_MIX
const WRONG = {
  'too much leverage': [0.05, 0.1, 0.2, 0.3, 0.35],
  'too little leverage': [0.5, 0.3, 0.15, 0.04, 0.01],
  'all the same': [0.2, 0.2, 0.2, 0.2, 0.2],
} as const
const distance = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, share, k) => sum + Math.abs(share - b[k]!), 0)

const learned = new Map<string, { shares: readonly number[]; report: LearningReport; fixed: readonly number[] }>()
before(async () => {
  const from = timestamp(Date.UTC(2025, 6, 1))
  const market = createSimulatedMarket({ seed: 1, assets: ['ETH'], from, to: from, warmupDays: HALF_A_YEAR })
  const panel = createPanel()
  const maps = Object.entries(WRONG).map(([name, shares]) => {
    const options = { asset: 'ETH', buckets: LEVERAGE_BUCKETS.map((bucket, k) => ({ ...bucket, share: shares[k]! })) }
    return { name, map: createLiquidationMap(options), fixed: createLiquidationMap({ ...options, learn: false }) }
  })
  for await (const { at, ticks } of market.steps()) {
    for (const tick of ticks) panel.apply(tick)
    for (const { map, fixed } of maps) for (const each of [map, fixed]) advanceMap(each, panel, 'ETH', at)
    panel.forget(later(at, -3 * DAY))
  }
  for (const { name, map, fixed } of maps)
    learned.set(name, { shares: map.shares, report: map.learning.report(), fixed: fixed.shares })
})

for (const [name, prior] of Object.entries(WRONG)) {
  test(`half a simulated year moves ${name} toward what the market really opens`, (t) => {
    const { shares, report, fixed } = learned.get(name)!
    const [was, is] = [distance(prior, TRUTH), distance(shares, TRUTH)]
    t.diagnostic(`distance ${was.toFixed(2)} → ${is.toFixed(2)}; ΔR² ${report.deltaR2.toFixed(3)} out of sample`)
    assert.ok(is < 0.8 * was, `${is} from the truth, was ${was}`)
    assert.ok(shares.every((share) => share > 0) && Math.abs(shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-9)
    assert.deepEqual(fixed, prior, 'without learning the shares stay as assumed')

    assert.ok(report.deltaR2 > 0.05, `ΔR² was ${report.deltaR2}`)
    assert.ok(Math.abs(report.r2Full - report.r2Return - report.deltaR2) < 1e-12 && report.r2Full <= 1)
    assert.deepEqual(report.shares, shares)
    const windowsInAll = (HALF_A_YEAR * DAY) / LEARNING_WINDOW
    assert.ok(report.windows <= windowsInAll && report.windows > windowsInAll - 5, `${report.windows} windows`)
    assert.equal(report.months, 4)
  })
}
