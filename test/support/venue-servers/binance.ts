import { ASSETS, candles, HOUR, levels, MINUTE, priceAt, times } from './prices.ts'
import { startVenueServer } from './server.ts'

/** Binance USDⓈ-M: mark price candles, klines with taker volume, open interest in coins, accounts as shares, forced orders on
 * `/market`. */
export const startBinance = ({ now }: { now: () => number }) =>
  startVenueServer({
    answer({ path, query }): unknown {
      const asset = String(query.symbol ?? 'ETHUSDT').replace('USDT', '')
      const length = query.interval === '1h' ? HOUR : MINUTE
      const from = query.startTime === undefined ? undefined : Number(query.startTime)
      const limit = Number(query.limit ?? 500)
      switch (path) {
        case '/fapi/v1/exchangeInfo':
          return { timezone: 'UTC', serverTime: now(), rateLimits: [], symbols: ASSETS.map(symbolInfo) }
        case '/fapi/v1/markPriceKlines':
        case '/fapi/v1/klines':
          return candles(asset, { length, from, now: now(), limit }).map(({ openAt, open, high, low, close }) => [
            openAt,
            ...[open, high, low, close].map((value) => value.toFixed(2)),
            '50.5',
            openAt + length - 1,
            '150000.00',
            100,
            '30.3',
            '90000.00',
            '0',
          ])
        case '/fapi/v1/openInterest':
          return { symbol: query.symbol, openInterest: '2000000.500', time: now() }
        case '/futures/data/openInterestHist':
          return times({ step: HOUR, from: from ?? 0, to: Math.min(Number(query.endTime), now()) })
            .slice(0, limit)
            .map((timestamp) => ({
              symbol: query.symbol,
              sumOpenInterest: '1990000.00000000',
              sumOpenInterestValue: '5970000000.00000000',
              timestamp,
            }))
        case '/futures/data/globalLongShortAccountRatio': {
          const step = query.period === '1h' ? HOUR : 5 * MINUTE
          const to = Math.min(Number(query.endTime ?? now()), now())
          const at = times({ step, from: from ?? to - limit * step, to })
          return (from === undefined ? at.slice(-limit) : at.slice(0, limit)).map((timestamp) => ({
            ...{ symbol: query.symbol, longAccount: '0.6442', longShortRatio: '1.8106', shortAccount: '0.3558' },
            timestamp,
          }))
        }
        case '/fapi/v1/premiumIndex':
          return {
            symbol: query.symbol,
            markPrice: priceAt(asset, now()).toFixed(8),
            indexPrice: (priceAt(asset, now()) / 1.001).toFixed(8),
            estimatedSettlePrice: '0',
            lastFundingRate: '0.00010000',
            interestRate: '0.00010000',
            nextFundingTime: Math.ceil(now() / (8 * HOUR)) * 8 * HOUR,
            time: now(),
          }
        case '/fapi/v1/fundingInfo':
          return [
            {
              symbol: 'BTCUSDT',
              adjustedFundingRateCap: '0.03000000',
              adjustedFundingRateFloor: '-0.03000000',
              fundingIntervalHours: 4,
              disclaimer: false,
            },
          ]
        case '/fapi/v1/fundingRate':
          return times({ step: 8 * HOUR, from: from ?? 0, to: now() })
            .slice(0, limit)
            .map((fundingTime) => ({ symbol: query.symbol, fundingTime, fundingRate: '0.00010000', markPrice: '3000' }))
        case '/fapi/v1/depth': {
          const price = priceAt(asset, now())
          const { bids, asks } = levels(price, { step: price / 50_000, count: 1000, amount: 2 })
          const text = (side: [number, number][]) => side.map(([at, amount]) => [at.toFixed(2), amount.toFixed(3)])
          return { lastUpdateId: 1, E: now(), T: now(), bids: text(bids), asks: text(asks) }
        }
        default:
          return undefined
      }
    },
    hear(text) {
      const { id, method } = JSON.parse(text) as { id: number; method: string }
      return method === 'SUBSCRIBE' ? [{ result: null, id }] : []
    },
  })

/** SELL closes a long. */
export const forceOrder = (symbol: string, at: number, side: 'BUY' | 'SELL' = 'SELL') => ({
  e: 'forceOrder',
  E: at,
  o: {
    ...{ s: symbol, S: side, o: 'LIMIT', f: 'IOC', q: '10.000', p: '2990.00', ap: '3000.00' },
    ...{ X: 'FILLED', l: '4.000', z: '10.000', T: at },
  },
})

const symbolInfo = (asset: string) => ({
  symbol: `${asset}USDT`,
  pair: `${asset}USDT`,
  contractType: 'PERPETUAL',
  deliveryDate: 4133404800000,
  onboardDate: 1569398400000,
  status: 'TRADING',
  baseAsset: asset,
  quoteAsset: 'USDT',
  marginAsset: 'USDT',
  pricePrecision: 2,
  quantityPrecision: 3,
  underlyingType: 'COIN',
  underlyingSubType: [],
  filters: [
    { filterType: 'PRICE_FILTER', minPrice: '0.01', maxPrice: '1000000', tickSize: '0.01' },
    { filterType: 'LOT_SIZE', minQty: '0.001', maxQty: '10000', stepSize: '0.001' },
  ],
  orderTypes: ['LIMIT', 'MARKET'],
  timeInForce: ['GTC', 'IOC'],
})
