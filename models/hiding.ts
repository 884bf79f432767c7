/**
 * What a sample has to do without, as if it had not been received.
 *
 * @module
 */
import type { Random } from '../src/ports.ts'
import { FEATURE_COUNT, FEATURES, FEEDS_USED, featuresOf } from './features.ts'

/** What to hide from a sample as if it had not been received. */
export interface Hidden {
  /** 1 for each feature to hide in every hour. */
  readonly features: Uint8Array
  /** Hours at the beginning of the window of which nothing is known. */
  readonly hours: number
}

const DROPPABLE = FEEDS_USED.filter((kind) => kind !== 'bar')
const KEEP_ALL = 0.4
const DROP_EACH = 0.3
const DROP_ALL_BUT_FUNDING = 0.15
const COARSE = 0.2
const YOUNG = 0.15
const YOUNG_HOURS = 30
const FINE_NAMES = ['open-interest-change-1h', 'taker-imbalance-1h', 'liquidation-imbalance-1h']
const FINE = FEATURES.flatMap(({ name }, i) => (FINE_NAMES.includes(name) ? [i] : []))

/**
 * Draws what a training sample has to do without, so that a network learns what the masks mean.
 *
 * Recorded history lacks feeds that the simulated market has. Two samples in five keep all; of the rest, 15 % keep price and
 * funding only, the others lose each kind but the price with a chance of 30 %, a fifth lose the hourly changes (feeds of four
 * hours' cadence) and 15 % know nothing of the window's first hours (a history that has just begun).
 */
export const createHiding =
  (random: Random): (() => Hidden | undefined) =>
  () => {
    if (random() < KEEP_ALL) return undefined
    const features = new Uint8Array(FEATURE_COUNT)
    const bare = random() < DROP_ALL_BUT_FUNDING
    for (const kind of DROPPABLE) {
      const draw = random()
      if (bare ? kind !== 'funding' : draw < DROP_EACH) for (const f of featuresOf(kind)) features[f] = 1
    }
    if (random() < COARSE) for (const f of FINE) features[f] = 1
    return { features, hours: random() < YOUNG ? Math.ceil(random() * YOUNG_HOURS) : 0 }
  }

/** Hides what cannot be known from price and funding alone. */
export function allButPriceAndFunding(): Hidden {
  const features = new Uint8Array(FEATURE_COUNT)
  for (const kind of DROPPABLE) if (kind !== 'funding') for (const f of featuresOf(kind)) features[f] = 1
  return { features, hours: 0 }
}
