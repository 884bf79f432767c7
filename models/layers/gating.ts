import type { Tensor1D, Tensor2D } from '@tensorflow/tfjs-core'
import type { Tf } from '../engine.ts'
import type { Dropout } from '../network.ts'
import { linear } from './linear.ts'
import type { Weights } from './weights.ts'

const SMALL_VARIANCE = 1e-5 // keeps the division finite where all channels are equal

/** A layer norm's gain is kept as what it differs from 1 by, so that the L2 penalty pulls it to 1. */
export function makeLayerNorm(weights: Weights, name: string, width: number): void {
  weights.make(`${name}/gain`, [width], 0)
  weights.make(`${name}/bias`, [width], 0)
}

/** Each row to mean 0 and variance 1 over its channels, then gain and bias: [rows, width] → the same shape. */
export function layerNorm(tf: Tf, weights: Weights, name: string, x: Tensor2D): Tensor2D {
  const centred = tf.sub(x, tf.mean(x, 1, true))
  const variance = tf.mean(tf.square(centred), 1, true)
  const normal = tf.div(centred, tf.sqrt(tf.add(variance, SMALL_VARIANCE)))
  return tf.add(tf.mul(normal, tf.add(weights.get<Tensor1D>(`${name}/gain`), 1)), weights.get(`${name}/bias`))
}

/** A gated linear unit: what comes through is decided per channel, so that a layer can be passed over. */
export function makeGate(
  weights: Weights,
  name: string,
  { inputs, outputs }: { inputs: number; outputs: number },
): void {
  weights.make(`${name}/weight`, [inputs, 2 * outputs], Math.sqrt(1 / inputs))
  weights.make(`${name}/bias`, [2 * outputs], 0)
}

/** σ(x·W₁ + b₁) ⊙ (x·W₂ + b₂): [rows, inputs] → [rows, outputs]. */
export function gate(tf: Tf, weights: Weights, name: string, x: Tensor2D): Tensor2D {
  const both = tf.add(linear(tf, x, weights.get(`${name}/weight`)), weights.get<Tensor1D>(`${name}/bias`))
  const [rows, twice] = both.shape as [number, number]
  const width = twice / 2
  const open = tf.sigmoid(tf.slice(both, [0, 0], [rows, width]))
  return tf.mul(open, tf.slice(both, [0, width], [rows, width])) as Tensor2D
}

/** The weights of a gated residual network of one width. */
export function makeGatedResidual(weights: Weights, name: string, width: number): void {
  for (const layer of ['first', 'second']) {
    weights.make(`${name}/${layer}/weight`, [width, width], Math.sqrt(1 / width))
    weights.make(`${name}/${layer}/bias`, [width], 0)
  }
  makeGate(weights, `${name}/gate`, { inputs: width, outputs: width })
  makeLayerNorm(weights, `${name}/norm`, width)
}

/**
 * A gated residual network: norm(x + gate(two layers of x)), [rows, width] → the same shape.
 *
 * @see Lim, Arık, Loeff, Pfister (2021), "Temporal Fusion Transformers", International Journal of Forecasting 37(4), §4.1
 */
export function gatedResidual(tf: Tf, weights: Weights, name: string, x: Tensor2D, dropout?: Dropout): Tensor2D {
  const layer = (from: Tensor2D, part: string): Tensor2D =>
    tf.add(linear(tf, from, weights.get(`${name}/${part}/weight`)), weights.get(`${name}/${part}/bias`))
  const inner = layer(tf.elu(layer(x, 'first')), 'second')
  const kept = dropout ? (tf.mul(inner, dropout(inner.shape)) as Tensor2D) : inner
  return layerNorm(tf, weights, `${name}/norm`, tf.add(x, gate(tf, weights, `${name}/gate`, kept)))
}
