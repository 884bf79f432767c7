/**
 * How the market's features are worked out: each a value at an hour, NaN where it cannot be known.
 *
 * @module
 */
import { clamp, DAY, HOUR } from '../src/domain/units.ts'
import type { VenueColumn } from './columns.ts'
import { FUEL_HOURS, type Fuel, fuelAt } from './fuel.ts'
import type { Prepared } from './prepared.ts'
import { AGGREGATE, isSpot, knownOver, ratio, sumOver, venueMean } from './series.ts'

/** Keeps logarithms of shares finite: a tenth of a per cent of open interest. */
export const LEVEL_FLOOR = 1e-3
/** A sum over a day that lacks more hours than this is none. */
const LEAST_HOURS = 20

// ---------------------------------------------------------------- price

export const inSigmas = ({ logPrice, volatility }: Prepared, i: number, hours: number): number =>
  (logPrice[i]! - (logPrice[i - hours] ?? Number.NaN)) / (volatility[48][i]! * Math.sqrt(hours))

export function downsideShare({ returns }: Prepared, i: number, hours: number): number {
  let [down, all] = [0, 0]
  for (let j = Math.max(0, i - hours + 1); j <= i; j++) {
    const square = returns[j]! ** 2
    all += square
    if (returns[j]! < 0) down += square
  }
  return all > 0 ? down / all - 0.5 : Number.NaN
}

export function largestMove({ returns }: Prepared, i: number, hours: number): number {
  let [largest, all] = [0, 0]
  for (let j = Math.max(0, i - hours + 1); j <= i; j++) {
    largest = Math.max(largest, Math.abs(returns[j]!))
    all += returns[j]! ** 2
  }
  return all > 0 ? largest / Math.sqrt(all) : Number.NaN
}

export function fromExtreme(
  { logPrice, volatility }: Prepared,
  i: number,
  pick: (a: number, b: number) => number,
): number {
  let extreme = logPrice[i]!
  for (let j = Math.max(0, i - 72); j < i; j++) if (!Number.isNaN(logPrice[j]!)) extreme = pick(extreme, logPrice[j]!)
  return (logPrice[i]! - extreme) / (volatility[48][i]! * Math.sqrt(72))
}

/** ln of the realised volatility over so many hours to the known one; nine hours in ten must be known. */
export function realised({ returns, volatility }: Prepared, i: number, hours: number): number {
  let [squares, known] = [0, 0]
  for (let j = Math.max(0, i - hours + 1); j <= i; j++) {
    if (Number.isNaN(returns[j]!)) continue
    squares += returns[j]! ** 2
    known++
  }
  return known >= 0.9 * hours && squares > 0 ? Math.log(Math.sqrt(squares / known) / volatility[48][i]!) : Number.NaN
}

/** Half the ln of a mean hourly variance to the known one; the variance is taken from each hour's own prices. */
function ofRanges(p: Prepared, i: number, variance: (j: number) => number): number {
  let [sum, known] = [0, 0]
  for (let j = Math.max(0, i - 23); j <= i; j++) {
    const value = variance(j)
    if (Number.isNaN(value)) continue
    sum += value
    known++
  }
  return known >= LEAST_HOURS && sum > 0 ? Math.log(Math.sqrt(sum / known) / p.volatility[48][i]!) : Number.NaN
}

const squaredLog = (a: number, b: number): number => Math.log(a / b) ** 2

export const parkinson = (p: Prepared, i: number): number =>
  ofRanges(p, i, (j) => squaredLog(p.columns.high[j]!, p.columns.low[j]!) / (4 * Math.LN2))

export const garmanKlass = (p: Prepared, i: number): number =>
  ofRanges(p, i, (j) => {
    const { open, high, low, price } = p.columns
    return 0.5 * squaredLog(high[j]!, low[j]!) - (2 * Math.LN2 - 1) * squaredLog(price[j]!, open[j]!)
  })

/** max(0, 1 − bipower / realised variance) of a day's returns. */
export function jumpRatio({ returns }: Prepared, i: number): number {
  let [squares, bipower] = [0, 0]
  for (let j = i - 23; j <= i; j++) {
    squares += returns[j]! ** 2
    if (j > i - 23) bipower += Math.abs(returns[j]! * returns[j - 1]!)
  }
  return squares > 0 ? Math.max(0, 1 - ((Math.PI / 2) * bipower) / squares) : Number.NaN
}

// ---------------------------------------------------------------- funding and open interest

/** Mean of venues' funding by their open interest; where no venue has both, what the aggregate says. */
export function weightedFunding({ columns }: Prepared, i: number): number {
  let [sum, coins] = [0, 0]
  for (const { venue, values } of columns.funding) {
    const held = venue === AGGREGATE ? Number.NaN : valueAt(columns.openInterest, venue, i)
    if (Number.isNaN(held) || Number.isNaN(values[i]!)) continue
    sum += values[i]! * held
    coins += held
  }
  return coins > 0 ? sum / coins : valueAt(columns.funding, AGGREGATE, i)
}

/** ln(1 + hours) for which funding has kept its sign, with that sign; at most a month of hours. */
export function fundingStreak({ funding }: Prepared, i: number): number {
  const sign = Math.sign(funding[i]!)
  if (Number.isNaN(sign)) return Number.NaN
  let hours = 0
  while (hours < 720 && Math.sign(funding[i - hours] ?? Number.NaN) === sign) hours++
  return sign * Math.log1p(hours)
}

export function openInterestChange({ openInterest, openInterestCadence }: Prepared, i: number, hours: number): number {
  if (openInterestCadence > hours) return Number.NaN // coarser than the change asked for
  return clamp(Math.log(openInterest[i]! / (openInterest[i - hours] ?? Number.NaN)), -1, 1)
}

/** Σ of squared shares of open interest over the venues; NaN with fewer than two. */
export function concentration({ columns }: Prepared, i: number): number {
  let [sum, squares, known] = [0, 0, 0]
  for (const { venue, values } of columns.openInterest) {
    const held = values[i]!
    if (venue === AGGREGATE || Number.isNaN(held)) continue
    sum += held
    squares += held * held
    known++
  }
  return known > 1 && sum > 0 ? squares / sum ** 2 : Number.NaN
}

/** ln of open interest over what was traded in a day, of the venues that publish both. */
export function openInterestToVolume({ columns }: Prepared, i: number): number {
  let [held, traded] = [0, 0]
  for (const { venue, values, cadenceHours } of columns.traded) {
    const coins = valueAt(columns.openInterest, venue, i)
    if (Number.isNaN(coins) || knownOver(values, i, 24) * Math.max(1, cadenceHours) < LEAST_HOURS) continue
    held += coins
    traded += sumOver(values, i, 24)
  }
  return held > 0 && traded > 0 ? Math.log(held / traded) : Number.NaN
}

// ---------------------------------------------------------------- clusters

export function fuelOf(p: Prepared, i: number): Fuel | undefined {
  if (p.fuel[i] === null) {
    // What was opened has to be known for half of the time that it is held.
    const known = p.openInterestCadence <= 4 && knownOver(p.openInterest, i, FUEL_HOURS) >= FUEL_HOURS / 2
    p.fuel[i] = known ? fuelAt(p.openings, i) : undefined
  }
  return p.fuel[i]!
}

export const fuel = (p: Prepared, i: number, side: keyof Fuel): number => {
  const found = fuelOf(p, i)
  return found ? Math.log(LEVEL_FLOOR + found[side]) : Number.NaN
}

/** How far the nearest heavy level is, in standard deviations of a day. */
export const heavy = (p: Prepared, i: number, side: 'heavyBelow' | 'heavyAbove'): number =>
  (fuelOf(p, i)?.[side] ?? Number.NaN) / (p.volatility[48][i]! * Math.sqrt(24))

/** Liquidatable notional within 2 % over what rests within 2 %: how far a cascade could feed itself. */
export function gain(p: Prepared, i: number, side: keyof Fuel, depth: readonly VenueColumn[]): number {
  const found = fuelOf(p, i)
  return found ? Math.log(LEVEL_FLOOR + (found[side] * openInterestPerDepth(p, i, depth)) / 2) : Number.NaN
}

/**
 * Open interest over depth, both in USD, of the venues that publish both.
 *
 * Depth of one venue over open interest of twenty says how many venues are recorded, not how thin the book is.
 */
export function openInterestPerDepth({ columns }: Prepared, i: number, depth: readonly VenueColumn[]): number {
  let [coins, resting] = [0, 0]
  for (const { venue, values } of depth) {
    const held = valueAt(columns.openInterest, venue, i)
    if (Number.isNaN(held) || Number.isNaN(values[i]!)) continue
    coins += held
    resting += values[i]!
  }
  return resting > 0 ? (coins * columns.price[i]!) / resting : Number.NaN
}

// ---------------------------------------------------------------- flow

/** (a − b) / (a + b) of hourly sums over `hours`; NaN where the feed is coarser than that. */
export function imbalance(
  { columns, liquidated, taker }: Prepared,
  kind: 'taker-flow' | 'liquidations',
  i: number,
  hours: number,
): number {
  if (columns.cadenceHours[kind] > hours || Number.isNaN(columns.age[kind][i]!)) return Number.NaN
  const [first, second] = kind === 'taker-flow' ? [taker.bought, taker.sold] : [liquidated.long, liquidated.short]
  return ratio(sumOver(first, i, hours), sumOver(second, i, hours))
}

/** Share of a day's liquidations that fell into its last hour; 0 where there were none. */
export function latestShare({ columns, liquidated }: Prepared, i: number): number {
  if (columns.cadenceHours.liquidations > 1 || Number.isNaN(columns.age.liquidations[i]!)) return Number.NaN
  const day = sumOver(liquidated.long, i, 24) + sumOver(liquidated.short, i, 24)
  return day > 0 ? (liquidated.long[i]! + liquidated.short[i]!) / day : 0
}

/** Log share of open interest liquidated in 24 h, over the venues that publish both. */
export function liquidatedShare({ columns }: Prepared, i: number, liquidated: readonly VenueColumn[]): number {
  let [notional, coins] = [0, 0]
  for (const { venue, values, cadenceHours } of liquidated) {
    const held = valueAt(columns.openInterest, venue, i)
    if (Number.isNaN(held) || Number.isNaN(values[i]!) || cadenceHours > 24) continue
    notional += sumOver(values, i, 24)
    coins += held
  }
  return coins > 0 ? Math.log(LEVEL_FLOOR + notional / (coins * columns.price[i]!)) : Number.NaN
}

/** ln(long / short) out of a share that is long. */
export const logOdds = (share: number): number => (share > 0 && share < 1 ? Math.log(share / (1 - share)) : Number.NaN)

export const accounts = ({ columns }: Prepared, i: number): number => logOdds(venueMean(columns.accountRatio, i))

/** A flow in USD over open interest in USD. */
export function toOpenInterest({ columns }: Prepared, i: number, notional: number): number {
  let coins = 0
  for (const { venue, values } of columns.openInterest) {
    if (venue === AGGREGATE && !Number.isNaN(values[i]!))
      return clamp(notional / (values[i]! * columns.price[i]!), -1, 1)
    if (!isSpot(venue) && !Number.isNaN(values[i]!)) coins += values[i]!
  }
  return coins > 0 ? clamp(notional / (coins * columns.price[i]!), -1, 1) : Number.NaN
}

export const valueAt = (venues: readonly VenueColumn[], venue: string, i: number): number => {
  for (const column of venues) if (column.venue === venue) return column.values[i]!
  return Number.NaN
}

// ---------------------------------------------------------------- calendar

/** Position in a day or a week as an angle; a week begins on Monday. */
export const angle = (at: number, length: number): number => (2 * Math.PI * ((at - 4 * DAY) % length)) / length

/** Share still to go of a stretch that ends `offset` after each multiple of its length (Thursday 1970-01-01 begins them). */
export function untilNext(at: number, length: number, offset: number): number {
  const past = (((at - offset) % length) + length) % length
  return (length - past) / length
}

export const isWeekend = (at: number): number => (new Date(at).getUTCDay() % 6 === 0 ? 1 : 0)
/** Options expire at 08:00 UTC, the big ones on Fridays. */
export const EXPIRY_HOUR = 8 * HOUR
export const FRIDAY = DAY
