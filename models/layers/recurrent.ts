import type { Tensor1D, Tensor2D, Tensor3D } from '@tensorflow/tfjs-core'
import type { Tf } from '../engine.ts'
import type { Architecture, Dropout, Network, NetworkInput } from '../network.ts'
import { embed } from './embedding.ts'
import { gruLastState } from './gru-kernel.ts'
import { applyHeads, makeHeads } from './heads.ts'
import { linear } from './linear.ts'
import { lstmLastState } from './lstm-kernel.ts'
import { createWeights, type Weights } from './weights.ts'

export type Cell = 'gru' | 'lstm'

const ASSET_WIDTH = 4
const ASSET_SPREAD = 0.3
const GATES: Record<Cell, number> = { gru: 3, lstm: 4 }

/** Makes the linear map of the market's columns to channels, and the embedding of assets that is added to it. */
export function makeMarketRows(
  weights: Weights,
  { inputs, assetIds, channels }: { inputs: number; assetIds: number; channels: number },
): void {
  weights.make('asset/table', [assetIds, ASSET_WIDTH], ASSET_SPREAD)
  weights.make('asset/weight', [ASSET_WIDTH, channels], Math.sqrt(1 / ASSET_WIDTH))
  weights.make('embed/weight', [inputs, channels], Math.sqrt(1 / inputs))
  weights.make('embed/bias', [channels], 0)
}

/** The market's rows as channels that know their asset: [batch, time, channels]. */
export function marketRows(tf: Tf, weights: Weights, { market, assetIds }: NetworkInput): Tensor3D {
  const [batch, time, inputs] = market.shape
  const weight = weights.get<Tensor2D>('embed/weight')
  const rows = linear(tf, tf.reshape(market, [batch * time, inputs]) as Tensor2D, weight)
  const asset = tf.matMul(embed(tf, assetIds, weights.get('asset/table')), weights.get<Tensor2D>('asset/weight'))
  const level = tf.add(asset, weights.get<Tensor1D>('embed/bias'))
  const channels = weight.shape[1]
  return tf.add(tf.reshape(rows, [batch, time, channels]), tf.reshape(level, [batch, 1, channels])) as Tensor3D
}

/** Makes a recurrence over rows of `channels`. */
export function makeRecurrence(
  weights: Weights,
  cell: Cell,
  { channels, hidden }: { channels: number; hidden: number },
): void {
  const width = GATES[cell] * hidden
  weights.make(`${cell}/input`, [channels, width], Math.sqrt(1 / channels))
  weights.make(`${cell}/recurrent`, [hidden, width], Math.sqrt(1 / hidden))
  weights.make(`${cell}/bias`, [width], 0)
  if (cell === 'gru') weights.make('gru/recurrent-bias', [hidden], 0)
}

/** Runs the recurrence from the oldest row to the newest: [batch, time, channels] → its last state, [batch, hidden]. */
export function lastState(tf: Tf, weights: Weights, cell: Cell, rows: Tensor3D): Tensor2D {
  const [batch, time, channels] = rows.shape
  const flat = tf.reshape(rows, [batch * time, channels]) as Tensor2D
  const shares = tf.add(linear(tf, flat, weights.get<Tensor2D>(`${cell}/input`)), weights.get<Tensor1D>(`${cell}/bias`))
  const projected = tf.reshape(shares, [batch, time, -1]) as Tensor3D
  const recurrent = weights.get<Tensor2D>(`${cell}/recurrent`)
  return cell === 'lstm'
    ? lstmLastState(tf, projected, recurrent)
    : gruLastState(tf, projected, recurrent, weights.get<Tensor1D>('gru/recurrent-bias'))
}

export const dropState = (tf: Tf, state: Tensor2D, dropout?: Dropout): Tensor2D =>
  dropout ? (tf.mul(state, dropout(state.shape)) as Tensor2D) : state

/** A recurrence over the market's embedded rows, whose last state the heads read. */
export const recurrentBuild =
  (cell: Cell, shipped: { readonly channels: number; readonly hidden: number }): Architecture['build'] =>
  (tf, shape, seed, size = {}): Network => {
    const { channels, hidden } = { ...shipped, ...size }
    const { inputs, assetIds, heads } = shape
    const weights = createWeights(tf, seed)
    makeMarketRows(weights, { inputs, assetIds, channels })
    makeRecurrence(weights, cell, { channels, hidden })
    makeHeads(weights, { hidden, inputs, heads })
    return {
      shape,
      weights: weights.all,
      parameterCount: weights.parameterCount(),
      forward(input, dropout) {
        const state = lastState(tf, weights, cell, marketRows(tf, weights, input))
        return applyHeads(tf, weights, dropState(tf, state, dropout), input.market)
      },
      dispose: () => weights.dispose(),
    }
  }
