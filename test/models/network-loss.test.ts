import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Tensor2D } from '@tensorflow/tfjs-core'
import { adamStep, createAdamState } from '../../models/adam.ts'
import { type Engine, loadEngine, loadGradients } from '../../models/engine.ts'
import { fitLastRowStart } from '../../models/last-row-start.ts'
import { answeredTargets, labelsOf, multiTaskLoss, priceOnlyLoss } from '../../models/network-loss.ts'
import type { Sample } from '../../models/samples.ts'
import { TARGET_COUNT, TARGETS, type TargetKey, targetIndex, targetOf } from '../../models/targets.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'
import { makeHours } from './made-hours.ts'

let engine: Engine
before(async () => {
  engine = await loadEngine({ prefer: 'wasm' })
  await loadGradients(engine)
})

/** Some labels of two events and one value are known; the third event is always no. */
function made(count = 40): readonly Sample[] {
  const hours = makeHours({
    hours: count,
    label: (key, { i, random }) => {
      if (key === 'cascade-down-4h') return i % 3 === 0 ? Number.NaN : Math.round(random())
      if (key === 'volatility-regime-24h') return Math.round(random())
      if (key === 'cascade-up-72h') return 0
      if (key === 'next-funding-8h') return i % 2 === 0 ? Number.NaN : 4e-4 * (random() - 0.5) * (i === 5 ? 10 : 1)
      return Number.NaN
    },
  })
  return Array.from({ length: count }, (_, i) => ({ hours, i }))
}
const ANSWERED: ReadonlySet<TargetKey> = new Set(['cascade-down-4h', 'volatility-regime-24h', 'next-funding-8h'])

test('a target is answered when it has labels, and an event when it both came and did not', () => {
  assert.deepEqual(answeredTargets(made(60)), new Set(TARGETS.map(({ key }) => key).filter((key) => ANSWERED.has(key))))
  assert.deepEqual(answeredTargets(made(12)), new Set())
})

test('the loss is the weighted mean of log losses and held squared errors where a label is known', () => {
  const { tf } = engine
  const samples = made()
  const normal = createGaussian(createRandom(3))
  const outputs = Float32Array.from({ length: samples.length * TARGET_COUNT }, () => 2 * normal())
  let [sum, weights] = [0, 0]
  const slopes = new Float32Array(outputs.length)
  for (const key of ANSWERED) {
    const { kind, scale, weight } = targetOf(key)
    samples.forEach(({ hours, i }, k) => {
      const label = hours.labels[key][i]! / scale
      if (Number.isNaN(label)) return
      const at = k * TARGET_COUNT + targetIndex(key)
      const output = outputs[at]!
      const p = 1 / (1 + Math.exp(-output))
      const error = output - label
      const far = Math.abs(error) > 3
      const squared = far ? 6 * Math.abs(error) - 9 : error ** 2
      sum += weight * (kind === 'event' ? -Math.log(label === 1 ? p : 1 - p) : squared)
      slopes[at] = weight * (kind === 'event' ? p - label : far ? 6 * Math.sign(error) : 2 * error)
      weights += weight
    })
  }
  const tensor = tf.tensor2d(outputs.slice(), [samples.length, TARGET_COUNT])
  const labels = labelsOf(samples, ANSWERED)!
  const { value, grad } = tf.valueAndGrad((x) => multiTaskLoss(tf, x as Tensor2D, labels))(tensor)
  assert.ok(Math.abs(value.dataSync()[0]! - sum / weights) < 1e-5)
  for (const [at, slope] of grad.dataSync().entries()) assert.ok(Math.abs(slope - slopes[at]! / weights) < 1e-6)
  tf.dispose([tensor, value, grad])
})

test('a batch without one known label has no loss', () => {
  assert.equal(labelsOf(made(), new Set(['cascade-up-4h'])), undefined)
  assert.equal(priceOnlyLoss(new Float32Array(TARGET_COUNT), made(1), ANSWERED), undefined)
})

test('early stopping goes by the price-only cascades alone', () => {
  const samples = made()
  const scores = new Float32Array(samples.length * TARGET_COUNT)
  assert.ok(Math.abs(priceOnlyLoss(scores, samples, ANSWERED)! - Math.LN2) < 1e-6)
  samples.forEach((_, k) => {
    scores[k * TARGET_COUNT + targetIndex('volatility-regime-24h')] = 50
    scores[k * TARGET_COUNT + targetIndex('next-funding-8h')] = 50
  })
  assert.ok(Math.abs(priceOnlyLoss(scores, samples, ANSWERED)! - Math.LN2) < 1e-6)
})

test('Adam finds the lowest point, shortens a long gradient and leaves biases unpenalised', () => {
  const options = { learningRate: 0.05, clipNorm: 1, l2: 0, penalised: [true, false] }
  const weights = [Float32Array.of(4, -3), Float32Array.of(2)]
  const state = createAdamState([2, 1])
  for (let step = 0; step < 400; step++) {
    const gradients = [
      Float32Array.from(weights[0]!, (w, k) => 2 * (w - k)),
      Float32Array.of(2 * (weights[1]![0]! - 7)),
    ]
    adamStep(weights, gradients, state, options)
  }
  assert.ok(Math.abs(weights[0]![0]!) < 0.01 && Math.abs(weights[0]![1]! - 1) < 0.01)
  assert.ok(Math.abs(weights[1]![0]! - 7) < 0.01, `${weights[1]![0]}`)

  const [long, short] = [1e6, 1].map((size) => {
    const moments = createAdamState([1])
    adamStep([Float32Array.of(0)], [Float32Array.of(size)], moments, { ...options, penalised: [false] })
    return moments.first[0]![0]
  })
  assert.equal(long, short)

  const still = [Float32Array.of(5), Float32Array.of(5)]
  adamStep(still, [undefined, undefined], createAdamState([1, 1]), { ...options, l2: 0.1 })
  assert.ok(still[0]![0]! < 5)
  assert.equal(still[1]![0], 5)
  assert.throws(
    () => adamStep(still, [Float32Array.of(Number.NaN), undefined], createAdamState([1, 1]), options),
    /finite gradient/,
  )
})

test('a regression on the last row finds the coefficients that labels were drawn with', async () => {
  const [count, width] = [8_000, 3]
  const random = createRandom(5)
  const normal = createGaussian(random)
  const rows = Float32Array.from({ length: count * width }, () => normal())
  const score = (i: number): number => -1 + 1.5 * rows[i * width]! - 0.8 * rows[i * width + 1]!
  const hours = makeHours({
    hours: count,
    label: (key, { i }) => {
      if (key === 'cascade-down-24h') return random() < 1 / (1 + Math.exp(-score(i))) ? 1 : 0
      if (key === 'next-funding-8h') return 1e-4 * (0.5 + 0.3 * rows[i * width + 2]! + 0.1 * normal())
      return Number.NaN
    },
  })
  const samples = Array.from({ length: count }, (_, i) => ({ hours, i }))
  const done: number[] = []
  const half = count / 2
  const { direct, bias } = await fitLastRowStart({
    train: { samples: samples.slice(0, half), rows: rows.subarray(0, half * width) },
    held: { samples: samples.slice(half), rows: rows.subarray(half * width) },
    width,
    answered: new Set(['cascade-down-24h', 'next-funding-8h']),
    afterTarget: async (k) => void done.push(k),
  })
  const of = (key: TargetKey): number[] => [
    bias[targetIndex(key)]!,
    ...[0, 1, 2].map((f) => direct[f * TARGET_COUNT + targetIndex(key)]!),
  ]
  const close = (found: number[], expected: number[], within: number) =>
    assert.ok(
      found.every((value, k) => Math.abs(value - expected[k]!) < within),
      `Expected ${expected}, was ${found}`,
    )
  close(of('cascade-down-24h'), [-1, 1.5, -0.8, 0], 0.2)
  close(of('next-funding-8h'), [0.5, 0, 0, 0.3], 0.01)
  close(of('cascade-up-4h'), [0, 0, 0, 0], 1e-9)
  assert.equal(done.at(-1), TARGET_COUNT)
})

test('what the last row says of other hours only by chance is left to the intercept', async () => {
  const [count, width] = [400, 60]
  const normal = createGaussian(createRandom(8))
  const rows = Float32Array.from({ length: count * width }, () => normal())
  const hours = makeHours({
    hours: count,
    label: (key, { random }) => (key === 'cascade-down-24h' ? (random() < 0.2 ? 1 : 0) : Number.NaN),
  })
  const samples = Array.from({ length: count }, (_, i) => ({ hours, i }))
  const half = count / 2
  const { direct, bias } = await fitLastRowStart({
    train: { samples: samples.slice(0, half), rows: rows.subarray(0, half * width) },
    held: { samples: samples.slice(half), rows: rows.subarray(half * width) },
    width,
    answered: new Set(['cascade-down-24h']),
    afterTarget: async () => {},
  })
  const largest = direct.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0)
  assert.ok(largest < 0.05, `Expected next to no weight, was ${largest}`)
  assert.ok(Math.abs(bias[targetIndex('cascade-down-24h')]! - Math.log(0.2 / 0.8)) < 0.5)
})
