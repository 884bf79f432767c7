import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { Tf } from '../engine.ts'
import type { Weights } from './weights.ts'

/**
 * Makes what turns a network's last state into one number per target.
 *
 * The last row's columns reach the heads directly as well, so that a plain logistic regression on the last row is within
 * reach of every network, and a fit can start from one (`head/direct`, `head/bias`).
 */
export function makeHeads(
  weights: Weights,
  { hidden, inputs, heads }: { hidden: number; inputs: number; heads: number },
): void {
  weights.make('head/weight', [hidden, heads], 0)
  weights.make('head/direct', [inputs, heads], 0)
  weights.make('head/bias', [heads], 0)
}

/** @param hidden - [batch, hidden]; @param market - [batch, time, inputs] → [batch, heads] */
export function applyHeads(tf: Tf, weights: Weights, hidden: Tensor2D, market: Tensor3D): Tensor2D {
  const fromState = tf.matMul(hidden, weights.get<Tensor2D>('head/weight'))
  const fromColumns = tf.matMul(lastStep(tf, market), weights.get<Tensor2D>('head/direct'))
  return tf.add(tf.add(fromState, fromColumns), weights.get<Tensor1D>('head/bias')) as Tensor2D
}

/** [batch, time, channels] → the last hour, [batch, channels]. */
export function lastStep(tf: Tf, sequence: Tensor3D): Tensor2D {
  const [batch, time, channels] = sequence.shape
  return tf.reshape(tf.slice(sequence, [0, time - 1, 0], [batch, 1, channels]), [batch, channels])
}
