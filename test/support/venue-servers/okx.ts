import { ASSETS, candles, HOUR, levels, MINUTE, priceAt, times } from './prices.ts'
import { startVenueServer } from './server.ts'

/** OKX v5 swaps: contracts of a tenth of a coin (ETH) or a hundredth (BTC), newest first, liquidations in `details`. */
export const startOkx = ({ now }: { now: () => number }) => {
  const ok = (data: unknown) => ({ code: '0', msg: '', data })
  return startVenueServer({
    answer({ path, query }): unknown {
      const instId = String(query.instId ?? '')
      const asset = instId.split('-')[0]!
      const limit = Number(query.limit ?? 100)
      switch (path.replace('/api/v5', '')) {
        case '/public/instruments':
          return ok(ASSETS.map(instrument))
        case '/market/mark-price-candles':
        case '/market/history-mark-price-candles': {
          const length = query.bar === '1H' ? HOUR : MINUTE
          const from = query.before === undefined ? undefined : Number(query.before) + 1
          return ok(
            candles(asset, { length, from, now: now(), limit })
              .map(({ openAt, open, high, low, close }) => [...[openAt, open, high, low, close].map(String), '0'])
              .reverse(),
          )
        }
        case '/public/position-tiers':
          return query.tdMode === 'isolated' && query.instType === 'SWAP'
            ? ok(positionTiers(String(query.uly)))
            : undefined
        case '/public/open-interest':
          return ok([
            { instId, instType: 'SWAP', oi: '5000000', oiCcy: '500000', oiUsd: '1500000000', ts: String(now()) },
          ])
        case '/rubik/stat/contracts/open-interest-history':
          return ok(
            times({ step: HOUR, from: Number(query.begin), to: Math.min(Number(query.end), now()) })
              .slice(0, limit)
              .map((at) => [String(at), '5000000', '500000', '1500000000'])
              .reverse(),
          )
        case '/rubik/stat/contracts/long-short-account-ratio-contract': {
          const step = query.period === '1H' ? HOUR : 5 * MINUTE
          const to = Math.min(Number(query.end ?? now()), now())
          const at = times({ step, from: Number(query.begin ?? to - limit * step), to }).slice(-limit)
          return ok(at.map((time) => [String(time), '0.9398602814619824']).reverse())
        }
        case '/public/funding-rate': {
          const fundingTime = Math.ceil(now() / (8 * HOUR)) * 8 * HOUR
          const rate = {
            instId,
            instType: 'SWAP',
            fundingRate: '0.00015',
            nextFundingRate: '',
            method: 'current_period',
          }
          const stamps = { fundingTime: String(fundingTime), nextFundingTime: String(fundingTime + 8 * HOUR) }
          return ok([{ ...rate, ...stamps, ts: String(now()) }])
        }
        case '/public/funding-rate-history':
          return ok(
            times({ step: 8 * HOUR, from: Number(query.before ?? 0) + 1, to: now() })
              .slice(-limit)
              .map((at) => ({
                ...{ instType: 'SWAP', instId, fundingRate: '0.00015', realizedRate: '0.00015' },
                fundingTime: String(at),
              }))
              .reverse(),
          )
        case '/market/books':
        case '/market/books-full': {
          const price = priceAt(asset, now())
          const { bids, asks } = levels(price, { step: price / 20_000, count: 400, amount: 50 })
          const text = (side: [number, number][]) =>
            side.map(([at, contracts]) => [at.toFixed(2), String(contracts), '0', '4'])
          return ok([{ asks: text(asks), bids: text(bids), ts: String(now()) }])
        }
        default:
          return undefined
      }
    },
    hear(text) {
      if (text === 'ping') return ['pong']
      const { op, args = [] } = JSON.parse(text) as { op: string; args?: unknown[] }
      return op === 'subscribe' ? args.map((arg) => ({ event: 'subscribe', arg, connId: 'loopback' })) : []
    },
  })
}

/** `side` is the closing order's; sizes are in contracts. */
export const liquidationOrders = (instId: string, at: number, side: 'buy' | 'sell' = 'sell') => ({
  arg: { channel: 'liquidation-orders', instType: 'SWAP' },
  data: [
    {
      details: ['13', '7'].map((sz) => ({
        ...{ bkLoss: '0', bkPx: '3000', ccy: '', side, sz, ts: String(at) },
        posSide: side === 'sell' ? 'long' : 'short',
      })),
      instFamily: instId.replace('-SWAP', ''),
      instId,
      instType: 'SWAP',
      uly: instId.replace('-SWAP', ''),
    },
  ],
})

/** Sizes are in contracts. */
const positionTiers = (family: string) =>
  [
    ['0', '5000', '0.004', '0.01', '100'],
    ['5000.01', '10000', '0.005', '0.015', '66.66'],
    ['10000.01', '25000', '0.0075', '0.02', '50'],
  ].map(([minSz, maxSz, mmr, imr, maxLever], i) => ({
    ...{ baseMaxLoan: '', imr, instFamily: family, instId: '', maxLever, maxSz, minSz, mmr },
    ...{ optMgnFactor: '0', quoteMaxLoan: '', tier: String(i + 1), uly: family },
  }))

const instrument = (asset: string) => ({
  alias: '',
  baseCcy: '',
  category: '1',
  ctMult: '1',
  ctType: 'linear',
  ctVal: asset === 'ETH' ? '0.1' : '0.01',
  ctValCcy: asset,
  expTime: '',
  instFamily: `${asset}-USDT`,
  instId: `${asset}-USDT-SWAP`,
  instType: 'SWAP',
  lever: '100',
  listTime: '1573557408000',
  lotSz: '0.01',
  maxLmtSz: '100000000',
  maxMktSz: '20000',
  minSz: '0.01',
  optType: '',
  quoteCcy: '',
  ruleType: 'normal',
  settleCcy: 'USDT',
  state: 'live',
  stk: '',
  tickSz: '0.01',
  uly: `${asset}-USDT`,
})
