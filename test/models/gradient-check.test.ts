import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { GradSaveFunc, Tensor2D } from '@tensorflow/tfjs-core'
import { type Engine, loadEngine, loadGradients } from '../../models/engine.ts'
import { applyHeads, makeHeads } from '../../models/layers/heads.ts'
import { createWeights } from '../../models/layers/weights.ts'
import type { Network } from '../../models/network.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'
import { checkGradients } from './gradient-check.ts'

const SHAPE = { windowHours: 3, inputs: 6, venueInputs: 0, venueSlots: 0, venueIds: 0, assetIds: 2, heads: 4 }

let engine: Engine
before(async () => {
  engine = await loadEngine()
  await loadGradients(engine)
})

/** Heads on a layer y = x·W whose gradient is multiplied by a factor: 1 is right, all else is wrong. */
function oneLayer(factor: number): Network {
  const { tf } = engine
  const weights = createWeights(tf, 1)
  weights.make('layer/weight', [SHAPE.inputs, 40], 0.3)
  makeHeads(weights, { hidden: 40, inputs: SHAPE.inputs, heads: SHAPE.heads })
  const product = tf.customGrad((x, w, save) => {
    const value = tf.tanh(tf.matMul(x as Tensor2D, w as Tensor2D))
    ;(save as GradSaveFunc)([x as Tensor2D, w as Tensor2D, value])
    return {
      value,
      gradFunc(dy, saved) {
        const [input, weight, output] = saved as Tensor2D[]
        const slope = tf.mul(dy as Tensor2D, tf.sub(1, tf.square(output!))) as Tensor2D
        return [tf.matMul(slope, weight!, false, true), tf.mul(tf.matMul(input!, slope, true), factor)]
      },
    }
  })
  return {
    shape: SHAPE,
    weights: weights.all,
    parameterCount: weights.parameterCount(),
    forward({ market }) {
      const last = tf.reshape(tf.slice(market, [0, 2, 0], [-1, 1, -1]), [-1, SHAPE.inputs]) as Tensor2D
      return applyHeads(tf, weights, product(last, weights.get<Tensor2D>('layer/weight')) as Tensor2D, market)
    },
    dispose: weights.dispose,
  }
}

function check(factor: number) {
  const { tf } = engine
  const normal = createGaussian(createRandom(5))
  const market = tf.tensor3d(
    Float32Array.from({ length: 3 * SHAPE.windowHours * SHAPE.inputs }, () => normal()),
    [3, SHAPE.windowHours, SHAPE.inputs],
  )
  const assetIds = tf.tensor1d([0, 1, 1], 'int32')
  const network = oneLayer(factor)
  try {
    return checkGradients(tf, network, { market, assetIds })
  } finally {
    network.dispose()
    tf.dispose([market, assetIds])
  }
}

test('a right gradient passes: 200 weights of a large layer, every one of a small layer', () => {
  const before = engine.tf.memory().numTensors
  const layers = check(1)
  assert.deepEqual(
    layers.map(({ name, checked }) => [name, checked]),
    [
      ['layer/weight', 200],
      ['head/weight', 160],
      ['head/direct', 24],
      ['head/bias', 4],
    ],
  )
  for (const { name, worstError } of layers) assert.ok(worstError > 0 && worstError < 0.01, `${name}: ${worstError}`)
  assert.equal(engine.tf.memory().numTensors, before)
})

test('a gradient that is two per cent off is found, and so is one that is missing', () => {
  assert.throws(() => check(1.02), /^Error: Gradients differ.* layer\/weight: Expected an error below/)
  assert.throws(() => check(0), /layer\/weight: Expected a gradient/)
})
