/**
 * What every network of the ladder is: weights by name and a forward pass from a batch to one logit or value per target.
 *
 * @module
 */
import type { Tensor, Tensor1D, Tensor2D, Tensor3D, Tensor4D, Variable } from '@tensorflow/tfjs-core'
import type { Tf } from './engine.ts'
import type { RungName } from './rung.ts'

/** Sizes of the input and the output; everything else is the architecture's own. */
export interface NetworkShape {
  readonly windowHours: number
  /** Columns of the market's rows: normalised features, then their masks. */
  readonly inputs: number
  /** Columns of each venue's rows: normalised features, then their masks. */
  readonly venueInputs: number
  readonly venueSlots: number
  /** Rows of the embedding tables; 0 is any other. */
  readonly venueIds: number
  readonly assetIds: number
  readonly heads: number
}

export interface NetworkInput {
  /** [batch, windowHours, inputs], oldest hour first. */
  readonly market: Tensor3D
  /** int32 [batch]. */
  readonly assetIds: Tensor1D
  /** [batch, venueSlots, windowHours, venueInputs]; only for architectures that read venues. */
  readonly venues?: Tensor4D
  /** int32 [batch, venueSlots]. */
  readonly venueIds?: Tensor2D
  /** 1 where a slot holds a venue of which something is known in the window, float32 [batch, venueSlots]. */
  readonly present?: Tensor2D
}

/** Drawn by the fit, so that dropout follows the seed: 0 or 1/(1 − rate), of the shape asked for. */
export type Dropout = (shape: readonly number[]) => Tensor

export interface Network {
  readonly shape: NetworkShape
  /** TensorFlow.js wants variable names unique in the process, so ours stay in the map. Biases end in `bias`. */
  readonly weights: ReadonlyMap<string, Variable>
  readonly parameterCount: number
  /** → [batch, heads]. Call inside `tf.tidy`; pass `dropout` only while fitting. */
  forward(input: NetworkInput, dropout?: Dropout): Tensor2D
  dispose(): void
}

export interface Architecture {
  readonly name: RungName
  readonly title: string
  readonly readsVenues: boolean
  /**
   * @param seed - initial weights; the same seed gives the same weights on every machine
   * @param size - hyper-parameters other than the shipped ones: tests take tiny ones
   */
  build(tf: Tf, shape: NetworkShape, seed: number, size?: Readonly<Record<string, number>>): Network
}
