/**
 * Worlds of noise with one pattern in it, to see that a network finds what it is built to find and a simpler model cannot.
 *
 * Nothing here is a market: features are independent draws, and only the pattern below says when the event comes. So whoever
 * forecasts it has found the pattern.
 *
 * @module
 */
import { FEATURE_COUNT, FEATURES } from '../../models/features.ts'
import type { AssetHours, VenueHours } from '../../models/samples.ts'
import { byTarget, type EventKey } from '../../models/targets.ts'
import { VENUE_FEATURE_COUNT, VENUE_FEATURES } from '../../models/venue-features.ts'
import { sigmoid } from '../domain/calibration.ts'
import { createGaussian, createRandom } from '../domain/random.ts'
import { HOUR } from '../domain/units.ts'
import type { Random } from '../ports.ts'

/** The one target that has labels in these worlds. */
export const PLANTED_TARGET = 'cascade-down-24h' satisfies EventKey
export const PLANTED_VENUES = ['binance', 'bybit', 'okx'] as const
export const PATTERNS = ['temporal', 'cross-venue'] as const
/**
 * `temporal`: the event is likely when price rose from a day to half a day ago and fell since. Each hour is a draw of its own, so
 * that the last one shows nothing of it, and a fall of one half counts as much as a rise of the other: it is the order that tells.
 *
 * `cross-venue`: the event is likely while funding is high at the first venue and low at the second. The market's own rows know of
 * no venue, and the mean over venues says nothing: a model has to know which venue is which.
 */
export type Pattern = (typeof PATTERNS)[number]

export interface PlantedWorld {
  readonly seed: number
  readonly hours: number
  readonly pattern: Pattern
}

/** The first so many hours have no label: there is no full window behind them. */
export const WINDOW = 72
const FROM = Date.UTC(2020, 0, 1)
const HALF_DAY = 12
/** Of the log odds: for an event in about one hour of eight. The weight is of a standard deviation of what is planted. */
const ODDS = { offset: -4, weight: 3 }
/** Of a venue's funding from one hour to the next: it stays high or low for about half a day. */
const PERSISTENCE = 0.9
/** What is known of an hour, all noise but the return: few enough that a pattern can be found among them in minutes. */
const KNOWN = new Set(['return-1h', 'volume-z', 'funding', 'open-interest-change-1h'])
const RETURN = indexOf(FEATURES, 'return-1h')
const FUNDING = indexOf(VENUE_FEATURES, 'funding')

/** Hours of one asset with the pattern planted. */
export function plantedHours({ seed, hours, pattern }: PlantedWorld): AssetHours {
  const random = createRandom(seed)
  const normal = createGaussian(random)
  const values = new Float32Array(hours * FEATURE_COUNT)
  const mask = new Uint8Array(values.length)
  FEATURES.forEach(({ name }, f) => {
    if (!KNOWN.has(name)) return
    for (let at = f; at < values.length; at += FEATURE_COUNT) {
      values[at] = normal()
      mask[at] = 1
    }
  })
  const venues = PLANTED_VENUES.map((venue) => venueOfNoise(venue, hours, normal))
  const chance = pattern === 'temporal' ? turnOf(values) : spreadOf(venues)
  const labels = byTarget(() => new Float32Array(hours).fill(Number.NaN))
  for (let i = WINDOW; i < hours; i++) {
    labels[PLANTED_TARGET][i] = random() < sigmoid(ODDS.offset + ODDS.weight * chance(i)) ? 1 : 0
  }
  const instants = Float64Array.from({ length: hours }, (_, i) => FROM + i * HOUR)
  return { asset: 'ETH', phase: 0, instants, values, mask, venues, labels, firstUsable: WINDOW }
}

/** A venue of which only funding is known. */
function venueOfNoise(venue: VenueHours['venue'], hours: number, normal: Random): VenueHours {
  const values = new Float32Array(hours * VENUE_FEATURE_COUNT)
  const mask = new Uint8Array(values.length)
  let funding = normal()
  for (let at = FUNDING; at < values.length; at += VENUE_FEATURE_COUNT) {
    values[at] = funding
    mask[at] = 1
    funding = PERSISTENCE * funding + Math.sqrt(1 - PERSISTENCE ** 2) * normal()
  }
  return { venue, values, mask }
}

/** How far price rose in the half day before last and fell in the last one, in standard deviations. */
function turnOf(values: Float32Array): (i: number) => number {
  const risen = (from: number): number => {
    let sum = 0
    for (let i = from; i < from + HALF_DAY; i++) sum += values[i * FEATURE_COUNT + RETURN]!
    return sum
  }
  return (i) => (risen(i - 2 * HALF_DAY) - risen(i - HALF_DAY)) / Math.sqrt(2 * HALF_DAY)
}

/** Funding of the first venue over that of the second, in standard deviations. */
function spreadOf([first, second]: readonly VenueHours[]): (i: number) => number {
  const funding = ({ values }: VenueHours, i: number): number => values[i * VENUE_FEATURE_COUNT + FUNDING]!
  return (i) => (funding(first!, i) - funding(second!, i)) / Math.SQRT2
}

function indexOf(features: readonly { readonly name: string }[], name: string): number {
  const found = features.findIndex((feature) => feature.name === name)
  if (found < 0) throw new RangeError(`Expected a feature called ${name}, was none`)
  return found
}
