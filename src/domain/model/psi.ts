/** How one number was spread while a model was fitted: bounds of its bins and the share of rows in each. Plain JSON. */
export interface BinReference {
  /** Ascending; a value equal to one lies above it. At most nine: equal quantiles are one. */
  readonly edges: readonly number[]
  /** One more than there are edges; sums to 1. */
  readonly shares: readonly number[]
  /** How many rows it was made of. */
  readonly rows: number
}

export type PsiReading =
  | {
      readonly kind: 'measured'
      readonly psi: number
      readonly rows: number
      /** What chance alone exceeds once in a hundred, were the rows independent. */
      readonly noise: number
    }
  | { readonly kind: 'too-few'; readonly rows: number; readonly needed: number }

export const PSI_WARN = 0.1
export const PSI_ACT = 0.25
const BINS = 10
/** Of an empty bin: else one empty bin would be infinitely far from one that is not. */
const LEAST_SHARE = 0.001
/**
 * With n independent rows and ten bins, n · PSI without any shift is about χ² with nine degrees of freedom: 9 on average, 21.7
 * once in a hundred. At 220 rows that hundredth lies at the warning limit of 0.1; below, chance would warn.
 */
export const PSI_MIN_ROWS = 220
/** 99th percentiles of χ² by degrees of freedom 1–9. */
const CHI_SQUARED_99 = [6.63, 9.21, 11.34, 13.28, 15.09, 16.81, 18.48, 20.09, 21.67] as const
/** Of a spread: what bounds are rounded to. */
const GRAIN = 1e-4

/**
 * Bins of (nearly) equal share of the rows a model was fitted on.
 *
 * Bounds are rounded before shares are counted, so that the stored reference measures exactly zero on its own rows. A value
 * that many rows share (funding that stands still) makes fewer and unequal bins.
 *
 * @param values - one a row; NaN where not known, left out
 * @returns undefined when fewer rows know the value than PSI needs, or it never varies
 */
export function binReference(values: ArrayLike<number>): BinReference | undefined {
  const known = Float64Array.from(values).filter(Number.isFinite).sort()
  if (known.length < PSI_MIN_ROWS) return undefined
  const quantile = (share: number): number => known[Math.min(known.length - 1, Math.floor(share * known.length))]!
  const spread = quantile(0.99) - quantile(0.01) || known.at(-1)! - known[0]!
  if (!(spread > 0)) return undefined
  const edges = [...new Set(Array.from({ length: BINS - 1 }, (_, i) => roundTo(quantile((i + 1) / BINS), spread)))]
    .sort((a, b) => a - b)
    .filter((edge) => edge > known[0]! && edge <= known.at(-1)!)
  if (edges.length === 0) return undefined
  const counts = countsOf(edges, known)
  return { edges, shares: counts.map((count) => Number((count / known.length).toPrecision(6))), rows: known.length }
}

/**
 * Population stability index, Σ(a − e)·ln(a/e) over the bins of the reference; 0 when both are spread alike. No share
 * counts as less than one in a thousand, whatever the number of rows: an empty bin must not weigh more the more rows were looked at.
 *
 * The limits of 0.1 and 0.25 come from practice with independent rows. Hourly features are anything but: what a month of a slow
 * one shows without any shift is measured on training months instead (`models/drift.ts`).
 *
 * @param values - recent rows; NaN where not known, left out
 * @param needed - fewer rows than this say nothing
 * @see Siddiqi (2006), "Credit Risk Scorecards"; Yurdakul & Naranjo (2020), Journal of Risk Model Validation 14(4), for its
 *   distribution; specification §6
 */
export function populationStability(
  { edges, shares, rows }: BinReference,
  values: ArrayLike<number>,
  needed = PSI_MIN_ROWS,
): PsiReading {
  const known = Float64Array.from(values).filter(Number.isFinite)
  if (known.length < needed) return { kind: 'too-few', rows: known.length, needed }
  const floored = (share: number): number => Math.max(share, LEAST_SHARE)
  const psi = countsOf(edges, known).reduce((sum, count, bin) => {
    const actual = floored(count / known.length)
    const expected = floored(shares[bin]!)
    return sum + (actual - expected) * Math.log(actual / expected)
  }, 0)
  const noise = CHI_SQUARED_99[Math.min(edges.length, CHI_SQUARED_99.length) - 1]! * (1 / known.length + 1 / rows)
  return { kind: 'measured', psi, rows: known.length, noise }
}

function countsOf(edges: readonly number[], values: Float64Array): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0)
  for (const value of values) {
    let bin = 0
    while (bin < edges.length && value >= edges[bin]!) bin++
    counts[bin]!++
  }
  return counts
}

const roundTo = (value: number, spread: number): number => {
  const digits = Math.max(0, Math.min(15, -Math.floor(Math.log10(spread * GRAIN))))
  return Number(value.toFixed(digits))
}
