/**
 * How much history there is behind each feature, and models that do without those that have too little.
 *
 * @module
 */
import { DAY, type DurationMs, duration, HOUR } from '../src/domain/units.ts'
import { FEATURE_COUNT, FEATURES } from './features.ts'
import type { Rung } from './rung.ts'
import type { AssetHours } from './samples.ts'
import type { Span } from './walk-forward.ts'

/** What a model is trained on has to have been recorded for so long. */
export const LEAST_HISTORY: DurationMs = duration(730 * DAY)
/** Of the hours of a span: a feature known in fewer tells more about when it was recorded than about the market. */
const LEAST_SHARE = 0.5

export interface GroupHistory {
  readonly group: string
  /** Of its best known feature, summed over the hours of the asset that has most. */
  readonly has: DurationMs
}

/**
 * Groups of features a rung reads of which something is recorded in a span, but less than two years.
 *
 * A group of which nothing at all is recorded is masked everywhere: no model can lean on it, and it is no reason to refuse.
 */
export function shortGroups(
  assets: readonly AssetHours[],
  rung: Pick<Rung, 'features'>,
  span: Span,
): readonly GroupHistory[] {
  const longest = new Map<string, number>()
  FEATURES.forEach((feature, f) => {
    if (rung.features !== 'all' && !rung.features.includes(feature.name)) return
    const hours = Math.max(0, ...assets.map((asset) => knownHours(asset, f, span)))
    longest.set(feature.group, Math.max(longest.get(feature.group) ?? 0, hours))
  })
  return [...longest].flatMap(([group, hours]) => {
    const has = duration(hours * HOUR)
    return hours > 0 && has < LEAST_HISTORY ? [{ group, has }] : []
  })
}

/** Names of features known in less than half of the hours of a span, over the assets that are judged. */
export function seldomKnown(assets: readonly AssetHours[], span: Span): readonly string[] {
  return FEATURES.flatMap(({ name }, f) => {
    const share = Math.max(0, ...assets.map((asset) => knownHours(asset, f, span) / Math.max(1, hoursOf(asset, span))))
    return share < LEAST_SHARE ? [name] : []
  })
}

/** The same hours with some features not known. */
export function withoutFeatures(assets: readonly AssetHours[], names: readonly string[]): readonly AssetHours[] {
  const left = FEATURES.flatMap(({ name }, f) => (names.includes(name) ? [f] : []))
  if (left.length === 0) return assets
  return assets.map((hours) => {
    const [values, mask] = [hours.values.slice(), hours.mask.slice()]
    for (let row = 0; row < mask.length; row += FEATURE_COUNT) {
      for (const f of left) {
        values[row + f] = 0
        mask[row + f] = 0
      }
    }
    return { ...hours, values, mask }
  })
}

/** Names of the features known in nine of ten hours of a span. */
export function usuallyKnown(assets: readonly AssetHours[], span: Span): readonly string[] {
  return FEATURES.flatMap(({ name }, f) => {
    const known = assets.every((asset) => knownHours(asset, f, span) >= 0.9 * hoursOf(asset, span))
    return known ? [name] : []
  })
}

function knownHours(hours: AssetHours, f: number, span: Span): number {
  let known = 0
  for (let i = hours.firstUsable; i < hours.instants.length; i++) {
    if (hours.instants[i]! >= span.from && hours.instants[i]! < span.to) known += hours.mask[i * FEATURE_COUNT + f]!
  }
  return known
}

const hoursOf = (hours: AssetHours, { from, to }: Span): number =>
  hours.instants.filter((at, i) => i >= hours.firstUsable && at >= from && at < to).length
