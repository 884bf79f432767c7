import { duration, HOUR, MINUTE, timestamp } from '../../domain/units.ts'
import { finite, type LiquidationEvent, positive, toAccountRatio, toOpenInterest, UnreadableError } from './readings.ts'
import { field, type LiveVenue, list, pages } from './venue.ts'

/** Bybit linear perpetuals: every liquidation is pushed; open interest counts both sides and moves every five minutes. */
export const bybit: LiveVenue = {
  venueId: 'bybit',
  module: 'bybit',
  options: { fetchMarkets: { types: ['linear'] } },
  symbolOf: (asset) => `${asset}/USDT:USDT`,
  cadences: {
    bar: MINUTE,
    'open-interest': duration(5 * MINUTE),
    funding: MINUTE,
    basis: MINUTE,
    'book-depth': MINUTE,
    liquidations: MINUTE,
    'account-ratio': duration(5 * MINUTE),
  },
  fundingSaysBasis: true,
  series: 'mark',
  candlesPerCall: 1000,
  fundingPerCall: 200,

  async openInterest(client, symbol, stamp) {
    const answer = await client.fetchOpenInterest(symbol, { interval: '5m' })
    return toOpenInterest(oneSided(answer.info), answer.timestamp, stamp())
  },

  async books(client, symbol) {
    const book = await client.fetchOrderBook(symbol, 1000)
    return { top: book, deep: book }
  },
  levelNotional: () => (price, amount) => price * amount,

  liquidationPush: {
    coverage: 'full',
    scope: 'asset',
    watch: (client, symbols) => Promise.race(symbols.map((symbol) => client.watchLiquidations(symbol))),
    read: (message) => list(field(message, 'data')).map(readLiquidation),
  },

  /** Asked for without ccxt's reading of the answer, which throws at the first figure that is no number. */
  async accountRatios(client, symbol, { every, limit, since, until }, stampOf) {
    const answer = await client.publicGetV5MarketAccountRatio({
      category: 'linear',
      symbol: client.market(symbol).id,
      period: every === '5m' ? '5min' : every,
      limit,
      ...(since === undefined ? {} : { startTime: since, endTime: until }),
    })
    const rows = list(field(field(answer, 'result'), 'list')) // newest first
    return rows
      .toReversed()
      .map((row) => () => toAccountRatio(field(row, 'buyRatio'), field(row, 'timestamp'), stampOf))
  },
  accountRatiosPerCall: 500,

  async openInterestHistory(client, symbol, window, stampOf) {
    const rows = await pages({ ...window, step: HOUR, perCall: 200 }, (since, until) =>
      client.fetchOpenInterestHistory(symbol, '1h', since, 200, { until }),
    )
    return rows.map((row) => () => {
      const at = positive(row.timestamp, 'open-interest time')
      return toOpenInterest(oneSided(row.info), at, stampOf(at))
    })
  },
}

/**
 * `openInterest` is the sum of both sides; newer answers also carry the one side.
 *
 * @see https://bybit-exchange.github.io/docs/v5/market/open-interest
 */
export function oneSided(info: unknown): number {
  const single = field(info, 'singleOpenInterest')
  return single === undefined || single === ''
    ? finite(field(info, 'openInterest'), 'open interest') / 2
    : finite(single, 'open interest')
}

/**
 * `S` is the side of the liquidated position, not of the order that closed it: Buy is a long that was liquidated.
 *
 * @see https://bybit-exchange.github.io/docs/v5/websocket/public/all-liquidation
 */
export function readLiquidation(row: unknown): LiquidationEvent {
  const side = field(row, 'S')
  if (side !== 'Buy' && side !== 'Sell') throw new UnreadableError(`Expected Buy or Sell, was ${String(side)}`)
  return {
    marketId: String(field(row, 's')),
    position: side === 'Buy' ? 'long' : 'short',
    quantity: positive(field(row, 'v'), 'liquidated quantity'),
    price: positive(field(row, 'p'), 'liquidation price'),
    at: timestamp(positive(field(row, 'T'), 'liquidation time')),
  }
}
