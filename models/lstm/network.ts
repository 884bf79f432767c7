import { recurrentBuild } from '../layers/recurrent.ts'
import type { Architecture } from '../network.ts'

/**
 * A long short-term memory that reads the market's rows hour by hour, oldest first.
 *
 * @see Hochreiter, Schmidhuber (1997), "Long Short-Term Memory", Neural Computation 9(8)
 */
export const LSTM: Architecture = {
  name: 'lstm',
  title: 'LSTM',
  readsVenues: false,
  build: recurrentBuild('lstm', { channels: 32, hidden: 32 }),
}
