import { FEED_KINDS } from '../src/domain/market/tick.ts'
import { clamp, HOUR } from '../src/domain/units.ts'
import type { Columns, SampledFeed, VenueColumn } from './columns.ts'
import { FUEL_HOURS, type Fuel, fuelAt, type Openings, openingsOf } from './fuel.ts'
import { robustZ } from './robust.ts'
import {
  chainLinked,
  meanOver,
  perHour,
  ratio,
  sumOver,
  venueMean,
  venueSpread,
  venueSum,
  volatilities,
} from './series.ts'

export type FeatureGroup =
  | 'price'
  | 'funding'
  | 'open-interest'
  | 'fuel'
  | 'gain'
  | 'taker-flow'
  | 'liquidations'
  | 'liquidated-share'
  | 'book-depth'
  | 'calendar'

/** Which feeds a group cannot do without. */
export const FEED_OF_GROUP: Record<FeatureGroup, readonly SampledFeed[]> = {
  price: ['bar'],
  funding: ['funding'],
  'open-interest': ['open-interest'],
  fuel: ['open-interest'],
  gain: ['open-interest', 'book-depth'],
  'taker-flow': ['taker-flow'],
  liquidations: ['liquidations'],
  'liquidated-share': ['liquidations', 'open-interest'],
  'book-depth': ['book-depth'],
  calendar: [],
}

/** The kinds that some group cannot do without: what a model can miss. */
export const FEEDS_USED: readonly SampledFeed[] = FEED_KINDS.filter((kind): kind is SampledFeed =>
  Object.values<readonly string[]>(FEED_OF_GROUP).some((kinds) => kinds.includes(kind)),
)

export interface Feature {
  readonly name: string
  readonly group: FeatureGroup
  /** Smallest spread that means something, in the feature's own unit; default none. */
  readonly floor?: number
  /** The value at hour `i`; NaN where it cannot be known. */
  readonly value: (of: Prepared, i: number) => number
}

/** An aggregate that stands for all venues when it is there; adding venues to it would count them twice. */
const AGGREGATE = 'all-exchanges'
const FUNDING_FLOOR = 0.5e-4 // half a basis point: funding sits still so long that its spread is often nothing
const AGE_FLOOR = 0.25 // a quarter of an hour late, or of a longer cadence, is nothing yet
const LEVEL_FLOOR = 1e-3

/** Columns with what several features share worked out once per hour. */
export interface Prepared {
  readonly columns: Columns
  readonly logPrice: Float64Array
  readonly returns: Float64Array
  /** EWMA standard deviation of hourly log returns by half-life in hours. */
  readonly volatility: Record<6 | 48 | 168, Float64Array>
  readonly funding: Float64Array
  /** Chain-linked over venues, so that one falling silent is no fall of open interest. */
  readonly openInterest: Float64Array
  /** All fresh venues together. */
  readonly liquidated: { readonly long: Float64Array; readonly short: Float64Array }
  readonly openInterestCadence: number
  /** Against the trailing month. */
  readonly z: Record<'funding' | 'openInterest' | 'depth' | 'depthRatio', Float64Array>
  readonly openings: Openings
  readonly fuel: (Fuel | undefined | null)[]
}

export const FEATURES: readonly Feature[] = [
  price('return-1h', (p, i) => inSigmas(p, i, 1)),
  price('return-4h', (p, i) => inSigmas(p, i, 4)),
  price('return-24h', (p, i) => inSigmas(p, i, 24)),
  price('return-72h', (p, i) => inSigmas(p, i, 72)),
  price('log-volatility', (p, i) => Math.log(p.volatility[48][i]!)),
  price('volatility-ratio-fast', (p, i) => Math.log(p.volatility[6][i]! / p.volatility[48][i]!)),
  price('volatility-ratio-slow', (p, i) => Math.log(p.volatility[48][i]! / p.volatility[168][i]!)),
  price('range-1h', (p, i) => Math.log(p.columns.high[i]! / p.columns.low[i]!) / p.volatility[48][i]!),
  price('downside-share-24h', (p, i) => downsideShare(p.returns, i, 24)),
  price('largest-move-24h', (p, i) => largestMove(p.returns, i, 24)),
  price('drawdown-72h', (p, i) => fromExtreme(p, i, Math.max)),
  price('runup-72h', (p, i) => fromExtreme(p, i, Math.min)),
  ...group('funding', [
    ['funding', (p, i) => clamp(p.funding[i]! * 1e3, -5, 5)],
    ['funding-change-24h', (p, i) => clamp((p.funding[i]! - meanOver(p.funding, i, 24)) * 1e3, -5, 5)],
    ['funding-z', (p, i) => p.z.funding[i]!],
    ['funding-spread', (p, i) => clamp(venueSpread(p.columns.funding, i) * 1e3, 0, 5)],
  ]),
  ...group('open-interest', [
    ['open-interest-change-1h', (p, i) => openInterestChange(p, i, 1)],
    ['open-interest-change-4h', (p, i) => openInterestChange(p, i, 4)],
    ['open-interest-change-24h', (p, i) => openInterestChange(p, i, 24)],
    ['open-interest-z', (p, i) => p.z.openInterest[i]!],
    ['open-interest-acceleration', (p, i) => openInterestChange(p, i, 4) - openInterestChange(p, i, 24) / 6],
    [
      'open-interest-with-price',
      (p, i) => openInterestChange(p, i, 24) * Math.sign(p.logPrice[i]! - p.logPrice[i - 24]!),
    ],
  ]),
  ...group('fuel', [
    ['fuel-below-2', (p, i) => fuel(p, i, 'below2')],
    ['fuel-below-5', (p, i) => fuel(p, i, 'below5')],
    ['fuel-above-2', (p, i) => fuel(p, i, 'above2')],
    ['fuel-above-5', (p, i) => fuel(p, i, 'above5')],
  ]),
  ...group('gain', [
    ['gain-below', (p, i) => gain(p, i, 'below2', p.columns.bidDepth)],
    ['gain-above', (p, i) => gain(p, i, 'above2', p.columns.askDepth)],
    ['depth-to-open-interest', (p, i) => -Math.log(openInterestPerDepth(p, i, p.columns.bidDepth))],
  ]),
  ...group('taker-flow', [
    ['taker-imbalance-1h', (p, i) => imbalance(p, 'taker-flow', i, 1)],
    ['taker-imbalance-24h', (p, i) => imbalance(p, 'taker-flow', i, 24)],
  ]),
  ...group('liquidations', [
    ['liquidation-imbalance-1h', (p, i) => imbalance(p, 'liquidations', i, 1)],
    ['liquidation-imbalance-24h', (p, i) => imbalance(p, 'liquidations', i, 24)],
  ]),
  ...group('liquidated-share', [
    ['liquidated-longs-24h', (p, i) => liquidatedShare(p, i, p.columns.longLiquidated)],
    ['liquidated-shorts-24h', (p, i) => liquidatedShare(p, i, p.columns.shortLiquidated)],
  ]),
  ...group('book-depth', [
    ['depth-z', (p, i) => p.z.depth[i]!],
    ['depth-imbalance-z', (p, i) => p.z.depthRatio[i]!],
  ]),
  ...group('calendar', [
    ['hour-sine', (p, i) => Math.sin(hourAngle(p.columns.instants[i]!))],
    ['hour-cosine', (p, i) => Math.cos(hourAngle(p.columns.instants[i]!))],
    ['weekend', (p, i) => (new Date(p.columns.instants[i]!).getUTCDay() % 6 === 0 ? 1 : 0)],
  ]),
  age('bar', 'price'),
  age('open-interest', 'open-interest'),
  age('funding', 'funding'),
  age('liquidations', 'liquidations'),
  age('taker-flow', 'taker-flow'),
  age('book-depth', 'book-depth'),
]

/** Works out what several features share, for rows from index `from` on. */
export function prepare(columns: Columns, from: number): Prepared {
  const hours = columns.price.length
  const logPrice = Float64Array.from(columns.price, (value) => (value > 0 ? Math.log(value) : Number.NaN))
  const returns = new Float64Array(hours).fill(Number.NaN)
  for (let i = 1; i < hours; i++) returns[i] = logPrice[i]! - logPrice[i - 1]!
  const aggregate = columns.openInterest.filter(({ venue }) => venue === AGGREGATE)
  const venues = aggregate.length > 0 ? aggregate : columns.openInterest
  const [fast, medium, slow] = volatilities(returns, [6, 48, 168], from)
  const openInterest = chainLinked(venues, hours)
  const funding = perHour(hours, (i) => venueMean(columns.funding, i))
  return {
    columns,
    logPrice,
    returns,
    volatility: { 6: fast!, 48: medium!, 168: slow! },
    funding,
    openInterest,
    liquidated: {
      long: perHour(hours, (i) => venueSum(columns.longLiquidated, i)),
      short: perHour(hours, (i) => venueSum(columns.shortLiquidated, i)),
    },
    openInterestCadence: Math.max(...venues.map(({ cadenceHours }) => cadenceHours), 0),
    z: {
      funding: robustZ(funding, from, FUNDING_FLOOR),
      openInterest: robustZ(openInterest.map(Math.log), from, 0.01),
      depth: robustZ(
        perHour(hours, (i) => Math.log(venueSum(columns.bidDepth, i) + venueSum(columns.askDepth, i))),
        from,
        0.05,
      ),
      depthRatio: robustZ(
        perHour(hours, (i) => Math.log(venueSum(columns.bidDepth, i) / venueSum(columns.askDepth, i))),
        from,
        0.05,
      ),
    },
    openings: openingsOf({ ...columns, openInterest, funding }),
    fuel: new Array(hours).fill(null),
  }
}

/** Writes every feature at hour `i`; NaN where it cannot be known. */
export function fillRow(prepared: Prepared, i: number, row: Float64Array): void {
  for (let f = 0; f < FEATURES.length; f++) row[f] = FEATURES[f]!.value(prepared, i)
}

// ---------------------------------------------------------------- how the list above is written

function price(name: string, value: Feature['value']): Feature {
  return { name, group: 'price', value: (p, i) => clamp(value(p, i), -10, 10) }
}

function group(name: FeatureGroup, features: readonly (readonly [string, Feature['value']])[]): Feature[] {
  return features.map(([feature, value]) => ({ name: feature, group: name, value }))
}

function age(kind: SampledFeed, of: FeatureGroup): Feature {
  return { name: `age-${kind}`, group: of, floor: AGE_FLOOR, value: (p, i) => Math.log1p(p.columns.age[kind][i]!) }
}

// ---------------------------------------------------------------- price

const inSigmas = ({ logPrice, volatility }: Prepared, i: number, hours: number): number =>
  (logPrice[i]! - logPrice[i - hours]!) / (volatility[48][i]! * Math.sqrt(hours))

function downsideShare(returns: Float64Array, i: number, hours: number): number {
  let [down, all] = [0, 0]
  for (let j = i - hours + 1; j <= i; j++) {
    const square = returns[j]! ** 2
    all += square
    if (returns[j]! < 0) down += square
  }
  return all > 0 ? down / all - 0.5 : Number.NaN
}

function largestMove(returns: Float64Array, i: number, hours: number): number {
  let [largest, all] = [0, 0]
  for (let j = i - hours + 1; j <= i; j++) {
    largest = Math.max(largest, Math.abs(returns[j]!))
    all += returns[j]! ** 2
  }
  return all > 0 ? largest / Math.sqrt(all) : Number.NaN
}

function fromExtreme({ logPrice, volatility }: Prepared, i: number, pick: (a: number, b: number) => number): number {
  let extreme = logPrice[i]!
  for (let j = Math.max(0, i - 72); j < i; j++) if (!Number.isNaN(logPrice[j]!)) extreme = pick(extreme, logPrice[j]!)
  return (logPrice[i]! - extreme) / (volatility[48][i]! * Math.sqrt(72))
}

// ---------------------------------------------------------------- derivatives

function openInterestChange({ openInterest, openInterestCadence }: Prepared, i: number, hours: number): number {
  if (openInterestCadence > hours) return Number.NaN // coarser than the change asked for
  return clamp(Math.log(openInterest[i]! / openInterest[i - hours]!), -1, 1)
}

function fuelOf(p: Prepared, i: number): Fuel | undefined {
  if (p.fuel[i] === null) {
    const known = i >= FUEL_HOURS / 2 && p.openInterestCadence <= 4
    p.fuel[i] = known ? fuelAt(p.openings, i) : undefined
  }
  return p.fuel[i]!
}

type FuelSide = keyof Fuel

function fuel(p: Prepared, i: number, side: FuelSide): number {
  const found = fuelOf(p, i)
  return found ? Math.log(LEVEL_FLOOR + found[side]) : Number.NaN
}

/** Liquidatable notional within 2 % over what rests within 2 %: how far a cascade could feed itself. */
function gain(p: Prepared, i: number, side: FuelSide, depth: readonly VenueColumn[]): number {
  const found = fuelOf(p, i)
  return found ? Math.log(LEVEL_FLOOR + (found[side] * openInterestPerDepth(p, i, depth)) / 2) : Number.NaN
}

/**
 * Open interest over depth, both in USD, of the venues that publish both.
 *
 * Depth of one venue over open interest of twenty says how many venues are recorded, not how thin the book is.
 */
function openInterestPerDepth({ columns }: Prepared, i: number, depth: readonly VenueColumn[]): number {
  let [coins, resting] = [0, 0]
  for (const { venue, values } of depth) {
    const held = valueAt(columns.openInterest, venue, i)
    if (Number.isNaN(held) || Number.isNaN(values[i]!)) continue
    coins += held
    resting += values[i]!
  }
  return resting > 0 ? (coins * columns.price[i]!) / resting : Number.NaN
}

/** (a − b) / (a + b) of hourly sums over `hours`; NaN where the feed is coarser than that. */
function imbalance(
  { columns, liquidated }: Prepared,
  kind: 'taker-flow' | 'liquidations',
  i: number,
  hours: number,
): number {
  if (columns.cadenceHours[kind] > hours || Number.isNaN(columns.age[kind][i]!)) return Number.NaN
  const [first, second] =
    kind === 'taker-flow' ? [columns.takerBought, columns.takerSold] : [liquidated.long, liquidated.short]
  return ratio(sumOver(first, i, hours), sumOver(second, i, hours))
}

/** Log share of open interest liquidated in 24 h, over the venues that publish both. */
function liquidatedShare({ columns }: Prepared, i: number, liquidated: readonly VenueColumn[]): number {
  let [notional, coins] = [0, 0]
  for (const { venue, values, cadenceHours } of liquidated) {
    const held = valueAt(columns.openInterest, venue, i)
    if (Number.isNaN(held) || Number.isNaN(values[i]!) || cadenceHours > 24) continue
    notional += sumOver(values, i, 24)
    coins += held
  }
  return coins > 0 ? Math.log(LEVEL_FLOOR + notional / (coins * columns.price[i]!)) : Number.NaN
}

const valueAt = (venues: readonly VenueColumn[], venue: string, i: number): number =>
  venues.find((column) => column.venue === venue)?.values[i] ?? Number.NaN

const hourAngle = (at: number): number => (2 * Math.PI * (at % (24 * HOUR))) / (24 * HOUR)
