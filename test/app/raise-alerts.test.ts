import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRaiseAlerts } from '../../src/app/raise-alerts.ts'
import type { Cluster } from '../../src/domain/forecast.ts'
import { fraction, HOUR, later, MINUTE, price, SECOND } from '../../src/domain/units.ts'
import { aCluster } from '../conformance/store-samples.ts'
import { openDesk, PRICE, type TestDesk } from '../support/desk.ts'

const cluster = (confidence: number): Cluster => {
  const sample = aCluster()
  if (sample.confidence.kind !== 'estimated') throw new Error('Expected a sample with confidence')
  return { ...sample, confidence: { ...sample.confidence, confidence: fraction(confidence) } }
}

/** One look at the market: these confidences for one cluster of longs at 2,750.50, or none. */
const look = (desk: TestDesk, confidence: number | undefined, at = PRICE) =>
  createRaiseAlerts(desk.ports)({
    asset: 'ETH',
    clusters: confidence === undefined ? [] : [cluster(confidence)],
    price: price(at),
    at: desk.clock.now(),
  })

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
  assert.deepEqual(
    post!.versions.map(({ title }) => title),
    ['ETH: long liquidations at 2,750.50', 'Alert over: ETH cluster at 2,750.50 faded'],
  )
  assert.equal(await desk.store.audit.count('alert.ended'), 1)
  await look(desk, 0.9)
  assert.deepEqual(await desk.store.alerts.open(), [], 'within the cooldown there is no other')
  await desk.pass(6 * HOUR)
  await look(desk, 0.9)
  assert.equal((await desk.store.alerts.open()).length, 1)
})

test('the card says what the desk stands to lose, with the hedge that it has', async (t) => {
  const desk = await openDesk(t)
  await look(desk, 0.4)
  await desk.settle()
  const fields = Object.fromEntries(desk.channel.posts[0]!.versions[0]!.fields!.map(({ name, value }) => [name, value]))
  assert.equal(fields['If price goes there'], "the book's unhedged 10 ETH lose $2495.00")
  assert.match(fields.Confidence!, /^40\.0 % \[50\.0 %, 70\.0 %\] within 1 h, .*simulated data only, threshold 30 %$/)
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
