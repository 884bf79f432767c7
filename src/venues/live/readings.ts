import type {
  AccountRatio,
  Asset,
  Bar,
  BookDepth,
  FundingRate,
  Gauge,
  OpenInterest,
  TakerFlow,
  VenueId,
} from '../../domain/market/tick.ts'
import {
  baseQty,
  type DurationMs,
  duration,
  fraction,
  fundingPer8h,
  HOUR,
  MINUTE,
  price,
  type TimestampMs,
  timestamp,
  toBps,
  usd,
} from '../../domain/units.ts'
import type { RawBook, RawCandle } from './client.ts'

/** What a tick says about itself besides its value. */
export interface Stamp {
  readonly venue: VenueId
  readonly asset: Asset
  readonly receivedAt: TimestampMs
}

/** A venue sent what cannot be read: the tick is dropped and the problem shown. */
export class UnreadableError extends Error {
  override readonly name = 'UnreadableError'
}

/** A finite number out of whatever a venue sent: numbers and decimal strings only, never a blank or a null. */
export function finite(value: unknown, what: string): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw new UnreadableError(`Expected a finite ${what}, was ${String(value)}`)
  }
  return number
}

export function positive(value: unknown, what: string): number {
  const number = finite(value, what)
  if (number <= 0) throw new UnreadableError(`Expected a positive ${what}, was ${number}`)
  return number
}

export function notNegative(value: unknown, what: string): number {
  const number = finite(value, what)
  if (number < 0) throw new UnreadableError(`Expected a ${what} of at least 0, was ${number}`)
  return number
}

/** A candle of ccxt, which carries its open, as a bar, which carries its close. */
export function toBar(
  candle: RawCandle,
  stamp: Stamp,
  { series, interval, withVolume }: { series: Bar['series']; interval: DurationMs; withVolume: boolean },
): Bar {
  const [openAt, open, high, low, close, volume] = candle
  const bar: Bar = {
    type: 'bar',
    ...stamp,
    eventAt: timestamp(positive(openAt, 'candle time') + interval),
    series,
    interval,
    openPrice: price(positive(open, 'open')),
    highPrice: price(positive(high, 'high')),
    lowPrice: price(positive(low, 'low')),
    closePrice: price(positive(close, 'close')),
    ...(withVolume && volume !== undefined ? { volume: baseQty(notNegative(volume, 'volume')) } : {}),
  }
  const { openPrice, highPrice, lowPrice, closePrice } = bar
  if (highPrice < Math.max(openPrice, closePrice, lowPrice) || lowPrice > Math.min(openPrice, closePrice)) {
    throw new UnreadableError(`Expected low ≤ open, close ≤ high, was ${[openPrice, highPrice, lowPrice, closePrice]}`)
  }
  return bar
}

/** Open interest, one-sided and in coins: whoever calls has already converted. */
export const toOpenInterest = (coins: unknown, eventAt: number | undefined, stamp: Stamp): OpenInterest => ({
  type: 'open-interest',
  ...stamp,
  eventAt: eventAt === undefined ? stamp.receivedAt : timestamp(positive(eventAt, 'open-interest time')),
  openInterest: baseQty(notNegative(coins, 'open interest')),
})

/** A funding rate per the venue's own interval, as one per eight hours. */
export const toFunding = (
  { rate, interval, eventAt }: { rate: unknown; interval: DurationMs; eventAt?: number | undefined },
  stamp: Stamp,
): FundingRate => ({
  type: 'funding',
  ...stamp,
  eventAt: eventAt === undefined ? stamp.receivedAt : timestamp(positive(eventAt, 'funding time')),
  fundingRate: fundingPer8h(finite(rate, 'funding rate'), interval),
})

/** `8h` as a duration. */
export function parseInterval(text: string | undefined): DurationMs {
  const hours = /^(\d+)h$/.exec(text ?? '')?.[1]
  const minutes = /^(\d+)m$/.exec(text ?? '')?.[1]
  if (hours !== undefined) return duration(positive(hours, 'funding interval') * HOUR)
  if (minutes !== undefined) return duration(positive(minutes, 'funding interval') * MINUTE)
  throw new UnreadableError(`Expected a funding interval such as 8h, was ${String(text)}`)
}

export const toTakerFlow = (
  { buy, sell, closeAt, interval }: { buy: number; sell: number; closeAt: number; interval: DurationMs },
  stamp: Stamp,
): TakerFlow => ({
  type: 'taker-flow',
  ...stamp,
  eventAt: timestamp(closeAt),
  interval,
  buyNotional: usd(notNegative(buy, 'taker buy notional')),
  sellNotional: usd(notNegative(sell, 'taker sell notional')),
})

/** Share of accounts that are net long. With a side that has none there is no ratio: 0 and 1 cannot be read. */
export function toAccountRatio(longShare: unknown, at: unknown, stampOf: (at: number) => Stamp): AccountRatio {
  const share = finite(longShare, 'share of long accounts')
  if (!(share > 0 && share < 1)) throw new UnreadableError(`Expected a share of long accounts in (0, 1), was ${share}`)
  const eventAt = timestamp(positive(at, 'account ratio time'))
  return { type: 'account-ratio', ...stampOf(eventAt), eventAt, longShare: fraction(share) }
}

/** How far mark is above index, both of one answer. */
export function toBasis(
  { mark, index, eventAt }: { mark: unknown; index: unknown; eventAt?: number | undefined },
  stamp: Stamp,
): Gauge {
  const [markPrice, indexPrice] = [positive(mark, 'mark price'), positive(index, 'index price')]
  return {
    type: 'basis',
    ...stamp,
    eventAt: eventAt === undefined ? stamp.receivedAt : timestamp(positive(eventAt, 'mark price time')),
    value: toBps(markPrice / indexPrice - 1),
  }
}

export interface Top {
  readonly bestBid: number
  readonly bestAsk: number
}

export function topOf(book: RawBook): Top {
  const [bestBid, bestAsk] = [positive(book.bids[0]?.[0], 'best bid'), positive(book.asks[0]?.[0], 'best ask')]
  if (bestBid >= bestAsk) throw new UnreadableError(`Expected bid < ask, was ${bestBid} and ${bestAsk}`)
  return { bestBid, bestAsk }
}

const NEAR = 0.01

/**
 * What rests within 1 % of mid on each side.
 *
 * @returns `complete` is false when the answer ended before 1 % on a side, so that the figure is a lower bound
 */
export function toBookDepth(
  book: RawBook,
  top: Top,
  stamp: Stamp,
  /** USD in one level; amounts are coins, contracts or dollars by venue. */
  notionalOf: (price: number, amount: number) => number,
): { readonly tick: BookDepth; readonly complete: boolean } {
  const mid = (top.bestBid + top.bestAsk) / 2
  const side = (levels: RawBook['bids'], within: (price: number) => boolean) => {
    let [sum, complete] = [0, false]
    for (const level of levels) {
      const at = positive(level[0], 'book price')
      if (!within(at)) {
        complete = true
        break
      }
      sum += notionalOf(at, notNegative(level[1], 'book amount'))
    }
    return { sum, complete }
  }
  const bids = side(book.bids, (at) => at >= mid * (1 - NEAR))
  const asks = side(book.asks, (at) => at <= mid * (1 + NEAR))
  return {
    tick: {
      type: 'book-depth',
      ...stamp,
      eventAt: book.timestamp === undefined ? stamp.receivedAt : timestamp(positive(book.timestamp, 'book time')),
      bidNotional: usd(bids.sum),
      askNotional: usd(asks.sum),
    },
    complete: bids.complete && asks.complete,
  }
}

/** One forced closing order. */
export interface LiquidationEvent {
  /** The venue's own name of the instrument. */
  readonly marketId: string
  /** What was closed. */
  readonly position: 'long' | 'short'
  /** Coins, or contracts where the venue counts so. */
  readonly quantity: number
  readonly price: number
  readonly at: TimestampMs
}
