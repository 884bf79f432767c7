import { createGaussian, createRandom } from '../../domain/random.ts'
import type { SharedShock } from './price-process.ts'

/**
 * The shocks that all assets of a market feel in the same five minutes. Every asset takes its own copy of the same sequence.
 */
export function createSharedShocks(seed: number): () => SharedShock {
  const random = createRandom(seed * 15_485_863 + 5)
  const normal = createGaussian(random)
  return () => ({
    price: normal(),
    volatility: normal(),
    appetite: normal(),
    sentiment: normal(),
    jumpSize: normal(),
    jumpChance: random(),
  })
}
