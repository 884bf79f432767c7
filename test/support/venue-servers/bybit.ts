import { ASSETS, candles, HOUR, levels, MINUTE, priceAt, times } from './prices.ts'
import { startVenueServer } from './server.ts'

/** Bybit v5 linear: newest first in lists, open interest of both sides, every liquidation pushed. */
export const startBybit = ({ now }: { now: () => number }) => {
  const ok = (result: unknown) => ({ retCode: 0, retMsg: 'OK', result, retExtInfo: {}, time: now() })
  return startVenueServer({
    answer({ path, query }): unknown {
      const symbol = String(query.symbol ?? '')
      const asset = symbol.replace('USDT', '')
      const limit = Number(query.limit ?? 200)
      switch (path) {
        case '/v5/market/instruments-info':
          return ok({ category: 'linear', nextPageCursor: '', list: query.status ? [] : ASSETS.map(instrument) })
        case '/v5/market/mark-price-kline': {
          const length = Number(query.interval) * MINUTE
          const from = query.start === undefined ? undefined : Number(query.start)
          const rows = candles(asset, { length, from, now: now(), limit })
          return ok({
            symbol,
            category: 'linear',
            list: rows
              .map(({ openAt, open, high, low, close }) => [String(openAt), ...[open, high, low, close].map(String)])
              .reverse(),
          })
        }
        case '/v5/market/open-interest': {
          const step = query.intervalTime === '1h' ? HOUR : 5 * MINUTE
          const to = Math.min(Number(query.endTime ?? now()), now())
          const at = times({ step, from: Number(query.startTime ?? to - limit * step), to }).slice(-limit)
          return ok({
            symbol,
            category: 'linear',
            list: at.map((timestamp) => ({ openInterest: '900000.00', timestamp: String(timestamp) })).reverse(),
            nextPageCursor: '',
          })
        }
        case '/v5/market/account-ratio': {
          if (query.period !== '5min' && query.period !== '1h') {
            return { retCode: 10001, retMsg: 'period is invalid', result: {}, retExtInfo: {}, time: now() }
          }
          const step = query.period === '1h' ? HOUR : 5 * MINUTE
          const to = Math.min(Number(query.endTime ?? now()), now())
          const at = times({ step, from: Number(query.startTime ?? to - limit * step), to }).slice(-limit)
          const row = { symbol, buyRatio: '0.5707', sellRatio: '0.4293' }
          const list = at.map((timestamp) => ({ ...row, timestamp: String(timestamp) })).reverse()
          return ok({ list, nextPageCursor: '' })
        }
        case '/v5/market/tickers': {
          const price = String(priceAt(asset, now()))
          const indexPrice = String(priceAt(asset, now()) / 0.9995)
          const ticker = { symbol, lastPrice: price, indexPrice, markPrice: price, openInterest: '900000.00' }
          const funding = { fundingRate: '0.0002', nextFundingTime: String(now() + HOUR) }
          return ok({ category: 'linear', list: [{ ...ticker, ...funding, bid1Price: price, ask1Price: price }] })
        }
        case '/v5/market/funding/history': {
          const to = Math.min(Number(query.endTime ?? now()), now())
          const at = times({ step: 8 * HOUR, from: Number(query.startTime ?? 0), to }).slice(-limit)
          const rows = at.map((time) => ({ symbol, fundingRate: '0.0002', fundingRateTimestamp: String(time) }))
          return ok({ category: 'linear', list: rows.reverse() })
        }
        case '/v5/market/risk-limit':
          return ok({ category: 'linear', nextPageCursor: '', list: riskLimits(symbol) })
        case '/v5/market/orderbook': {
          const price = priceAt(asset, now())
          const { bids, asks } = levels(price, { step: price / 20_000, count: 500, amount: 3 })
          const text = (side: [number, number][]) => side.map((level) => level.map((value) => value.toFixed(3)))
          return ok({ s: symbol, b: text(bids), a: text(asks), ts: now(), u: 1, seq: 1, cts: now() })
        }
        default:
          return undefined
      }
    },
    hear(text) {
      const { op, req_id } = JSON.parse(text) as { op: string; req_id?: string }
      const said = { success: true, conn_id: 'loopback', req_id, op }
      return op === 'ping' ? [{ ...said, ret_msg: 'pong' }] : [{ ...said, ret_msg: '' }]
    },
  })
}

/** The side is the position's: Buy was a long. */
export const allLiquidation = (symbol: string, at: number, side: 'Buy' | 'Sell' = 'Buy') => ({
  topic: `allLiquidation.${symbol}`,
  type: 'snapshot',
  ts: at,
  data: [
    { T: at, s: symbol, S: side, v: '1.5', p: '3000.00' },
    { T: at, s: symbol, S: side, v: '0.5', p: '3000.00' },
  ],
})

/** The lowest tier's deduction is blank. */
const riskLimits = (symbol: string) =>
  [
    ['900000', '0.005', '100.00', ''],
    ['1200000', '0.0056', '90.00', '540'],
    ['1500000', '0.0063', '80.00', '1380'],
  ].map(([riskLimitValue, maintenanceMargin, maxLeverage, mmDeduction], i) => ({
    ...{ id: i + 1, symbol, riskLimitValue, maintenanceMargin, maxLeverage, mmDeduction },
    ...{ initialMargin: '0.02', isLowestRisk: i === 0 ? 1 : 0 },
  }))

const instrument = (asset: string) => ({
  symbol: `${asset}USDT`,
  contractType: 'LinearPerpetual',
  status: 'Trading',
  baseCoin: asset,
  quoteCoin: 'USDT',
  settleCoin: 'USDT',
  launchTime: '1585526400000',
  deliveryTime: '0',
  deliveryFeeRate: '',
  priceScale: '2',
  leverageFilter: { minLeverage: '1', maxLeverage: '100.00', leverageStep: '0.01' },
  priceFilter: { minPrice: '0.01', maxPrice: '1999999.98', tickSize: '0.01' },
  lotSizeFilter: { maxOrderQty: '1190.000', minOrderQty: '0.001', qtyStep: '0.001', minNotionalValue: '5' },
  unifiedMarginTrade: true,
  fundingInterval: 480,
})
