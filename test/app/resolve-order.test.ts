import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApplyVenueEvent } from '../../src/app/apply-venue-event.ts'
import { resolveOrder, settleSubmission } from '../../src/app/resolve-order.ts'
import type { Order } from '../../src/domain/execution/order.ts'
import { instrumentIdOf } from '../../src/domain/instrument.ts'
import { baseQty, MINUTE, SECOND } from '../../src/domain/units.ts'
import type { VenueCapabilities, VenueEvent } from '../../src/ports.ts'
import { type DeskOptions, openDesk, type TestDesk } from '../support/desk.ts'
import { intend, openExecution, sendUnheard, trade } from './trade-by-hand.ts'

const ETH = instrumentIdOf('ETH', 'paper')
const reload = async (desk: TestDesk, { clientOrderId }: Pick<Order, 'clientOrderId'>): Promise<Order> =>
  (await desk.store.orders.find(clientOrderId))!
const resolve = async (desk: TestDesk, order: Order) => resolveOrder(desk.ports, await reload(desk, order), desk.venue)
const pass = (desk: TestDesk, ms: number): void => void desk.clock.advanceTo((desk.clock.now() + ms) as never)
const limitTo = (desk: TestDesk, capabilities: Partial<VenueCapabilities>): void =>
  void Object.assign(desk.venue, { capabilities: { ...desk.venue.capabilities, ...capabilities } })

/** A desk with an execution and one intent that nobody has sent yet. */
async function openIntent(
  t: Parameters<typeof openDesk>[0],
  options: DeskOptions & { rests?: boolean } = {},
): Promise<{ desk: TestDesk; order: Order }> {
  const desk = await openDesk(t, options)
  return { desk, order: await intend(desk.ports, await openExecution(desk), { rests: options.rests }) }
}

test('an answer that was lost is asked for, and what was filled is booked once', async (t) => {
  const { desk, order } = await openIntent(t)
  await sendUnheard(desk.ports, order)
  const unheard = { kind: 'unknown', reason: 'TIMEOUT' } as const
  const settled = await settleSubmission(desk.ports, order, desk.venue, unheard)
  assert.deepEqual([settled.kind, settled.order.state], ['unresolved', 'unknown'])
  const first = await resolve(desk, order)
  assert.deepEqual([first.kind, first.order.state, first.booked.length], ['settled', 'filled', 1])
  assert.equal((await resolve(desk, order)).booked.length, 0)
})

test('after an acceptance an order that takes liquidity is asked for at once, and one that rests is not', async (t) => {
  const { desk, order } = await openIntent(t)
  const taken = await settleSubmission(desk.ports, order, desk.venue, await sendUnheard(desk.ports, order))
  assert.deepEqual([taken.order.state, taken.order.filledQuantity], ['filled', 2])
  const rests = await trade(desk.ports, order.proposalId!, { rests: true, slice: 1 })
  assert.deepEqual([rests.state, rests.filledQuantity], ['accepted', 0])
  assert.notEqual(rests.venueOrderId, undefined)
})

test('not found means nothing while the venue might still take it, longer where it refuses no late requests', async (t) => {
  const { desk, order } = await openIntent(t)
  pass(desk, 9 * SECOND)
  assert.equal((await resolve(desk, order)).kind, 'unresolved')
  limitTo(desk, { refusesLateRequests: false })
  pass(desk, 20 * SECOND)
  assert.equal((await resolve(desk, order)).kind, 'unresolved')
  limitTo(desk, { refusesLateRequests: true })
  const gone = await resolve(desk, order)
  assert.deepEqual([gone.kind, gone.order.state, gone.order.reason], ['settled', 'expired', 'NEVER_ARRIVED'])
  assert.deepEqual([...(await desk.ledger.acceptances('paper'))], [], 'and nothing was sent')
})

test('a venue that says it has no such order and yet lists its fill is not believed', async (t) => {
  const { desk, order } = await openIntent(t)
  await sendUnheard(desk.ports, order)
  Object.assign(desk.venue, { find: async () => undefined })
  pass(desk, MINUTE)
  const resolution = await resolve(desk, order)
  assert.deepEqual([resolution.kind, resolution.order.state, resolution.booked.length], ['settled', 'filled', 1])
})

test('nor when it rests among the open orders', async (t) => {
  const { desk, order } = await openIntent(t, { rests: true })
  await sendUnheard(desk.ports, order)
  Object.assign(desk.venue, { find: async () => undefined })
  pass(desk, MINUTE)
  assert.equal((await resolve(desk, order)).order.state, 'accepted')
})

test('where the venue can name an order neither by our id nor by its own, silence proves nothing', async (t) => {
  const { desk, order } = await openIntent(t)
  limitTo(desk, { findsByClientOrderId: false, namesClientOrderId: false })
  Object.assign(desk.venue, { find: async () => undefined })
  pass(desk, MINUTE)
  const resolution = await resolve(desk, order)
  assert.ok(resolution.kind === 'unresolved')
  assert.equal(resolution.reason, 'NOT_NAMED_BY_VENUE venue=paper')
})

test('a venue that does not answer leaves the order as it was', async (t) => {
  const { desk, order } = await openIntent(t, { hooks: { losesQuestion: (question) => question === 'find' } })
  pass(desk, MINUTE)
  const resolution = await resolve(desk, order)
  assert.ok(resolution.kind === 'unresolved')
  assert.match(resolution.reason, /^VENUE_UNREACHABLE /)
  assert.equal((await reload(desk, order)).state, 'submitted')
})

test('an id that the venue knows already is asked about, not taken for a rejection', async (t) => {
  const { desk, order } = await openIntent(t, { rests: true })
  await sendUnheard(desk.ports, order)
  const again = await sendUnheard(desk.ports, order)
  assert.equal(again.kind, 'rejected')
  const settled = await settleSubmission(desk.ports, order, desk.venue, again)
  assert.deepEqual([settled.kind, settled.order.state], ['settled', 'accepted'])
})

test('while fills are missing that the order is said to have, it stays unresolved', async (t) => {
  const { desk, order } = await openIntent(t)
  await sendUnheard(desk.ports, order)
  const { fills } = desk.venue
  Object.assign(desk.venue, { fills: async () => [] })
  const early = await resolve(desk, order)
  assert.ok(early.kind === 'unresolved')
  assert.equal(early.reason, 'FILLS_MISSING quantity=2')
  assert.equal((await desk.store.orders.unresolved(ETH)).length, 1)
  Object.assign(desk.venue, { fills })
  assert.equal((await resolve(desk, order)).kind, 'settled')
})

test('where trades are not listed, what the order says is booked as fills that add up to it', async (t) => {
  const { desk, order } = await openIntent(t, { rests: true })
  limitTo(desk, { listsFills: false })
  await sendUnheard(desk.ports, order)
  await desk.venue.acts.fillResting(order, '0.5')
  await Promise.all([resolve(desk, order), resolve(desk, order)])
  await desk.venue.acts.fillResting(order, '1.5')
  await resolve(desk, order)
  await resolve(desk, order)
  const booked = await desk.store.orders.allFills(ETH)
  assert.deepEqual(
    booked.map(({ quantity, fillPrice }) => [quantity, fillPrice]),
    [
      [0.5, 3030],
      [1.5, 3030],
    ],
  )
  assert.ok(booked.every(({ fee }) => fee > 0))
})

test('pushed events are booked once, in whatever order they come, and wake the execution', async (t) => {
  const events: VenueEvent[] = []
  const desk = await openDesk(t, { hooks: { deliver: (event) => void events.push(event) } })
  const apply = createApplyVenueEvent(desk.ports)
  await desk.venue.watch(() => {}, new AbortController().signal)
  const order = await intend(desk.ports, await openExecution(desk), { rests: true })
  await sendUnheard(desk.ports, order)
  await desk.venue.acts.fillResting(order, '0.5')
  await desk.venue.acts.fillResting(order, '1.5')
  const heard = events.filter(({ kind }) => kind !== 'reconnected')
  assert.ok(heard.length >= 4, `was ${heard.map(({ kind }) => kind)}`)
  const outcomes = []
  for (const event of [...heard.toReversed(), ...heard]) outcomes.push((await apply(event)).kind)
  assert.ok(outcomes.includes('booked'))
  assert.deepEqual(
    outcomes.slice(heard.length).filter((kind) => kind !== 'nothing-new'),
    [],
  )
  const { state, filledQuantity } = await reload(desk, order)
  assert.deepEqual([state, filledQuantity], ['filled', 2])
  assert.equal((await desk.store.orders.allFills(ETH)).length, 2)
  assert.ok(desk.queue.waiting().some(({ name }) => name === 'execute-proposal'))
})

test('what one event cannot decide, and what may have been missed, is reconciled', async (t) => {
  const events: VenueEvent[] = []
  const desk = await openDesk(t, { hooks: { deliver: (event) => void events.push(event) } })
  const apply = createApplyVenueEvent(desk.ports)
  await desk.venue.watch(() => {}, new AbortController().signal)
  await desk.venue.acts.otherHand({ instrumentId: ETH, side: 'buy', quantity: '1' })
  for (const event of events) assert.equal((await apply(event)).kind, 'left-to-reconcile')
  assert.equal((await apply({ kind: 'reconnected' })).kind, 'left-to-reconcile')
  assert.deepEqual(
    desk.queue
      .waiting()
      .filter(({ name }) => name === 'reconcile')
      .map(({ jobId }) => jobId),
    ['reconcile-on-event'],
  )
  assert.deepEqual(await desk.store.orders.allFills(ETH), [])
  assert.equal(baseQty((await desk.venue.positions())[0]!.quantity), 1)
})
