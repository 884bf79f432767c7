import { FEED_KINDS, type FeedKind } from '../src/domain/market/tick.ts'
import type { Random } from '../src/ports.ts'
import { HEADS, type Sample } from './dataset.ts'
import { FEATURE_COUNT, FEATURES, featuresOf, WINDOW_HOURS } from './features.ts'

/** Mean and spread of every feature over the hours it was known in training; what lies beyond ±5 spreads is held there. */
export interface Normaliser {
  readonly mean: readonly number[]
  readonly spread: readonly number[]
}

/** Features and their masks, side by side: what a network reads per hour. */
export const NETWORK_INPUTS = 2 * FEATURE_COUNT
const MAX_SPREADS = 5
const FLAT_SPREAD = 1e-4 // a feature that never moved (the age of a punctual feed) would turn noise into spreads

/** Fits a normaliser on the last rows of the given samples. */
export function fitNormaliser(samples: readonly Sample[]): Normaliser {
  const mean = new Array<number>(FEATURE_COUNT).fill(0)
  const spread = new Array<number>(FEATURE_COUNT).fill(1)
  for (let f = 0; f < FEATURE_COUNT; f++) {
    let [sum, squares, known] = [0, 0, 0]
    for (const { hours, i } of samples) {
      if (!hours.mask[i * FEATURE_COUNT + f]) continue
      const value = hours.values[i * FEATURE_COUNT + f]!
      sum += value
      squares += value * value
      known++
    }
    if (known === 0) continue
    mean[f] = sum / known
    const found = Math.sqrt(Math.max(0, squares / known - (sum / known) ** 2))
    if (found > FLAT_SPREAD) spread[f] = found
  }
  return { mean, spread }
}

/**
 * Writes one window as a network reads it: per hour the normalised values (0 where not known), then the mask.
 *
 * @param from - offset of the window's first row in `values` and `mask`, counted in rows
 * @param dropped - features to hide, by index, as if their feed were missing
 */
export function writeWindow(
  into: Float32Array,
  position: number,
  source: { readonly values: Float32Array; readonly mask: Uint8Array; readonly from: number },
  { mean, spread }: Normaliser,
  dropped?: Uint8Array,
): void {
  for (let hour = 0; hour < WINDOW_HOURS; hour++) {
    const row = (source.from + hour) * FEATURE_COUNT
    const target = (position * WINDOW_HOURS + hour) * NETWORK_INPUTS
    for (let f = 0; f < FEATURE_COUNT; f++) {
      const known = source.mask[row + f] === 1 && dropped?.[f] !== 1
      const scaled = known ? (source.values[row + f]! - mean[f]!) / spread[f]! : 0
      into[target + f] = Math.max(-MAX_SPREADS, Math.min(MAX_SPREADS, scaled))
      into[target + FEATURE_COUNT + f] = known ? 1 : 0
    }
  }
}

export interface Batch {
  readonly size: number
  /** [size × WINDOW_HOURS × NETWORK_INPUTS] */
  readonly inputs: Float32Array
  /** [size × heads] */
  readonly labels: Float32Array
}

/** Gathers samples into one batch; `drop` says which features to hide in each. */
export function toBatch(
  samples: readonly Sample[],
  normaliser: Normaliser,
  drop?: () => Uint8Array | undefined,
): Batch {
  const inputs = new Float32Array(samples.length * WINDOW_HOURS * NETWORK_INPUTS)
  const labels = new Float32Array(samples.length * HEADS.length)
  samples.forEach(({ hours, i }, position) => {
    const source = { values: hours.values, mask: hours.mask, from: i - WINDOW_HOURS + 1 }
    writeWindow(inputs, position, source, normaliser, drop?.())
    HEADS.forEach((head, h) => {
      labels[position * HEADS.length + h] = hours.labels[head][i]!
    })
  })
  return { size: samples.length, inputs, labels }
}

const DROPPABLE: readonly FeedKind[] = FEED_KINDS.filter((kind) => kind !== 'bar')
const KEEP_ALL = 0.4
const DROP_EACH = 0.3
const DROP_ALL_BUT_FUNDING = 0.15
const COARSE_OPEN_INTEREST = 0.2
const FINE_NAMES = ['open-interest-change-1h', 'taker-imbalance-1h', 'liquidation-imbalance-1h']
const FINE = FEATURES.flatMap(({ name }, i) => (FINE_NAMES.includes(name) ? [i] : []))

/**
 * Draws which features a training sample has to do without, so that a network learns what their masks mean.
 *
 * Recorded history lacks feeds that the simulated market has. Two samples in five keep all; of the rest, 15 % keep price and
 * funding only, the others lose each kind but the price with a chance of 30 %, and a fifth lose the hourly changes (feeds of
 * four hours' cadence).
 */
export const createFeatureDropout =
  (random: Random): (() => Uint8Array | undefined) =>
  () => {
    if (random() < KEEP_ALL) return undefined
    const dropped = new Uint8Array(FEATURE_COUNT)
    const bare = random() < DROP_ALL_BUT_FUNDING
    for (const kind of DROPPABLE) {
      const draw = random()
      if (bare ? kind !== 'funding' : draw < DROP_EACH) for (const f of featuresOf(kind)) dropped[f] = 1
    }
    if (random() < COARSE_OPEN_INTEREST) for (const f of FINE) dropped[f] = 1
    return dropped
  }

/** Hides what cannot be known from price and funding alone. */
export function priceAndFundingOnly(): Uint8Array {
  const dropped = new Uint8Array(FEATURE_COUNT)
  for (const kind of DROPPABLE) if (kind !== 'funding') for (const f of featuresOf(kind)) dropped[f] = 1
  return dropped
}
