import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Tensor, Tensor2D } from '@tensorflow/tfjs-core'
import { type Engine, loadEngine, loadGradients } from '../../models/engine.ts'
import { featureSums, integratedGradients, isComplete } from '../../models/integrated-gradients.ts'
import { sampledShapley } from '../../models/shapley.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'

let engine: Engine
before(async () => {
  engine = await loadEngine({ prefer: 'cpu' })
  await loadGradients(engine)
})

const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)
const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `Expected ${expected} ± ${tolerance}, was ${actual}`)

/** A small network over [points, 6, 4] and [points, 3], with weights drawn once. */
function smallNetwork({ tf }: Engine) {
  const normal = createGaussian(createRandom(2))
  const drawn = (shape: number[]) =>
    tf.tensor(
      Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => 0.6 * normal()),
      shape,
    )
  const weights = [drawn([24, 8]), drawn([3, 8]), drawn([8, 1])] as Tensor2D[]
  const inputs = [drawn([1, 6, 4]), drawn([1, 3])]
  const baseline = [tf.zeros([1, 6, 4]), tf.ones([1, 3])]
  const forward = ([rows, more]: readonly Tensor[], points: number): Tensor => {
    const hidden = tf.add(
      tf.matMul(tf.reshape(rows!, [points, 24]), weights[0]!),
      tf.matMul(more as Tensor2D, weights[1]!),
    )
    return tf.reshape(tf.matMul(tf.elu(hidden) as Tensor2D, weights[2]!), [points])
  }
  return { forward, inputs, baseline, dispose: () => tf.dispose([...weights, ...inputs, ...baseline]) }
}

test('contributions of every input add up to the way from the baseline to the score, and leave no tensor behind', () => {
  const { tf } = engine
  const network = smallNetwork(engine)
  const held = tf.memory().numTensors
  const { base, score, contributions } = integratedGradients(tf, network)
  assert.equal(tf.memory().numTensors, held)
  assert.deepEqual(
    contributions.map(({ length }) => length),
    [24, 3],
  )
  const total = sum(contributions.flatMap((part) => [...part]))
  assert.ok(Math.abs(score - base) > 0.1)
  near(base + total, score, 0.01 * Math.abs(score - base))
  network.dispose()
})

test('of a weighted sum they are weight times distance, with one point and exactly', () => {
  const { tf } = engine
  const weights = tf.tensor2d([2, -1, 0.5], [3, 1])
  const [input, zero] = [tf.tensor2d([[1, 2, 4]]), tf.tensor2d([[0, 1, 4]])]
  const found = integratedGradients(tf, {
    forward: ([x], points) => tf.reshape(tf.matMul(x as Tensor2D, weights), [points]),
    inputs: [input],
    baseline: [zero],
    steps: 1,
  })
  assert.deepEqual([...found.contributions[0]!], [2, -1, 0])
  assert.equal(found.steps, 1)
  tf.dispose([weights, input, zero])
})

test('of a product they are what Shapley values are, by hand: half of it each', () => {
  const { tf } = engine
  const [input, zero] = [tf.tensor2d([[3, 4]]), tf.tensor2d([[0, 0]])]
  const { contributions } = integratedGradients(tf, {
    forward: ([x], points) =>
      tf.reshape(tf.mul(tf.slice(x!, [0, 0], [points, 1]), tf.slice(x!, [0, 1], [points, 1])), [points]),
    inputs: [input],
    baseline: [zero],
  })
  const shapley = sampledShapley({
    score: (inputs) => inputs.map(([a, b]) => a! * b!),
    input: [3, 4],
    background: [[0, 0]],
    orders: 1,
    random: createRandom(1),
  })
  for (const part of [contributions[0]!, shapley.contributions]) assert.deepEqual([...part].map(Math.round), [6, 6])
  tf.dispose([input, zero])
})

test('a bend that few points miss is given three times as many, until it is complete', () => {
  const { tf } = engine
  const [input, zero] = [tf.tensor2d([[1]]), tf.tensor2d([[0]])]
  const steep = { inputs: [input], baseline: [zero], steps: 2 }
  const found = integratedGradients(tf, {
    ...steep,
    forward: ([x], points) => tf.reshape(tf.sigmoid(tf.mul(40, tf.sub(x!, 0.37))), [points]),
  })
  assert.ok(found.steps > 2 && found.steps % 3 === 0, `${found.steps}`)
  assert.ok(isComplete({ ...found, sum: sum(found.contributions[0]!) }))
  // A jump has no gradient: nothing can be said, and nothing is made up.
  const held = tf.memory().numTensors
  assert.throws(
    () =>
      integratedGradients(tf, {
        ...steep,
        forward: ([x], points) => tf.reshape(tf.add(tf.step(tf.sub(x!, 0.5)), tf.mul(x!, 0.001)), [points]),
      }),
    /Expected contributions that add up to/,
  )
  assert.equal(tf.memory().numTensors, held)
  tf.dispose([input, zero])
})

test('a baseline of another shape is refused', () => {
  const { tf } = engine
  const [input, zero] = [tf.tensor2d([[1, 2]]), tf.tensor2d([[0]])]
  const task = { forward: ([x]: readonly Tensor[]) => x!, inputs: [input], baseline: [zero] }
  assert.throws(() => integratedGradients(tf, task), RangeError)
  tf.dispose([input, zero])
})

test('a value and its mask, over all hours, are one feature', () => {
  // Two hours of two features: values, then masks.
  const contributions = Float32Array.of(1, 2, 10, 20, 100, 200, 1000, 2000)
  assert.deepEqual([...featureSums(contributions, 2)], [1111, 2222])
  assert.throws(() => featureSums(contributions, 3), RangeError)
})

test('complete is within a hundredth of the way, or a thousandth where the way is short', () => {
  assert.ok(isComplete({ base: -3, score: -1, sum: 1.985 }))
  assert.ok(!isComplete({ base: -3, score: -1, sum: 1.97 }))
  assert.ok(isComplete({ base: -3, score: -3.0001, sum: 0.0005 }))
})
