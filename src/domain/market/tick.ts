import type { BaseQty, DurationMs, Fraction, FundingPer8h, Price, TimestampMs, Usd } from '../units.ts'

/** Base asset, upper case: `ETH`, `BTC`. */
export type Asset = string
/** Lower case: `binance`, `bybit`, `okx`, `deribit`, `hyperliquid`; `all-exchanges` for a vendor's aggregate. */
export type VenueId = string

interface Stamped {
  readonly venue: VenueId
  readonly asset: Asset
  /** When it was true at the venue. A bar carries its close. */
  readonly eventAt: TimestampMs
  /** When we could first have known it; every join is as of this instant. */
  readonly receivedAt: TimestampMs
}

export interface Bar extends Stamped {
  readonly type: 'bar'
  /** What the prices are of. `mark` is what liquidations are judged on; the others stand in for it where it is not recorded. */
  readonly series: 'mark' | 'perp' | 'spot'
  readonly interval: DurationMs
  readonly openPrice: Price
  readonly highPrice: Price
  readonly lowPrice: Price
  readonly closePrice: Price
  /** Base volume; undefined where the series has none. */
  readonly volume?: BaseQty
}

export interface OpenInterest extends Stamped {
  readonly type: 'open-interest'
  /** One-sided, in base coins: coins do not fall merely because price does. */
  readonly openInterest: BaseQty
}

export interface FundingRate extends Stamped {
  readonly type: 'funding'
  readonly fundingRate: FundingPer8h
}

export interface Liquidations extends Stamped {
  readonly type: 'liquidations'
  readonly interval: DurationMs
  /** Longs force-closed (closing orders sell). */
  readonly longNotional: Usd
  /** Shorts force-closed (closing orders buy). */
  readonly shortNotional: Usd
  /** `sampled` where the venue throttles its stream, so that the figure is a lower bound. */
  readonly coverage: 'full' | 'sampled'
}

export interface TakerFlow extends Stamped {
  readonly type: 'taker-flow'
  readonly interval: DurationMs
  /** Taker side (aggressor), not the resting maker's. */
  readonly buyNotional: Usd
  readonly sellNotional: Usd
}

export interface BookDepth extends Stamped {
  readonly type: 'book-depth'
  /** Resting within 1 % of mid. */
  readonly bidNotional: Usd
  readonly askNotional: Usd
}

export interface AccountRatio extends Stamped {
  readonly type: 'account-ratio'
  /** Share of the accounts holding a position that are net long, 0 to 1, both excluded. Accounts are counted, not their size. */
  readonly longShare: Fraction
}

/**
 * A single figure read now and then, by the kind of figure; a mean or share may be over a while, which ends at `eventAt`.
 *
 * - `basis`: bps, (mark − index) / index; positive = the perpetual is dearer
 * - `implied-volatility`: fraction a year, of options about 30 days out
 * - `option-term-slope`: fraction a year, at-the-money volatility at 30 days less that at 7
 * - `option-skew-7d`, `option-skew-30d`: fraction a year, volatility of the 25-delta call less that of the put; negative = falls are the
 *   dearer to insure
 * - `option-open-interest`: USD, puts and calls together
 * - `option-volume`: USD a day
 * - `fear-greed`: 0 (fear) to 100 (greed), of the market as a whole
 * - `etf-flow`: USD a day, positive = into the funds
 * - `exchange-netflow`: USD a day, positive = into exchanges
 * - `coin-premium`: fraction, Coinbase's price over Binance's less one
 * - `top-account-ratio`: share of the largest accounts that are net long, 0 to 1
 * - `top-position-ratio`: share of the largest accounts' positions that is long, 0 to 1
 */
export const GAUGE_KINDS = [
  'basis',
  'implied-volatility',
  'option-term-slope',
  'option-skew-7d',
  'option-skew-30d',
  'option-open-interest',
  'option-volume',
  'fear-greed',
  'etf-flow',
  'exchange-netflow',
  'coin-premium',
  'top-account-ratio',
  'top-position-ratio',
] as const
export type GaugeKind = (typeof GAUGE_KINDS)[number]

interface Reading<K extends GaugeKind> extends Stamped {
  readonly type: K
  /** In the unit of its kind (see `GAUGE_KINDS`). */
  readonly value: number
}
/** One type for each kind, so that `Extract<Observed, { type: K }>` finds it. */
export type Gauge = { readonly [K in GaugeKind]: Reading<K> }[GaugeKind]

/** A gap is data: every consumer has to decide what silence means. */
export interface Disconnect extends Stamped {
  readonly type: 'disconnect'
  readonly feed: FeedKind
  readonly reason: string
}

export type Observed = Bar | OpenInterest | FundingRate | Liquidations | TakerFlow | BookDepth | AccountRatio | Gauge
export type Tick = Observed | Disconnect
export type FeedKind = Observed['type']

/** What every asset is expected to have: said to be missing where it has none. */
export const EXPECTED_KINDS = [
  'bar',
  'open-interest',
  'funding',
  'liquidations',
  'taker-flow',
  'book-depth',
  'account-ratio',
] as const satisfies readonly Exclude<FeedKind, GaugeKind>[]

export const FEED_KINDS = [...EXPECTED_KINDS, ...GAUGE_KINDS] as const satisfies readonly FeedKind[]

const GAUGES: ReadonlySet<string> = new Set(GAUGE_KINDS)
export const isGauge = (tick: Tick): tick is Gauge => GAUGES.has(tick.type)

/** What a source promises: from this venue, this kind of observation, this often. Twice the cadence without one is stale. */
export interface FeedDeclaration {
  readonly feed: FeedKind
  readonly venue: VenueId
  readonly asset: Asset
  readonly cadence: DurationMs
}

export const feedKey = (feed: Pick<FeedDeclaration, 'feed' | 'venue' | 'asset'>): string =>
  `${feed.feed}/${feed.venue}/${feed.asset}`
