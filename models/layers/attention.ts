import type { Tensor, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { Tf } from '../engine.ts'
import { linear } from './linear.ts'
import type { Weights } from './weights.ts'

/** What a head prefers of each place before it has read anything, at the start: heads look at different places from the first. */
const PREFERENCE = 2

/**
 * @param time - steps it attends to; @param from - how many of the newest ask
 */
export function makeAttention(
  weights: Weights,
  name: string,
  { width, heads, time, from }: { width: number; heads: number; time: number; from: number },
): void {
  for (const part of ['query', 'key', 'value', 'output']) {
    weights.make(`${name}/${part}/weight`, [width, width], Math.sqrt(1 / width))
  }
  weights.make(`${name}/output/bias`, [width], 0)
  weights.make(`${name}/place`, [heads, from, time], PREFERENCE)
}

/**
 * Multi-head attention of some steps to all steps: softmax(Q·Kᵀ / √d + place)·V per head, then one linear map.
 *
 * Every step lies in the past of the asked instant, so none has to be hidden from another.
 *
 * @param sequence - [batch, time, width]; @param heads - a divisor of the width
 * @param from - how many of the newest steps ask; the last layer needs the last step's answer alone
 * @returns [batch, from, width]
 */
export function attention(
  tf: Tf,
  weights: Weights,
  name: string,
  sequence: Tensor3D,
  { heads, from }: { heads: number; from: number },
): Tensor3D {
  const [batch, time, width] = sequence.shape
  if (width % heads !== 0) throw new RangeError(`Expected a divisor of ${width} for the number of heads, was ${heads}`)
  const depth = width / heads
  const asking = from === time ? sequence : tf.slice(sequence, [0, time - from, 0], [batch, from, width])
  const project = (x: Tensor3D, part: string): Tensor =>
    linear(tf, tf.reshape(x, [batch * x.shape[1], width]) as Tensor2D, weights.get(`${name}/${part}/weight`))
  // [batch · steps, width] → [batch · heads, steps, depth]
  const byHead = (x: Tensor, steps: number): Tensor3D =>
    tf.reshape(tf.transpose(tf.reshape(x, [batch, steps, heads, depth]), [0, 2, 1, 3]), [batch * heads, steps, depth])
  const query = byHead(tf.mul(project(asking, 'query'), 1 / Math.sqrt(depth)), from)
  const key = byHead(project(sequence, 'key'), time)
  const value = byHead(project(sequence, 'value'), time)
  const alike = tf.reshape(tf.matMul(query, key, false, true), [batch, heads, from, time])
  const scores = tf.reshape(tf.add(alike, weights.get<Tensor3D>(`${name}/place`)), [batch * heads, from, time])
  const attended = tf.matMul(tf.softmax(scores), value)
  const joined = tf.reshape(tf.transpose(tf.reshape(attended, [batch, heads, from, depth]), [0, 2, 1, 3]), [
    batch * from,
    width,
  ]) as Tensor2D
  const output = tf.add(linear(tf, joined, weights.get(`${name}/output/weight`)), weights.get(`${name}/output/bias`))
  return tf.reshape(output, [batch, from, width])
}
