/**
 * Robust normalisation against the trailing month (specification §3).
 *
 * @module
 */
import { clamp } from '../src/domain/units.ts'

/** The trailing window: 30 days of hours, the asked one included. */
export const ROBUST_HOURS = 720
/** Fewer known hours say little about what is usual. */
export const ROBUST_MIN_HOURS = 48
export const ROBUST_CLIP = 8
/** Makes the median absolute deviation of a normal distribution its standard deviation. */
const MAD_TO_SIGMA = 1.4826
/** Up to so many rows one by one; beyond, a window that slides is cheaper. */
const ONE_BY_ONE = 4

/**
 *     rz(x) = (x − med) / max(1.4826·MAD, floor), held within ±8
 *
 * with median and median absolute deviation over the known values of the last 720 hours. One row is a selection, many rows a
 * sorted window that slides; median and deviation are values of the column (or the mean of two), so that both ways give the
 * same bits.
 *
 * @param column - hourly, NaN where not known
 * @param from - first hour to answer for; earlier ones are NaN
 * @param floor - smallest spread that means something, in the unit of the column
 * @returns NaN where the hour itself, or all but 47 hours of its window, are not known
 * @throws {RangeError} when the floor is not above zero: a column that stands still would be divided by nothing
 */
export function robustZ(column: ArrayLike<number>, from: number, floor: number): Float64Array {
  if (!(floor > 0)) throw new RangeError(`Expected a floor above zero, was ${floor}`)
  const out = new Float64Array(column.length).fill(Number.NaN)
  if (column.length - from <= ONE_BY_ONE) {
    for (let i = Math.max(0, from); i < column.length; i++) out[i] = selected(column, i, floor)
  } else {
    slide(column, from, floor, out)
  }
  return out
}

const scaled = (x: number, median: number, deviation: number, floor: number): number =>
  clamp((x - median) / Math.max(MAD_TO_SIGMA * deviation, floor), -ROBUST_CLIP, ROBUST_CLIP) + 0 // −0 becomes 0

// ---------------------------------------------------------------- one row

const scratch = new Float64Array(ROBUST_HOURS)

function selected(column: ArrayLike<number>, i: number, floor: number): number {
  const x = column[i]!
  if (Number.isNaN(x)) return Number.NaN
  let known = 0
  for (let j = Math.max(0, i - ROBUST_HOURS + 1); j <= i; j++) {
    const value = column[j]!
    if (!Number.isNaN(value)) scratch[known++] = value
  }
  if (known < ROBUST_MIN_HOURS) return Number.NaN
  const median = medianOf(scratch, known)
  for (let j = 0; j < known; j++) scratch[j] = Math.abs(scratch[j]! - median)
  return scaled(x, median, medianOf(scratch, known), floor)
}

/** Median of the first `count` values, which change places. */
function medianOf(values: Float64Array, count: number): number {
  const middle = count >> 1
  const upper = select(values, count, middle)
  if (count % 2 === 1) return upper
  let lower = values[0]!
  for (let j = 1; j < middle; j++) if (values[j]! > lower) lower = values[j]!
  return (lower + upper) / 2
}

/** The k-th smallest (from 0), with nothing larger before it; Hoare's selection. */
function select(values: Float64Array, count: number, k: number): number {
  let [low, high] = [0, count - 1]
  while (low < high) {
    const pivot = values[(low + high) >> 1]!
    let [i, j] = [low, high]
    while (i <= j) {
      while (values[i]! < pivot) i++
      while (values[j]! > pivot) j--
      if (i > j) break
      const held = values[i]!
      values[i++] = values[j]!
      values[j--] = held
    }
    if (k <= j) high = j
    else if (k >= i) low = i
    else break
  }
  return values[k]!
}

// ---------------------------------------------------------------- many rows

function slide(column: ArrayLike<number>, from: number, floor: number, out: Float64Array): void {
  const sorted = new Float64Array(ROBUST_HOURS + 1)
  let known = 0
  const first = Math.max(0, from)
  const begin = Math.max(0, first - ROBUST_HOURS + 1)
  for (let j = begin; j < first; j++) if (!Number.isNaN(column[j]!)) sorted[known++] = column[j]!
  sorted.subarray(0, known).sort()
  for (let i = first; i < column.length; i++) {
    const left = column[i - ROBUST_HOURS] ?? Number.NaN
    if (i - ROBUST_HOURS >= begin && !Number.isNaN(left)) {
      const at = rankOf(sorted, known, left)
      sorted.copyWithin(at, at + 1, known--)
    }
    const x = column[i]!
    if (Number.isNaN(x)) continue
    const at = rankOf(sorted, known, x)
    sorted.copyWithin(at + 1, at, known++)
    sorted[at] = x
    if (known < ROBUST_MIN_HOURS) continue
    const middle = known >> 1
    const median = known % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
    out[i] = scaled(x, median, deviationOf(sorted, known, median), floor)
  }
}

/** How many of the sorted values are smaller. */
function rankOf(sorted: Float64Array, known: number, value: number): number {
  let [low, high] = [0, known]
  while (low < high) {
    const middle = (low + high) >> 1
    if (sorted[middle]! < value) low = middle + 1
    else high = middle
  }
  return low
}

/** Median distance from the median: distances grow outwards on both sides, so the two sides are merged by bisection. */
function deviationOf(sorted: Float64Array, known: number, median: number): number {
  const split = rankOf(sorted, known, median)
  const upper = nthDistance(sorted, known, { median, split, n: known >> 1 })
  if (known % 2 === 1) return upper
  return (nthDistance(sorted, known, { median, split, n: (known >> 1) - 1 }) + upper) / 2
}

/** The n-th smallest (from 0) of the distances left (`split` of them, nearest first) and right of the median. */
function nthDistance(
  sorted: Float64Array,
  known: number,
  { median, split, n }: { median: number; split: number; n: number },
): number {
  // Take `a` from the left and n + 1 − a from the right, such that the largest taken is no more than the smallest left.
  let [low, high] = [Math.max(0, n + 1 - (known - split)), Math.min(split, n + 1)]
  while (low < high) {
    const a = (low + high) >> 1
    const nextLeft = median - sorted[split - 1 - a]!
    const lastRight = sorted[split + n - a]! - median
    if (nextLeft < lastRight) low = a + 1
    else high = a
  }
  const left = low > 0 ? median - sorted[split - low]! : Number.NEGATIVE_INFINITY
  const right = n - low >= 0 ? sorted[split + n - low]! - median : Number.NEGATIVE_INFINITY
  return Math.max(left, right)
}
