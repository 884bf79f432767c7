import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { eventScores, quantile, spreadOf, valueScores } from '../../models/metrics.ts'

const near = (actual: number, expected: number, within = 1e-9): void =>
  assert.ok(Math.abs(actual - expected) <= within, `Expected ${expected}, was ${actual}`)

suite('figures of probabilities', () => {
  const probabilities = [0.9, 0.8, 0.4, 0.3, 0.1]
  const labels = [1, 0, 1, 0, 0]
  const scores = eventScores(probabilities, labels, [0.2, 0.2, 0.2, 0.2, 0.2])

  test('agree with sums by hand', () => {
    assert.equal(scores.samples, 5)
    near(scores.base, 0.4)
    // Right at the first and at the third: (1/1 + 2/3)/2.
    near(scores.averagePrecision, 5 / 6)
    near(scores.lift, 5 / 6 / 0.4)
    // Of six pairs five are in order: 0.4 stands below 0.8.
    near(scores.rocAuc, 5 / 6)
    near(scores.brier, (0.01 + 0.64 + 0.36 + 0.09 + 0.01) / 5)
    near(scores.brierSkill, 1 - 1.11 / (2 * 0.64 + 3 * 0.04))
    near(scores.logLoss, -(Math.log(0.9) + Math.log(0.2) + Math.log(0.4) + Math.log(0.7) + Math.log(0.9)) / 5)
    near(scores.meanOverBase, 0.5 / 0.4)
    // A bin a sample: the gaps are 0.1, 0.8, 0.6, 0.3 and 0.1.
    near(scores.ece, 1.9 / 5)
    near(scores.maxGap, 0.8)
  })

  test('the top hundredth is at least one sample, with the interval of so few', () => {
    assert.equal(scores.top.count, 1)
    near(scores.top.meanProbability, 0.9)
    assert.equal(scores.top.rate, 1)
    assert.ok(scores.top.interval.low < 0.5 && scores.top.interval.high === 1)
  })

  test('whoever says the training rate has no skill, and a lift of one', () => {
    const same = labels.map(() => 0.2)
    const known = eventScores(same, labels, same)
    assert.equal(known.brierSkill, 0)
    near(known.lift, 1)
    near(known.rocAuc, 0.5)
  })

  test('lists of different lengths are refused', () => {
    assert.throws(() => eventScores([0.1], [1], []), /Expected equal lengths, were 0 and 1/)
    assert.throws(() => eventScores([], [], []), /at least one sample/)
  })
})

suite('figures of values', () => {
  test('agree with sums by hand', () => {
    const scores = valueScores([1, -1, 2, 0.5], [2, -1, -1, 0], [0.5, 0.5, 0.5, 0.5])
    near(scores.mse, (1 + 0 + 9 + 0.25) / 4)
    near(scores.r2, 1 - 10.25 / (2.25 + 2.25 + 2.25 + 0.25))
    // What did not move has no direction: two of three.
    near(scores.directionalAccuracy, 2 / 3)
    near(scores.directionalBase, 2 / 3)
  })

  test('whoever says the mean of the training segment explains nothing', () =>
    assert.equal(valueScores([0.1, 0.1], [3, -2], [0.1, 0.1]).r2, 0))
})

test('quartiles lie between neighbours, and nothing has none', () => {
  assert.deepEqual(spreadOf([4, 1, 3, 2]), { median: 2.5, lowerQuartile: 1.75, upperQuartile: 3.25 })
  assert.equal(spreadOf([]), undefined)
  assert.ok(Number.isNaN(quantile([], 0.5)))
})
