import { duration, HOUR, MINUTE, timestamp } from '../../domain/units.ts'
import { type LiquidationEvent, positive, toAccountRatio, toOpenInterest } from './readings.ts'
import { field, type LiveVenue, list, pages } from './venue.ts'

/** OKX swaps: amounts in contracts; liquidations at most one an instrument and second. */
export const okx: LiveVenue = {
  venueId: 'okx',
  module: 'okx',
  options: { fetchMarkets: { types: ['swap'] }, defaultType: 'swap' },
  symbolOf: (asset) => `${asset}/USDT:USDT`,
  cadences: {
    bar: MINUTE,
    'open-interest': MINUTE,
    funding: MINUTE,
    'book-depth': MINUTE,
    liquidations: MINUTE,
    'account-ratio': duration(5 * MINUTE),
  },
  series: 'mark',
  candlesPerCall: 100,
  fundingPerCall: 100,

  async openInterest(client, symbol, stamp) {
    const answer = await client.fetchOpenInterest(symbol)
    return toOpenInterest(field(answer.info, 'oiCcy'), answer.timestamp, stamp())
  },

  async books(client, symbol) {
    const book = await client.fetchOrderBook(symbol, 5000)
    return { top: book, deep: book }
  },
  levelNotional(client, symbol) {
    const contractSize = positive(client.market(symbol).contractSize, 'contract size')
    return (price, contracts) => price * contracts * contractSize
  },

  liquidationPush: {
    coverage: 'sampled',
    scope: 'venue',
    watch: (client) => client.watchLiquidationsForSymbols(),
    read: readLiquidations,
  },

  /** Gives long over short, not the shares. */
  async accountRatios(client, symbol, { every, limit, since, until }, stampOf) {
    const span = until === undefined ? {} : { until }
    const rows = await client.fetchLongShortRatioHistory(symbol, every, since, limit, span)
    return rows.map((row) => () => {
      const ratio = positive(row.longShortRatio, 'ratio of long to short accounts')
      return toAccountRatio(ratio / (1 + ratio), row.timestamp, stampOf)
    })
  },
  accountRatiosPerCall: 100,

  async openInterestHistory(client, symbol, window, stampOf) {
    const rows = await pages({ ...window, step: HOUR, perCall: 100 }, async (begin, end) => {
      const request = { instId: client.market(symbol).id, period: '1H', limit: 100, begin, end }
      return list(field(await client.publicGetRubikStatContractsOpenInterestHistory(request), 'data'))
    })
    // A row is time, contracts, coins, dollars; newest first.
    return rows
      .map((row) => ({ at: Number(field(row, 0)), coins: field(row, 2) }))
      .sort((a, b) => a.at - b.at)
      .map(
        ({ at, coins }) =>
          () =>
            toOpenInterest(coins, positive(at, 'open-interest time'), stampOf(at)),
      )
  },
}

/** Every detail of every instrument; `sz` is in contracts, `side` is of the closing order: a sell closed a long. */
export function readLiquidations(message: unknown): readonly LiquidationEvent[] {
  return list(field(message, 'data')).flatMap((row) =>
    list(field(row, 'details')).map((detail) => ({
      marketId: String(field(row, 'instId')),
      position: field(detail, 'side') === 'sell' ? ('long' as const) : ('short' as const),
      quantity: positive(field(detail, 'sz'), 'liquidated quantity'),
      price: positive(field(detail, 'bkPx'), 'liquidation price'),
      at: timestamp(positive(field(detail, 'ts'), 'liquidation time')),
    })),
  )
}
