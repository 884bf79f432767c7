import { type Coverage, coverageOf } from './coverage.ts'
import { type DistanceReference, distanceOf } from './out-of-distribution.ts'
import { type BinReference, PSI_ACT, PSI_WARN, populationStability } from './psi.ts'

/** Limits of an index or share: what is above `warn` is looked at, what is above `act` is acted on. */
export interface DriftLimits {
  readonly warn: number
  readonly act: number
}

/** How one feature, or the score of one target, was spread in training. */
export interface FeatureReference {
  readonly name: string
  /** Absent where it never varied, or too few rows knew it. */
  readonly bins?: BinReference
  /** Share of training rows in which it was known. */
  readonly known: number
  /** Never below 0.1 and 0.25; wider where months of training themselves stood further from the whole. */
  readonly limits: DriftLimits
}

/** What a model was fitted on, small enough to travel with it. Plain JSON. */
export interface DriftReference {
  readonly features: readonly FeatureReference[]
  /** By target key: of what the model said, calibrated. */
  readonly scores: Readonly<Record<string, FeatureReference>>
  readonly distance: DistanceReference
  /** Of the share of a month's rows that stand further out than one training row in a hundred. */
  readonly distanceLimits: DriftLimits
  /** Months of one asset that the limits were measured on. */
  readonly months: number
  readonly rows: number
  /** Daily log loss on held-out days: what a day is measured by. */
  readonly dailyLogLoss?: { readonly mean: number; readonly spread: number }
}

/** Recent rows of one asset, oldest first, in the order of the reference's features; NaN where not known. */
export interface RecentRows {
  readonly asset: string
  readonly names: readonly string[]
  readonly rows: readonly ArrayLike<number>[]
  /** By target key; calibrated, as stored. */
  readonly scores: Readonly<Record<string, readonly number[]>>
}

export type DriftLevel = 'fine' | 'warn' | 'act'

export interface Drifted {
  readonly asset: string
  readonly name: string
  readonly of: 'feature' | 'score'
  readonly psi: number
  readonly limits: DriftLimits
  readonly level: DriftLevel
}

export interface DriftMeasurement {
  /** The most moved first, by how near they are to their limits. */
  readonly moved: readonly Drifted[]
  /** Features and scores with too few rows to say anything of. */
  readonly tooFew: number
  /** Share of the rows further out than one training row in a hundred, of the asset with the most; undefined without rows. */
  readonly outside?: {
    readonly asset: string
    readonly share: number
    readonly rows: number
    readonly limits: DriftLimits
    readonly level: DriftLevel
  }
  /** The greatest, on the scale of 0.1 (warn) and 0.25 (act) whatever each one's own limits are; undefined when none is measured. */
  readonly psi?: number
  /** Of the asset of which least is known; undefined without rows. */
  readonly coverage?: Coverage & { readonly asset: string }
}

/** A share of outside rows needs so many to be one. */
const MIN_OUTSIDE_ROWS = 72
/**
 * How far recent rows and scores stand from those a model was fitted on.
 *
 * @param recent - about 30 days by asset; each asset is measured for itself, so that one that moved is not hidden by another
 * @throws {RangeError} when rows are of other features than the reference
 */
export function measureDrift(reference: DriftReference, recent: readonly RecentRows[]): DriftMeasurement {
  const moved: Drifted[] = []
  let tooFew = 0
  const measure = (
    asset: string,
    of: Drifted['of'],
    { name, bins, limits }: FeatureReference,
    values: ArrayLike<number>,
  ) => {
    if (!bins) return
    const reading = populationStability(bins, values)
    if (reading.kind === 'too-few') tooFew++
    else moved.push({ asset, name, of, psi: reading.psi, limits, level: levelOf(reading.psi, limits) })
  }
  const outside: NonNullable<DriftMeasurement['outside']>[] = []
  const coverages: NonNullable<DriftMeasurement['coverage']>[] = []
  for (const { asset, names, rows, scores } of recent) {
    requireSameFeatures(reference, names)
    for (const [key, feature] of Object.entries(reference.scores)) measure(asset, 'score', feature, scores[key] ?? [])
    if (rows.length === 0) continue
    const coverage = coverageOf(reference.features, rows)
    if (coverage) coverages.push({ asset, ...coverage })
    for (const [f, feature] of reference.features.entries()) {
      measure(
        asset,
        'feature',
        feature,
        rows.map((row) => row[f]!),
      )
    }
    const distances = rows.flatMap((row) => distanceOf(reference.distance, row)?.distance ?? [])
    if (distances.length < MIN_OUTSIDE_ROWS) continue
    const share = distances.filter((distance) => distance > reference.distance.limit).length / distances.length
    outside.push({
      asset,
      share,
      rows: distances.length,
      limits: reference.distanceLimits,
      level: levelOf(share, reference.distanceLimits),
    })
  }
  moved.sort((a, b) => scaled(b) - scaled(a))
  const worst = outside.toSorted((a, b) => b.share - a.share)[0]
  const least = coverages.toSorted((a, b) => a.share - b.share)[0]
  return {
    moved,
    tooFew,
    ...(worst && { outside: worst }),
    ...(moved[0] && { psi: scaled(moved[0]) }),
    ...(least && { coverage: least }),
  }
}

export const levelOf = (value: number, { warn, act }: DriftLimits): DriftLevel =>
  value > act ? 'act' : value > warn ? 'warn' : 'fine'

/** An index on the common scale: 0.1 at its own warning limit, 0.25 where it is acted on. */
function scaled({ psi, limits: { warn, act } }: Pick<Drifted, 'psi' | 'limits'>): number {
  if (psi <= warn) return (PSI_WARN * psi) / warn
  if (psi <= act) return PSI_WARN + ((PSI_ACT - PSI_WARN) * (psi - warn)) / (act - warn)
  return (PSI_ACT * psi) / act
}

function requireSameFeatures({ features }: DriftReference, names: readonly string[]): void {
  const at = features.findIndex(({ name }, f) => name !== names[f])
  if (at >= 0 || names.length !== features.length) {
    const [expected, was] = at >= 0 ? [features[at]!.name, names[at]] : [features.length, names.length]
    throw new RangeError(
      `Expected rows of the features that the model was fitted on (${expected}), were others (${was})`,
    )
  }
}
