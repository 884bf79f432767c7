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

/** A gap is data: every consumer has to decide what silence means. */
export interface Disconnect extends Stamped {
  readonly type: 'disconnect'
  readonly feed: FeedKind
  readonly reason: string
}

export type Observed = Bar | OpenInterest | FundingRate | Liquidations | TakerFlow | BookDepth | AccountRatio
export type Tick = Observed | Disconnect
export type FeedKind = Observed['type']

export const FEED_KINDS = [
  'bar',
  'open-interest',
  'funding',
  'liquidations',
  'taker-flow',
  'book-depth',
  'account-ratio',
] as const satisfies readonly FeedKind[]

/** What a source promises: from this venue, this kind of observation, this often. Twice the cadence without one is stale. */
export interface FeedDeclaration {
  readonly feed: FeedKind
  readonly venue: VenueId
  readonly asset: Asset
  readonly cadence: DurationMs
}

export const feedKey = (feed: Pick<FeedDeclaration, 'feed' | 'venue' | 'asset'>): string =>
  `${feed.feed}/${feed.venue}/${feed.asset}`
