import { recurrentBuild } from '../layers/recurrent.ts'
import type { Architecture } from '../network.ts'

/**
 * A gated recurrent unit that reads the market's rows hour by hour, oldest first.
 *
 * @see Cho et al. (2014), "Learning Phrase Representations using RNN Encoder–Decoder", arXiv 1406.1078
 */
export const GRU: Architecture = {
  name: 'gru',
  title: 'GRU',
  readsVenues: false,
  build: recurrentBuild('gru', { channels: 32, hidden: 32 }),
}
