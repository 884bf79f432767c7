import type { Asset, Gauge, Liquidations, TakerFlow } from '../../domain/market/tick.ts'
import { duration, HOUR, MINUTE, SECOND, type TimestampMs, timestamp, usd } from '../../domain/units.ts'
import type { VenueClient } from './client.ts'
import { readOptionSurface } from './deribit-options.ts'
import { positive, type Stamp, toBasis, toOpenInterest, toTakerFlow } from './readings.ts'
import { field, type LiveVenue, list } from './venue.ts'

const SETTLE = 5_000 // a minute is asked for once trades of its last moment have been booked
const TRADES_PER_CALL = 1000
const WITH_OPTIONS = ['BTC', 'ETH'] // settled in the coin itself
const SURFACE_EVERY = duration(5 * MINUTE) // every option in one answer: a thousand of them

/** Deribit inverse perpetuals: amounts in USD; its trades say whose liquidation they were. */
export const deribit: LiveVenue = {
  venueId: 'deribit',
  module: 'deribit',
  options: {},
  marketParams: { currency: 'any', kind: 'future' },
  symbolOf: (asset) => `${asset}/USD:${asset}`,
  cadences: {
    bar: MINUTE,
    'open-interest': MINUTE,
    funding: MINUTE,
    basis: MINUTE,
    'implied-volatility': MINUTE,
    'option-term-slope': SURFACE_EVERY,
    'option-skew-7d': SURFACE_EVERY,
    'option-skew-30d': SURFACE_EVERY,
    'taker-flow': MINUTE,
    'book-depth': MINUTE,
    liquidations: MINUTE,
  },
  only: {
    'implied-volatility': WITH_OPTIONS,
    'option-term-slope': WITH_OPTIONS,
    'option-skew-7d': WITH_OPTIONS,
    'option-skew-30d': WITH_OPTIONS,
  },
  series: 'perp',
  candlesPerCall: 5000,
  fundingPerCall: 744,
  pastFundingInterval: duration(8 * HOUR), // each row is the rate over the eight hours before it

  /** Dollars of contracts over the mark price of the same answer. */
  async openInterest(client, symbol, stamp) {
    const answer = await client.fetchOpenInterest(symbol)
    const mark = positive(field(answer.info, 'mark_price'), 'mark price')
    const dollars = positive(answer.openInterestValue, 'open interest')
    return toOpenInterest(dollars / mark, answer.timestamp, stamp())
  },

  async basis(client, symbol, stamp) {
    const answer = await client.publicGetTicker({ instrument_name: client.market(symbol).id })
    const ticker = field(answer, 'result')
    const eventAt = positive(field(ticker, 'timestamp'), 'ticker time')
    return toBasis({ mark: field(ticker, 'mark_price'), index: field(ticker, 'index_price'), eventAt }, stamp())
  },

  async impliedVolatility(client, asset, { every, since, until }, stampOf) {
    const candles = await fetchVolatilityIndex(client, { asset, every, since, until })
    return candles.map((candle) => () => readVolatility(candle, every, stampOf))
  },

  optionSurface: readOptionSurface,

  async books(client, symbol) {
    const book = await client.fetchOrderBook(symbol, 1000)
    return { top: book, deep: book }
  },
  levelNotional: () => (_price, dollars) => dollars,

  async takerFlow(client, symbol, { interval, now }, stamp) {
    if (interval === 'hour') return []
    const { trades, closeAt } = await lastMinute(client, symbol, now)
    return [() => readTakerFlow(trades, closeAt, stamp())]
  },

  async liquidationPoll(client, symbol, { now }, stamp) {
    const { trades, closeAt } = await lastMinute(client, symbol, now)
    return [() => readLiquidations(trades, closeAt, stamp())]
  },
}

const CANDLE = { minute: MINUTE, hour: HOUR } as const

/** Closed candles of the venue's volatility index (its options about 30 days out), oldest first. */
async function fetchVolatilityIndex(
  client: VenueClient,
  { asset, every, since, until }: { asset: Asset; every: keyof typeof CANDLE; since: number; until: number },
): Promise<readonly unknown[]> {
  let candles: readonly unknown[] = []
  for (let end = until; end > since; ) {
    const answer = await client.publicGetGetVolatilityIndexData({
      currency: asset,
      start_timestamp: since,
      end_timestamp: end,
      resolution: String(CANDLE[every] / SECOND),
    })
    const result = field(answer, 'result')
    candles = [...list(field(result, 'data')), ...candles]
    // What did not fit is asked for up to where this answer begins.
    const continuation = field(result, 'continuation')
    if (typeof continuation !== 'number' || continuation >= end) break
    end = continuation
  }
  return candles.filter((candle) => !(Number(field(candle, 0)) + CANDLE[every] > until))
}

/** A candle is its open time, open, high, low and close, in percent a year. */
export function readVolatility(candle: unknown, every: keyof typeof CANDLE, stampOf: (at: number) => Stamp): Gauge {
  const closeAt = timestamp(positive(field(candle, 0), 'volatility index time') + CANDLE[every])
  const value = positive(field(candle, 4), 'volatility index') / 100
  return { type: 'implied-volatility', ...stampOf(closeAt), eventAt: closeAt, value }
}

/** The trades of the last closed minute; both feeds ask, the venue is asked once. */
async function lastMinute(client: VenueClient, symbol: string, now: TimestampMs) {
  const closeAt = Math.floor((now - SETTLE) / MINUTE) * MINUTE
  const cache = minutes.get(client) ?? new Map<string, { closeAt: number; trades: Promise<readonly unknown[]> }>()
  minutes.set(client, cache)
  const known = cache.get(symbol)
  if (known?.closeAt === closeAt) return { closeAt, trades: await known.trades }
  const trades = fetchTrades(client, symbol, closeAt)
  cache.set(symbol, { closeAt, trades })
  trades.catch(() => cache.delete(symbol))
  return { closeAt, trades: await trades }
}
const minutes = new WeakMap<VenueClient, Map<string, { closeAt: number; trades: Promise<readonly unknown[]> }>>()

async function fetchTrades(client: VenueClient, symbol: string, closeAt: number): Promise<readonly unknown[]> {
  const trades: unknown[] = []
  for (let from = closeAt - MINUTE; ; ) {
    const answer = await client.publicGetGetLastTradesByInstrumentAndTime({
      instrument_name: client.market(symbol).id,
      start_timestamp: from,
      end_timestamp: closeAt - 1,
      count: TRADES_PER_CALL,
      sorting: 'asc',
    })
    const page = list(field(field(answer, 'result'), 'trades'))
    trades.push(...page)
    const last = Number(field(page.at(-1), 'timestamp'))
    if (field(field(answer, 'result'), 'has_more') !== true || !(last >= from)) return trades
    from = last + 1
  }
}

/** `direction` is the taker's; `amount` is in USD. */
export function readTakerFlow(trades: readonly unknown[], closeAt: number, stamp: Stamp): TakerFlow {
  let [buy, sell] = [0, 0]
  for (const trade of trades) {
    const amount = positive(field(trade, 'amount'), 'trade amount')
    if (field(trade, 'direction') === 'buy') buy += amount
    else sell += amount
  }
  return toTakerFlow({ buy, sell, closeAt, interval: MINUTE }, stamp)
}

/** `liquidation` names the liquidated side of the trade: T the taker, M the maker, MT both. */
export function readLiquidations(trades: readonly unknown[], closeAt: number, stamp: Stamp): Liquidations {
  let [long, short] = [0, 0]
  for (const trade of trades) {
    const who = String(field(trade, 'liquidation') ?? '')
    if (who === '') continue
    const amount = positive(field(trade, 'amount'), 'trade amount')
    const takerSold = field(trade, 'direction') === 'sell'
    const [seller, buyer] = takerSold ? (['T', 'M'] as const) : (['M', 'T'] as const)
    if (who.includes(seller)) long += amount
    if (who.includes(buyer)) short += amount
  }
  return {
    type: 'liquidations',
    ...stamp,
    eventAt: timestamp(closeAt),
    interval: MINUTE,
    longNotional: usd(long),
    shortNotional: usd(short),
    coverage: 'full',
  }
}
