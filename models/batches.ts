import type { Random } from '../src/ports.ts'
import { HEADS, type Sample } from './dataset.ts'
import { FEATURE_COUNT, FEATURES, FEEDS_USED, featuresOf, WINDOW_HOURS } from './features.ts'

/**
 * Mean and spread of every feature over the hours it was known in training; what lies beyond ±5 spreads is held there.
 *
 * A spread of 0 marks a feature that never moved: nothing was learned about it, so it reads as its mean.
 */
export interface Normaliser {
  readonly mean: readonly number[]
  readonly spread: readonly number[]
}

/** Features and their masks, side by side: what a network reads per hour. */
export const NETWORK_INPUTS = 2 * FEATURE_COUNT
const MAX_SPREADS = 5
const FLAT_SPREAD = 1e-4
/** Beyond this for most of a window is no event but another level than training knew. */
const FOREIGN_SPREADS = 3
const FLAT_SHARE = 0.1 // of the smallest spread that means something

/** Fits a normaliser on the last rows of the given samples. */
export function fitNormaliser(samples: readonly Sample[]): Normaliser {
  const mean = new Array<number>(FEATURE_COUNT).fill(0)
  const spread = new Array<number>(FEATURE_COUNT).fill(0)
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
    const floor = FEATURES[f]!.floor ?? 0
    if (found > Math.max(FLAT_SPREAD, FLAT_SHARE * floor)) spread[f] = Math.max(found, floor)
  }
  return { mean, spread }
}

/** What to hide from a sample as if it had not been received. */
export interface Hidden {
  /** 1 for each feature to hide in every hour. */
  readonly features: Uint8Array
  /** Hours at the beginning of the window of which nothing is known. */
  readonly hours: number
}

export interface WindowRows {
  readonly values: Float32Array
  readonly mask: Uint8Array
  /** Number of the window's first row. */
  readonly from: number
}

/**
 * Writes one window as a network reads it: per hour the normalised values (0 where not known), then the mask.
 *
 * A feature that lies more than three spreads from its mean in most of the known hours is hidden: on another level than
 * training ever saw, its weight means nothing. A single wild hour stays.
 *
 * @returns the features hidden for that, by index
 */
export function writeWindow(
  into: Float32Array,
  position: number,
  rows: WindowRows,
  { mean, spread }: Normaliser,
  hidden?: Hidden,
): readonly number[] {
  const foreign = foreignFeatures(rows, { mean, spread })
  for (let hour = 0; hour < WINDOW_HOURS; hour++) {
    const row = (rows.from + hour) * FEATURE_COUNT
    const target = (position * WINDOW_HOURS + hour) * NETWORK_INPUTS
    const blank = hidden !== undefined && hour < hidden.hours
    for (let f = 0; f < FEATURE_COUNT; f++) {
      const known = rows.mask[row + f] === 1 && !blank && hidden?.features[f] !== 1
      const scaled = known && spread[f]! > 0 ? (rows.values[row + f]! - mean[f]!) / spread[f]! : 0
      into[target + f] = Math.max(-MAX_SPREADS, Math.min(MAX_SPREADS, scaled))
      into[target + FEATURE_COUNT + f] = known ? 1 : 0
    }
    for (const f of foreign) {
      into[target + f] = 0
      into[target + FEATURE_COUNT + f] = 0
    }
  }
  return foreign
}

function foreignFeatures({ values, mask, from }: WindowRows, { mean, spread }: Normaliser): number[] {
  const foreign: number[] = []
  for (let f = 0; f < FEATURE_COUNT; f++) {
    const limit = FOREIGN_SPREADS * spread[f]!
    if (limit === 0) continue
    let [known, far] = [0, 0]
    for (let hour = 0; hour < WINDOW_HOURS; hour++) {
      const at = (from + hour) * FEATURE_COUNT + f
      if (mask[at] === 0) continue
      known++
      if (Math.abs(values[at]! - mean[f]!) > limit) far++
    }
    if (2 * far > known) foreign.push(f)
  }
  return foreign
}

export interface Batch {
  readonly size: number
  /** [size × WINDOW_HOURS × NETWORK_INPUTS] */
  readonly inputs: Float32Array
  /** [size × heads] */
  readonly labels: Float32Array
}

/** Gathers samples into one batch; `hide` says what to hide in each. */
export function toBatch(samples: readonly Sample[], normaliser: Normaliser, hide?: () => Hidden | undefined): Batch {
  const inputs = new Float32Array(samples.length * WINDOW_HOURS * NETWORK_INPUTS)
  const labels = new Float32Array(samples.length * HEADS.length)
  samples.forEach(({ hours, i }, position) => {
    const source = { values: hours.values, mask: hours.mask, from: i - WINDOW_HOURS + 1 }
    writeWindow(inputs, position, source, normaliser, hide?.())
    HEADS.forEach((head, h) => {
      labels[position * HEADS.length + h] = hours.labels[head][i]!
    })
  })
  return { size: samples.length, inputs, labels }
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
