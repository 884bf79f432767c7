/**
 * Sums and averages over hourly columns; NaN is a value not known and is left out.
 *
 * @module
 */
import { ewmaVolatility } from '../src/domain/market/volatility.ts'
import type { VenueColumn } from './columns.ts'

const MIN_RETURNS = 24
const EWMA_HOURS = 240 // five half-lives of 48 h
const FLAT = 1e-9

/**
 * EWMA standard deviations of hourly returns, one per half-life in hours, over the last 240 hours.
 *
 * Cut off rather than run from the beginning, so that a window does not depend on how long the process has been up. NaN where
 * fewer than 24 returns are known or the price stood still; hours before index `from` are left NaN.
 */
export function volatilities(returns: Float64Array, halfLives: readonly number[], from: number): Float64Array[] {
  const out = halfLives.map(() => new Float64Array(returns.length).fill(Number.NaN))
  for (let i = from; i < returns.length; i++) {
    const known: number[] = []
    for (let j = Math.max(0, i - EWMA_HOURS + 1); j <= i; j++) if (!Number.isNaN(returns[j]!)) known.push(returns[j]!)
    if (known.length < MIN_RETURNS) continue
    halfLives.forEach((halfLife, k) => {
      const volatility = ewmaVolatility(known, halfLife)
      out[k]![i] = volatility > FLAT ? volatility : Number.NaN
    })
  }
  return out
}

export const perHour = (hours: number, value: (i: number) => number): Float64Array => {
  const out = new Float64Array(hours)
  for (let i = 0; i < hours; i++) out[i] = value(i)
  return out
}

/** (a − b) / (a + b); 0 where both are nothing. */
export const ratio = (a: number, b: number): number => (a + b > 0 ? (a - b) / (a + b) : a + b === 0 ? 0 : Number.NaN)

export function sumOver(column: ArrayLike<number>, i: number, hours: number): number {
  let sum = 0
  for (let j = Math.max(0, i - hours + 1); j <= i; j++) if (!Number.isNaN(column[j]!)) sum += column[j]!
  return sum
}

export function meanOver(column: Float64Array, i: number, hours: number): number {
  let [sum, known] = [0, 0]
  for (let j = Math.max(0, i - hours + 1); j <= i; j++) {
    if (Number.isNaN(column[j]!)) continue
    sum += column[j]!
    known++
  }
  return known > 0 ? sum / known : Number.NaN
}

export function venueMean(venues: readonly VenueColumn[], i: number): number {
  const known = venues.filter(({ values }) => !Number.isNaN(values[i]!)).length
  return venueSum(venues, i) / known
}

export function venueSum(venues: readonly VenueColumn[], i: number): number {
  let sum = Number.NaN
  for (const { values } of venues) {
    if (Number.isNaN(values[i]!)) continue
    sum = Number.isNaN(sum) ? values[i]! : sum + values[i]!
  }
  return sum
}

/** Largest less smallest; NaN with fewer than two venues. */
export function venueSpread(venues: readonly VenueColumn[], i: number): number {
  const known = venues.map(({ values }) => values[i]!).filter((value) => !Number.isNaN(value))
  return known.length > 1 ? Math.max(...known) - Math.min(...known) : Number.NaN
}

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
