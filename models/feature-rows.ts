/**
 * The features of the market as a whole, one list in the order of every row.
 *
 * @module
 * @see specification §3
 */
import { FEED_KINDS } from '../src/domain/market/tick.ts'
import type { SampledFeed } from './columns.ts'
import type { Feature } from './feature.ts'
import { OUTSIDE_FEATURES } from './outside-features.ts'
import { POSITIONING_FEATURES } from './positioning-features.ts'
import type { Prepared } from './prepared.ts'
import { PRICE_FEATURES } from './price-features.ts'

export { type Prepared, prepare } from './prepared.ts'

export const FEATURES: readonly Feature<Prepared>[] = [...PRICE_FEATURES, ...POSITIONING_FEATURES, ...OUTSIDE_FEATURES]

/** The kinds that some feature cannot do without: what a model can miss. */
export const FEEDS_USED: readonly SampledFeed[] = FEED_KINDS.filter((kind) =>
  FEATURES.some(({ feeds }) => feeds.includes(kind)),
)
