/** Hours of made-up features, for rungs that read the last row. */
import { FEATURE_COUNT, FEATURES } from '../../models/features.ts'
import type { FitTask } from '../../models/rung.ts'
import type { AssetHours, Sample } from '../../models/samples.ts'
import { byTarget, type TargetKey } from '../../models/targets.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'
import { HOUR } from '../../src/domain/units.ts'

export const START = Date.UTC(2024, 0, 1)

export const columnOf = (name: string): number => FEATURES.findIndex((feature) => feature.name === name)

export interface RowsOptions {
  readonly count: number
  readonly seed?: number
  /** By feature; what is not named is drawn from N(0, 1). NaN is not known. */
  readonly features?: Readonly<Record<string, (k: number, random: () => number) => number>>
  /** By target; what is not named is not recorded. */
  readonly labels: Readonly<
    Partial<Record<TargetKey, (feature: (name: string) => number, random: () => number) => number>>
  >
}

/** One asset, one row an hour. */
export function samplesOf({ count, seed = 1, features = {}, labels }: RowsOptions): Sample[] {
  const random = createRandom(seed)
  const normal = createGaussian(createRandom(seed + 1))
  const values = new Float32Array(count * FEATURE_COUNT)
  const mask = new Uint8Array(count * FEATURE_COUNT)
  const written = byTarget(() => new Float32Array(count).fill(Number.NaN))
  for (let k = 0; k < count; k++) {
    for (const [f, { name }] of FEATURES.entries()) {
      const value = features[name] ? features[name](k, random) : normal()
      if (Number.isNaN(value)) continue
      values[k * FEATURE_COUNT + f] = value
      mask[k * FEATURE_COUNT + f] = 1
    }
    const feature = (name: string): number =>
      mask[k * FEATURE_COUNT + columnOf(name)] === 1 ? values[k * FEATURE_COUNT + columnOf(name)]! : Number.NaN
    for (const [key, label] of Object.entries(labels)) written[key as TargetKey][k] = label(feature, random)
  }
  const hours: AssetHours = {
    asset: 'ETH',
    phase: 0,
    instants: Float64Array.from({ length: count }, (_, k) => START + k * HOUR),
    values,
    mask,
    venues: [],
    labels: written,
    firstUsable: 0,
  }
  return Array.from({ length: count }, (_, i) => ({ hours, i }))
}

/** Three parts to fit on, one to stop on. None of these rungs computes with tensors, so there is no engine to hand. */
export function taskOf(samples: readonly Sample[], over: Partial<FitTask> = {}): FitTask {
  const end = Math.floor(0.75 * samples.length)
  const engine = { name: 'cpu', tf: undefined as never, passedOver: [] } as const
  return {
    train: samples.slice(0, end),
    calibration: samples.slice(end),
    seed: 1,
    effort: 'full',
    engine,
    ...over,
  }
}
