import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ClientOrderId, Order } from '../../src/domain/execution/order.ts'
import { VenueUnreachableError } from '../../src/domain/execution/venue-unreachable.ts'
import { instrumentIdOf } from '../../src/domain/instrument.ts'
import { baseQty, later, MINUTE, price, SECOND } from '../../src/domain/units.ts'
import type { VenueCapabilities } from '../../src/ports.ts'
import { openDesk, type TestDesk } from '../support/desk.ts'

const ETH = instrumentIdOf('ETH', 'paper')

interface CountedDesk extends TestDesk {
  readonly calls: (number | undefined)[]
  unreachable: boolean
  /** Puts an order of ours at work there. */
  rest(kind: 'child' | 'stop', name: string): Promise<void>
}

async function openCounted(
  t: Parameters<typeof openDesk>[0],
  countdownCancel: VenueCapabilities['countdownCancel'] = 'spares-stops',
): Promise<CountedDesk> {
  const calls: (number | undefined)[] = []
  const desk = await openDesk(t, {
    wrapVenue: (venue) => ({
      ...venue,
      capabilities: { ...venue.capabilities, countdownCancel },
      countdown: async (ttl) => {
        if (counted.unreachable) throw new VenueUnreachableError('TIMEOUT no answer')
        calls.push(ttl)
      },
    }),
  })
  const idOf = (name: string): ClientOrderId => name.padEnd(26, '0').toUpperCase() as ClientOrderId
  const counted: CountedDesk = {
    ...desk,
    calls,
    unreachable: false,
    async rest(kind, name) {
      const at = desk.clock.now()
      const lease = (await desk.store.leases.take(`stops/${ETH}`, 'test', MINUTE))!
      const order: Order = {
        clientOrderId: idOf(name),
        kind: 'stop',
        instrumentId: ETH,
        leg: 0,
        slice: 0,
        attempt: 0,
        side: 'buy',
        quantity: baseQty(1),
        limitPrice: price(3500),
        timeInForce: 'gtc',
        postOnly: false,
        reduceOnly: true,
        state: 'accepted',
        filledQuantity: baseQty(0),
        createdAt: at,
        updatedAt: at,
      }
      if (kind === 'stop') await desk.store.orders.save(order, lease)
      else await restChild(desk)
      await desk.store.leases.release(`stops/${ETH}`, lease)
    },
  }
  return counted
}

/** A child of a proposal that waits at the touch: the desk's own execution puts it there. */
async function restChild(desk: TestDesk): Promise<void> {
  await desk.forecast()
  const { proposalId } = await desk.propose(0.4)
  await desk.say('ben', `/approve ${proposalId}`)
  for (let i = 0; i < 60; i++) {
    await desk.pass(SECOND)
    if ((await desk.store.orders.unresolved(ETH)).some(({ kind }) => kind === 'child')) return
  }
  assert.fail('Expected an order of the execution to rest within a minute, was none')
}

test('with nothing at work nothing is armed', async (t) => {
  const desk = await openCounted(t)
  assert.deepEqual(await desk.app.keepCountdown(), [{ venue: 'paper', outcome: 'unchanged' }])
  await desk.rest('stop', 'A')
  await desk.app.keepCountdown()
  assert.deepEqual(desk.calls, [], 'a stop is there to stay when we are gone')
})

test('a venue that cannot, or a desk that will not, is left alone', async (t) => {
  const desk = await openCounted(t, 'none')
  await desk.rest('child', 'A')
  assert.deepEqual(await desk.app.keepCountdown(), [])
})

test('while an order rests it is armed and renewed, and disarmed when none does', async (t) => {
  const desk = await openCounted(t)
  await desk.rest('child', 'A')
  assert.deepEqual(
    (await desk.app.keepCountdown()).map(({ outcome }) => outcome),
    ['armed'],
  )
  assert.deepEqual(
    (await desk.app.keepCountdown()).map(({ outcome }) => outcome),
    ['unchanged'],
    'not at every look',
  )
  assert.deepEqual(desk.calls, [60_000])
  await desk.app.changeTradingState({ to: 'halted', by: (await desk.store.members.find('ana'))!, reason: 'drill' })
  for (const order of await desk.store.orders.unresolved(ETH))
    await desk.store.orders.hear(
      order.clientOrderId,
      { kind: 'reported', state: 'canceled', filledQuantity: order.filledQuantity },
      { at: desk.clock.now() },
    )
  assert.deepEqual(
    (await desk.app.keepCountdown()).map(({ outcome }) => outcome),
    ['disarmed'],
  )
  assert.deepEqual(desk.calls, [60_000, undefined])
})

test('a renewal that fails is told and does not move on what is on record', async (t) => {
  const desk = await openCounted(t)
  await desk.rest('child', 'A')
  await desk.app.keepCountdown()
  const armed = await desk.store.settings.get('countdown/paper')
  desk.unreachable = true
  desk.clock.advanceTo(later(desk.clock.now(), 20_000))
  const [outcome] = await desk.app.keepCountdown()
  assert.deepEqual([outcome?.outcome, outcome?.reason], ['failed', 'TIMEOUT no answer'])
  assert.equal(await desk.store.settings.get('countdown/paper'), armed)
})

test('one that ran out while we stood still is noticed, and stops that went with it are put back', async (t) => {
  const desk = await openCounted(t, 'takes-stops')
  await desk.rest('stop', 'A')
  await desk.rest('child', 'B')
  await desk.app.keepCountdown()
  assert.equal(await desk.store.audit.count('countdown.takes-stops'), 1, 'that stops go with it is on record')
  desk.clock.advanceTo(later(desk.clock.now(), 61_000))
  await desk.app.keepCountdown()
  const [entry] = await desk.store.audit.recent(1, { action: 'countdown.ran-out' })
  assert.deepEqual([entry?.subject, entry?.details.takesStops], ['paper', true])
  const waiting = desk.queue.waiting()
  assert.ok(
    waiting.some(({ name, data }) => name === 'tend-stops' && 'instrumentId' in data && data.instrumentId === ETH),
  )
  assert.ok(
    waiting.some(({ name }) => name === 'execute-proposal'),
    'the execution looks at what became of its orders',
  )
})
