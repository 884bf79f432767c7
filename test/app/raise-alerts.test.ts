import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMarketState, type MarketState } from '../../src/app/market-state.ts'
import { createRaiseAlerts } from '../../src/app/raise-alerts.ts'
import type { Alert } from '../../src/domain/alert.ts'
import type { Card } from '../../src/domain/card.ts'
import type { Cluster } from '../../src/domain/forecast.ts'
import { baseQty, DAY, duration, fraction, HOUR, later, MINUTE, price, SECOND } from '../../src/domain/units.ts'
import type { AuditEntry } from '../../src/ports.ts'
import { aCluster } from '../conformance/store-samples.ts'
import { openDesk, PRICE, type TestDesk } from '../support/desk.ts'
import { testSettings } from '../support/desk-settings.ts'

const cluster = (confidence: number, changes: Partial<Cluster> = {}): Cluster => {
  const sample = aCluster()
  const day = sample.confidence['24h']
  if (day.kind !== 'estimated') throw new Error('Expected a sample with confidence')
  return {
    ...sample,
    confidence: { ...sample.confidence, '24h': { ...day, confidence: fraction(confidence) } },
    ...changes,
  }
}

/** One look at the market: these confidences for one cluster of longs at 2,750.50, or none. */
const look = (desk: TestDesk, confidence: number | undefined, at = PRICE) =>
  lookWith(desk, createMarketState())(confidence === undefined ? [] : [cluster(confidence)], at)

const lookWith = (desk: TestDesk, market: MarketState) => {
  const raiseAlerts = createRaiseAlerts(desk.ports, market)
  return (clusters: readonly Cluster[], at = PRICE) =>
    raiseAlerts({ asset: 'ETH', clusters, price: price(at), at: desk.clock.now() })
}

const titles = (desk: TestDesk): string[][] =>
  desk.channel.posts.map(({ versions }) => versions.map(({ title }) => title))
const fieldsOf = (card: Card | undefined): Record<string, string> =>
  Object.fromEntries((card?.fields ?? []).map(({ name, value }) => [name, value]))

/** A market heard from minute by minute: bars with wicks and open interest of both venues of the sample cluster. */
function heardMarket(desk: TestDesk): { market: MarketState; hear: (heard: { low?: number; coins?: number }) => void } {
  const market = createMarketState()
  market.feeds = ['binance', 'okx'].map((venue) => ({
    feed: 'open-interest',
    venue,
    asset: 'ETH',
    cadence: duration(5 * MINUTE),
  }))
  return {
    market,
    hear({ low = PRICE, coins }) {
      const at = { asset: 'ETH', eventAt: desk.clock.now(), receivedAt: desk.clock.now() }
      market.panel.apply({
        ...at,
        type: 'bar',
        venue: 'binance',
        series: 'mark',
        interval: MINUTE,
        openPrice: price(PRICE),
        highPrice: price(PRICE),
        lowPrice: price(low),
        closePrice: price(PRICE),
      })
      if (coins === undefined) return
      for (const venue of ['binance', 'okx'])
        market.panel.apply({ ...at, type: 'open-interest', venue, openInterest: baseQty(coins / 2) })
    },
  }
}

test('one episode raises one alert, posts one card, and ends by editing it', async (t) => {
  const desk = await openDesk(t)
  for (const confidence of [0.1, 0.31, 0.5, 0.25, 0.45]) {
    await look(desk, confidence)
    await desk.pass(MINUTE)
  }
  assert.equal(desk.channel.posts.length, 1)
  assert.equal(await desk.store.audit.count('alert.raised'), 1)
  const [open] = await desk.store.alerts.open('ETH')
  assert.deepEqual([open!.peakConfidence, open!.threshold], [0.5, 0.3])
  await look(desk, 0.19)
  await desk.settle()
  const [post, ...others] = desk.channel.posts
  assert.deepEqual(others, [])
  assert.equal(post!.versions[0]!.title, 'ETH: long liquidations at 2,750.50')
  assert.equal(post!.versions.at(-1)!.title, 'Alert over, faded: ETH long liquidations at 2,750.50')
  assert.equal(await desk.store.audit.count('alert.ended'), 1)
  await look(desk, 0.9)
  assert.deepEqual(await desk.store.alerts.open(), [], 'within the cooldown there is no other')
  await desk.pass(6 * HOUR)
  await look(desk, 0.9)
  assert.equal((await desk.store.alerts.open()).length, 1)
})

test('a wick in a bar between two looks is followed through cascade to the end, each stage told once', async (t) => {
  const desk = await openDesk(t)
  const { market, hear } = heardMarket(desk)
  const look = lookWith(desk, market)
  const minute = async (heard: Parameters<typeof hear>[0], clusters = [cluster(0.35)]): Promise<void> => {
    await desk.pass(MINUTE)
    hear(heard)
    for (let looks = 0; looks < 2; looks++) await look(clusters)
    await desk.settle()
  }
  await minute({ coins: 10_000_000 })
  await minute({ coins: 10_000_000 })
  await minute({ low: 2750 })
  await minute({ coins: 9_950_000 }, [])
  await minute({ coins: 9_800_000 }, [])
  await desk.pass(2 * HOUR)
  await minute({ coins: 9_900_000 }, [])
  const [{ alertId, endReason, openInterestChange, stageTimes }] = (await desk.store.alerts.recent(1)) as [Alert]
  assert.equal(endReason, undefined, 'the slowest feed may still speak')
  await desk.pass(5 * MINUTE)
  await minute({}, [])
  assert.deepEqual(titles(desk), [
    [
      'ETH: long liquidations at 2,750.50',
      'ETH: price has reached long liquidations at 2,750.50',
      'ETH: cascade at long liquidations at 2,750.50',
      'Alert over, cascaded: ETH long liquidations at 2,750.50',
    ],
    ...[1, 2].map(() => [
      'Not acknowledged: ETH: cascade at long liquidations at 2,750.50',
      'Alert over, cascaded: ETH long liquidations at 2,750.50',
    ]),
  ])
  assert.ok(Math.abs(openInterestChange! + 0.02) < 1e-12)
  assert.deepEqual(Object.keys(stageTimes), ['raised', 'touched', 'cascading'])
  const audited = (await desk.store.audit.recent(9)).filter(({ subject }) => subject === alertId)
  assert.deepEqual(
    audited.map(({ action }) => action),
    ['alert.ended', 'alert.escalated', 'alert.escalated', 'alert.cascading', 'alert.touched', 'alert.raised'],
  )
})

test('a wick that came while the desk was down is seen when it is back', async (t) => {
  const desk = await openDesk(t)
  const { market, hear } = heardMarket(desk)
  hear({})
  await lookWith(desk, market)([cluster(0.35)])
  await desk.pass(10 * MINUTE)
  hear({ low: 2700 })
  await desk.pass(10 * MINUTE)
  hear({})
  await lookWith(desk, market)([cluster(0.35)])
  const [alert] = await desk.store.alerts.open()
  assert.equal(alert!.stage, 'touched')
  assert.equal(desk.clock.now() - alert!.touch!.at, 10 * MINUTE)
})

test('the card says where, how likely beside volatility alone, on what data, and what the desk stands to lose', async (t) => {
  const desk = await openDesk(t)
  await look(desk, 0.4)
  await desk.settle()
  const card = desk.channel.posts[0]!.versions[0]!
  assert.equal(card.tone, 'warning')
  assert.deepEqual(fieldsOf(card), {
    Severity: 'warning',
    Where: '2,750.50, from 2,700.00 to 2,800.00\n8.3 % below 3,000.00, 2.10 standard deviations of a day',
    Size: '$1.50 B, 12.0 % of open interest (binance 60 %, okx 40 %)',
    Confidence: '40.0 % [50.0 %, 70.0 %] within 24 h\ndistance and volatility alone 42.0 %, threshold 30 %',
    Data: 'good: 90 % of open interest covered, 5 min old, calibrated on simulated data only',
    'Cascade gain': '0.40: the order book would absorb them',
    'If price goes there': "the book's unhedged 10 ETH loses $2495.00, 8.3 % of its exposure",
    'So far': 'raised 2026-01-05 12:00 UTC',
  })
})

test('the last card says what happened, with what open interest did', async (t) => {
  const desk = await openDesk(t)
  const { market, hear } = heardMarket(desk)
  const look = lookWith(desk, market)
  hear({ coins: 10_000_000 })
  await look([cluster(0.35)])
  await desk.pass(MINUTE)
  await desk.pass(MINUTE)
  hear({ low: 2750 })
  await look([cluster(0.35)])
  await desk.pass(3 * MINUTE)
  hear({ coins: 9_960_000 })
  await look([])
  await desk.pass(2 * HOUR)
  hear({})
  await desk.pass(10 * MINUTE)
  await look([])
  await desk.settle()
  const card = desk.channel.posts[0]!.versions.at(-1)
  assert.equal(card!.tone, 'info')
  assert.equal(
    fieldsOf(card)['What happened'],
    'Held: price reached it 2026-01-05 12:02 UTC and no cascade followed; open interest fell 0.4 %.',
  )
  assert.match(fieldsOf(card)['So far']!, /^raised .* 12:00 UTC\ntouched .* 12:02 UTC\nover .* UTC$/)
})

test('what the budget holds back is on record once a day, not at every look', async (t) => {
  const desk = await openDesk(t, { settings: { alerts: { ...testSettings().alerts, budgetPerDay: 0 } } })
  const look = lookWith(desk, createMarketState())
  for (let looks = 0; looks < 3; looks++) {
    await look([cluster(0.35)])
    await desk.pass(MINUTE)
  }
  assert.deepEqual(await desk.store.alerts.recent(1), [])
  assert.equal(await desk.store.audit.count('alert.held'), 1)
  const [{ subject, details }] = (await desk.store.audit.recent(1)) as [AuditEntry]
  assert.deepEqual([subject, details.reason, details.asset], ['ETH-sell-1', 'budget', 'ETH'])
  await desk.pass(DAY)
  await look([cluster(0.35)])
  assert.equal(await desk.store.audit.count('alert.held'), 2)
  await look([cluster(0.35, { gain: 2 })])
  assert.equal((await desk.store.alerts.open()).length, 1, 'a critical one is raised all the same')
})

test('a crash between raising and delivering still delivers the stored card, once', async (t) => {
  const desk = await openDesk(t)
  await look(desk, 0.4)
  await desk.die()
  assert.equal(desk.channel.posts.length, 0)
  const next = await openDesk(t, {
    database: desk.database,
    channel: desk.channel,
    startAt: later(desk.clock.now(), HOUR),
  })
  await next.app.reconcile()
  await next.settle()
  await look(next, 0.41)
  await next.settle()
  assert.deepEqual(
    desk.channel.posts.map(({ versions }) => versions.map(({ title }) => title)),
    [['ETH: long liquidations at 2,750.50']],
  )
  assert.equal((await next.app.deliverMessages()).delivered, 0)
})

test('a crash between sending and noting it sends again rather than never', async (t) => {
  let dead = false
  const desk = await openDesk(t, {
    wrapStore: (store) => ({
      ...store,
      outbox: {
        ...store.outbox,
        delivered: (...args) => {
          if (dead) throw new Error('killed')
          return store.outbox.delivered(...args)
        },
        failed: (...args) => {
          if (dead) throw new Error('killed')
          return store.outbox.failed(...args)
        },
      },
    }),
  })
  await look(desk, 0.4)
  dead = true
  await assert.rejects(desk.app.deliverMessages(), /killed/)
  await desk.die()
  assert.equal(desk.channel.posts.length, 1)
  const next = await openDesk(t, { database: desk.database, channel: desk.channel, startAt: desk.clock.now() })
  await next.app.reconcile()
  await next.pass(2 * MINUTE)
  assert.equal(desk.channel.posts.length, 2)
  assert.equal(await next.store.outbox.undelivered(), 0)
})

test('a failing delivery is tried again after one, two, four seconds, until it arrives', async (t) => {
  const desk = await openDesk(t)
  desk.channel.breakFor(3)
  await look(desk, 0.4)
  await desk.settle()
  const tries: number[] = []
  for (let second = 1; second <= 10; second++) {
    const before = (await desk.store.outbox.nextDueAt()) ?? 0
    await desk.pass(SECOND)
    if (before === desk.clock.now()) tries.push(second)
  }
  assert.deepEqual(tries, [1, 3, 7])
  assert.equal(desk.channel.posts.length, 1)
  assert.equal(await desk.store.outbox.undelivered(), 0)
  assert.equal(await desk.store.audit.count('delivery.failed'), 0)
})

test('a chat that is away for more than a day is given up, and that is on record', async (t) => {
  const desk = await openDesk(t)
  desk.channel.breakFor(Number.POSITIVE_INFINITY)
  await look(desk, 0.4)
  await desk.pass(25 * HOUR)
  assert.equal(await desk.store.outbox.undelivered(), 0)
  assert.equal(await desk.store.audit.count('delivery.failed'), 1)
  const [entry] = await desk.store.audit.recent(1)
  assert.equal(entry!.details.reason, '503 the chat is away')
})

test('a card that waits for a retry never overwrites a later one', async (t) => {
  const desk = await openDesk(t)
  desk.channel.breakFor(1)
  await desk.forecast()
  const first = await desk.propose(0.5)
  await desk.app.declineProposal({ proposalId: first.proposalId, by: (await desk.store.members.find('ben'))! })
  await desk.pass(MINUTE)
  assert.deepEqual(
    desk.channel.posts.map(({ versions }) => versions.map(({ title }) => title.split(':')[0])),
    [['Hedge declined']],
  )
  assert.equal(await desk.store.outbox.undelivered(), 0)
})
