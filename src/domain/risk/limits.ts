import { type Bps, bps, type DurationMs, duration, type Fraction, fraction, type Usd, usd } from '../units.ts'

/** Limits of the risk engine in domain units. They lie below the model: nothing that is predicted can move one. */
export interface Limits {
  /** Of exposure. */
  readonly maxRatio: Fraction
  readonly maxOrderNotional: Usd
  readonly maxProposalNotional: Usd
  /** Notional of all orders sent since 00:00 UTC. */
  readonly maxDayNotional: Usd
  /** Of all hedges, over all venues. */
  readonly maxGrossNotional: Usd
  /** |exposure − hedge| over all assets beyond which nothing may add to it. */
  readonly maxNetNotional: Usd
  readonly maxDailyProposals: number
  readonly maxOrdersPerMinute: number
  /** From the mark or mid price to the limit of an order. */
  readonly priceCollar: Bps
  /** How far past the arrival mid an execution may pay. */
  readonly maxSlippage: Bps
  /** Share of the gross notional on one venue, once it is spread over more than one. */
  readonly maxVenueShare: Fraction
  /** Gross notional over equity of one venue: increases stop at the first, the second is to be left. */
  readonly maxLeverage: number
  readonly hardLeverage: number
  /** Equity over maintenance margin: warn, act. */
  readonly warnMarginRatio: number
  readonly minMarginRatio: number
  /** Initial margin in use over equity. */
  readonly maxMarginUse: Fraction
  /** |liquidation price / mark − 1| of our own legs: warn, act, emergency. */
  readonly warnLiquidationDistance: Fraction
  readonly minLiquidationDistance: Fraction
  readonly emergencyLiquidationDistance: Fraction
  /** Loss of the hedged book since 00:00 UTC over its value then: warn, soft, hard. Positive numbers. */
  readonly warnDailyLoss: Fraction
  readonly softDailyLoss: Fraction
  readonly hardDailyLoss: Fraction
  /** Age of the newest price on a live market; elsewhere twice its feed's cadence holds. */
  readonly maxPriceAge: DurationMs
  readonly minPriceVenues: number
  /** Between venues: (highest − lowest) / median price. */
  readonly maxDispersion: Fraction
  /** Mark against index. */
  readonly maxMarkIndexGap: Fraction
  /** |funding per 8 h| beyond which, where its robust z-score says so too, there is a spike. */
  readonly fundingSpike: Fraction
  readonly maxRatioChangePerHour: Fraction
  readonly maxRatioChangePerDay: Fraction
}

export type LimitKey = keyof Limits

/** What the desk has where it decides nothing else (specification §6). */
export const DEFAULT_LIMITS: Limits = {
  maxRatio: fraction(1),
  maxOrderNotional: usd(250_000),
  maxProposalNotional: usd(5_000_000),
  maxDayNotional: usd(20_000_000),
  maxGrossNotional: usd(20_000_000),
  maxNetNotional: usd(50_000_000),
  maxDailyProposals: 20,
  maxOrdersPerMinute: 60,
  priceCollar: bps(50),
  maxSlippage: bps(30),
  maxVenueShare: fraction(0.6),
  maxLeverage: 3,
  hardLeverage: 5,
  warnMarginRatio: 3,
  minMarginRatio: 2,
  maxMarginUse: fraction(0.5),
  warnLiquidationDistance: fraction(0.25),
  minLiquidationDistance: fraction(0.15),
  emergencyLiquidationDistance: fraction(0.08),
  warnDailyLoss: fraction(0.02),
  softDailyLoss: fraction(0.03),
  hardDailyLoss: fraction(0.05),
  maxPriceAge: duration(10_000),
  minPriceVenues: 2,
  maxDispersion: fraction(0.01),
  maxMarkIndexGap: fraction(0.01),
  fundingSpike: fraction(0.001),
  maxRatioChangePerHour: fraction(0.15),
  maxRatioChangePerDay: fraction(0.5),
}

type LimitUnit = 'usd' | 'share' | 'bps' | 'count' | 'multiple' | 'ms'

export interface LimitDescription {
  /** As it is typed: `/risk set max-leverage 2.5`. */
  readonly name: string
  readonly unit: LimitUnit
  readonly what: string
  /** Whether a smaller number is the stricter one. */
  readonly stricter: 'lower' | 'higher'
  readonly least: number
  readonly most: number
}

/** Every limit by the name that people type, with what it may be set to at all. */
export const LIMITS: Readonly<Record<LimitKey, LimitDescription>> = {
  maxRatio: limit('max-hedge-ratio', 'share', 'largest hedge, of exposure', { least: 0, most: 1 }),
  maxOrderNotional: limit('max-order-notional', 'usd', 'largest single order', { least: 0, most: 1e9 }),
  maxProposalNotional: limit('max-proposal-notional', 'usd', 'largest proposal', { least: 0, most: 1e9 }),
  maxDayNotional: limit('max-day-notional', 'usd', 'traded since 00:00 UTC', { least: 0, most: 1e10 }),
  maxGrossNotional: limit('max-gross-notional', 'usd', 'all hedges together', { least: 0, most: 1e10 }),
  maxNetNotional: limit('max-net-notional', 'usd', 'net delta beyond which nothing may add to it', {
    least: 0,
    most: 1e10,
  }),
  maxDailyProposals: limit('max-daily-proposals', 'count', 'proposals that trade in a UTC day', {
    least: 0,
    most: 1000,
  }),
  maxOrdersPerMinute: limit('max-orders-per-minute', 'count', 'orders sent in a minute', { least: 1, most: 10_000 }),
  priceCollar: limit('price-collar', 'bps', 'from the market to the limit of an order', { least: 1, most: 1000 }),
  maxSlippage: limit('max-slippage', 'bps', 'past the price at arrival', { least: 1, most: 1000 }),
  maxVenueShare: limit('max-venue-share', 'share', 'of all hedges on one venue', { least: 0.1, most: 1 }),
  maxLeverage: limit('max-leverage', 'multiple', 'gross notional over equity of a venue', { least: 0.1, most: 5 }),
  hardLeverage: limit('hard-leverage', 'multiple', 'leverage that has to be left', { least: 0.1, most: 5 }),
  warnMarginRatio: limit('warn-margin-ratio', 'multiple', 'equity over maintenance margin: warning', {
    least: 1,
    most: 100,
    stricter: 'higher',
  }),
  minMarginRatio: limit('min-margin-ratio', 'multiple', 'equity over maintenance margin: act', {
    least: 1,
    most: 100,
    stricter: 'higher',
  }),
  maxMarginUse: limit('max-margin-use', 'share', 'initial margin over equity', { least: 0.01, most: 1 }),
  warnLiquidationDistance: limit('warn-liquidation-distance', 'share', 'own liquidation price: warning', {
    least: 0.01,
    most: 1,
    stricter: 'higher',
  }),
  minLiquidationDistance: limit('min-liquidation-distance', 'share', 'own liquidation price: act', {
    least: 0.01,
    most: 1,
    stricter: 'higher',
  }),
  emergencyLiquidationDistance: limit('emergency-liquidation-distance', 'share', 'own liquidation price: emergency', {
    least: 0.01,
    most: 1,
    stricter: 'higher',
  }),
  warnDailyLoss: limit('warn-daily-loss', 'share', 'loss since 00:00 UTC: warning', { least: 0.001, most: 1 }),
  softDailyLoss: limit('soft-daily-loss', 'share', 'loss since 00:00 UTC: net delta may not grow', {
    least: 0.001,
    most: 1,
  }),
  hardDailyLoss: limit('hard-daily-loss', 'share', 'loss since 00:00 UTC: reducing', { least: 0.001, most: 1 }),
  maxPriceAge: limit('max-price-age', 'ms', 'age of the price on a live market', { least: 1000, most: 3_600_000 }),
  minPriceVenues: limit('min-price-venues', 'count', 'venues with a fresh price', {
    least: 1,
    most: 10,
    stricter: 'higher',
  }),
  maxDispersion: limit('max-dispersion', 'share', 'prices of the venues apart', { least: 0.0001, most: 0.2 }),
  maxMarkIndexGap: limit('max-mark-index-gap', 'share', 'mark against index', { least: 0.0001, most: 0.2 }),
  fundingSpike: limit('funding-spike', 'share', 'funding per 8 h', { least: 0.00001, most: 0.1 }),
  maxRatioChangePerHour: limit('max-ratio-change-per-hour', 'share', 'hedge ratio moved in an hour', {
    least: 0.01,
    most: 1,
  }),
  maxRatioChangePerDay: limit('max-ratio-change-per-day', 'share', 'hedge ratio moved in a day', {
    least: 0.01,
    most: 10,
  }),
}

function limit(
  name: string,
  unit: LimitUnit,
  what: string,
  { least, most, stricter = 'lower' }: { least: number; most: number; stricter?: 'lower' | 'higher' },
): LimitDescription {
  return { name, unit, what, stricter, least, most }
}

/** The key of a limit that was typed, in any case; undefined when there is none. */
export const limitKeyOf = (name: string): LimitKey | undefined =>
  (Object.keys(LIMITS) as LimitKey[]).find((key) => LIMITS[key].name === name.trim().toLowerCase())

/** Limits as configured, with those on top that were decided in chat. */
export const withOverrides = (limits: Limits, overrides: Readonly<Partial<Record<LimitKey, number>>>): Limits =>
  ({ ...limits, ...overrides }) as Limits
