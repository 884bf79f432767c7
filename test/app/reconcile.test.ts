import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { createAcceptPosition } from '../../src/app/accept-position.ts'
import { readHolding, unrealizedPnlOf } from '../../src/app/book.ts'
import type { Ports } from '../../src/app/ports.ts'
import { createReconcile, type Reconciliation } from '../../src/app/reconcile.ts'
import type { LegReconciliation } from '../../src/app/reconcile-venue.ts'
import { createTendStops } from '../../src/app/tend-stops.ts'
import { VenueUnreachableError } from '../../src/domain/execution/venue-unreachable.ts'
import { instrumentIdOf } from '../../src/domain/instrument.ts'
import { baseQty, MINUTE, price } from '../../src/domain/units.ts'
import type { Venue } from '../../src/ports.ts'
import { createPaperVenue } from '../../src/venues/paper/paper-venue.ts'
import { member, openDesk, START, type TestDesk } from '../support/desk.ts'
import { intend, openExecution, sendUnheard, trade } from './trade-by-hand.ts'

const ETH = instrumentIdOf('ETH', 'paper')
type Checked = Extract<LegReconciliation, { kind: 'checked' }>

const reconcile = (desk: TestDesk): Promise<Reconciliation> => createReconcile(desk.ports)()
async function look(desk: TestDesk): Promise<Checked> {
  const [leg] = (await reconcile(desk)).legs
  assert.equal(leg!.kind, 'checked')
  return leg as Checked
}
const stateOf = async (desk: TestDesk) => (await desk.store.settings.tradingState()).state
/** Makes the venue hold more than its fills say. */
function misstate(desk: TestDesk, by: () => number): void {
  const positions = desk.venue.positions.bind(desk.venue)
  Object.assign(desk.venue, {
    positions: async (): ReturnType<Venue['positions']> => {
      const [held] = await positions()
      const quantity = baseQty((held?.quantity ?? 0) + by())
      return quantity === 0 ? [] : [{ ...held, instrumentId: ETH, quantity }]
    },
  })
}

test('what is on the account before us is other hands’, and no mismatch', async (t) => {
  const desk = await openDesk(t)
  await desk.venue.acts.otherHand({ instrumentId: ETH, side: 'buy', quantity: '3' })
  const first = await look(desk)
  assert.deepEqual([first.verdict, first.ours, first.theirs, first.standing.foreignQuantity], ['clean', 0, 3, 3])
  assert.equal((await look(desk)).standing.foreignQuantity, 3, 'and is not counted again when its trade is listed')

  await trade(desk.ports, await openExecution(desk), { quantity: 2 })
  const { ours, theirs, verdict } = await look(desk)
  assert.deepEqual([ours, theirs, verdict], [-2, 1, 'clean'])
})

test('a trade beside us moves what is other hands’, and an order of theirs is shown and left alone', async (t) => {
  const desk = await openDesk(t)
  await look(desk)
  await trade(desk.ports, await openExecution(desk))
  await desk.venue.acts.otherHand({ instrumentId: ETH, side: 'sell', quantity: '1.5' })
  await desk.venue.acts.otherHand({ instrumentId: ETH, side: 'sell', quantity: '4', limitPrice: '3100.00' })
  for (let poll = 0; poll < 2; poll++) {
    const { standing, foreignOrders, verdict } = await look(desk)
    assert.deepEqual([standing.foreignQuantity, verdict], [-1.5, 'clean'])
    assert.deepEqual(
      foreignOrders.map(({ quantity, state }) => [quantity, state]),
      [[4, 'accepted']],
    )
  }
  const holding = (await desk.app.reportStatus()).assets[0]!.holding
  assert.equal(holding.hedge, 2, 'the hedge is what we have traded')
})

test('a fill of which we never heard is booked once, by whichever look comes first', async (t) => {
  const desk = await openDesk(t)
  await look(desk)
  const order = await intend(desk.ports, await openExecution(desk))
  await sendUnheard(desk.ports, order)
  const { booked, ours, verdict, unresolved } = await look(desk)
  assert.deepEqual([booked, ours, verdict, unresolved], [1, -2, 'clean', []])
  assert.equal((await desk.store.orders.find(order.clientOrderId))!.state, 'filled')
  assert.equal((await look(desk)).booked, 0)
})

test('an order that never arrived is given up when the venue would no longer take it, not before', async (t) => {
  const desk = await openDesk(t)
  await look(desk)
  const { clientOrderId } = await intend(desk.ports, await openExecution(desk))
  const early = await look(desk)
  assert.match(early.unresolved[0]!.reason, /^NOT_FOUND_YET until=/)
  assert.equal((await desk.store.orders.find(clientOrderId))!.state, 'submitted')
  desk.clock.advanceTo((desk.clock.now() + 11_000) as never)
  assert.deepEqual((await look(desk)).unresolved, [])
  const order = (await desk.store.orders.find(clientOrderId))!
  assert.deepEqual([order.state, order.reason, order.filledQuantity], ['expired', 'NEVER_ARRIVED', 0])
})

test('what nothing explains brakes trading at the second look and lets it go at the third clean one', async (t) => {
  const desk = await openDesk(t)
  await look(desk)
  await trade(desk.ports, await openExecution(desk), { quantity: 5 })
  await look(desk)
  let astray = -0.5
  misstate(desk, () => astray)
  assert.deepEqual([(await look(desk)).standing.dirtyPolls, await stateOf(desk)], [1, 'active'])
  const { mismatches } = await reconcile(desk)
  assert.deepEqual(mismatches, [
    { instrumentId: ETH, ours: -5, foreign: 0, theirs: -5.5, unexplained: -0.5, notional: 1500 },
  ])
  const { state, by, reason } = await desk.store.settings.tradingState()
  assert.deepEqual([state, by], ['reducing', 'system'])
  assert.equal(reason, `position mismatch: ${ETH} ours -5, venue -5.5: -0.5 unexplained ($1500.00)`)
  await desk.settle()
  const card = desk.channel.posts
    .map(({ versions }) => versions[0]!)
    .find(({ title }) => title === 'Trading state: reducing')!
  assert.equal(card.tone, 'critical')
  await reconcile(desk)
  assert.equal(await desk.store.audit.count('trading-state.reducing'), 1, 'said once')

  astray = 0
  await reconcile(desk)
  await reconcile(desk)
  assert.equal(await stateOf(desk), 'reducing')
  assert.deepEqual([(await look(desk)).standing.cleanPolls, await stateOf(desk)], [3, 'active'])
})

test('a mismatch never loosens what a person has set, and its end takes nothing of theirs back', async (t) => {
  const desk = await openDesk(t)
  await look(desk)
  let astray = 1
  misstate(desk, () => astray)
  const set = (state: 'halted' | 'reducing') =>
    desk.store.settings.setTradingState(state, { by: 'ana', at: START, reason: 'drill' })
  await set('halted')
  await reconcile(desk)
  await reconcile(desk)
  assert.equal(await stateOf(desk), 'halted')
  await set('reducing')
  astray = 0
  for (let poll = 0; poll < 4; poll++) await reconcile(desk)
  assert.equal(await stateOf(desk), 'reducing')
})

test('a lot is rounding, and half a percent or ten thousand dollars are not', async (t) => {
  const desk = await openDesk(t)
  await look(desk)
  await trade(desk.ports, await openExecution(desk), { quantity: 5 })
  let astray = 0
  misstate(desk, () => astray)
  const verdicts: unknown[] = []
  for (astray of [0.001, 0.02, 0.03]) verdicts.push((await look(desk)).verdict)
  assert.deepEqual(verdicts, ['clean', 'clean', 'dirty'])
})

test('an order whose fate is not known explains a difference, which then counts neither way', async (t) => {
  const desk = await openDesk(t)
  await look(desk)
  const order = await intend(desk.ports, await openExecution(desk), { quantity: 2 })
  await sendUnheard(desk.ports, order)
  const { venue } = desk
  Object.assign(venue, { fillsSince: async () => [], find: async () => undefined })
  const { verdict, standing } = await look(desk)
  assert.deepEqual([verdict, standing.dirtyPolls, standing.unexplainedQuantity], ['in-flight', 0, 0])
})

test('deleveraging is an order on record with its fill, a card and a new hedge, and no mismatch', async (t) => {
  const desk = await openDesk(t)
  await look(desk)
  await trade(desk.ports, await openExecution(desk), { quantity: 5 })
  await desk.venue.acts.deleverage(ETH, '2')
  const { venueMade, ours, theirs, verdict } = await look(desk)
  assert.deepEqual([venueMade, ours, theirs, verdict], [1, -3, -3, 'clean'])
  const made = (await desk.store.orders.recent(5)).find(({ kind }) => kind === 'deleveraging')!
  assert.deepEqual([made.side, made.filledQuantity, made.state], ['buy', 2, 'filled'])
  assert.equal((await look(desk)).booked, 0, 'once')
  assert.ok(desk.queue.waiting().some(({ name }) => name === 'propose-hedges'))
  assert.equal(await desk.store.audit.count('venue.deleveraged'), 1)
  const [message] = await desk.store.outbox.log({ cardKey: `venue-close:${made.clientOrderId}`, limit: 5 })
  assert.equal(message!.urgency, 'urgent')
  await desk.settle()
  const card = desk.channel.posts
    .map(({ versions }) => versions.at(-1)!)
    .find(({ title }) => /deleveraged/.test(title))!
  assert.match(card.text!, /paper bought back 2 ETH at 3,000\.00: the hedge went from 50 % to 30 %\./)
})

test('a venue that does not answer proves nothing', async (t) => {
  const desk = await openDesk(t, { hooks: { losesQuestion: (question) => question === 'openOrders' } })
  const before = await desk.store.standings.read(ETH)
  const order = await intend(desk.ports, await openExecution(desk))
  desk.clock.advanceTo((desk.clock.now() + MINUTE) as never)
  const { legs, mismatches } = await reconcile(desk)
  assert.deepEqual([legs[0]!.kind, mismatches], ['unreachable', []])
  assert.equal((await desk.store.orders.find(order.clientOrderId))!.state, 'submitted')
  assert.deepEqual(await desk.store.standings.read(ETH), before)
})

test('each venue is looked at for itself: one that is silent keeps nobody from the other, and the hedge is both', async (t) => {
  const desk = await openDesk(t)
  const second = createPaperVenue({
    venueId: 'second',
    ledger: desk.ledger,
    clock: desk.clock,
    quoteAt: () => ({ at: desk.clock.now(), bestBid: price(2999), bestAsk: price(3001) }),
  })
  const ports: Ports = { ...desk.ports, venues: [desk.venue, second] }
  await createReconcile(ports)()
  const proposalId = await openExecution(desk)
  await trade(ports, proposalId, { quantity: 2 })
  await trade({ ...ports, venues: [second] }, proposalId, { quantity: 1, slice: 1 })
  Object.assign(desk.venue, { openOrders: () => Promise.reject(new VenueUnreachableError('away')) })
  const { legs } = await createReconcile(ports)()
  assert.deepEqual(
    legs.map(({ instrumentId, kind }) => [instrumentId, kind]),
    [
      [ETH, 'unreachable'],
      [instrumentIdOf('ETH', 'second'), 'checked'],
    ],
  )
  const holding = await readHolding(ports, 'ETH')
  assert.deepEqual([holding.hedge, holding.hedgeRatio, holding.instrument.instrumentId], [3, 0.3, ETH])
  assert.deepEqual(
    holding.legs.map(({ leg, venue, position }) => [leg, venue.venueId, position]),
    [
      [0, 'paper', -2],
      [1, 'second', -1],
    ],
  )
  const [a, b] = holding.legs.map(({ averageEntryPrice }) => averageEntryPrice!)
  assert.ok(Math.abs(holding.averageEntryPrice! - (2 * a! + b!) / 3) < 1e-9)
  assert.ok(Math.abs(unrealizedPnlOf(holding, price(2900)) - 3 * (holding.averageEntryPrice! - 2900)) < 1e-6)
})

test('what trades between any two questions of a look is no difference, and what is one stays one', async (t) => {
  const desk = await openDesk(t)
  await look(desk)
  const { clientOrderId } = await trade(desk.ports, await openExecution(desk), { rests: true, quantity: 4 })
  const positions = desk.venue.positions.bind(desk.venue)
  Object.assign(desk.venue, {
    positions: async (): ReturnType<Venue['positions']> => {
      const held = await positions()
      await desk.venue.acts.fillResting({ clientOrderId, instrumentId: ETH }, '0.1')
      return held
    },
  })
  for (let poll = 0; poll < 3; poll++) {
    const { verdict, standing } = await look(desk)
    assert.deepEqual([verdict, standing.dirtyPolls], ['clean', 0])
  }
  misstate(desk, () => -3)
  assert.equal((await look(desk)).verdict, 'dirty')
})

test('while another process looks, we do not', async (t) => {
  const desk = await openDesk(t)
  const other = await openDesk(t, { database: desk.database })
  const lease = await other.ports.store.leases.take(`reconcile/${ETH}`, other.ports.instanceId, MINUTE)
  assert.equal((await reconcile(desk)).legs[0]!.kind, 'busy')
  await other.ports.store.leases.release(`reconcile/${ETH}`, lease!)
  assert.equal((await reconcile(desk)).legs[0]!.kind, 'checked')
})

test('an order of ours that rests after its proposal has ended is cancelled, and another’s beside it is not', async (t) => {
  const desk = await openDesk(t)
  const proposalId = await openExecution(desk)
  const { clientOrderId } = await trade(desk.ports, proposalId, { rests: true })
  await desk.venue.acts.otherHand({ instrumentId: ETH, side: 'sell', quantity: '1', limitPrice: '3100.00' })
  await look(desk)
  assert.equal((await desk.venue.openOrders(ETH)).length, 2, 'while it is executed it rests')
  await desk.store.proposals.move(proposalId, ['executing'], 'failed', {})
  await look(desk)
  assert.deepEqual(
    (await desk.venue.openOrders(ETH)).map((order) => order.clientOrderId),
    [undefined],
  )
  assert.equal((await desk.store.orders.find(clientOrderId))!.state, 'canceled')
})

test('an order that a restored record does not know is adopted when its id follows from a proposal', async (t) => {
  const desk = await openDesk(t)
  await look(desk)
  const proposalId = await openExecution(desk)
  const known = await trade(desk.ports, proposalId, { slice: 3 })
  const client = new pg.Client(desk.database.connectionString)
  await client.connect()
  await client.query('delete from fills')
  await client.query('delete from booked_positions')
  await client.query('delete from orders')
  await client.end()
  const { booked, ours, verdict } = await look(desk)
  assert.deepEqual([booked, ours, verdict], [1, -2, 'clean'])
  const [order] = await desk.store.orders.forProposal(proposalId)
  assert.deepEqual([order!.clientOrderId, order!.slice, order!.state], [known.clientOrderId, 3, 'filled'])
  assert.equal(await desk.store.audit.count('order.adopted'), 1)
})

test('a person who has looked can leave the difference to other hands', async (t) => {
  const desk = await openDesk(t)
  await look(desk)
  misstate(desk, () => 1)
  await look(desk)
  const accept = createAcceptPosition(desk.ports)
  const accepted = await accept({ instrumentId: ETH, by: member('ana') })
  assert.deepEqual(accepted, { kind: 'accepted', quantity: 1, foreignQuantity: 1 })
  const { verdict, standing } = await look(desk)
  assert.deepEqual([verdict, standing.unexplainedQuantity], ['clean', 0])
  assert.deepEqual(await accept({ instrumentId: ETH, by: member('ana') }), { kind: 'nothing-unexplained' })
})

test('where we have traded before, nothing is taken for other hands’ at first contact', async (t) => {
  const desk = await openDesk(t)
  await trade(desk.ports, await openExecution(desk), { quantity: 2 })
  misstate(desk, () => -1)
  const { verdict, standing } = await look(desk)
  assert.deepEqual([verdict, standing.foreignQuantity, standing.unexplainedQuantity], ['dirty', 0, -1])
})

test('the stops of every instrument are looked at with each reconciling where they are kept', async (t) => {
  const desk = await openDesk(t, { settings: { stops: { enabled: true, atShare: 0.7 as never } } })
  await reconcile(desk)
  assert.ok(desk.queue.waiting().some(({ name }) => name === 'tend-stops'))
  assert.equal((await createTendStops(desk.ports)({ instrumentId: ETH })).kind, 'none')
})
