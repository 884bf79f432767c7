import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { Tf } from '../engine.ts'
import { transposedProduct } from './linear.ts'
import { addProduct, copyOf, type ProductSize, sigmoid, tanh, transposed } from './recurrent-product.ts'

/** Added to the forget gate's input: an untrained cell keeps what it holds. */
const FORGET_BIAS = 1

/**
 * Last state of a long short-term memory over time, starting from nothing, with its gradient by backpropagation through time.
 *
 *     i = σ(zᵢ)   f = σ(z_f + 1)   g = tanh(z_g)   o = σ(zₒ)   where z = projected at t + h·recurrent
 *     c ← f·c + i·g                h ← o·tanh(c)
 *
 * Own code on typed arrays: built of TensorFlow.js operations the steps' fixed costs make it six times slower.
 *
 * @param projected - [batch, time, 4·hidden]: the input's share of the gates, bias included, in the order i, f, g, o
 * @param recurrent - [hidden, 4·hidden]
 * @returns [batch, hidden]
 * @throws {RangeError} when the sizes do not fit together
 * @see Hochreiter, Schmidhuber (1997), "Long Short-Term Memory", Neural Computation 9(8); forget gate: Gers et al. (2000)
 */
export function lstmLastState(tf: Tf, projected: Tensor3D, recurrent: Tensor2D): Tensor2D {
  const [batch, time, gates] = projected.shape
  const hidden = recurrent.shape[0]
  if (gates !== 4 * hidden || recurrent.shape[1] !== gates) {
    throw new RangeError(`Expected four gates of ${hidden}, were ${gates} columns and ${recurrent.shape[1]} weights`)
  }
  const size: LstmSize = { batch, time, hidden }
  const run = tf.customGrad((z, w) => {
    const weights = copyOf(w as Tensor2D)
    const memory = runForward(size, copyOf(z as Tensor3D), weights)
    return {
      value: tf.tensor2d(memory.last, [batch, hidden]),
      gradFunc(slope) {
        const ofProjected = runBackward(size, memory, weights, copyOf(slope))
        const ofGates = tf.tensor2d(ofProjected, [batch * time, gates])
        const states = tf.tensor2d(memory.states, [batch * time, hidden])
        return [tf.reshape(ofGates, [batch, time, gates]), transposedProduct(tf, states, ofGates)]
      },
    }
  })
  return run(projected, recurrent) as Tensor2D
}

interface LstmSize {
  readonly batch: number
  readonly time: number
  readonly hidden: number
}

/** What the way back needs; all [batch, time, …] in order. */
interface LstmMemory {
  /** i, f, g, o after their activations. */
  readonly gates: Float32Array
  readonly cells: Float32Array
  /** The state *before* each step. */
  readonly states: Float32Array
  /** [batch, hidden] */
  readonly last: Float32Array
}

/** @param gates - starts as the projected input, and is overwritten with the gates */
function runForward({ batch, time, hidden }: LstmSize, gates: Float32Array, weights: Float32Array): LstmMemory {
  const width = 4 * hidden
  const byGate = transposed(weights, hidden, width)
  const cells = new Float32Array(batch * time * hidden)
  const states = new Float32Array(batch * time * hidden)
  const last = new Float32Array(batch * hidden)
  const step: ProductSize = { rows: batch, inner: hidden, columns: width, stride: hidden, outStride: time * width }
  for (let t = 0; t < time; t++) {
    if (t > 0) addProduct(step, byGate, gates, t * width, last, 0)
    for (let b = 0; b < batch; b++) {
      const z = (b * time + t) * width
      const now = (b * time + t) * hidden
      const state = b * hidden
      for (let k = 0; k < hidden; k++) {
        const input = sigmoid(gates[z + k]!)
        const forget = sigmoid(gates[z + hidden + k]! + FORGET_BIAS)
        const candidate = tanh(gates[z + 2 * hidden + k]!)
        const output = sigmoid(gates[z + 3 * hidden + k]!)
        const cell = (t > 0 ? forget * cells[now - hidden + k]! : 0) + input * candidate
        gates[z + k] = input
        gates[z + hidden + k] = forget
        gates[z + 2 * hidden + k] = candidate
        gates[z + 3 * hidden + k] = output
        cells[now + k] = cell
        states[now + k] = last[state + k]!
        last[state + k] = output * tanh(cell)
      }
    }
  }
  return { gates, cells, states, last }
}

/**
 * @param ofState - slope of the loss by the last state, [batch, hidden]; overwritten
 * @returns its slope by the projected input, [batch, time, 4·hidden]
 */
function runBackward(
  { batch, time, hidden }: LstmSize,
  { gates, cells }: LstmMemory,
  weights: Float32Array,
  ofState: Float32Array,
): Float32Array {
  const width = 4 * hidden
  const slopes = new Float32Array(gates.length)
  const ofCell = new Float32Array(batch * hidden)
  const step: ProductSize = { rows: batch, inner: width, columns: hidden, stride: time * width, outStride: hidden }
  for (let t = time - 1; t >= 0; t--) {
    for (let b = 0; b < batch; b++) {
      const z = (b * time + t) * width
      const now = (b * time + t) * hidden
      const state = b * hidden
      for (let k = 0; k < hidden; k++) {
        const input = gates[z + k]!
        const forget = gates[z + hidden + k]!
        const candidate = gates[z + 2 * hidden + k]!
        const output = gates[z + 3 * hidden + k]!
        const bent = tanh(cells[now + k]!)
        const before = t > 0 ? cells[now - hidden + k]! : 0
        const down = ofState[state + k]!
        const cell = ofCell[state + k]! + down * output * (1 - bent * bent)
        slopes[z + k] = cell * candidate * input * (1 - input)
        slopes[z + hidden + k] = cell * before * forget * (1 - forget)
        slopes[z + 2 * hidden + k] = cell * input * (1 - candidate * candidate)
        slopes[z + 3 * hidden + k] = down * bent * output * (1 - output)
        ofCell[state + k] = cell * forget
      }
    }
    ofState.fill(0)
    if (t > 0) addProduct(step, weights, ofState, 0, slopes, t * width)
  }
  return slopes
}
