import { ASSETS, candles, HOUR, levels, MINUTE, priceAt, times } from './prices.ts'
import { startVenueServer } from './server.ts'

/** Hyperliquid's info endpoint: one address, the question is in the body. */
export const startHyperliquid = ({ now }: { now: () => number }) =>
  startVenueServer({
    answer({ path, body }): unknown {
      if (path !== '/info') return undefined
      const coin = String(body.coin ?? 'ETH')
      switch (body.type) {
        case 'meta':
          return META
        case 'metaAndAssetCtxs':
          return [
            { universe: ASSETS.map((name) => ({ name, szDecimals: 4, maxLeverage: 50, marginTableId: 50 })) },
            ASSETS.map((name) => context(priceAt(name, now()))),
          ]
        case 'candleSnapshot': {
          const { coin: asset, interval, startTime } = body.req as { coin: string; interval: string; startTime: number }
          const length = interval === '1h' ? HOUR : MINUTE
          const from = length === MINUTE ? undefined : startTime
          return candles(asset, { length, from, now: now(), limit: from === undefined ? 6 : 5000 }).map((candle) => ({
            ...{ t: candle.openAt, T: candle.openAt + length - 1, s: asset, i: interval, n: 46, v: '591.6427' },
            ...{ o: String(candle.open), c: String(candle.close), h: String(candle.high), l: String(candle.low) },
          }))
        }
        case 'fundingHistory':
          return times({ step: HOUR, from: Number(body.startTime), to: now() })
            .slice(0, 500)
            .map((time) => ({ coin, fundingRate: '0.0000125', premium: '0.0005', time }))
        case 'l2Book': {
          const price = priceAt(coin, now())
          const step =
            body.nSigFigs === undefined
              ? price / 30_000
              : 10 ** (Math.floor(Math.log10(price)) + 1 - Number(body.nSigFigs))
          const { bids, asks } = levels(price, { step, count: 20, amount: 5 })
          const side = (rows: [number, number][]) => rows.map(([px, sz]) => ({ px: String(px), sz: String(sz), n: 2 }))
          return { coin, levels: [side(bids), side(asks)], time: now() }
        }
        default:
          return undefined
      }
    },
  })

/** BTC has a table of its own, ETH, below 50, one maximum for every size. */
const META = {
  universe: [
    { name: 'BTC', szDecimals: 5, maxLeverage: 40, marginTableId: 56 },
    { name: 'ETH', szDecimals: 4, maxLeverage: 25, marginTableId: 25 },
  ],
  marginTables: [
    [
      56,
      {
        description: 'tiered 40x',
        marginTiers: [
          { lowerBound: '0.0', maxLeverage: 40 },
          { lowerBound: '150000000.0', maxLeverage: 20 },
        ],
      },
    ],
  ],
  collateralToken: 0,
}

const context = (price: number) => ({
  funding: '0.0000125',
  openInterest: '400000.0',
  prevDayPx: String(price),
  dayNtlVlm: '1516669192.19',
  premium: '0.0001',
  oraclePx: String(price / 1.0002),
  markPx: String(price),
  midPx: String(price),
  impactPxs: [String(price), String(price)],
  dayBaseVlm: '19707.77',
})
