import { type DurationMs, duration, HOUR, MINUTE, timestamp } from '../../domain/units.ts'
import {
  finite,
  type LiquidationEvent,
  parseInterval,
  positive,
  toAccountRatio,
  toOpenInterest,
  toTakerFlow,
} from './readings.ts'
import { field, type LiveVenue, list, pages } from './venue.ts'

const FLOW_INTERVALS = { minute: { text: '1m', length: MINUTE }, hour: { text: '1h', length: HOUR } } as const
const USUAL_FUNDING_INTERVAL = '8h' // fundingInfo names only the contracts that differ

/** Binance USDⓈ-M: coins, one-sided; liquidations sampled, the latest per symbol and second. */
export const binance: LiveVenue = {
  venueId: 'binance',
  module: 'binanceusdm',
  options: { fetchMarkets: { types: ['linear'] } },
  symbolOf: (asset) => `${asset}/USDT:USDT`,
  cadences: {
    bar: MINUTE,
    'open-interest': MINUTE,
    funding: MINUTE,
    basis: MINUTE,
    'taker-flow': MINUTE,
    'book-depth': MINUTE,
    liquidations: MINUTE,
    'account-ratio': duration(5 * MINUTE),
  },
  fundingSaysBasis: true,
  series: 'mark',
  candlesPerCall: 1000,
  fundingPerCall: 1000,

  async openInterest(client, symbol, stamp) {
    const answer = await client.fetchOpenInterest(symbol)
    return toOpenInterest(answer.openInterestAmount, answer.timestamp, stamp())
  },

  async fundingInterval(client, symbol): Promise<DurationMs> {
    const known = await client.fetchFundingIntervals([symbol])
    return parseInterval(known[symbol]?.interval ?? USUAL_FUNDING_INTERVAL)
  },

  async books(client, symbol) {
    const book = await client.fetchOrderBook(symbol, 1000)
    return { top: book, deep: book }
  },
  levelNotional: () => (price, amount) => price * amount,

  async takerFlow(client, symbol, { interval, since, now }, stamp) {
    const { text, length } = FLOW_INTERVALS[interval]
    const klines = await client.fapiPublicGetKlines({
      symbol: client.market(symbol).id,
      interval: text,
      ...(since === undefined ? { limit: 5 } : { startTime: since, limit: 1000 }),
    })
    return list(klines)
      .filter((kline) => Number(field(kline, 0)) + length <= now)
      .map((kline) => () => readTakerFlow(kline, length, stamp()))
  },

  liquidationPush: {
    coverage: 'sampled',
    scope: 'venue',
    watch: (client) => client.watchLiquidationsForSymbols([]),
    read: (message) => [readForceOrder(message)],
  },

  /** Every account that holds a position counts once, whatever its size. */
  async accountRatios(client, symbol, { every, limit, since, until }, stampOf) {
    const span = until === undefined ? {} : { until }
    const rows = await client.fetchLongShortRatioHistory(symbol, every, since, limit, span)
    return rows.map((row) => () => toAccountRatio(field(row.info, 'longAccount'), row.timestamp, stampOf))
  },
  accountRatiosPerCall: 500,

  async openInterestHistory(client, symbol, window, stampOf) {
    const rows = await pages({ ...window, step: HOUR, perCall: 500 }, (since, until) =>
      client.fetchOpenInterestHistory(symbol, '1h', since, 500, { until }),
    )
    return rows.map((row) => () => {
      const at = positive(row.timestamp, 'open-interest time')
      return toOpenInterest(row.openInterestAmount, at, stampOf(at))
    })
  },
}

/** Fields 7 and 10 of a kline: quote volume, and the part of it that takers bought. */
export function readTakerFlow(kline: unknown, interval: DurationMs, stamp: Parameters<typeof toTakerFlow>[1]) {
  const [total, buy] = [finite(field(kline, 7), 'quote volume'), finite(field(kline, 10), 'taker buy volume')]
  const closeAt = positive(field(kline, 0), 'candle time') + interval
  return toTakerFlow({ buy, sell: total - buy, closeAt, interval }, stamp)
}

/** `S` is the side of the closing order: SELL closed a long. */
export function readForceOrder(message: unknown): LiquidationEvent {
  const order = field(message, 'o')
  const average = Number(field(order, 'ap'))
  return {
    marketId: String(field(order, 's')),
    position: field(order, 'S') === 'SELL' ? 'long' : 'short',
    quantity: positive(field(order, 'z') ?? field(order, 'q'), 'liquidated quantity'),
    price: positive(average > 0 ? average : field(order, 'p'), 'liquidation price'),
    at: timestamp(positive(field(order, 'T'), 'liquidation time')),
  }
}
