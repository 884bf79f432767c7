import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { timestamp } from '../../../src/domain/units.ts'
import { binance, readForceOrder } from '../../../src/venues/live/binance.ts'
import { bybit, readLiquidation } from '../../../src/venues/live/bybit.ts'
import { connectVenue } from '../../../src/venues/live/client.ts'
import {
  deribit,
  readTakerFlow as readTradeFlow,
  readLiquidations as readTrades,
} from '../../../src/venues/live/deribit.ts'
import { hyperliquid } from '../../../src/venues/live/hyperliquid.ts'
import { okx, readLiquidations } from '../../../src/venues/live/okx.ts'
import { parseInterval, type Stamp, toBar, toBookDepth, toFunding, topOf } from '../../../src/venues/live/readings.ts'
import type { LiveVenue } from '../../../src/venues/live/venue.ts'
import { startVenues } from '../../support/venue-servers/index.ts'

const RECORDED = new URL('../../../../shared/specs/exchanges/', import.meta.url)
const skip = existsSync(RECORDED) ? false : '../shared/specs/exchanges is not there'
const recorded = (path: string) => JSON.parse(readFileSync(new URL(path, RECORDED), 'utf8'))
const recordedCase = (venue: string, method: string) =>
  recorded(`ccxt/${venue}.json`).cases.find((one: { method: string }) => one.method === method)

const stamp =
  (venue: string): (() => Stamp) =>
  () => ({ venue, asset: 'BTC', receivedAt: timestamp(2e12) })

/** The real ccxt client of a venue, against a server that gives one recorded answer. */
async function answered<T>(
  venue: LiveVenue,
  [name, answer]: readonly [string, unknown],
  ask: (client: Awaited<ReturnType<typeof connectVenue>>) => Promise<T>,
): Promise<T> {
  const venues = await startVenues({ now: Date.now })
  const server = venues[venue.venueId as 'binance']
  server.replace(name, () => answer)
  const { venueId, options } = venue
  const client = await connectVenue(venue.module, { venueId, endpoint: server.endpoint, options })
  try {
    await client.loadMarkets(false, venue.marketParams ?? {})
    return await ask(client)
  } finally {
    await client.close()
    await venues.stop()
  }
}

test("Bybit's recorded open interest of both sides is halved", { skip }, async () => {
  const { httpResponse } = recordedCase('bybit', 'fetchOpenInterest')
  const tick = await answered(bybit, ['open-interest', httpResponse], (client) =>
    bybit.openInterest(client, 'BTC/USDT:USDT', stamp('bybit')),
  )
  assert.equal(tick.openInterest, 62129.455 / 2)
  assert.equal(tick.eventAt, 1739725200000)
})

test("OKX's recorded open interest is taken in coins, not in contracts", { skip }, async () => {
  const { httpResponse } = recordedCase('okx', 'fetchOpenInterest')
  const tick = await answered(okx, ['open-interest', httpResponse], (client) =>
    okx.openInterest(client, 'BTC/USDT:USDT', stamp('okx')),
  )
  assert.ok(Math.abs(tick.openInterest - 26631.073) < 0.001)
})

test('recorded books of every venue give depth in dollars', { skip }, async () => {
  const cases = [
    [bybit, 'orderbook', recorded('nautilus/bybit/http_get_orderbook.json'), 27450.5, 27451],
    [okx, 'books-full', recorded('nautilus/okx/http_get_order_book.json'), undefined, undefined],
    [deribit, 'get_order_book', recorded('nautilus/deribit/http_get_order_book.json'), 87002.5, 87003],
    [hyperliquid, 'l2Book', recorded('nautilus/hyperliquid/http_l2_book_btc.json'), 110427, 110428],
  ] as const
  for (const [venue, name, answer, bid, ask] of cases) {
    const { top, depth } = await answered(venue, [name, answer], async (client) => {
      const symbol = venue.symbolOf('BTC')
      const books = await venue.books(client, symbol)
      const best = topOf(books.top)
      const depth = toBookDepth(books.deep, best, stamp(venue.venueId)(), venue.levelNotional(client, symbol))
      return { top: best, depth }
    })
    if (bid !== undefined) assert.deepEqual(top, { bestBid: bid, bestAsk: ask }, venue.venueId)
    assert.ok(depth.tick.bidNotional > 500 && depth.tick.askNotional > 500, venue.venueId)
    const contracts = 0.487921 * 41006.7 + 0.2397 * 41006.6 + 1.125 * 41006.5
    if (venue === okx) assert.ok(Math.abs(depth.tick.bidNotional - contracts * 0.01) < 1e-6, 'a contract is 0.01 BTC')
    if (venue === bybit) assert.equal(depth.tick.bidNotional, 1.5 * 27450.5 + 2 * 27450 + 0.75 * 27449.5)
    assert.equal(depth.complete, false, 'a short recorded book ends before 1 %, and that is known')
  }
})

test("Deribit's recorded candles and trades are read", { skip }, async () => {
  const answer = recorded('nautilus/deribit/http_get_tradingview_chart_data.json')
  const candles = await answered(deribit, ['get_tradingview_chart_data', answer], (client) =>
    client.fetchOHLCV('BTC/USD:BTC', '1m', undefined, 5),
  )
  const interval = parseInterval('1m')
  const bar = toBar(candles[0]!, stamp('deribit')(), { series: 'perp', interval, withVolume: true })
  assert.deepEqual([bar.eventAt, bar.openPrice, bar.lowPrice, bar.volume], [1766483520000, 87451, 87451, 2.94375216])

  const { trades } = recorded('nautilus/deribit/http_get_last_trades.json').result
  const flow = readTradeFlow(trades, 1766332080000, stamp('deribit')())
  const total = trades.reduce((sum: number, { amount }: { amount: number }) => sum + amount, 0)
  assert.equal(flow.buyNotional + flow.sellNotional, total)
  const none = readTrades(trades, 1766332080000, stamp('deribit')())
  assert.deepEqual([none.longNotional, none.shortNotional], [0, 0])
})

test('recorded funding histories of OKX and Hyperliquid are read per eight hours', { skip }, async () => {
  const cases = [
    [
      okx,
      'funding-rate-history',
      recorded('nautilus/okx/http_get_funding_rate_history.json'),
      '8h',
      [-0.00002, 0.00015],
    ],
    [
      hyperliquid,
      'fundingHistory',
      recorded('nautilus/hyperliquid/http_funding_history.json'),
      '1h',
      [1e-4, -6.48e-5, 2.64e-5],
    ],
  ] as const
  for (const [venue, name, answer, every, expected] of cases) {
    const rates = await answered(venue, [name, answer], (client) =>
      client.fetchFundingRateHistory(venue.symbolOf('BTC'), 1, 500),
    )
    const interval = parseInterval(every)
    const per8h = rates.map(({ fundingRate, timestamp: at }) =>
      Number(toFunding({ rate: fundingRate, interval, eventAt: at }, stamp(venue.venueId)()).fundingRate.toFixed(8)),
    )
    assert.deepEqual(per8h, expected, venue.venueId)
  }
})

test("Binance's recorded forced order is a liquidated long at its average price", { skip }, () => {
  const message = recorded('nautilus/binance/futures/market_data_json/liquidation_stream.json')
  assert.deepEqual(readForceOrder(message), {
    ...{ marketId: 'BTCUSDT', position: 'long', quantity: 0.014, price: 9910.12345678, at: 1568014460893 },
  })
  assert.equal(binance.liquidationPush?.coverage, 'sampled')
})

test('Bybit names the position, OKX the closing order: a Bybit Buy and an OKX sell are both longs', () => {
  const row = { T: 1739502302929, s: 'ROSEUSDT', S: 'Buy', v: '20000', p: '0.04499' }
  assert.equal(readLiquidation(row).position, 'long')
  assert.equal(readLiquidation({ ...row, S: 'Sell' }).position, 'short')
  assert.throws(() => readLiquidation({ ...row, S: '' }), /Expected Buy or Sell/)
  const detail = { bkLoss: '0', bkPx: '0.007831', posSide: 'short', side: 'buy', sz: '13', ts: '1692266434010' }
  const message = { data: [{ details: [detail, { ...detail, side: 'sell' }], instId: 'IOST-USDT-SWAP' }] }
  assert.deepEqual(
    readLiquidations(message).map(({ position }) => position),
    ['short', 'long'],
  )
})

test("a Deribit trade's mark says whose liquidation it was", () => {
  const trade = (direction: string, liquidation: string) => ({ direction, liquidation, amount: 100 })
  const sums = (...trades: object[]) => {
    const { longNotional, shortNotional } = readTrades(trades, 60_000, stamp('deribit')())
    return [longNotional, shortNotional]
  }
  assert.deepEqual(sums(trade('sell', 'T')), [100, 0])
  assert.deepEqual(sums(trade('sell', 'M')), [0, 100])
  assert.deepEqual(sums(trade('buy', 'T')), [0, 100])
  assert.deepEqual(sums(trade('buy', 'MT')), [100, 100])
})
