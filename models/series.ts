/**
 * Sums and averages over hourly columns; NaN is a value not known and is left out.
 *
 * @module
 */
import type { VenueColumn } from './columns.ts'

const MIN_RETURNS = 24
const FLAT = 1e-9

/** An aggregate that stands for all venues when it is there; adding venues to it would count them twice. */
export const AGGREGATE = 'all-exchanges'
export const isSpot = (venue: string): boolean => venue.endsWith('-spot')

/**
 * EWMA standard deviation of hourly returns, weights halving every `halfLife` returns into the past, over the last `hours`.
 *
 * Cut off rather than run from the beginning, so that a window does not depend on how long the process has been up. NaN where
 * fewer than 24 returns are known or the price stood still; hours before index `from` are left NaN.
 */
export function volatility(
  returns: Float64Array,
  { halfLife, hours, from }: { readonly halfLife: number; readonly hours: number; readonly from: number },
): Float64Array {
  const out = new Float64Array(returns.length).fill(Number.NaN)
  const weights = new Float64Array(hours)
  const decay = 0.5 ** (1 / halfLife)
  for (let k = 0, weight = 1; k < hours; k++, weight *= decay) weights[k] = weight
  for (let i = from; i < returns.length; i++) {
    let [sum, total, known] = [0, 0, 0]
    for (let j = i; j >= 0 && j > i - hours; j--) {
      const value = returns[j]!
      if (Number.isNaN(value)) continue
      const weight = weights[known++]!
      sum += weight * value * value
      total += weight
    }
    if (known < MIN_RETURNS) continue
    const found = Math.sqrt(sum / total)
    if (found > FLAT) out[i] = found
  }
  return out
}

export const perHour = (hours: number, value: (i: number) => number): Float64Array => {
  const out = new Float64Array(hours)
  for (let i = 0; i < hours; i++) out[i] = value(i)
  return out
}

/** ln of what is above zero; NaN elsewhere. */
export const logOf = (column: ArrayLike<number>): Float64Array =>
  perHour(column.length, (i) => (column[i]! > 0 ? Math.log(column[i]!) : Number.NaN))

/** (a − b) / (a + b); 0 where both are nothing. */
export const ratio = (a: number, b: number): number => (a + b > 0 ? (a - b) / (a + b) : a + b === 0 ? 0 : Number.NaN)

export function sumOver(column: ArrayLike<number>, i: number, hours: number): number {
  let sum = 0
  for (let j = Math.max(0, i - hours + 1); j <= i; j++) if (!Number.isNaN(column[j]!)) sum += column[j]!
  return sum
}

export function knownOver(column: ArrayLike<number>, i: number, hours: number): number {
  let known = 0
  for (let j = Math.max(0, i - hours + 1); j <= i; j++) if (!Number.isNaN(column[j]!)) known++
  return known
}

export function meanOver(column: ArrayLike<number>, i: number, hours: number): number {
  const known = knownOver(column, i, hours)
  return known > 0 ? sumOver(column, i, hours) / known : Number.NaN
}

/** Change over so many hours; NaN where either end is not known. */
export const changeOver = (column: ArrayLike<number>, i: number, hours: number): number =>
  column[i]! - (column[i - hours] ?? Number.NaN)

export function venueMean(venues: readonly VenueColumn[], i: number): number {
  let [sum, known] = [0, 0]
  for (const { values } of venues) {
    if (Number.isNaN(values[i]!)) continue
    sum += values[i]!
    known++
  }
  return known > 0 ? sum / known : Number.NaN
}

export function venueSum(venues: readonly VenueColumn[], i: number): number {
  let [sum, known] = [0, 0]
  for (const { values } of venues) {
    if (Number.isNaN(values[i]!)) continue
    sum += values[i]!
    known++
  }
  return known > 0 ? sum : Number.NaN
}

/** Largest less smallest; NaN with fewer than two venues. */
export function venueSpread(venues: readonly VenueColumn[], i: number): number {
  let [low, high, known] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0]
  for (const { values } of venues) {
    const value = values[i]!
    if (Number.isNaN(value)) continue
    if (value < low) low = value
    if (value > high) high = value
    known++
  }
  return known > 1 ? high - low : Number.NaN
}

/** Standard deviation over the venues; NaN with fewer than two. */
export function venueDeviation(venues: readonly VenueColumn[], value: (values: readonly number[]) => number): number {
  let [sum, squares, known] = [0, 0, 0]
  for (const { values } of venues) {
    const x = value(values)
    if (Number.isNaN(x)) continue
    sum += x
    squares += x * x
    known++
  }
  return known > 1 ? Math.sqrt(Math.max(0, squares / known - (sum / known) ** 2)) : Number.NaN
}

/** Sum over venues of what is added up, such that spot does not stand for perpetuals nor the aggregate beside its parts. */
export function venueTotal(venues: readonly VenueColumn[], hours: number): Float64Array {
  const aggregate = venues.filter(({ venue }) => venue === AGGREGATE)
  const perpetual = venues.filter(({ venue }) => venue !== AGGREGATE && !isSpot(venue))
  const spot = venues.filter(({ venue }) => isSpot(venue))
  return perHour(hours, (i) => {
    for (const some of [aggregate, perpetual, spot]) {
      const sum = venueSum(some, i)
      if (!Number.isNaN(sum)) return sum
    }
    return Number.NaN
  })
}

/**
 * An index that moves as the sum over the venues known both before and now: one falling silent, or a new one, is no move.
 */
export function chainLinked(venues: readonly VenueColumn[], hours: number): Float64Array {
  const index = new Float64Array(hours).fill(Number.NaN)
  for (let i = 0; i < hours; i++) {
    let [now, before] = [0, 0]
    for (const { values } of venues) {
      if (i === 0 || Number.isNaN(values[i]!) || Number.isNaN(values[i - 1]!)) continue
      now += values[i]!
      before += values[i - 1]!
    }
    const linked = before > 0 && index[i - 1]! > 0
    index[i] = linked ? (index[i - 1]! * now) / before : venueSum(venues, i)
  }
  return index
}

/** Correlation of two columns over the last hours known in both; NaN with fewer than `least` of them. */
export function correlation(
  a: Float64Array,
  b: Float64Array,
  { i, hours, least }: { readonly i: number; readonly hours: number; readonly least: number },
): number {
  let [known, sumA, sumB, squareA, squareB, product] = [0, 0, 0, 0, 0, 0]
  for (let j = Math.max(0, i - hours + 1); j <= i; j++) {
    const [x, y] = [a[j]!, b[j]!]
    if (Number.isNaN(x) || Number.isNaN(y)) continue
    known++
    sumA += x
    sumB += y
    squareA += x * x
    squareB += y * y
    product += x * y
  }
  if (known < least) return Number.NaN
  const [varA, varB] = [squareA - sumA ** 2 / known, squareB - sumB ** 2 / known]
  return varA > 0 && varB > 0 ? (product - (sumA * sumB) / known) / Math.sqrt(varA * varB) : Number.NaN
}
