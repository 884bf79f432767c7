import type { Tensor, Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { Tf } from '../engine.ts'
import { causalConvolution } from '../layers/convolution.ts'
import { embed } from '../layers/embedding.ts'
import { applyHeads, lastStep, makeHeads } from '../layers/heads.ts'
import { linear } from '../layers/linear.ts'
import { createWeights } from '../layers/weights.ts'
import type { Architecture, Dropout } from '../network.ts'

const ASSET_WIDTH = 4
const SIZE = { channels: 32, kernel: 3 }

/**
 * A dilated causal convolution network (TCN) over the market's rows.
 *
 * Every hour's channels come from a linear map of its columns and of the asset's embedding. They pass one convolution of
 * neighbouring hours at every hour, then blocks of `elu(convolution) + input` whose dilations are the powers of the kernel:
 * 1, 3, 9, 27. With these every hour of the window reaches the last one by exactly one path, so only the steps that the last
 * one stands on have to be computed, and a block is a reshape and one product instead of one product per hour.
 *
 * @see Bai, Kolter, Koltun (2018), "An Empirical Evaluation of Generic Convolutional and Recurrent Networks", arXiv 1803.01271
 */
export const TCN: Architecture = {
  name: 'tcn',
  title: 'dilated causal TCN',
  readsVenues: false,
  build(tf, shape, seed, size = {}) {
    const { channels, kernel } = { ...SIZE, ...size }
    const { inputs, heads, assetIds, windowHours } = shape
    const dilations = dilationsFor(windowHours, kernel)
    const weights = createWeights(tf, seed)
    weights.make('asset/table', [assetIds, ASSET_WIDTH], 0.3)
    weights.make('asset/weight', [ASSET_WIDTH, channels], Math.sqrt(1 / ASSET_WIDTH))
    weights.make('embed/weight', [inputs, channels], Math.sqrt(1 / inputs))
    weights.make('embed/bias', [channels], 0)
    for (const name of ['hours', ...dilations.map((dilation) => `block-${dilation}`)]) {
      weights.make(`${name}/weight`, [kernel * channels, channels], Math.sqrt(2 / (kernel * channels)))
      weights.make(`${name}/bias`, [channels], 0)
    }
    makeHeads(weights, { hidden: channels, inputs, heads })
    const weight = <T extends Tensor>(name: string): T => weights.get<T>(name)
    const residual = (name: string, convolved: Tensor, input: Tensor3D): Tensor3D =>
      tf.add(input, tf.elu(tf.add(convolved, weight(`${name}/bias`)))) as Tensor3D

    return {
      shape,
      weights: weights.all,
      parameterCount: weights.parameterCount(),
      forward({ market, assetIds }, dropout) {
        const batch = market.shape[0]
        const rows = linear(tf, tf.reshape(market, [batch * windowHours, inputs]) as Tensor2D, weight('embed/weight'))
        const asset = tf.matMul(embed(tf, assetIds, weight('asset/table')), weight<Tensor2D>('asset/weight'))
        const embedded = tf.add(
          tf.reshape(rows, [batch, windowHours, channels]),
          tf.reshape(tf.add(asset, weight<Tensor1D>('embed/bias')), [batch, 1, channels]),
        )
        let hidden = dropped(tf, tf.elu(embedded), dropout) as Tensor3D
        hidden = residual(
          'hours',
          causalConvolution(tf, hidden, weight('hours/weight'), { kernel, dilation: 1 }),
          hidden,
        )
        hidden = tf.pad(hidden, [
          [0, 0],
          [kernel ** dilations.length - windowHours, 0],
          [0, 0],
        ])
        for (const dilation of dilations) {
          const name = `block-${dilation}`
          hidden = residual(
            name,
            stridedConvolution(tf, hidden, weight(`${name}/weight`), kernel),
            newest(tf, hidden, kernel),
          )
        }
        return applyHeads(tf, weights, dropped(tf, lastStep(tf, hidden), dropout) as Tensor2D, market)
      },
      dispose: () => weights.dispose(),
    }
  },
}

/** The powers of the kernel up to where the last step sees the whole window. */
export function dilationsFor(windowHours: number, kernel: number): readonly number[] {
  if (kernel < 2) throw new RangeError(`Expected a kernel of 2 or more, was ${kernel}`)
  const dilations = [1]
  while (dilations.at(-1)! * kernel < windowHours) dilations.push(dilations.at(-1)! * kernel)
  return dilations
}

/** A convolution at every `kernel`-th step only, [batch, time, channels] → [batch, time / kernel, outputs]. */
function stridedConvolution(tf: Tf, input: Tensor3D, weight: Tensor2D, kernel: number): Tensor3D {
  const [batch, time, channels] = input.shape
  const groups = tf.reshape(input, [(batch * time) / kernel, kernel * channels]) as Tensor2D
  return tf.reshape(linear(tf, groups, weight), [batch, time / kernel, weight.shape[1]])
}

/** The newest step of every group of `kernel`. */
function newest(tf: Tf, input: Tensor3D, kernel: number): Tensor3D {
  const [batch, time, channels] = input.shape
  const groups = tf.reshape(input, [(batch * time) / kernel, kernel, channels]) as Tensor3D
  return tf.reshape(lastStep(tf, groups), [batch, time / kernel, channels])
}

const dropped = (tf: Tf, tensor: Tensor, dropout: Dropout | undefined): Tensor =>
  dropout ? tf.mul(tensor, dropout(tensor.shape)) : tensor
