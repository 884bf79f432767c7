import { LEVERAGE_BUCKETS as BUCKETS } from '../src/domain/liquidation/leverage.ts'
import { clamp } from '../src/domain/units.ts'

const CHURN_PER_HOUR = 1 / 30 // positions replaced without moving open interest
const NEUTRAL_FUNDING = 1e-4
const FUNDING_SCALE = 6e-4
export const FUEL_HOURS = 168 // five half-lives of the longest-held bucket: what is older has closed

const LONG_FACTOR = BUCKETS.map(({ leverage, maintenanceRate }) => (1 - 1 / leverage) / (1 - maintenanceRate))
const SHORT_FACTOR = BUCKETS.map(({ leverage, maintenanceRate }) => (1 + 1 / leverage) / (1 + maintenanceRate))
const ALIVE = BUCKETS.map(({ share, holdingHours }) =>
  Float64Array.from({ length: FUEL_HOURS }, (_, hours) => share * Math.exp(-hours / holdingHours)),
)

export interface FuelInputs {
  readonly price: ArrayLike<number>
  readonly high: ArrayLike<number>
  readonly low: ArrayLike<number>
  /** Coins. */
  readonly openInterest: ArrayLike<number>
  /** Per eight hours; NaN reads as neutral. */
  readonly funding: ArrayLike<number>
}

/** What each hour opened: entry price and coins by side; NaN where price or open interest is not known. */
export interface Openings extends FuelInputs {
  readonly entry: Float64Array
  readonly longs: Float64Array
  readonly shorts: Float64Array
}

/** Every hour opened `max(0, ΔOI + churn·OI)` coins at its typical price, split over sides by funding. */
export function openingsOf(inputs: FuelInputs): Openings {
  const { price, high, low, openInterest, funding } = inputs
  const hours = price.length
  const [entry, longs, shorts] = [new Float64Array(hours), new Float64Array(hours), new Float64Array(hours)]
  for (let i = 0; i < hours; i++) {
    const before = openInterest[i - 1] ?? Number.NaN
    const opened = Math.max(0, openInterest[i]! - before + CHURN_PER_HOUR * before)
    const lean = Number.isNaN(funding[i]!) ? 0 : 0.25 * Math.tanh((funding[i]! - NEUTRAL_FUNDING) / FUNDING_SCALE)
    entry[i] = (high[i]! + low[i]! + price[i]!) / 3
    longs[i] = opened * clamp(0.45 + lean, 0.05, 0.9)
    shorts[i] = opened * clamp(0.45 - lean, 0.05, 0.9)
  }
  return { ...inputs, entry, longs, shorts }
}

/** Shares of open interest that would be force-closed, and how far away the nearest heavy level is. */
export interface Fuel {
  /** By a move of up to 2 % and up to 5 %. */
  readonly below2: number
  readonly below5: number
  readonly above2: number
  readonly above5: number
  /** Move, as a fraction, by which 1 % of open interest would be force-closed; 0.05 where none up to that is enough. */
  readonly heavyBelow: number
  readonly heavyAbove: number
}

const REACH = 0.05
const NEAR = 0.02
const LEVELS = 20 // of a quarter of a per cent
const NEAR_LEVELS = Math.round((LEVELS * NEAR) / REACH)
/** Share of open interest that makes a level heavy. */
export const HEAVY_SHARE = 0.01

const below = new Float64Array(LEVELS)
const above = new Float64Array(LEVELS)

/**
 * How much leveraged open interest stands to be liquidated near the price: a windowed, stateless liquidation map.
 *
 * What each hour of the last week opened is split over leverage by a prior; what a later extreme reached is gone, the rest
 * decays with its holding time. The full map of specification §1.3 carries its state from bar to bar; this one forgets, so
 * that a feature depends on a window only.
 *
 * @param i - index of the hour it is asked for; earlier entries are read, later ones never
 * @returns undefined when price or open interest is not known now
 */
export function fuelAt(
  { price, high, low, openInterest, entry, longs, shorts }: Openings,
  i: number,
): Fuel | undefined {
  const now = price[i]!
  const total = openInterest[i]!
  if (!(now > 0) || !(total > 0)) return undefined
  let lowest = now
  let highest = now
  below.fill(0)
  above.fill(0)
  const step = (now * REACH) / LEVELS
  for (let back = 0; back < FUEL_HOURS && back <= i; back++) {
    const j = i - back
    if (entry[j]! * longs[j]! > 0) {
      for (let k = 0; k < BUCKETS.length; k++) {
        const longAt = entry[j]! * LONG_FACTOR[k]!
        const down = (now - longAt) / step
        if (longAt < lowest && down < LEVELS) below[Math.floor(down)]! += longs[j]! * ALIVE[k]![back]!
        const shortAt = entry[j]! * SHORT_FACTOR[k]!
        const up = (shortAt - now) / step
        if (shortAt > highest && up < LEVELS) above[Math.floor(up)]! += shorts[j]! * ALIVE[k]![back]!
      }
    }
    if (low[j]! < lowest) lowest = low[j]!
    if (high[j]! > highest) highest = high[j]!
  }
  return {
    below2: sumTo(below, NEAR_LEVELS) / total,
    below5: sumTo(below, LEVELS) / total,
    above2: sumTo(above, NEAR_LEVELS) / total,
    above5: sumTo(above, LEVELS) / total,
    heavyBelow: reachOf(below, HEAVY_SHARE * total),
    heavyAbove: reachOf(above, HEAVY_SHARE * total),
  }
}

function sumTo(levels: Float64Array, count: number): number {
  let sum = 0
  for (let k = 0; k < count; k++) sum += levels[k]!
  return sum
}

/** The move up to which so many coins are force-closed, to the end of their level. */
function reachOf(levels: Float64Array, coins: number): number {
  let sum = 0
  for (let k = 0; k < LEVELS; k++) {
    sum += levels[k]!
    if (sum >= coins) return ((k + 1) / LEVELS) * REACH
  }
  return REACH
}
