import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Variable } from '@tensorflow/tfjs-core'
import { createGaussian, createRandom } from '../../src/domain/random.ts'
import type { Tf } from '../engine.ts'
import { causalConvolution } from '../layers/convolution.ts'

/** Shape of a network; everything that is needed to build it anew before its weights are put in. */
export interface NetworkShape {
  readonly windowHours: number
  /** Columns of the input: normalised features and their masks. */
  readonly inputs: number
  readonly channels: number
  readonly kernel: number
  /** Hours between the taps of each block; their sum times (kernel − 1) is how far back the last step sees. */
  readonly dilations: readonly number[]
  readonly heads: number
}

export interface Network {
  readonly shape: NetworkShape
  readonly weights: ReadonlyMap<string, Variable>
  readonly parameterCount: number
  /** [batch, windowHours, inputs] → logits [batch, heads]. Call inside `tf.tidy`. */
  forward(input: Tensor3D): Tensor2D
  dispose(): void
}

/**
 * A dilated causal convolution network (TCN) that reads a window and answers one logit per head.
 *
 * Every step's channels come from a linear map of its columns, then pass blocks of `relu(causal convolution) + input` with
 * growing dilation. The heads read the last step's channels and its columns directly, so that a plain logistic regression on
 * the last row is within reach.
 *
 * @param seed - initial weights; the same seed gives the same weights on every machine
 * @see Bai, Kolter, Koltun (2018), "An Empirical Evaluation of Generic Convolutional and Recurrent Networks", arXiv 1803.01271
 */
export function createNetwork(tf: Tf, shape: NetworkShape, seed: number): Network {
  const normal = createGaussian(createRandom(seed))
  const weights = new Map<string, Variable>()
  const make = (name: string, dimensions: readonly number[], spread: number): void => {
    const size = dimensions.reduce((product, dimension) => product * dimension, 1)
    const values = Float32Array.from({ length: size }, () => (spread === 0 ? 0 : spread * normal()))
    const initial = tf.tensor(values, [...dimensions])
    // TensorFlow.js wants variable names unique in the process, so ours stay in the map.
    weights.set(name, tf.variable(initial))
    initial.dispose()
  }
  const { inputs, channels, kernel, dilations, heads, windowHours } = shape
  make('embed/weight', [inputs, channels], Math.sqrt(1 / inputs))
  make('embed/bias', [channels], 0)
  for (const dilation of dilations) {
    make(`block-${dilation}/weight`, [kernel * channels, channels], Math.sqrt(2 / (kernel * channels)))
    make(`block-${dilation}/bias`, [channels], 0)
  }
  make('head/weight', [channels, heads], 0)
  make('head/direct', [inputs, heads], 0)
  make('head/bias', [heads], 0)
  const weight = <T extends Tensor>(name: string): T => weights.get(name)! as unknown as T

  return {
    shape,
    weights,
    parameterCount: [...weights.values()].reduce((sum, { size }) => sum + size, 0),
    forward(input) {
      const batch = input.shape[0]
      const flat = tf.reshape(input, [batch * windowHours, inputs])
      const embedded = tf.add(tf.matMul(flat, weight<Tensor2D>('embed/weight')), weight<Tensor1D>('embed/bias'))
      let hidden = tf.reshape(tf.relu(embedded), [batch, windowHours, channels]) as Tensor3D
      for (const dilation of dilations) {
        const convolved = causalConvolution(tf, hidden, weight<Tensor2D>(`block-${dilation}/weight`), {
          kernel,
          dilation,
        })
        hidden = tf.add(hidden, tf.relu(tf.add(convolved, weight<Tensor1D>(`block-${dilation}/bias`))))
      }
      const last = lastStep(tf, hidden)
      const fromChannels = tf.matMul(last, weight<Tensor2D>('head/weight'))
      const fromColumns = tf.matMul(lastStep(tf, input), weight<Tensor2D>('head/direct'))
      return tf.add(tf.add(fromChannels, fromColumns), weight<Tensor1D>('head/bias')) as Tensor2D
    },
    dispose() {
      for (const variable of weights.values()) variable.dispose()
    },
  }
}

const lastStep = (tf: Tf, input: Tensor3D): Tensor2D => {
  const [batch, time, channels] = input.shape
  return tf.reshape(tf.slice(input, [0, time - 1, 0], [batch, 1, channels]), [batch, channels])
}
