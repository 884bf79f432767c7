import type {
  AccountRatio,
  Asset,
  Bar,
  FeedKind,
  Gauge,
  Liquidations,
  OpenInterest,
  TakerFlow,
  VenueId,
} from '../../domain/market/tick.ts'
import type { DurationMs, TimestampMs } from '../../domain/units.ts'
import type { RawBook, VenueClient } from './client.ts'
import type { LiquidationEvent, Stamp } from './readings.ts'

/** How one venue is asked, and what its answers mean. Mapping only: loops, clocks and failures are elsewhere. */
export interface LiveVenue {
  readonly venueId: VenueId
  /** File of ccxt.pro. */
  readonly module: string
  readonly options: Readonly<Record<string, unknown>>
  readonly marketParams?: Readonly<Record<string, unknown>>
  symbolOf(asset: Asset): string
  /** Polled feeds and how often the venue has something new. */
  readonly cadences: Readonly<Partial<Record<FeedKind, DurationMs>>>
  /** Feeds that the venue has for some assets only. */
  readonly only?: Readonly<Partial<Record<FeedKind, readonly Asset[]>>>
  /** Mark candles where the venue keeps them, else those of the perpetual's trades. */
  readonly series: Bar['series']
  readonly candlesPerCall: number

  /** `stamp` is made when the answer is there: nothing is known before it was received. */
  openInterest(client: VenueClient, symbol: string, stamp: () => Stamp): Promise<OpenInterest>
  /** The venue's own funding interval when the rate does not say. */
  fundingInterval?(client: VenueClient, symbol: string): Promise<DurationMs>
  /** The answer about funding says mark and index too: the basis comes with it. */
  readonly fundingSaysBasis?: boolean
  /** The basis, where another answer has both prices. */
  basis?(client: VenueClient, symbol: string, stamp: () => Stamp): Promise<Gauge>
  /** Implied volatility at the end of each closed minute or hour of a span, as readers. */
  impliedVolatility?(
    client: VenueClient,
    asset: Asset,
    window: { every: 'minute' | 'hour'; since: number; until: number },
    stampOf: (at: number) => Stamp,
  ): Promise<readonly (() => Gauge)[]>
  /** Term slope and skew of all options as they are marked now, as readers. */
  optionSurface?(client: VenueClient, asset: Asset, stamp: () => Stamp): Promise<readonly (() => Gauge)[]>
  books(client: VenueClient, symbol: string): Promise<{ readonly top: RawBook; readonly deep: RawBook }>
  levelNotional(client: VenueClient, symbol: string): (price: number, amount: number) => number
  /** Taker flow per closed interval, as readers that throw on what cannot be read. */
  takerFlow?(
    client: VenueClient,
    symbol: string,
    window: { interval: 'minute' | 'hour'; since?: TimestampMs; now: TimestampMs },
    stamp: () => Stamp,
  ): Promise<readonly (() => TakerFlow)[]>
  /** Liquidations asked for rather than pushed. */
  liquidationPoll?(
    client: VenueClient,
    symbol: string,
    window: { now: TimestampMs },
    stamp: () => Stamp,
  ): Promise<readonly (() => Liquidations)[]>
  readonly liquidationPush?: LiquidationPush
  /** Hourly open interest of the past, where the venue gives it (30 days at most), as readers. */
  openInterestHistory?(
    client: VenueClient,
    symbol: string,
    window: { since: number; until: number },
    stampOf: (at: number) => Stamp,
  ): Promise<readonly (() => OpenInterest)[]>
  /** How many accounts are long and how many short, where the venue counts them: the newest or those of a span, as readers. */
  accountRatios?(
    client: VenueClient,
    symbol: string,
    window: AccountRatioWindow,
    stampOf: (at: number) => Stamp,
  ): Promise<readonly (() => AccountRatio)[]>
  readonly accountRatiosPerCall?: number
  readonly fundingPerCall: number
  /** Rates of the past are per this; undefined: per the time to the next one. */
  readonly pastFundingInterval?: DurationMs
}

export interface AccountRatioWindow {
  /** How far apart the counts are. */
  readonly every: '5m' | '1h'
  readonly limit: number
  /** Both or none. */
  readonly since?: number
  readonly until?: number
}

export interface LiquidationPush {
  readonly coverage: Liquidations['coverage']
  /** One subscription for the whole venue proves by any instrument that it lives; else each asset has its own. */
  readonly scope: 'venue' | 'asset'
  watch(client: VenueClient, symbols: readonly string[]): Promise<unknown>
  read(message: unknown): readonly LiquidationEvent[]
}

/** Whether the venue has this feed for this asset. */
export const hasFeed = ({ cadences, only }: LiveVenue, feed: FeedKind, asset: Asset): boolean =>
  cadences[feed] !== undefined && (only?.[feed]?.includes(asset) ?? true)

/** Reads one property of an answer without trusting its shape. */
export const field = (value: unknown, name: string | number): unknown =>
  typeof value === 'object' && value !== null ? (value as Record<string | number, unknown>)[name] : undefined

export const list = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : [])

/** Calls page after page, each starting where the one before ends. */
export async function pages<T>(
  window: { since: number; until: number; step: number; perCall: number },
  fetch: (since: number, until: number) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const all: T[] = []
  for (let since = window.since; since < window.until; since += window.step * window.perCall) {
    all.push(...(await fetch(since, Math.min(window.until, since + window.step * window.perCall))))
  }
  return all
}
