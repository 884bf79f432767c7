import type { Tensor1D, Tensor2D, Tensor3D, Tensor4D } from '@tensorflow/tfjs-core'
import type { Tf } from '../engine.ts'
import { attentionPool, makeAttentionPool } from '../layers/attention-pool.ts'
import { causalConvolution } from '../layers/convolution.ts'
import { embed } from '../layers/embedding.ts'
import { applyHeads, makeHeads } from '../layers/heads.ts'
import { linear } from '../layers/linear.ts'
import { dropState, lastState, makeMarketRows, makeRecurrence, marketRows } from '../layers/recurrent.ts'
import { createWeights, type Weights } from '../layers/weights.ts'
import type { Architecture, NetworkInput, NetworkShape } from '../network.ts'

const SIZE = { channels: 32, filters: 16, kernel: 5, venueChannels: 24, hidden: 48 }
const VENUE_WIDTH = 8
const VENUE_SPREAD = 0.5

/**
 * A convolution over each venue's own hours, attention over the venues that are present, recurrence over time.
 *
 * Each venue's rows pass the same causal convolution; the venue's embedding is set beside them and one layer mixes the two, so that
 * the same hours may mean one thing on one venue and another elsewhere. What venues say at an hour is pooled into one row, which
 * stands beside the whole market's row as the memory's input. A venue that is absent has no influence, and neither has the order of
 * venues; with none present the answer rests on the market alone.
 *
 * @see Hochreiter, Schmidhuber (1997), "Long Short-Term Memory", Neural Computation 9(8); Bahdanau, Cho, Bengio (2014),
 *   arXiv 1409.0473, for attention; Zaheer et al. (2017), "Deep Sets", arXiv 1703.06114, for the unordered mean
 */
export const CNN_LSTM: Architecture = {
  name: 'cnn-lstm',
  title: 'CNN-LSTM with venue embeddings',
  readsVenues: true,
  build(tf, shape, seed, size = {}) {
    const { channels, filters, kernel, venueChannels, hidden } = { ...SIZE, ...size }
    const { inputs, venueInputs, venueIds, assetIds, heads } = shape
    const weights = createWeights(tf, seed)
    makeMarketRows(weights, { inputs, assetIds, channels })
    weights.make('venue/table', [venueIds, VENUE_WIDTH], VENUE_SPREAD)
    weights.make('venue/convolution/weight', [kernel * venueInputs, filters], Math.sqrt(2 / (kernel * venueInputs)))
    weights.make('venue/convolution/bias', [filters], 0)
    const mixed = filters + VENUE_WIDTH
    weights.make('venue/mix/weight', [mixed, venueChannels], Math.sqrt(2 / mixed))
    weights.make('venue/mix/bias', [venueChannels], 0)
    makeAttentionPool(weights, 'venue/attention', venueChannels)
    makeRecurrence(weights, 'lstm', { channels: channels + venueChannels, hidden })
    makeHeads(weights, { hidden, inputs, heads })
    return {
      shape,
      weights: weights.all,
      parameterCount: weights.parameterCount(),
      forward(input, dropout) {
        const venues = tf.tidy(() => venueRows(tf, weights, shape, input, kernel))
        const rows = tf.concat([marketRows(tf, weights, input), venues], 2) as Tensor3D
        const state = lastState(tf, weights, 'lstm', rows)
        return applyHeads(tf, weights, dropState(tf, state, dropout), input.market)
      },
      dispose: () => weights.dispose(),
    }
  },
}

/** What the venues say, hour by hour: [batch, time, venueChannels]. */
function venueRows(
  tf: Tf,
  weights: Weights,
  { venueSlots, windowHours, venueInputs }: NetworkShape,
  { venues, venueIds, present }: NetworkInput,
  kernel: number,
): Tensor3D {
  if (!venues || !venueIds || !present) throw new RangeError('Expected venues, their ids and presence, were none')
  const batch = venues.shape[0]
  const slots = batch * venueSlots
  // In a tidy of its own: the taps side by side are the largest thing there is, and a forecast need not hold on to them.
  const convolved = tf.tidy(() => {
    // Chosen and not multiplied: what stands in an absent slot may be anything, even not a number. A product spreads the choice
    // over all columns, since WebAssembly repeats single values very slowly.
    const everyColumn = tf.matMul(tf.reshape(present, [slots, 1]), tf.ones([1, windowHours * venueInputs]))
    const there = tf.reshape(tf.cast(everyColumn, 'bool'), venues.shape)
    const known = tf.where(there, venues, tf.zerosLike(venues))
    return causalConvolution(
      tf,
      tf.reshape(known, [slots, windowHours, venueInputs]),
      weights.get('venue/convolution/weight'),
      { kernel, dilation: 1 },
    )
  })
  const heard = tf.elu(tf.add(convolved, weights.get<Tensor1D>('venue/convolution/bias'))) as Tensor3D
  // [filters + id] · weight as two products, so that an id is multiplied once and not at every hour.
  const filters = heard.shape[2]
  const mix = weights.get<Tensor2D>('venue/mix/weight')
  const venueChannels = mix.shape[1]
  const ofHours = linear(
    tf,
    tf.reshape(heard, [slots * windowHours, filters]) as Tensor2D,
    tf.slice(mix, [0, 0], [filters, venueChannels]),
  )
  const ofIds = tf.matMul(
    embed(tf, venueIds, weights.get('venue/table')),
    tf.slice(mix, [filters, 0], [VENUE_WIDTH, venueChannels]),
  )
  const said = tf.elu(
    tf.add(
      tf.reshape(ofHours, [slots, windowHours, venueChannels]),
      tf.reshape(tf.add(ofIds, weights.get<Tensor1D>('venue/mix/bias')), [slots, 1, venueChannels]),
    ),
  )
  const rows = tf.reshape(said, [batch, venueSlots, windowHours, venueChannels]) as Tensor4D
  return attentionPool(tf, weights, 'venue/attention', { rows, present })
}
