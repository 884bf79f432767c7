import { FEATURE_COUNT, FEATURES } from '../../models/features.ts'
import type { AssetHours } from '../../models/samples.ts'
import { byTarget, type TargetKey } from '../../models/targets.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'
import { HOUR } from '../../src/domain/units.ts'

export interface MadeHours {
  readonly asset?: string
  readonly hours: number
  readonly from?: number
  readonly seed?: number
  /** Label of every hour, given the features' values by name; NaN where not given. */
  readonly label?: (
    key: TargetKey,
    of: { readonly i: number; readonly value: (name: string, ago?: number) => number; readonly random: () => number },
  ) => number
  readonly firstUsable?: number
}

export const MADE_FROM = Date.UTC(2022, 0, 1)

/** Hours of one asset with independent standard normal features, all known, and labels made of them. */
export function makeHours({
  asset = 'ETH',
  hours,
  from = MADE_FROM,
  seed = 1,
  label,
  firstUsable = 72,
}: MadeHours): AssetHours {
  const random = createRandom(seed)
  const normal = createGaussian(random)
  const values = Float32Array.from({ length: hours * FEATURE_COUNT }, () => normal())
  const index = new Map(FEATURES.map(({ name }, f) => [name, f]))
  const labels = byTarget(({ key }) =>
    Float32Array.from({ length: hours }, (_, i) => {
      const value = (name: string, ago = 0): number => values[(i - ago) * FEATURE_COUNT + index.get(name)!] ?? 0
      return label?.(key, { i, value, random }) ?? Number.NaN
    }),
  )
  return {
    asset,
    phase: 0,
    instants: Float64Array.from({ length: hours }, (_, i) => from + i * HOUR),
    values,
    mask: new Uint8Array(hours * FEATURE_COUNT).fill(1),
    venues: [],
    labels,
    firstUsable,
  }
}
