/**
 * What several features share, worked out once per hour.
 *
 * @module
 */
import { GAUGE_KINDS, type GaugeKind } from '../src/domain/market/tick.ts'
import type { Columns } from './columns.ts'
import { type Fuel, type Openings, openingsOf } from './fuel.ts'
import { robustZ } from './robust.ts'
import { AGGREGATE, chainLinked, logOf, perHour, venueMean, venueSum, venueTotal, volatility } from './series.ts'

/** Hours of returns that a volatility of each half-life looks back on. */
const VOLATILITY_HOURS = { 6: 240, 48: 240, 336: 720 } as const

/** Columns with what several features share worked out once per hour. */
export interface Prepared {
  readonly columns: Columns
  /** First hour that rows are made for. */
  readonly from: number
  readonly logPrice: Float64Array
  readonly returns: Float64Array
  /** EWMA standard deviation of hourly log returns by half-life in hours. */
  readonly volatility: Record<6 | 48 | 336, Float64Array>
  /** Per eight hours, mean over venues. */
  readonly funding: Float64Array
  /** Coins, chain-linked over venues, so that one falling silent is no fall of open interest. */
  readonly openInterest: Float64Array
  readonly openInterestCadence: number
  /** All fresh venues together, USD within the hour. */
  readonly liquidated: { readonly long: Float64Array; readonly short: Float64Array }
  readonly taker: { readonly bought: Float64Array; readonly sold: Float64Array }
  /** Bps; perpetual over spot of one hour, else the venues' own figure. */
  readonly basis: Float64Array
  /** Mean over venues; of what is added up (options) an index chain-linked over them. */
  readonly gauges: Record<GaugeKind, Float64Array>
  readonly other: { readonly logPrice: Float64Array; readonly returns: Float64Array; readonly volatility: Float64Array }
  readonly openings: Openings
  readonly fuel: (Fuel | undefined | null)[]
  /** Normalised columns by the name of their feature. */
  readonly normalised: Map<string, Float64Array>
}

const LINKED: readonly GaugeKind[] = ['option-open-interest', 'option-volume']

/** Works out what several features share, for rows from index `from` on. */
export function prepare(columns: Columns, from: number): Prepared {
  const hours = columns.price.length
  const logPrice = logOf(columns.price)
  const returns = changes(logPrice)
  const aggregate = columns.openInterest.filter(({ venue }) => venue === AGGREGATE)
  const venues = aggregate.length > 0 ? aggregate : columns.openInterest
  const openInterest = chainLinked(venues, hours)
  const funding = perHour(hours, (i) => venueMean(columns.funding, i))
  const volatilityOf = (halfLife: 6 | 48 | 336, of = returns) =>
    volatility(of, { halfLife, hours: VOLATILITY_HOURS[halfLife], from })
  const gauges = Object.fromEntries(
    GAUGE_KINDS.map((kind) => {
      const of = columns.gauges[kind]
      return [kind, LINKED.includes(kind) ? chainLinked(of, hours) : perHour(hours, (i) => venueMean(of, i))]
    }),
  ) as Record<GaugeKind, Float64Array>
  const otherLog = logOf(columns.otherPrice)
  const otherReturns = changes(otherLog)
  return {
    columns,
    from,
    logPrice,
    returns,
    volatility: { 6: volatilityOf(6), 48: volatilityOf(48), 336: volatilityOf(336) },
    funding,
    openInterest,
    openInterestCadence: Math.max(...venues.map(({ cadenceHours }) => cadenceHours), 0),
    liquidated: {
      long: perHour(hours, (i) => venueSum(columns.longLiquidated, i)),
      short: perHour(hours, (i) => venueSum(columns.shortLiquidated, i)),
    },
    taker: { bought: venueTotal(columns.takerBought, hours), sold: venueTotal(columns.takerSold, hours) },
    basis: perHour(hours, (i) => {
      const between = (columns.perp[i]! / columns.spot[i]! - 1) * 1e4
      return Number.isNaN(between) ? gauges.basis[i]! : between
    }),
    gauges,
    other: { logPrice: otherLog, returns: otherReturns, volatility: volatilityOf(48, otherReturns) },
    openings: openingsOf({ ...columns, openInterest, funding }),
    fuel: new Array(hours).fill(null),
    normalised: new Map(),
  }
}

function changes(column: Float64Array): Float64Array {
  const out = new Float64Array(column.length).fill(Number.NaN)
  for (let i = 1; i < column.length; i++) out[i] = column[i]! - column[i - 1]!
  return out
}

/** What a feature list needs of what it is made from, whether of the market or of one venue. */
export interface Normalising {
  readonly from: number
  readonly normalised: Map<string, Float64Array>
}

/** A column against its trailing month, worked out when the first row asks; see `robustZ`. */
export function normalisedOf<P extends Normalising>(
  of: P,
  { name, floor, column }: { readonly name: string; readonly floor: number; readonly column: (of: P) => Float64Array },
): Float64Array {
  const known = of.normalised.get(name)
  if (known) return known
  const found = robustZ(column(of), of.from, floor)
  of.normalised.set(name, found)
  return found
}
