import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import type { Scalar, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import { type Engine, loadEngine, loadGradients, type Tf } from '../../models/engine.ts'
import { causalConvolution } from '../../models/layers/convolution.ts'
import { lossOf } from '../../models/tcn/fit.ts'
import { createNetwork, type NetworkShape } from '../../models/tcn/network.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'

const SHAPE: NetworkShape = { windowHours: 12, inputs: 5, channels: 4, kernel: 3, dilations: [1, 2], heads: 3 }
const BATCH = 6

let engine: Engine
let tf: Tf
before(async () => {
  engine = await loadEngine()
  await loadGradients(engine)
  tf = engine.tf
})

const drawn = (size: number, seed: number): Float32Array => {
  const normal = createGaussian(createRandom(seed))
  return Float32Array.from({ length: size }, () => normal())
}

/** Heads start at nothing; so that a gradient reaches everywhere, all weights are drawn anew. */
function randomNetwork(seed: number) {
  const network = createNetwork(tf, SHAPE, seed)
  let k = 0
  for (const variable of network.weights.values()) {
    const values = tf.tensor(
      drawn(variable.size, seed + ++k).map((value) => value * 0.4),
      variable.shape,
    )
    variable.assign(values)
    values.dispose()
  }
  return network
}

test('a causal convolution is what its definition says', () => {
  const [time, channels, outputs, kernel, dilation] = [7, 2, 3, 3, 2]
  const x = drawn(time * channels, 1)
  const w = drawn(kernel * channels * outputs, 2)
  const found = tf.tidy(() =>
    causalConvolution(tf, tf.tensor3d(x, [1, time, channels]), tf.tensor2d(w, [kernel * channels, outputs]), {
      kernel,
      dilation,
    }).dataSync(),
  )
  for (let t = 0; t < time; t++) {
    for (let o = 0; o < outputs; o++) {
      let expected = 0
      for (let tap = 0; tap < kernel; tap++) {
        const source = t - (kernel - 1 - tap) * dilation
        for (let c = 0; c < channels && source >= 0; c++) {
          expected += x[source * channels + c]! * w[(tap * channels + c) * outputs + o]!
        }
      }
      assert.ok(Math.abs(found[t * outputs + o]! - expected) < 1e-5)
    }
  }
})

test('the gradient is the slope of the loss', () => {
  const network = randomNetwork(11)
  const inputs = tf.tensor3d(drawn(BATCH * SHAPE.windowHours * SHAPE.inputs, 3), [
    BATCH,
    SHAPE.windowHours,
    SHAPE.inputs,
  ])
  const labels = tf.tensor2d(
    drawn(BATCH * 3, 4).map((value) => (value > 0 ? 1 : 0)),
    [BATCH, 3],
  )
  const loss = (): Scalar => lossOf(tf, network, inputs as Tensor3D, labels as Tensor2D, 1e-2)
  const { grads } = tf.variableGrads(loss, [...network.weights.values()])
  for (const [name, variable] of network.weights) {
    const gradient = grads[variable.name]!.dataSync()
    const length = Math.hypot(...gradient)
    const start = Float32Array.from(variable.dataSync())
    // One step along the gradient and one back: the loss has to change by its length.
    const lossAt = (step: number): number =>
      tf.tidy(() => {
        variable.assign(
          tf.tensor(
            start.map((value, k) => value + (step * gradient[k]!) / length),
            variable.shape,
          ),
        )
        return loss().dataSync()[0]!
      })
    const step = 2e-3
    const slope = (lossAt(step) - lossAt(-step)) / (2 * step)
    lossAt(0)
    assert.ok(length > 1e-3, `${name}: Expected a gradient, was ${length}`)
    assert.ok(Math.abs(slope / length - 1) < 0.05, `${name}: Expected ${length}, was ${slope}`)
  }
  network.dispose()
  tf.dispose([inputs, labels, ...Object.values(grads)])
})

test('the same seed gives the same weights, another seed others', () => {
  const weightsOf = (seed: number): number[] => {
    const network = createNetwork(tf, SHAPE, seed)
    const values = [...network.weights.get('embed/weight')!.dataSync()]
    network.dispose()
    return values
  }
  assert.deepEqual(weightsOf(1), weightsOf(1))
  assert.notDeepEqual(weightsOf(1), weightsOf(2))
})

test('it has at most 30,000 parameters at the size that is trained', async () => {
  const { TCN_SHAPE } = await import('../../models/tcn/fit.ts')
  const network = createNetwork(tf, TCN_SHAPE, 1)
  assert.ok(network.parameterCount <= 30_000, `Expected 30,000 or fewer, were ${network.parameterCount}`)
  network.dispose()
})

test('predicting leaves no tensor behind', () => {
  const network = randomNetwork(21)
  const inputs = tf.tensor3d(drawn(SHAPE.windowHours * SHAPE.inputs, 6), [1, SHAPE.windowHours, SHAPE.inputs])
  const before = tf.memory().numTensors
  for (let k = 0; k < 3; k++) tf.tidy(() => network.forward(inputs).dataSync())
  assert.equal(tf.memory().numTensors, before)
  network.dispose()
  inputs.dispose()
})
