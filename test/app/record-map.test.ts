import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../../src/app/app.ts'
import { createMarketState } from '../../src/app/market-state.ts'
import { DAY, duration, HOUR, later, MINUTE, type TimestampMs, timestamp } from '../../src/domain/units.ts'
import { createSimulatedMarket } from '../../src/venues/simulated/market.ts'
import type { Cleanup } from '../support/database.ts'
import { openDesk, START } from '../support/desk.ts'

const HOURS = 3

/** Six days of history, then three hours on the simulated market, a forecast at every step of five minutes. */
async function followed(t: Cleanup) {
  const desk = await openDesk(t, { settings: { retention: DAY, forecasts: { every: duration(5 * MINUTE) } } })
  const source = createSimulatedMarket({
    seed: 1,
    assets: ['ETH'],
    from: START,
    to: later(START, HOURS * HOUR),
    warmupDays: 6,
  })
  const follow = () => {
    const market = createMarketState()
    market.feeds = source.feeds
    return { market, app: createApp(desk.ports, { market, notifiers: () => [desk.channel] }) }
  }
  const { market, app } = follow()
  for await (const step of source.steps()) {
    await app.followMarket.step(step)
    if (step.warmup) continue
    desk.clock.advanceTo(step.at)
    await app.refreshForecasts({ at: step.at })
  }
  const maps = () => desk.store.maps.between('ETH', START, later(START, DAY))
  return { desk, market, app, follow, maps, end: source.to as TimestampMs }
}

test('the first forecast of each hour puts the map on record, with the prices reached since the one before', async (t) => {
  const { market, maps } = await followed(t)
  const recorded = await maps()
  assert.deepEqual(
    recorded.map(({ at }) => (at - START) / HOUR),
    [0, 1, 2, 3],
  )
  for (const [i, map] of recorded.entries()) {
    const since = recorded[i - 1]?.at
    if (since === undefined) continue
    const bars = market.panel.between('bar', market.panel.priceVenue('ETH')!, 'ETH', since, map.at)
    assert.equal(bars.length, 12)
    assert.equal(map.lowPrice, Math.min(map.price, ...bars.map(({ lowPrice }) => lowPrice)))
    assert.equal(map.highPrice, Math.max(map.price, ...bars.map(({ highPrice }) => highPrice)))
    assert.equal(map.longs.length, map.shorts.length)
    assert.ok(map.longs.some((held) => held > 0) && map.shorts.some((held) => held > 0))
  }
})

test('a restart within the hour records no second map of it', async (t) => {
  const { follow, maps, end } = await followed(t)
  const before = await maps()
  const { app } = follow()
  await app.followMarket.restore(timestamp(0))
  await app.refreshForecasts({ at: end })
  assert.deepEqual(await maps(), before)
})

test('a process that follows no market reads the map from the record', async (t) => {
  const { desk, app, maps, end } = await followed(t)
  const bot = createApp(desk.ports, { market: createMarketState(), notifiers: () => [] })
  const recorded = await maps()
  const [there, here] = [await bot.readMap({ asset: 'ETH', hours: 2 }), await app.readMap({ asset: 'ETH', hours: 2 })]
  assert.deepEqual(there!.history, recorded.slice(1))
  assert.deepEqual(there!.current, recorded.at(-1))
  assert.deepEqual(here!.history, there!.history)
  assert.equal(here!.current!.at, end)
  assert.equal(await bot.readMap({ asset: 'SOL', hours: 2 }), undefined)
})

test('before open interest is heard there is no map, and none is recorded', async (t) => {
  const { desk, end } = await followed(t)
  const market = createMarketState()
  const app = createApp(desk.ports, { market, notifiers: () => [] })
  const bars = []
  for await (const tick of desk.store.observations.since(timestamp(0))) if (tick.type === 'bar') bars.push(tick)
  await app.followMarket.step({ at: end, ticks: bars, warmup: false })
  await desk.store.maps.deleteBefore(later(end, DAY))
  assert.equal((await app.refreshForecasts({ at: end })).length, 1)
  assert.equal(await desk.store.maps.latest('ETH'), undefined)
})

test('retention deletes maps like observations', async (t) => {
  const { desk, app, maps } = await followed(t)
  desk.clock.advanceTo(later(START, DAY + 2 * HOUR))
  await app.applyRetention()
  assert.deepEqual(
    (await maps()).map(({ at }) => (at - START) / HOUR),
    [2, 3],
  )
})

test('what became of clusters is asked for with the first forecast of each hour', async (t) => {
  const { desk } = await followed(t)
  const asked = desk.queue.waiting().filter(({ name }) => name === 'judge-clusters')
  assert.deepEqual(
    asked.map(({ jobId }) => jobId),
    [0, 1, 2, 3].map((hour) => `judge-clusters-${START + hour * HOUR}`),
  )
})
