/**
 * What networks read: windows of samples, normalised, with their masks, as tensors of one batch.
 *
 * @module
 */
import type { Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-core'
import type { Random } from '../src/ports.ts'
import type { Tf } from './engine.ts'
import { FEATURE_COUNT, FEATURES, VENUE_FEATURE_COUNT, VENUE_FEATURES, WINDOW_HOURS } from './features.ts'
import type { Hidden } from './hiding.ts'
import type { NetworkInput } from './network.ts'
import { VENUE_INPUTS, venueFeaturesHidden } from './network-venues.ts'
import { assetIdOf, type Sample, VENUE_SLOTS, venueIdOf } from './samples.ts'

/**
 * Mean and spread of every feature over the hours it was known in training; what lies beyond ±5 spreads is held there.
 *
 * A spread of 0 marks a feature that never moved: nothing was learned about it, so it reads as its mean.
 */
export interface Scale {
  readonly mean: readonly number[]
  readonly spread: readonly number[]
}

/** One scale for the market's rows and one for the rows of all venues. */
export interface NetworkNormaliser {
  readonly market: Scale
  readonly venues: Scale
}

/** Features and their masks, side by side: columns of the market's rows. */
export const MARKET_INPUTS = 2 * FEATURE_COUNT
const MAX_SPREADS = 5
const FLAT_SPREAD = 1e-4
const FLAT_SHARE = 0.1 // of the smallest spread that means something
/** Beyond this for most of a window is no event but another level than training knew. */
const FOREIGN_SPREADS = 3

/** Fits a normaliser on the last rows of the given samples. */
export function fitNetworkNormaliser(samples: readonly Sample[]): NetworkNormaliser {
  const market = createMoments(FEATURE_COUNT)
  const venues = createMoments(VENUE_FEATURE_COUNT)
  for (const { hours, i } of samples) {
    market.add(hours.values, hours.mask, i)
    for (const venue of hours.venues) venues.add(venue.values, venue.mask, i)
  }
  return {
    market: market.scale((f) => FEATURES[f]!.floor ?? 0),
    venues: venues.scale((f) => VENUE_FEATURES[f]!.floor ?? 0),
  }
}

function createMoments(width: number) {
  const [known, sum, squares] = [new Float64Array(width), new Float64Array(width), new Float64Array(width)]
  return {
    add(values: Float32Array, mask: Uint8Array, row: number): void {
      for (let f = 0; f < width; f++) {
        if (mask[row * width + f] !== 1) continue
        const value = values[row * width + f]!
        known[f]! += 1
        sum[f]! += value
        squares[f]! += value * value
      }
    },
    scale(floorOf: (f: number) => number): Scale {
      const mean = Array.from(sum, (total, f) => (known[f]! > 0 ? total / known[f]! : 0))
      const spread = mean.map((centre, f) => {
        const floor = floorOf(f)
        const found = known[f]! > 0 ? Math.sqrt(Math.max(0, squares[f]! / known[f]! - centre ** 2)) : 0
        return found > Math.max(FLAT_SPREAD, FLAT_SHARE * floor) ? Math.max(found, floor) : 0
      })
      return { mean, spread }
    },
  }
}

export interface InputOptions {
  /** Whether to build the venues' rows too. */
  readonly venues: boolean
  /** Asked once per sample, in order: what to hide from it. */
  readonly hide?: (() => Hidden | undefined) | undefined
  /** While fitting: forgets one asset or venue in ten, so that "any other" is learned too. */
  readonly forget?: Random | undefined
}

const FORGOTTEN = 0.1

/**
 * Builds the input of one batch; never more than one batch should be held at a time.
 *
 * @throws {RangeError} when a sample has no full window behind it
 */
export function toNetworkInput(
  tf: Tf,
  samples: readonly Sample[],
  normaliser: NetworkNormaliser,
  { venues, hide, forget }: InputOptions,
): { readonly input: NetworkInput; dispose(): void } {
  const batch = samples.length
  const market = new Float32Array(batch * WINDOW_HOURS * MARKET_INPUTS)
  const assetIds = new Int32Array(batch)
  const rows = venues ? createVenueRows(batch) : undefined
  samples.forEach((sample, k) => {
    const hidden = hide?.()
    const from = windowStart(sample)
    const { hours } = sample
    const target = { into: market, at: k * WINDOW_HOURS * MARKET_INPUTS }
    writeWindow(target, { values: hours.values, mask: hours.mask, from }, normaliser.market, hidden)
    assetIds[k] = forgets(forget) ? 0 : assetIdOf(hours.asset)
    rows?.write(k, sample, normaliser.venues, { hidden, forget })
  })
  const input: NetworkInput = {
    market: tf.tensor3d(market, [batch, WINDOW_HOURS, MARKET_INPUTS]),
    assetIds: tf.tensor1d(assetIds, 'int32'),
    ...rows?.toTensors(tf),
  }
  return { input, dispose: () => tf.dispose(Object.values(input) as Tensor[]) }
}

/** First row of a sample's window. */
export function windowStart({ hours, i }: Sample): number {
  const from = i - WINDOW_HOURS + 1
  if (from >= 0 && i < hours.instants.length) return from
  throw new RangeError(
    `Expected ${WINDOW_HOURS} hours up to hour ${i} of ${hours.asset}, were ${hours.instants.length}`,
  )
}

const forgets = (forget: Random | undefined): boolean => forget !== undefined && forget() < FORGOTTEN

function createVenueRows(batch: number) {
  const windowSize = WINDOW_HOURS * VENUE_INPUTS
  const values = new Float32Array(batch * VENUE_SLOTS * windowSize)
  const ids = new Int32Array(batch * VENUE_SLOTS)
  const present = new Float32Array(batch * VENUE_SLOTS)
  return {
    write(
      k: number,
      sample: Sample,
      scale: Scale,
      { hidden, forget }: { hidden: Hidden | undefined; forget: Random | undefined },
    ): void {
      const from = windowStart(sample)
      const ofVenues = hidden && { features: venueFeaturesHidden(hidden), hours: hidden.hours }
      sample.hours.venues.slice(0, VENUE_SLOTS).forEach(({ venue, values: own, mask }, v) => {
        const slot = k * VENUE_SLOTS + v
        const target = { into: values, at: slot * windowSize }
        const { known } = writeWindow(target, { values: own, mask, from }, scale, ofVenues)
        if (!known) return
        present[slot] = 1
        ids[slot] = forgets(forget) ? 0 : venueIdOf(venue)
      })
    },
    toTensors: (tf: Tf): Pick<NetworkInput, 'venues' | 'venueIds' | 'present'> => ({
      venues: tf.tensor4d(values, [batch, VENUE_SLOTS, WINDOW_HOURS, VENUE_INPUTS]) as Tensor4D,
      venueIds: tf.tensor2d(ids, [batch, VENUE_SLOTS], 'int32') as Tensor2D,
      present: tf.tensor2d(present, [batch, VENUE_SLOTS]) as Tensor2D,
    }),
  }
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
 * @param target - where the first hour's first column goes; must be zero there
 * @returns the features hidden for that, by index, and whether anything at all is known
 */
export function writeWindow(
  { into, at }: { readonly into: Float32Array; readonly at: number },
  rows: WindowRows,
  scale: Scale,
  hidden?: Pick<Hidden, 'features' | 'hours'> | undefined,
): { readonly foreign: readonly number[]; readonly known: boolean } {
  const { values, mask, from } = rows
  const { mean, spread } = scale
  const width = mean.length
  const foreign = foreignFeatures(rows, scale)
  const skipped = new Uint8Array(width)
  if (hidden) skipped.set(hidden.features)
  for (const f of foreign) skipped[f] = 1
  let any = false
  for (let hour = hidden?.hours ?? 0; hour < WINDOW_HOURS; hour++) {
    const row = (from + hour) * width
    const target = at + hour * 2 * width
    for (let f = 0; f < width; f++) {
      if (mask[row + f] !== 1 || skipped[f] === 1) continue
      const scaled = spread[f]! > 0 ? (values[row + f]! - mean[f]!) / spread[f]! : 0
      into[target + f] = Math.max(-MAX_SPREADS, Math.min(MAX_SPREADS, scaled))
      into[target + width + f] = 1
      any = true
    }
  }
  return { foreign, known: any }
}

/** Features of the market's rows that lie where training never was, by name. */
export const foreignNames = (sample: Sample, { market }: NetworkNormaliser): readonly string[] =>
  foreignFeatures({ values: sample.hours.values, mask: sample.hours.mask, from: windowStart(sample) }, market).map(
    (f) => FEATURES[f]!.name,
  )

function foreignFeatures({ values, mask, from }: WindowRows, { mean, spread }: Scale): number[] {
  const width = mean.length
  const foreign: number[] = []
  for (let f = 0; f < width; f++) {
    const limit = FOREIGN_SPREADS * spread[f]!
    if (limit === 0) continue
    let [known, far] = [0, 0]
    for (let hour = 0; hour < WINDOW_HOURS; hour++) {
      const at = (from + hour) * width + f
      if (mask[at] !== 1) continue
      known++
      if (Math.abs(values[at]! - mean[f]!) > limit) far++
    }
    if (2 * far > known) foreign.push(f)
  }
  return foreign
}

/** The features of the last rows as a network reads them, without masks: row-major [samples × width]. */
export function lastRowInputs(
  samples: readonly Sample[],
  { market }: NetworkNormaliser,
): { readonly rows: Float32Array; readonly width: number } {
  const size = WINDOW_HOURS * MARKET_INPUTS
  const window = new Float32Array(size)
  const rows = new Float32Array(samples.length * FEATURE_COUNT)
  samples.forEach((sample, k) => {
    window.fill(0)
    const { values, mask } = sample.hours
    writeWindow({ into: window, at: 0 }, { values, mask, from: windowStart(sample) }, market)
    rows.set(window.subarray(size - MARKET_INPUTS, size - FEATURE_COUNT), k * FEATURE_COUNT)
  })
  return { rows, width: FEATURE_COUNT }
}
