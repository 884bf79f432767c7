import type { Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { Tf } from '../engine.ts'
import { linear } from './linear.ts'

/**
 * Causal convolution over time: step t sees t, t − dilation, … and nothing later; zeros stand before the window.
 *
 * Written as pad, slice and matMul: the gradient of tf.conv1d is missing on WebAssembly and its causal padding fails on both
 * JavaScript backends.
 *
 * @param input - [batch, time, channels]
 * @param weight - [kernel · channels, outputs], the oldest tap first
 * @returns [batch, time, outputs]
 */
export function causalConvolution(
  tf: Tf,
  input: Tensor3D,
  weight: Tensor2D,
  { kernel, dilation }: { kernel: number; dilation: number },
): Tensor3D {
  const [batch, time, channels] = input.shape
  const before = (kernel - 1) * dilation
  const padded = tf.pad(input, [
    [0, 0],
    [before, 0],
    [0, 0],
  ])
  const taps = Array.from({ length: kernel }, (_, tap) =>
    tf.slice(padded, [0, tap * dilation, 0], [batch, time, channels]),
  )
  const stacked = tf.reshape(tf.concat(taps, 2), [batch * time, kernel * channels]) as Tensor2D
  return tf.reshape(linear(tf, stacked, weight), [batch, time, weight.shape[1]])
}
