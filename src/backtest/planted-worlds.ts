/**
 * Worlds of noise with one pattern in it, to see that a network finds what it is built to find and a simpler model cannot.
 *
 * Nothing here is a market: every feature of every hour is an independent draw, and only the pattern below says when the event
 * comes. So whoever forecasts it has found the pattern.
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

/** The one target that has labels in these worlds. */
export const PLANTED_TARGET = 'cascade-down-24h' satisfies EventKey
export const PLANTED_VENUES = ['binance', 'bybit', 'okx'] as const

export interface PlantedWorld {
  readonly seed: number
  readonly hours: number
  /**
   * `temporal`: the more often in the last day a rise of the hour was followed by a fall in the next, the likelier the event. The
   * last row shows one hour of it.
   *
   * `cross-venue`: the event is likely while open interest grows at the first venue and shrinks at the second. The market's own
   * rows know of no venue, and the mean over venues says nothing.
   */
  readonly pattern: 'temporal' | 'cross-venue'
}

const FROM = Date.UTC(2020, 0, 1)
const WINDOW = 72
const SWING = 0.8
const SWING_HOURS = 24
const LEAN_HOURS = 6
/** Offsets chosen for an event in about one hour of ten. */
const TEMPORAL = { offset: -4.2, weight: 1.5 }
const CROSS_VENUE = { offset: -3.3, weight: 2.2 }

const RETURN = indexOf(FEATURES, 'return-1h')
const INTEREST = indexOf(VENUE_FEATURES, 'open-interest-change-1h')

/** Hours of one asset with the pattern planted. */
export function plantedHours({ seed, hours, pattern }: PlantedWorld): AssetHours {
  const random = createRandom(seed)
  const normal = createGaussian(random)
  const values = Float32Array.from({ length: hours * FEATURE_COUNT }, () => normal())
  const venues = PLANTED_VENUES.map((venue): VenueHours => {
    const own = Float32Array.from({ length: hours * VENUE_FEATURE_COUNT }, () => normal())
    return { venue, values: own, mask: new Uint8Array(own.length).fill(1) }
  })
  const chance = pattern === 'temporal' ? temporalChance(values) : crossVenueChance(venues)
  const labels = byTarget(() => new Float32Array(hours).fill(Number.NaN))
  for (let i = WINDOW; i < hours; i++) labels[PLANTED_TARGET][i] = random() < chance(i) ? 1 : 0
  return {
    asset: 'ETH',
    phase: 0,
    instants: Float64Array.from({ length: hours }, (_, i) => FROM + i * HOUR),
    values,
    mask: new Uint8Array(values.length).fill(1),
    venues,
    labels,
    firstUsable: WINDOW,
  }
}

function temporalChance(values: Float32Array): (i: number) => number {
  const at = (i: number): number => values[i * FEATURE_COUNT + RETURN]!
  return (i) => {
    let swings = 0
    for (let j = i - SWING_HOURS + 1; j <= i; j++) if (at(j - 1) > SWING && at(j) < -SWING) swings++
    return sigmoid(TEMPORAL.offset + TEMPORAL.weight * swings)
  }
}

function crossVenueChance([first, second]: readonly VenueHours[]): (i: number) => number {
  const lean = ({ values }: VenueHours, i: number): number => {
    let sum = 0
    for (let j = i - LEAN_HOURS + 1; j <= i; j++) sum += values[j * VENUE_FEATURE_COUNT + INTEREST]!
    return sum / Math.sqrt(LEAN_HOURS)
  }
  return (i) => sigmoid(CROSS_VENUE.offset + (CROSS_VENUE.weight * (lean(first!, i) - lean(second!, i))) / Math.SQRT2)
}

function indexOf(features: readonly { readonly name: string }[], name: string): number {
  const found = features.findIndex((feature) => feature.name === name)
  if (found < 0) throw new RangeError(`Expected a feature called ${name}, was none`)
  return found
}
