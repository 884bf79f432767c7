import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  applyIsotonic,
  applyPlatt,
  averagePrecision,
  brier,
  brierSkill,
  calibrationError,
  fitIsotonic,
  fitLogistic,
  fitPlatt,
  logit,
  normalCdf,
  predictLogistic,
  reliability,
  rocAuc,
  sigmoid,
  wilsonInterval,
} from '../../src/domain/calibration.ts'
import { createRandom, gaussian } from '../../src/domain/random.ts'

const near = (actual: number, expected: number, tolerance: number, what = 'value'): void =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `Expected ${what} ${expected} ± ${tolerance}, was ${actual}`)

/** Outcomes drawn from a known law on two inputs of very different scale. */
function drawn(count: number, seed: number) {
  const random = createRandom(seed)
  const rows = Array.from({ length: count }, () => [gaussian(random), 1000 + 200 * gaussian(random)])
  const truth = rows.map(([a, b]) => sigmoid(-1 + 1.5 * a! - 0.004 * (b! - 1000)))
  return { rows, truth, labels: truth.map((p): number => (random() < p ? 1 : 0)) }
}

test('the normal distribution function has its known values', () => {
  for (const [x, p] of [
    [0, 0.5],
    [-1, 0.1586553],
    [1.96, 0.9750021],
    [-2.5, 0.0062097],
    [-6, 9.9e-10],
  ] as const) {
    near(normalCdf(x), p, 2e-7, `Φ(${x})`)
  }
})

test('logistic regression recovers the law that drew the outcomes', () => {
  const { rows, labels } = drawn(20_000, 1)
  const model = fitLogistic(rows, labels)
  near(model.weights[0]! / model.scales[0]!, 1.5, 0.1, 'first slope')
  near(model.weights[1]! / model.scales[1]!, -0.004, 0.0005, 'second slope')
  near(predictLogistic(model, [0, 1000]), sigmoid(-1), 0.02, 'probability at the centre')
})

test('a column that never varies has no say, and a missing input counts as its mean', () => {
  const { rows, labels } = drawn(500, 2)
  const model = fitLogistic(
    rows.map((row) => [...row, 7]),
    labels,
  )
  near(model.weights[2]!, 0, 1e-20)
  near(predictLogistic(model, [0.5, Number.NaN, 7]), predictLogistic(model, [0.5, model.means[1]!, 9]), 1e-12)
})

test('outcomes of one kind give the smoothed base rate and nothing else', () => {
  const model = fitLogistic([[1], [2], [3]], [0, 0, 0])
  assert.deepEqual(model.weights, [0])
  near(predictLogistic(model, [2]), 0.5 / 4, 1e-9)
})

test('classes that can be told apart perfectly still give finite weights', () => {
  const model = fitLogistic([[1], [2], [3], [4]], [0, 0, 1, 1])
  assert.ok(Number.isFinite(model.weights[0]!) && model.weights[0]! > 0)
})

test('an input that is not finite is refused by row and column', () => {
  assert.throws(
    () =>
      fitLogistic(
        [
          [1, 2],
          [1, Number.NaN],
        ],
        [0, 1],
      ),
    /row 1, column 1, was NaN/,
  )
  assert.throws(() => fitLogistic([[1]], []), /equal lengths, were 1 and 0/)
})

test('Platt scaling undoes a distortion of the log odds', () => {
  const { truth, labels } = drawn(20_000, 3)
  const distorted = truth.map((p) => sigmoid(0.7 + 2 * logit(p)))
  const { a, b } = fitPlatt(distorted, labels)
  near(b, 0.5, 0.03, 'slope')
  near(a, -0.35, 0.05, 'intercept')
  near(applyPlatt({ a, b }, sigmoid(0.7)), 0.5, 0.03)
})

const samples = fc.array(fc.tuple(fc.integer({ min: 0, max: 20 }), fc.integer({ min: 0, max: 1 })), {
  minLength: 1,
  maxLength: 60,
})

test('isotonic blocks keep every sample, rise strictly and predict without falling', () => {
  fc.assert(
    fc.property(samples, (pairs) => {
      const [scores, labels] = [pairs.map(([s]) => s / 20), pairs.map(([, y]) => y)]
      const blocks = fitIsotonic(scores, labels)
      assert.equal(
        blocks.reduce((sum, block) => sum + block.count, 0),
        scores.length,
      )
      assert.equal(
        blocks.reduce((sum, block) => sum + block.positives, 0),
        labels.reduce((sum, y) => sum + y, 0),
      )
      for (const [i, block] of blocks.slice(1).entries()) {
        const before = blocks[i]!
        assert.ok(before.high < block.low && before.positives / before.count < block.positives / block.count)
      }
      let last = -1
      for (let score = -0.1; score <= 1.1; score += 0.01) {
        const p = applyIsotonic(blocks, score)
        assert.ok(p >= last - 1e-12 && p >= 0 && p <= 1, `fell from ${last} to ${p} at ${score}`)
        last = p
      }
      for (const score of scores) assert.ok(blocks.some(({ low, high }) => low <= score && score <= high))
    }),
  )
})

test('isotonic regression minimises the squared error among non-decreasing fits', () => {
  const [scores, labels] = [
    [1, 2, 2, 3, 4],
    [0, 1, 0, 0, 1],
  ]
  const blocks = fitIsotonic(scores, labels)
  assert.deepEqual(
    blocks.map(({ low, high, count, positives }) => [low, high, count, positives]),
    [
      [1, 1, 1, 0],
      [2, 3, 3, 1],
      [4, 4, 1, 1],
    ],
  )
})

test('blocks too small to trust join a neighbour, so that one lucky sample is no certainty', () => {
  const scores = Array.from({ length: 100 }, (_, i) => i / 100)
  const labels = scores.map((_, i): number => (i === 99 || (i > 50 && i % 3 === 0) ? 1 : 0))
  assert.equal(applyIsotonic(fitIsotonic(scores, labels), 1), 1)
  const blocks = fitIsotonic(scores, labels, { minCount: 20 })
  assert.ok(blocks.every(({ count }) => count >= 20) && applyIsotonic(blocks, 1) < 0.5)
  assert.equal(
    blocks.reduce((sum, block) => sum + block.count, 0),
    100,
  )
  assert.equal(fitIsotonic([1, 2], [0, 1], { minCount: 20 }).length, 1)
})

test('the Wilson interval holds the rate and stays inside 0 and 1', () => {
  const { low, high } = wilsonInterval(5, 50, 1.96)
  near(low, 0.0435, 5e-4)
  near(high, 0.2136, 5e-4)
  assert.deepEqual(wilsonInterval(0, 0), { low: 0, high: 1 })
  assert.equal(wilsonInterval(0, 20).low, 0)
})

test('always saying the base rate has no skill, and the truth has some', () => {
  const { truth, labels } = drawn(5_000, 4)
  const base = labels.reduce((sum: number, y) => sum + y, 0) / labels.length
  near(
    brierSkill(
      labels.map(() => base),
      labels,
    ),
    0,
    1e-12,
  )
  assert.ok(brierSkill(truth, labels) > 0.2)
  assert.equal(brier([1, 0], [1, 1]), 0.5)
})

test('true probabilities are calibrated, doubled ones are not, and bins hold equal numbers', () => {
  const { truth, labels } = drawn(5_000, 5)
  assert.ok(calibrationError(truth, labels).ece < 0.02)
  const half = calibrationError(
    truth.map((p) => p / 2),
    labels,
  )
  assert.ok(half.ece > 0.1 && half.maxGap >= half.ece)
  assert.deepEqual(new Set(reliability(truth, labels).map(({ count }) => count)), new Set([500]))
})

test('ranking measures: perfect, reversed, all equal', () => {
  const labels = [0, 0, 1, 1]
  assert.deepEqual(
    [rocAuc([1, 2, 3, 4], labels), rocAuc([4, 3, 2, 1], labels), rocAuc([1, 1, 1, 1], labels)],
    [1, 0, 0.5],
  )
  assert.equal(averagePrecision([1, 2, 3, 4], labels), 1)
  assert.equal(averagePrecision([1, 1, 1, 1], labels), 0.5)
  near(averagePrecision([4, 1, 3, 2], labels), (1 / 2 + 2 / 3) / 2, 1e-12)
  assert.ok(Number.isNaN(rocAuc([1, 2], [0, 0])) && Number.isNaN(averagePrecision([1], [0])))
})
