import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { createReconcile } from '../../src/app/reconcile.ts'
import type { Settings } from '../../src/app/settings.ts'
import { createTendStops, describeStops, type StopOutcome } from '../../src/app/tend-stops.ts'
import type { Order } from '../../src/domain/execution/order.ts'
import { instrumentIdOf } from '../../src/domain/instrument.ts'
import type { ProposalId } from '../../src/domain/proposal.ts'
import { fraction, MINUTE } from '../../src/domain/units.ts'
import { type DeskOptions, openDesk, PRICE, type TestDesk } from '../support/desk.ts'
import { openExecution, trade } from './trade-by-hand.ts'

const ETH = instrumentIdOf('ETH', 'paper')
const STOPS: Partial<Settings> = { stops: { enabled: true, atShare: fraction(0.7) } }

const tend = (desk: TestDesk): Promise<StopOutcome> => createTendStops(desk.ports)({ instrumentId: ETH })
const resting = async (desk: TestDesk) =>
  (await desk.venue.openOrders(ETH)).filter(({ kind }) => kind === 'stop').map(({ quantity, side }) => [side, quantity])
const stopsOf = async (desk: TestDesk): Promise<readonly Order[]> =>
  (await desk.store.orders.recent(20)).filter(({ kind }) => kind === 'stop')

/** Short 5 ETH, with stops switched on and none there yet. */
async function openShort(
  t: Parameters<typeof openDesk>[0],
  options: DeskOptions = {},
): Promise<{ desk: TestDesk; proposalId: ProposalId }> {
  const desk = await openDesk(t, { ...options, settings: { ...STOPS, ...options.settings } })
  const proposalId = await openExecution(desk)
  await trade(desk.ports, proposalId, { quantity: 5 })
  return { desk, proposalId }
}

test('the stop follows the position: the new one is there before the old one goes, and nothing moves without need', async (t) => {
  const { desk, proposalId } = await openShort(t)
  const placed = await tend(desk)
  assert.ok(placed.kind === 'placed')
  assert.deepEqual(await resting(desk), [['buy', 5]])
  assert.ok(placed.order.limitPrice > PRICE * 1.15 && placed.order.limitPrice < PRICE * 1.34)
  assert.match(
    (await describeStops(desk.ports, 'ETH'))[0]!,
    /^paper: If the ETH mark reaches 3,\d{3}\.\d\d the venue buys back 5 ETH: the hedge falls from 50 % to 0 %\.$/,
  )
  assert.equal((await tend(desk)).kind, 'unchanged')

  await trade(desk.ports, proposalId, { quantity: 2, slice: 1 })
  const open: number[] = []
  const cancel = desk.venue.cancel.bind(desk.venue)
  Object.assign(desk.venue, {
    cancel: async (ref: Order) => {
      open.push((await resting(desk)).length)
      return cancel(ref)
    },
  })
  const moved = await tend(desk)
  assert.ok(moved.kind === 'placed' && moved.canceled === 1)
  assert.deepEqual([open, await resting(desk)], [[2], [['buy', 7]]])
  assert.deepEqual(
    (await stopsOf(desk)).map(({ state }) => state),
    ['accepted', 'canceled'],
  )
})

test('where the position is flat the stop goes, and never because the venue shows nothing of a position of ours', async (t) => {
  const { desk, proposalId } = await openShort(t)
  await tend(desk)
  const positions = desk.venue.positions
  Object.assign(desk.venue, { positions: async () => [] })
  assert.deepEqual(await tend(desk), { kind: 'none', reason: 'NOTHING_TO_CLOSE', canceled: 0 })
  assert.equal((await resting(desk)).length, 1)
  Object.assign(desk.venue, { positions })
  await trade(desk.ports, proposalId, { side: 'buy', quantity: 5, slice: 1 })
  assert.deepEqual(await tend(desk), { kind: 'none', reason: 'FLAT', canceled: 1 })
  assert.deepEqual(await resting(desk), [])
})

test('a stop whose answer is lost is found again by its id, and no second one is sent', async (t) => {
  let loses = true
  const { desk } = await openShort(t, { hooks: { losesAnswer: (order) => loses && 'triggerPrice' in order } })
  assert.equal((await tend(desk)).kind, 'unresolved')
  assert.deepEqual(
    (await stopsOf(desk)).map(({ state }) => state),
    ['unknown'],
  )
  loses = false
  assert.equal((await tend(desk)).kind, 'unchanged')
  assert.deepEqual(await resting(desk), [['buy', 5]])
})

test('a process that dies between the intent and the venue leaves a stop that never arrives and is replaced', async (t) => {
  let dies = true
  const { desk } = await openShort(t, {
    hooks: {
      beforeAccept: async (order) => {
        if (dies && 'triggerPrice' in order) throw new Error('killed')
      },
    },
  })
  await assert.rejects(tend(desk), /killed/)
  dies = false
  assert.equal((await tend(desk)).kind, 'unresolved', 'the venue might still take it')
  desk.clock.advanceTo((desk.clock.now() + MINUTE) as never)
  assert.equal((await tend(desk)).kind, 'placed')
  assert.deepEqual(
    (await stopsOf(desk)).map(({ state }) => state),
    ['accepted', 'expired'],
  )
  assert.deepEqual([...(await desk.ledger.acceptances('paper')).values()], [1, 1])
})

test('a process that dies between placing and cancelling leaves two, and the next takes the old one away', async (t) => {
  let dies = false
  const { desk, proposalId } = await openShort(t, {
    hooks: {
      beforeCancel: async () => {
        if (dies) throw new Error('killed')
      },
    },
  })
  await tend(desk)
  await trade(desk.ports, proposalId, { quantity: 1, slice: 1 })
  dies = true
  await assert.rejects(tend(desk), /killed/)
  assert.deepEqual(await resting(desk), [
    ['buy', 5],
    ['buy', 6],
  ])
  dies = false
  const outcome = await tend(desk)
  assert.ok(outcome.kind === 'unchanged' && outcome.canceled === 1)
  assert.deepEqual(await resting(desk), [['buy', 6]])
})

test('a stop that triggers is our own order: booked, on record, told, and the hedge is gone', async (t) => {
  const { desk } = await openShort(t)
  await tend(desk)
  const [stop] = await stopsOf(desk)
  desk.setPrice(stop!.limitPrice + 5)
  assert.deepEqual(await tend(desk), { kind: 'none', reason: 'FLAT', canceled: 0 })
  const [triggered] = await stopsOf(desk)
  assert.deepEqual([triggered!.state, triggered!.filledQuantity], ['filled', 5])
  assert.equal((await desk.app.reportStatus()).assets[0]!.holding.hedge, 0)
  assert.equal(await desk.store.audit.count('stop.triggered'), 1)
  for (let round = 0; round < 5; round++) await desk.app.deliverMessages()
  const told = desk.channel.posts.map(({ versions }) => versions.at(-1)!)
  const card = told.find(({ title }) => title.startsWith('Protective stop'))!
  assert.equal(card.title, 'Protective stop triggered: ETH')
  assert.match(card.text!, /the hedge went from 50 % to 0 %\./)
})

test('a stop that the venue rejects is told, leaves what rested, and is not tried again at once', async (t) => {
  let refuses = false
  const { desk, proposalId } = await openShort(t, {
    hooks: { refuses: (order) => (refuses && 'triggerPrice' in order ? 'TOO_MANY_STOPS' : undefined) },
  })
  await tend(desk)
  await trade(desk.ports, proposalId, { quantity: 1, slice: 1 })
  refuses = true
  const first = await tend(desk)
  assert.ok(first.kind === 'rejected' && first.reason === 'TOO_MANY_STOPS')
  assert.deepEqual(await resting(desk), [['buy', 5]])
  assert.equal((await tend(desk)).kind, 'rejected')
  assert.equal((await stopsOf(desk)).length, 2, 'sent once')
})

test('a venue that keeps no stops is named once', async (t) => {
  const { desk } = await openShort(t)
  Object.assign(desk.venue, { capabilities: { ...desk.venue.capabilities, protectiveStops: false } })
  assert.equal((await tend(desk)).kind, 'unsupported')
  assert.equal((await tend(desk)).kind, 'unsupported')
  assert.equal(await desk.store.audit.count('stop.unsupported'), 1)
  assert.deepEqual(await describeStops(desk.ports, 'ETH'), ['No protective stop on paper: it keeps none.'])
})

test('two processes that tend at once place one stop', async (t) => {
  const { desk } = await openShort(t)
  const other = await openDesk(t, { database: desk.database, settings: STOPS })
  const outcomes = await Promise.all([tend(desk), tend(other)])
  assert.equal(outcomes.filter(({ kind }) => kind === 'placed').length, 1)
  assert.equal((await resting(desk)).length, 1)
})

test('a stop that a restored record does not know is adopted, so that in the end one rests', async (t) => {
  const { desk } = await openShort(t)
  await tend(desk)
  await createReconcile(desk.ports)()
  const client = new pg.Client(desk.database.connectionString)
  await client.connect()
  await client.query('delete from fills')
  await client.query('delete from booked_positions')
  await client.query('delete from orders')
  await client.end()
  await createReconcile(desk.ports)()
  assert.deepEqual((await desk.store.orders.recent(5)).map(({ kind, state }) => [kind, state]).sort(), [
    ['child', 'filled'],
    ['stop', 'accepted'],
  ])
  assert.equal((await tend(desk)).kind, 'placed')
  assert.deepEqual(await resting(desk), [['buy', 5]])
})

test('without stops in the settings nothing is sent', async (t) => {
  const { desk } = await openShort(t, { settings: { stops: { enabled: false, atShare: fraction(0.7) } } })
  assert.equal((await tend(desk)).kind, 'disabled')
  assert.deepEqual(await resting(desk), [])
})
