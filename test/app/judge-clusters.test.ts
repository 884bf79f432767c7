import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../../src/app/app.ts'
import { createMarketState } from '../../src/app/market-state.ts'
import type { Cluster, HORIZONS } from '../../src/domain/forecast.ts'
import type { Tick } from '../../src/domain/market/tick.ts'
import { baseQty, DAY, fraction, HOUR, later, price, type TimestampMs, timestamp, usd } from '../../src/domain/units.ts'
import { aCluster, aForecast } from '../conformance/store-samples.ts'
import type { Cleanup } from '../support/database.ts'
import { openDesk } from '../support/desk.ts'

const MIDNIGHT = timestamp(Date.UTC(2026, 0, 5))
const hour = (n: number): TimestampMs => later(MIDNIGHT, n * HOUR)
const NOW = hour(5 * 24)

const bar = (n: number, low: number, high: number): Tick => ({
  type: 'bar',
  series: 'mark',
  venue: 'a',
  asset: 'ETH',
  interval: HOUR,
  eventAt: hour(n),
  receivedAt: hour(n),
  openPrice: price(3000),
  highPrice: price(high),
  lowPrice: price(low),
  closePrice: price(3000),
})
const openInterest = (n: number, coins: number): Tick => ({
  type: 'open-interest',
  venue: 'a',
  asset: 'ETH',
  eventAt: hour(n),
  receivedAt: hour(n),
  openInterest: baseQty(coins),
})
const HOURS = Array.from({ length: 5 * 24 + 24 }, (_, i) => i - 23)

/** Price stays within 2,990–3,010 but for the lows given by hour; open interest is 1,000,000 but from the hours given on. */
function marketOf({
  lows = {},
  coins = {},
  without = () => false,
  silent = () => false,
}: {
  lows?: Record<number, number>
  coins?: Record<number, number>
  /** Hours without a bar. */
  without?: (n: number) => boolean
  /** Hours without open interest. */
  silent?: (n: number) => boolean
}): readonly Tick[] {
  let held = 1_000_000
  return HOURS.flatMap((n) => {
    held = coins[n] ?? held
    return [...(without(n) ? [] : [bar(n, lows[n] ?? 2990, 3010)]), ...(silent(n) ? [] : [openInterest(n, held)])]
  })
}

/** 3 million dollars of longs at 2,900: a fall of 1 % of open interest is what it takes. */
const longs = (changes: Partial<Cluster> = {}): Cluster => {
  const sample = aCluster({ clusterId: 'AAAAAAAA' })
  const estimate = sample.confidence['24h']
  return {
    ...sample,
    peakPrice: price(2900),
    notional: usd(3e6),
    confidence: { '4h': estimate, '24h': estimate, '72h': sample.confidence['72h'] },
    ...changes,
  }
}

async function judging(t: Cleanup, ticks: readonly Tick[], clusters: readonly Cluster[] = [longs()]) {
  const desk = await openDesk(t, { startAt: NOW })
  const follow = async (seen: readonly Tick[] = ticks) => {
    const market = createMarketState()
    market.feeds = [{ feed: 'open-interest', venue: 'a', asset: 'ETH', cadence: HOUR }]
    const app = createApp(desk.ports, { market, notifiers: () => [] })
    for (const tick of seen) market.panel.apply(tick)
    return app
  }
  await desk.store.forecasts.save(aForecast({ at: later(MIDNIGHT, 30_000) }), clusters)
  await desk.store.forecasts.save(aForecast({ at: hour(1) }), [longs({ clusterId: 'LATER' })])
  const app = await follow()
  const judged = async (horizon: (typeof HORIZONS)[number] = '24h') =>
    (await desk.store.clusterOutcomes.list({ horizon })).map(({ clusterId, day, touched, event }) => ({
      clusterId,
      day: (day - MIDNIGHT) / DAY,
      touched,
      event,
    }))
  return { desk, app, follow, judged }
}

test('a touch after which open interest falls is an event, within the horizons that it lies in', async (t) => {
  const { desk, app, judged } = await judging(t, marketOf({ lows: { 10: 2899 }, coins: { 11: 985_000 } }))
  assert.equal(await app.judgeClusters({ at: NOW }), 3)
  const outcome = { clusterId: 'AAAAAAAA', day: 0 }
  assert.deepEqual(await judged('4h'), [{ ...outcome, touched: false, event: false }])
  assert.deepEqual(await judged('24h'), [{ ...outcome, touched: true, event: true }])
  assert.deepEqual(await judged('72h'), [{ ...outcome, touched: true, event: true }])
  const [row] = await desk.store.clusterOutcomes.list({ horizon: '24h' })
  assert.deepEqual(
    [row!.confidence, row!.baseline, row!.side, row!.calibratedOn, row!.judgedAt],
    [0.61, 0.42, 'sell', 'simulated', NOW],
  )
})

test('a touch without a fall is no event', async (t) => {
  const { app, judged } = await judging(t, marketOf({ lows: { 10: 2899 }, coins: { 11: 995_000 } }))
  await app.judgeClusters({ at: NOW })
  assert.deepEqual(await judged(), [{ clusterId: 'AAAAAAAA', day: 0, touched: true, event: false }])
})

test('where nothing was heard around the touch, or price was not heard, the outcome is unknown', async (t) => {
  const mute = await judging(t, marketOf({ lows: { 10: 2899 }, silent: (n) => n > 5 && n < 20 }))
  await mute.app.judgeClusters({ at: NOW })
  assert.deepEqual(await mute.judged(), [{ clusterId: 'AAAAAAAA', day: 0, touched: true, event: undefined }])
  const blind = await judging(t, marketOf({ without: (n) => n > 5 && n < 12 }))
  await blind.app.judgeClusters({ at: NOW })
  assert.deepEqual(await blind.judged('24h'), [{ clusterId: 'AAAAAAAA', day: 0, touched: undefined, event: undefined }])
  assert.deepEqual(await blind.judged('4h'), [{ clusterId: 'AAAAAAAA', day: 0, touched: false, event: false }])
})

test('nothing is judged before horizon, fall and reporting delay have passed, and then once', async (t) => {
  const { app, follow, judged } = await judging(t, marketOf({ lows: { 10: 2899 }, coins: { 11: 985_000 } }))
  assert.equal(await app.judgeClusters({ at: hour(32) }), 1, 'four hours only')
  assert.deepEqual(await judged('24h'), [])
  assert.equal(await app.judgeClusters({ at: hour(33) }), 1, 'a day, too')
  assert.equal(await app.judgeClusters({ at: hour(33) }), 0)
  // A restarted worker sees the same and adds nothing but what is due.
  const again = await follow()
  assert.equal(await again.judgeClusters({ at: NOW }), 1)
  assert.equal(await again.judgeClusters({ at: NOW }), 0)
  assert.equal((await judged('24h')).length, 1)
})

test('what arrives after the wait changes no answer: it is the same whenever it is asked', async (t) => {
  const late: Tick = { ...openInterest(11, 900_000), receivedAt: hour(60) } as Tick
  const ticks = marketOf({ lows: { 10: 2899 } }).flatMap((tick) =>
    tick.receivedAt === hour(60) ? [tick, late] : [tick],
  )
  const { app, judged } = await judging(t, ticks)
  await app.judgeClusters({ at: NOW })
  assert.deepEqual((await judged('24h'))[0], { clusterId: 'AAAAAAAA', day: 0, touched: true, event: false })
})

test('a panel that is still being read back is waited for', async (t) => {
  const ticks = marketOf({ lows: { 10: 2899 }, coins: { 11: 985_000 } })
  const { follow, judged } = await judging(t, ticks)
  for (const seen of [[], ticks.filter(({ receivedAt }) => receivedAt < hour(30))]) {
    const reading = await follow(seen)
    await reading.judgeClusters({ at: NOW })
    assert.deepEqual(await judged('24h'), [])
  }
  await (await follow()).judgeClusters({ at: NOW })
  assert.equal((await judged('24h')).length, 1)
})

test('only clusters with a number, of the first forecast of a day, and of its first six hours, are judged', async (t) => {
  const unsaid = longs({ clusterId: 'UNSAID' })
  const reason = { kind: 'undetermined', reason: 'TOO_FEW_OUTCOMES' } as const
  const { desk, app, judged } = await judging(t, marketOf({}), [
    longs(),
    { ...unsaid, confidence: { '4h': reason, '24h': reason, '72h': reason } },
  ])
  await desk.store.forecasts.save(aForecast({ at: hour(24 + 5) }), [longs({ clusterId: 'LATE-BUT-FIT' })])
  await desk.store.forecasts.save(aForecast({ at: hour(48 + 7) }), [longs({ clusterId: 'TOO-LATE' })])
  await app.judgeClusters({ at: NOW })
  assert.deepEqual(
    (await judged('24h')).map(({ clusterId, day }) => [clusterId, day]),
    [
      ['AAAAAAAA', 0],
      ['LATE-BUT-FIT', 1],
    ],
  )
})

test('shorts are judged by highs', async (t) => {
  const shorts = longs({ side: 'buy', peakPrice: price(3010), shareOfOpenInterest: fraction(0.01) })
  const { app, judged } = await judging(t, marketOf({ coins: { 2: 980_000 } }), [shorts])
  await app.judgeClusters({ at: NOW })
  assert.deepEqual(await judged('4h'), [{ clusterId: 'AAAAAAAA', day: 0, touched: true, event: true }])
})
