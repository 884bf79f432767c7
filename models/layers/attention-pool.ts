import type { Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import type { Tf } from '../engine.ts'
import { linear } from './linear.ts'
import type { Weights } from './weights.ts'

const NOTHING = 1e-6 // keeps 0/0 away where no slot is present; beside a present one it is lost

export function makeAttentionPool(weights: Weights, name: string, channels: number): void {
  weights.make(`${name}/weight`, [channels, channels], Math.sqrt(1 / channels))
  weights.make(`${name}/bias`, [channels], 0)
}

/**
 * One row out of many slots' rows at each step: a mean over the slots that are present, weighted by what they say.
 *
 * Every channel weighs the slots for itself, so that one may listen to a slot that another passes over. The weights are sigmoids
 * and not exponentials: they cannot overflow.
 *
 * @param rows - [batch, slots, time, channels]
 * @param present - 1 or 0, [batch, slots]; the rows of an absent slot must be finite, and have no influence
 * @returns [batch, time, channels], all zero where no slot is present; the order of slots does not matter
 */
export function attentionPool(
  tf: Tf,
  weights: Weights,
  name: string,
  { rows, present }: { readonly rows: Tensor4D; readonly present: Tensor2D },
): Tensor3D {
  const [batch, slots, time, channels] = rows.shape
  const flat = tf.reshape(rows, [batch * slots * time, channels]) as Tensor2D
  const scores = tf.add(
    linear(tf, flat, weights.get<Tensor2D>(`${name}/weight`)),
    weights.get<Tensor1D>(`${name}/bias`),
  )
  const attention = tf.mul(
    tf.reshape(tf.sigmoid(scores), [batch, slots, time * channels]),
    tf.reshape(present, [batch, slots, 1]),
  )
  const weighed = tf.mul(attention, tf.reshape(rows, [batch, slots, time * channels]))
  const pooled = tf.div(tf.sum(weighed, 1), tf.add(tf.sum(attention, 1), NOTHING))
  return tf.reshape(pooled, [batch, time, channels])
}
