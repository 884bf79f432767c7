import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { Tf } from '../engine.ts'
import { transposedProduct } from './linear.ts'
import { addProduct, copyOf, type ProductSize, sigmoid, tanh, transposed } from './recurrent-product.ts'

/**
 * Last state of a gated recurrent unit over time, starting from nothing, with its gradient by backpropagation through time.
 *
 *     r = σ(z_r + v_r)   u = σ(z_u + v_u)   n = tanh(z_n + r·(v_n + bias))   where z = projected at t, v = h·recurrent
 *     h ← u·h + (1 − u)·n
 *
 * The reset gate acts after the product, so that one product per step does. Own code on typed arrays, as `lstmLastState`.
 *
 * @param projected - [batch, time, 3·hidden]: the input's share of the gates, bias included, in the order r, u, n
 * @param recurrent - [hidden, 3·hidden]
 * @param bias - [hidden], of the state's share of the candidate
 * @returns [batch, hidden]
 * @throws {RangeError} when the sizes do not fit together
 * @see Cho et al. (2014), arXiv 1406.1078
 */
export function gruLastState(tf: Tf, projected: Tensor3D, recurrent: Tensor2D, bias: Tensor1D): Tensor2D {
  const [batch, time, gates] = projected.shape
  const hidden = recurrent.shape[0]
  if (gates !== 3 * hidden || recurrent.shape[1] !== gates || bias.shape[0] !== hidden) {
    throw new RangeError(
      `Expected three gates and a bias of ${hidden}, were ${gates} columns, ${recurrent.shape[1]} weights and ${bias.shape[0]}`,
    )
  }
  const size: GruSize = { batch, time, hidden }
  const run = tf.customGrad((z, w, b) => {
    const weights = copyOf(w as Tensor2D)
    const memory = runForward(size, copyOf(z as Tensor3D), weights, copyOf(b as Tensor1D))
    return {
      value: tf.tensor2d(memory.last, [batch, hidden]),
      gradFunc(slope) {
        const { ofProjected, ofProduct, ofBias } = runBackward(size, memory, weights, copyOf(slope))
        const states = tf.tensor2d(memory.states, [batch * time, hidden])
        const products = tf.tensor2d(ofProduct, [batch * time, gates])
        return [
          tf.tensor3d(ofProjected, [batch, time, gates]),
          transposedProduct(tf, states, products),
          tf.tensor1d(Float32Array.from(ofBias)),
        ]
      },
    }
  })
  return run(projected, recurrent, bias) as Tensor2D
}

interface GruSize {
  readonly batch: number
  readonly time: number
  readonly hidden: number
}

/** What the way back needs; all [batch, time, …] in order. */
interface GruMemory {
  /** r, u, n after their activations. */
  readonly gates: Float32Array
  /** v_n + bias: what the reset gate multiplies. */
  readonly recalled: Float32Array
  /** The state *before* each step. */
  readonly states: Float32Array
  /** [batch, hidden] */
  readonly last: Float32Array
}

/** @param gates - starts as the projected input, and is overwritten with the gates */
function runForward(
  { batch, time, hidden }: GruSize,
  gates: Float32Array,
  weights: Float32Array,
  bias: Float32Array,
): GruMemory {
  const width = 3 * hidden
  const byGate = transposed(weights, hidden, width)
  const recalled = new Float32Array(batch * time * hidden)
  const states = new Float32Array(batch * time * hidden)
  const last = new Float32Array(batch * hidden)
  const product = new Float32Array(batch * width)
  const step: ProductSize = { rows: batch, inner: hidden, columns: width, stride: hidden, outStride: width }
  for (let t = 0; t < time; t++) {
    product.fill(0)
    if (t > 0) addProduct(step, byGate, product, 0, last, 0)
    for (let b = 0; b < batch; b++) {
      const z = (b * time + t) * width
      const now = (b * time + t) * hidden
      const v = b * width
      const state = b * hidden
      for (let k = 0; k < hidden; k++) {
        const reset = sigmoid(gates[z + k]! + product[v + k]!)
        const update = sigmoid(gates[z + hidden + k]! + product[v + hidden + k]!)
        const recall = product[v + 2 * hidden + k]! + bias[k]!
        const candidate = tanh(gates[z + 2 * hidden + k]! + reset * recall)
        const before = last[state + k]!
        gates[z + k] = reset
        gates[z + hidden + k] = update
        gates[z + 2 * hidden + k] = candidate
        recalled[now + k] = recall
        states[now + k] = before
        last[state + k] = update * before + (1 - update) * candidate
      }
    }
  }
  return { gates, recalled, states, last }
}

/** @param ofState - slope of the loss by the last state, [batch, hidden]; overwritten */
function runBackward(
  { batch, time, hidden }: GruSize,
  { gates, recalled, states }: GruMemory,
  weights: Float32Array,
  ofState: Float32Array,
) {
  const width = 3 * hidden
  const ofProjected = new Float32Array(gates.length)
  const ofProduct = new Float32Array(gates.length)
  const ofBias = new Float64Array(hidden)
  const step: ProductSize = { rows: batch, inner: width, columns: hidden, stride: time * width, outStride: hidden }
  for (let t = time - 1; t >= 0; t--) {
    for (let b = 0; b < batch; b++) {
      const z = (b * time + t) * width
      const now = (b * time + t) * hidden
      const state = b * hidden
      for (let k = 0; k < hidden; k++) {
        const reset = gates[z + k]!
        const update = gates[z + hidden + k]!
        const candidate = gates[z + 2 * hidden + k]!
        const down = ofState[state + k]!
        const ofCandidate = down * (1 - update) * (1 - candidate * candidate)
        const ofUpdate = down * (states[now + k]! - candidate) * update * (1 - update)
        const ofReset = ofCandidate * recalled[now + k]! * reset * (1 - reset)
        ofProjected[z + k] = ofReset
        ofProjected[z + hidden + k] = ofUpdate
        ofProjected[z + 2 * hidden + k] = ofCandidate
        ofProduct[z + k] = ofReset
        ofProduct[z + hidden + k] = ofUpdate
        ofProduct[z + 2 * hidden + k] = ofCandidate * reset
        ofBias[k]! += ofCandidate * reset
        ofState[state + k] = down * update
      }
    }
    if (t > 0) addProduct(step, weights, ofState, 0, ofProduct, t * width)
  }
  return { ofProjected, ofProduct, ofBias }
}
