import { solve } from '../calibration.ts'
import { createGaussian, createRandom } from '../random.ts'

/**
 * How rows of features lay together while a model was fitted: centre and spread of each, and the few directions in which they
 * moved together. Plain JSON.
 */
export interface DistanceReference {
  readonly centers: readonly number[]
  /** Above 0; of a feature that never varied, 0: it has no part in the distance. */
  readonly spreads: readonly number[]
  /** One list a direction, one number a feature: their products are the shared part of the covariance of standard scores. */
  readonly loadings: readonly (readonly number[])[]
  /** What is left of each feature's variance of 1. */
  readonly own: readonly number[]
  /** Distance that one row in a hundred exceeded. */
  readonly limit: number
}

/** Standard scores end here: one absurd value must not hide in the distance what the others say, nor make it infinite. */
const FURTHEST = 8
const DIRECTIONS = 8
const ROUNDS = 30
/** The covariance is shrunk by this towards its diagonal: no direction may look impossible only because it was rare. */
const SHRINKAGE = 0.1
/** Of a variance of 1 at least so much is a feature's own. */
const LEAST_OWN = 0.1
const MAD_TO_SPREAD = 1.4826
/** More rows than this add nothing to a covariance of some hundred features. */
const MOST_ROWS = 4_000
const TYPICAL = 0.99

/**
 * Centre, spread and shared directions of training rows.
 *
 * Robust centre and spread by feature (median and scaled median absolute deviation, or the standard deviation where more than
 * half the rows are equal), then the leading directions of the covariance of standard scores by subspace iteration, the rest
 * diagonal. A value that is not known counts as the centre.
 *
 * @param rows - one list a row, one number a feature; NaN where not known
 * @throws {RangeError} without rows
 * @see Mahalanobis (1936); Ledoit & Wolf (2004) for shrinking a covariance; Lee et al. (2018), NeurIPS 31, for the distance as a
 *   sign of inputs a model never saw
 */
export function distanceReference(rows: readonly ArrayLike<number>[]): DistanceReference {
  if (rows.length === 0) throw new RangeError('Expected at least one row, were none')
  const width = rows[0]!.length
  const every = Math.max(1, Math.ceil(rows.length / MOST_ROWS))
  const kept = rows.filter((_, i) => i % every === 0)
  const columns = Array.from({ length: width }, (_, f) => centerOf(kept.map((row) => row[f]!)))
  const centers = columns.map(({ center }) => tidy(center, 6))
  const spreads = columns.map(({ spread }) => tidy(spread, 4))
  const scores = kept.map((row) => scoresOf(row, centers, spreads).values)
  const { loadings, own } = factorsOf(scores, width)
  const reference = { centers, spreads, loadings, own, limit: 0 }
  const distances = kept.flatMap((row) => distanceOf(reference, row)?.distance ?? []).sort((a, b) => a - b)
  const limit = distances[Math.min(distances.length - 1, Math.floor(TYPICAL * distances.length))] ?? 0
  return { ...reference, limit: tidy(limit, 4) }
}

export interface Distance {
  /** √(d²/k) over the k features that are known: about 1 for a row like those of training. */
  readonly distance: number
  /** Share of the known features that stand more than three spreads from their centre. */
  readonly farShare: number
  readonly known: number
}

/**
 * Mahalanobis distance of a row from the training rows, by feature known.
 *
 * @returns undefined when no feature with a spread is known
 */
export function distanceOf(
  { centers, spreads, loadings, own }: DistanceReference,
  row: ArrayLike<number>,
): Distance | undefined {
  if (row.length !== centers.length) throw new RangeError(`Expected ${centers.length} features, were ${row.length}`)
  const { values, known } = scoresOf(row, centers, spreads)
  const at = known.flatMap((isKnown, f) => (isKnown ? [f] : []))
  if (at.length === 0) return undefined
  // Σ = L Lᵀ + Ψ over the known features; Woodbury: d² = zᵀΨ⁻¹z − bᵀ(1 + LᵀΨ⁻¹L)⁻¹b with b = LᵀΨ⁻¹z.
  const plain = at.reduce((sum, f) => sum + values[f]! ** 2 / own[f]!, 0)
  const b = loadings.map((loading) => at.reduce((sum, f) => sum + (loading[f]! * values[f]!) / own[f]!, 0))
  const inner = loadings.map((one, i) =>
    loadings.map((other, j) => at.reduce((sum, f) => sum + (one[f]! * other[f]!) / own[f]!, i === j ? 1 : 0)),
  )
  const shared = b.length === 0 ? 0 : solve(inner, b).reduce((sum, x, i) => sum + x * b[i]!, 0)
  return {
    distance: Math.sqrt(Math.max(0, plain - shared) / at.length),
    farShare: at.filter((f) => Math.abs(values[f]!) > 3).length / at.length,
    known: at.length,
  }
}

function scoresOf(row: ArrayLike<number>, centers: readonly number[], spreads: readonly number[]) {
  const values = new Float64Array(row.length)
  const known = new Array<boolean>(row.length).fill(false)
  for (let f = 0; f < row.length; f++) {
    const value = row[f]!
    if (!Number.isFinite(value) || !(spreads[f]! > 0)) continue
    known[f] = true
    values[f] = Math.max(-FURTHEST, Math.min(FURTHEST, (value - centers[f]!) / spreads[f]!))
  }
  return { values, known }
}

function centerOf(values: readonly number[]): { center: number; spread: number } {
  const known = values.filter(Number.isFinite).sort((a, b) => a - b)
  if (known.length < 2) return { center: known[0] ?? 0, spread: 0 }
  const center = medianOf(known)
  const robust = MAD_TO_SPREAD * medianOf(known.map((value) => Math.abs(value - center)).sort((a, b) => a - b))
  const mean = known.reduce((sum, value) => sum + value, 0) / known.length
  const deviation = Math.sqrt(known.reduce((sum, value) => sum + (value - mean) ** 2, 0) / known.length)
  // What stands still most of the time has a spread of nothing by its median.
  return { center, spread: robust > 0.1 * deviation ? robust : deviation }
}

/** Leading directions of the shrunk covariance, scaled by the root of their variance, and what each feature has of its own. */
function factorsOf(scores: readonly Float64Array[], width: number): Pick<DistanceReference, 'loadings' | 'own'> {
  const covariance = Array.from({ length: width }, () => new Float64Array(width))
  for (const row of scores)
    for (let a = 0; a < width; a++) {
      if (row[a] === 0) continue
      for (let b = 0; b <= a; b++) covariance[a]![b]! += (row[a]! * row[b]!) / scores.length
    }
  for (let a = 0; a < width; a++)
    for (let b = 0; b < a; b++) {
      covariance[a]![b]! *= 1 - SHRINKAGE
      covariance[b]![a] = covariance[a]![b]!
    }
  const gauss = createGaussian(createRandom(1))
  let basis = orthonormal(
    Array.from({ length: Math.min(DIRECTIONS, width) }, () => Float64Array.from({ length: width }, gauss)),
  )
  for (let round = 0; round < ROUNDS; round++) basis = orthonormal(basis.map((vector) => times(covariance, vector)))
  const loadings = basis.map((vector) => {
    const variance = Math.max(0, dot(vector, times(covariance, vector)))
    return Array.from(vector, (x) => tidy(x * Math.sqrt(variance), 4))
  })
  const own = Array.from({ length: width }, (_, f) => {
    const shared = loadings.reduce((sum, loading) => sum + loading[f]! ** 2, 0)
    return tidy(Math.max(LEAST_OWN, covariance[f]![f]! - shared), 4)
  })
  return { loadings, own }
}

/** Gram–Schmidt; a direction in which nothing is left is dropped. */
function orthonormal(vectors: readonly Float64Array[]): Float64Array[] {
  const basis: Float64Array[] = []
  for (const vector of vectors) {
    const rest = Float64Array.from(vector)
    for (const other of basis) {
      const along = dot(rest, other)
      for (let f = 0; f < rest.length; f++) rest[f]! -= along * other[f]!
    }
    const length = Math.sqrt(dot(rest, rest))
    if (length > 1e-9) basis.push(rest.map((x) => x / length))
  }
  return basis
}

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, x, i) => sum + x * b[i]!, 0)
const times = (matrix: readonly Float64Array[], vector: Float64Array): Float64Array =>
  Float64Array.from(matrix, (row) => dot(row, vector))
const medianOf = (sorted: readonly number[]): number =>
  (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2
const tidy = (value: number, digits: number): number => Number(value.toPrecision(digits))
