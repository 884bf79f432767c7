/**
 * What models are fitted on and asked about: hours of one asset, and samples that point into them.
 *
 * @module
 */
import type { Asset } from '../src/domain/market/tick.ts'
import { FEATURE_COUNT } from './features.ts'
import { byTarget, type TargetKey } from './targets.ts'
import type { VenueHours } from './venue-hours.ts'

export { ASSET_IDS, assetIdOf, VENUE_IDS, VENUE_SLOTS, type VenueHours, venueIdOf } from './venue-hours.ts'

/** One asset's hours at one phase, ready to cut windows from. */
export interface AssetHours {
  readonly asset: Asset
  /** Index in `PHASES`. */
  readonly phase: number
  /** Hourly instants, oldest first. */
  readonly instants: Float64Array
  /** Row-major [hours × FEATURE_COUNT], not normalised; 0 where not known. */
  readonly values: Float32Array
  /** 1 where known, same shape. */
  readonly mask: Uint8Array
  /** At most `VENUE_SLOTS`, the largest first. */
  readonly venues: readonly VenueHours[]
  /** Label by target and hour; NaN where the future is not recorded, or what the label is made of is not known. */
  readonly labels: Readonly<Record<TargetKey, Float32Array>>
  /** Hourly closes and funding per eight hours as known at each instant, where they are kept: what a hedge would have earned. */
  readonly price?: ArrayLike<number>
  readonly funding?: ArrayLike<number>
  /** First hour with a full window and its history behind it. */
  readonly firstUsable: number
}

/** An hour of one asset. */
export interface Sample {
  readonly hours: AssetHours
  readonly i: number
}

export const instantOf = ({ hours, i }: Sample): number => hours.instants[i]!
export const labelOf = ({ hours, i }: Sample, key: TargetKey): number => hours.labels[key][i]!
/** @returns NaN where the feature is not known */
export const featureOf = ({ hours, i }: Sample, f: number): number =>
  hours.mask[i * FEATURE_COUNT + f] === 1 ? hours.values[i * FEATURE_COUNT + f]! : Number.NaN

/** A live window as the hours of one asset, so that training and live ask a model the same way; it has no labels. */
export function assetHoursOf(
  asset: Asset,
  window: Pick<AssetHours, 'instants' | 'values' | 'mask'> & Partial<Pick<AssetHours, 'venues'>>,
): AssetHours {
  const { instants, values, mask, venues = [] } = window
  return { asset, phase: 0, instants, values, mask, venues, labels: NO_LABELS, firstUsable: instants.length - 1 }
}

const NO_LABELS = byTarget(() => new Float32Array())
