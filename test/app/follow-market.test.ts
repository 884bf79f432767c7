import assert from 'node:assert/strict'
import { test } from 'node:test'
import { handlersFor } from '../../jobs/index.ts'
import { createApp } from '../../src/app/app.ts'
import { driveMarket } from '../../src/app/drive-market.ts'
import { createMarketState } from '../../src/app/market-state.ts'
import type { Prediction } from '../../src/domain/forecast.ts'
import type { Bar, FeedDeclaration } from '../../src/domain/market/tick.ts'
import {
  DAY,
  duration,
  fraction,
  HOUR,
  later,
  MINUTE,
  price,
  type TimestampMs,
  timestamp,
} from '../../src/domain/units.ts'
import type { MarketSource, MarketStep } from '../../src/ports.ts'
import { createSimulatedMarket } from '../../src/venues/simulated/market.ts'
import type { Cleanup } from '../support/database.ts'
import { type DeskOptions, openDesk, START, type TestDesk } from '../support/desk.ts'

const FEEDS: readonly FeedDeclaration[] = [
  { feed: 'bar', venue: 'binance', asset: 'ETH', cadence: duration(5 * MINUTE) },
]
const EVERY_FIVE_MINUTES = { forecasts: { every: duration(5 * MINUTE) } }

const barAt = (at: number): Bar => {
  const close = price(3000 + 30 * Math.sin(at / HOUR))
  return {
    type: 'bar',
    venue: 'binance',
    asset: 'ETH',
    series: 'mark',
    eventAt: timestamp(at),
    receivedAt: timestamp(at),
    interval: duration(5 * MINUTE),
    openPrice: close,
    highPrice: close,
    lowPrice: close,
    closePrice: close,
  }
}

const stepAt = (at: number): MarketStep => ({ at: timestamp(at), ticks: [barAt(at)], warmup: at < START })

/** Two days of warm-up, then `minutes` of market in steps of five. */
const stepsFor = (minutes: number): readonly MarketStep[] => {
  const from = START - 2 * DAY
  const count = (START - from) / (5 * MINUTE) + minutes / 5
  return Array.from({ length: count }, (_, i) => stepAt(from + i * 5 * MINUTE))
}

async function openFollowing(t: Cleanup, options: DeskOptions = {}) {
  const desk = await openDesk(t, { ...options, settings: { ...EVERY_FIVE_MINUTES, ...options.settings } })
  const market = createMarketState()
  market.feeds = FEEDS
  await desk.store.observations.declareFeeds(FEEDS)
  const app = createApp(desk.ports, { market, notifiers: () => [desk.channel] })
  await desk.queue.start(handlersFor(['bot', 'worker'], app))
  return { desk, market, app }
}

/** Drives the desk through these steps as a run of a recorded market is driven. */
async function drive(
  { desk, app }: Awaited<ReturnType<typeof openFollowing>>,
  steps: readonly MarketStep[],
  options: { signal?: AbortSignal; betweenSteps?: (at: number) => Promise<void> } = {},
): Promise<void> {
  await driveMarket({
    source: sourceOf(steps),
    clock: desk.clock,
    queue: desk.queue,
    signal: options.signal ?? new AbortController().signal,
    speed: () => Number.POSITIVE_INFINITY,
    takeStep: (step) => app.followMarket.step(step),
    betweenSteps: options.betweenSteps,
  })
}

const sourceOf = (steps: readonly MarketStep[]): MarketSource => ({
  name: 'by hand',
  assets: ['ETH'],
  clock: 'virtual',
  from: START,
  to: later(steps.at(-1)!.at, 5 * MINUTE),
  feeds: FEEDS,
  async *steps({ after } = {}) {
    for (const step of steps) if (after === undefined || step.at > after) yield step
  },
  problems: () => [],
  quoteAt: () => undefined,
  close: async () => {},
})

test('warm-up is stored and folded, and nothing is forecast or proposed on it', async (t) => {
  const following = await openFollowing(t)
  const warmup = stepsFor(0)
  for (const step of warmup) await following.app.followMarket.step(step)
  await following.app.followMarket.step(stepAt(START))
  assert.equal(following.market.panel.between('bar', 'binance', 'ETH', timestamp(0), START).length, warmup.length + 1)
  let stored = 0
  for await (const _ of following.desk.store.observations.since(timestamp(0))) stored++
  assert.equal(stored, warmup.length + 1)
  const waiting = following.desk.queue.waiting().map(({ jobId }) => jobId)
  assert.deepEqual(waiting, ['watch-risk', `refresh-forecasts-${START}`])
})

test('a forecast is made as often as configured, on what had been received by then', async (t) => {
  const following = await openFollowing(t, {
    settings: { forecasts: { every: duration(10 * MINUTE) } },
  })
  await drive(following, stepsFor(30))
  const made = await following.desk.store.forecasts.between('ETH', START, later(START, DAY))
  assert.deepEqual(
    made.map(({ at, market }) => [at - START, market.price, market.priceAt - at]),
    [0, 10, 20].map((minutes) => [minutes * MINUTE, barAt(START + minutes * MINUTE).closePrice, 0]),
  )
  assert.ok(made.every(({ market }) => market.hourlyVolatility > 0))
  const openInterest = made[0]!.market.freshness.find(({ feed }) => feed === 'open-interest')
  assert.equal(openInterest?.freshness.state, 'missing')
})

test('the forecaster’s answer is what is stored, and the desk proposes on it unasked', async (t) => {
  const prediction: Prediction = {
    kind: 'estimated',
    modelId: 'tcn-1',
    calibratedOn: 'simulated',
    cascades: {
      '24h': {
        pCascadeDown: fraction(0.05),
        pCascadeUp: fraction(0.01),
        baseline: { pCascadeDown: fraction(0.02), pCascadeUp: fraction(0.02) },
        gatePassed: { down: true, up: false },
      },
    },
    overlayHorizon: DAY,
    overlayConfidence: fraction(0.7),
    overlayGatePassed: true,
    maskedFeeds: [],
  }
  const following = await openFollowing(t, { forecaster: { model: undefined, predict: async () => prediction } })
  await drive(following, stepsFor(5))
  const { store } = following.desk
  assert.deepEqual((await store.forecasts.latest('ETH'))!.forecast.prediction, prediction)
  const [proposal] = await store.proposals.list({ limit: 10 })
  assert.deepEqual([proposal!.proposedBy, proposal!.state, proposal!.proposedAt], ['system', 'pending', START])
  assert.match(proposal!.steps.find(({ name }) => name === 'overlay')!.note, /C 0\.70/)
})

test('a forecaster that breaks costs one forecast, not the next', async (t) => {
  let calls = 0
  const following = await openFollowing(t, {
    forecaster: {
      model: undefined,
      predict: async () => {
        if (++calls === 1) throw new Error('engine lost')
        return { kind: 'undetermined', reason: 'NO_MODEL', detail: '' }
      },
    },
  })
  await assert.rejects(drive(following, stepsFor(5)), /engine lost/)
  assert.equal(await following.desk.store.forecasts.latest('ETH'), undefined)
  await following.app.followMarket.step(stepAt(START + 5 * MINUTE))
  following.desk.clock.advanceTo(later(START, 5 * MINUTE))
  await following.desk.settle()
  assert.equal((await following.desk.store.forecasts.latest('ETH'))!.forecast.at, START + 5 * MINUTE)
})

test('what falls due between two steps is done at its own time, before the next step', async (t) => {
  const following = await openFollowing(t)
  const { desk } = following
  await drive(following, stepsFor(60), {
    async betweenSteps(at) {
      if (at !== START + 5 * MINUTE) return
      const [pending] = await desk.store.proposals.list({ states: ['pending'], limit: 1 })
      desk.setPrice(barAt(at).closePrice)
      assert.equal((await desk.say('ben', `/approve ${pending!.proposalId}`)).tone, 'ok')
    },
  })
  const [executed] = await desk.store.proposals.list({ states: ['executed'], limit: 1 })
  assert.equal(executed!.decidedAt, START + 5 * MINUTE)
  assert.equal(executed!.executionStartedAt, executed!.decidedAt)
  const orders = await desk.store.orders.forProposal(executed!.proposalId)
  assert.ok(
    orders.some(({ createdAt }) => (createdAt - START) % (5 * MINUTE) !== 0),
    'slices fall between steps',
  )
  assert.ok(orders.every(({ createdAt }) => createdAt <= executed!.finishedAt!))
})

test('two runs over the same market give the same figures', async (t) => {
  const figures = []
  for (let run = 0; run < 2; run++) {
    const following = await openFollowing(t)
    await drive(following, stepsFor(30))
    const { steps, quantity, proposedAt } = (await following.desk.store.proposals.list({ limit: 1 }))[0]!
    figures.push({ steps, quantity, proposedAt, ...(await following.desk.store.figures.run(START, later(START, DAY))) })
  }
  assert.deepEqual(figures[0], figures[1])
})

test('an abort ends a run between two steps', async (t) => {
  const following = await openFollowing(t)
  const stop = new AbortController()
  await drive(following, stepsFor(60), {
    signal: stop.signal,
    betweenSteps: async (at) => {
      if (at === START + 10 * MINUTE) stop.abort()
    },
  })
  assert.equal(following.desk.clock.now(), START + 10 * MINUTE)
  assert.equal(await following.desk.store.observations.lastReceivedAt(), START + 10 * MINUTE)
})

test('after a restart the same fold over what was stored gives the same market', async (t) => {
  const before = await openFollowing(t)
  await drive(before, stepsFor(30))
  await before.desk.die()
  const after = await openFollowing(t, { database: before.desk.database, startAt: before.desk.clock.now() })
  const last = await after.app.followMarket.restore(timestamp(0))
  assert.equal(last, START + 25 * MINUTE)
  const at = last!
  const old = (await before.desk.store.forecasts.latest('ETH'))!.forecast
  await after.app.refreshForecasts({ at })
  assert.deepEqual((await after.desk.store.forecasts.latest('ETH'))!.forecast, old)
})

test('clusters keep their identity over a restart, so no alert ends because the desk did', async (t) => {
  const { desk } = await openFollowing(t)
  const source = createSimulatedMarket({ seed: 1, assets: ['ETH'], from: START, to: later(START, HOUR), warmupDays: 6 })
  const follow = () => {
    const market = createMarketState()
    market.feeds = source.feeds
    return createApp(desk.ports, { market, notifiers: () => [desk.channel] })
  }
  const idsAt = async (app: ReturnType<typeof follow>, at: TimestampMs) => {
    await app.refreshForecasts({ at })
    return (await desk.store.forecasts.latest('ETH'))!.clusters.map(({ clusterId }) => clusterId)
  }
  const first = follow()
  for await (const step of source.steps()) {
    await first.followMarket.step(step)
    // Born over an hour, so that an id made anew at its end would be another one.
    if (!step.warmup) await first.refreshForecasts({ at: step.at })
  }
  const end = source.to!
  const before = await idsAt(first, end)
  const second = follow()
  await second.followMarket.restore(timestamp(0))
  assert.ok(before.length > 0)
  assert.deepEqual(await idsAt(second, end), before)
})

test('what nothing looks back to is forgotten in memory and kept in the record', async (t) => {
  const { market, app, desk } = await openFollowing(t)
  const old = START - 70 * DAY
  for (const at of [old, old + HOUR, START - HOUR]) await app.followMarket.step(stepAt(at))
  await app.followMarket.step(stepAt(START))
  const remembered = market.panel.between('bar', 'binance', 'ETH', timestamp(0), START)
  assert.deepEqual(
    remembered.map(({ eventAt }) => eventAt),
    [START - HOUR, START],
  )
  assert.equal((await storedInstants(desk)).length, 4)
})

test('retention deletes what is older from the record and from memory; without one everything is kept', async (t) => {
  const kept = await openFollowing(t)
  await drive(kept, stepsFor(30))
  assert.equal(await kept.app.applyRetention(), 0)

  const short = await openFollowing(t, { settings: { retention: DAY } })
  await drive(short, stepsFor(30))
  const cutoff = later(short.desk.clock.now(), -DAY)
  const young = stepsFor(30)
    .filter(({ at }) => at >= cutoff)
    .map(({ at }) => at)
  assert.ok((await short.app.applyRetention()) > 0)
  assert.equal(await short.app.applyRetention(), 0, 'a second time there is nothing left to delete')
  assert.deepEqual(await storedInstants(short.desk), young)
  const remembered = short.market.panel.between('bar', 'binance', 'ETH', timestamp(0), cutoff)
  assert.ok(remembered.length <= 1, 'of what is older at most the last is remembered')
})

async function storedInstants({ store }: TestDesk): Promise<number[]> {
  const instants: number[] = []
  for await (const tick of store.observations.since(timestamp(0))) instants.push(tick.receivedAt)
  return instants
}
