/** What reading commands add up from the record. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Order } from '../../src/domain/execution/order.ts'
import type { Tick } from '../../src/domain/market/tick.ts'
import { type DurationMs, HOUR, MINUTE, timestamp } from '../../src/domain/units.ts'
import { aForecast, anOrder, aProposal } from '../conformance/store-samples.ts'
import { testDatabase } from '../support/database.ts'

const START = Date.UTC(2026, 0, 5)
const at = (ms: number) => timestamp(START + ms)

test('the path has the newest forecast of each step, counted back from its end, without those that have none', async (t) => {
  const { store } = await testDatabase(t)
  const priced = (ms: number, price: number, fundingRate?: number) => {
    const forecast = aForecast({ at: at(ms) })
    const { fundingRate: _, ...market } = forecast.market
    return store.forecasts.save(
      {
        ...forecast,
        market: { ...market, price, ...(fundingRate === undefined ? {} : { fundingRate }) },
      } as typeof forecast,
      [],
    )
  }
  await priced(-MINUTE, 90)
  await priced(10 * MINUTE, 100)
  await priced(50 * MINUTE, 101, 0.0002)
  await priced(HOUR, 102)
  await priced(2.5 * HOUR, 103)
  await priced(3.5 * HOUR, 999)
  assert.deepEqual(await store.forecasts.path('ETH', { from: at(0), to: at(3 * HOUR), every: HOUR }), [
    { mark: at(0), at: at(-MINUTE), price: 90 },
    { mark: at(HOUR), at: at(HOUR), price: 102 },
    { mark: at(3 * HOUR), at: at(2.5 * HOUR), price: 103 },
  ])
  assert.deepEqual(await store.forecasts.path('ETH', { from: at(50 * MINUTE), to: at(55 * MINUTE), every: HOUR }), [
    { mark: at(55 * MINUTE), at: at(50 * MINUTE), price: 101, fundingRate: 0.0002 },
  ])
  assert.deepEqual(await store.forecasts.path('BTC', { from: at(0), to: at(HOUR), every: HOUR }), [])
})

test('the latest orders come newest first, of one state where it is asked for', async (t) => {
  const { store } = await testDatabase(t)
  await store.proposals.open(aProposal())
  const lease = await store.proposals.takeLease(aProposal().proposalId, 'tests', HOUR)
  const orders = [1, 2, 3].map(
    (n): Order => ({ ...anOrder({ n }), createdAt: at(n), state: n === 2 ? 'filled' : 'submitted' }),
  )
  for (const order of orders) await store.orders.save(order, lease!)
  const ids = (found: readonly Order[]) => found.map(({ clientOrderId }) => clientOrderId)
  const [first, second, third] = ids(orders)
  assert.deepEqual(ids(await store.orders.recent(2)), [third, second])
  assert.deepEqual(ids(await store.orders.recent(9, 'submitted')), [third, first])
  assert.deepEqual(ids(await store.orders.recent(9, 'rejected')), [])
})

test('funding is told for each venue that declares it, newest and mean by hour, and nothing for one never heard from', async (t) => {
  const { store } = await testDatabase(t)
  const feed = (venue: string, asset = 'ETH') => ({
    feed: 'funding' as const,
    venue,
    asset,
    cadence: MINUTE as DurationMs,
  })
  await store.observations.declareFeeds([
    feed('okx'),
    feed('binance'),
    feed('bybit', 'BTC'),
    { ...feed('gate'), feed: 'bar' },
  ])
  const heard = (venue: string, ms: number, fundingRate: number, receivedAt = ms) =>
    ({ type: 'funding', venue, asset: 'ETH', eventAt: at(ms), receivedAt: at(receivedAt), fundingRate }) as Tick
  await store.observations.append([
    heard('binance', -HOUR, 9),
    heard('binance', 10 * MINUTE, 9),
    heard('binance', 20 * MINUTE, 0.25),
    heard('binance', 70 * MINUTE, 0.75),
    heard('binance', 80 * MINUTE, 7, 10 * HOUR),
  ])
  assert.deepEqual(await store.figures.funding('ETH', at(0), at(2 * HOUR)), [
    { venue: 'binance', cadence: MINUTE, newest: { at: at(70 * MINUTE), rate: 0.75 }, mean: 0.5, hours: 2 },
    { venue: 'okx', cadence: MINUTE, hours: 0 },
  ])
  assert.deepEqual(await store.figures.funding('SOL', at(0), at(HOUR)), [])
})
