import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { ClientOrderId } from '../../src/domain/execution/order.ts'
import type { Proposal } from '../../src/domain/proposal.ts'
import { HOUR, later, MINUTE, price, SECOND, usd } from '../../src/domain/units.ts'
import type { OrderRequest, Store } from '../../src/ports.ts'
import type { SentOrder } from '../../src/venues/paper/hooks.ts'
import type { Cleanup } from '../support/database.ts'
import { type DeskOptions, member, openDesk, type TestDesk } from '../support/desk.ts'

test('an order whose answer was lost is asked about, booked, and never sent again', async (t) => {
  const lost = new Set<string>()
  const { desk, proposal } = await openApproved(t, { hooks: { losesAnswer: firstOf(lost, 2) } })
  await desk.pass(SECOND)
  const [unknown] = await desk.store.orders.forProposal(proposal.proposalId)
  assert.deepEqual([unknown!.state, unknown!.reason], ['unknown', 'TIMEOUT no answer'])
  assert.equal(await desk.store.audit.count('proposal.executed'), 0)
  await desk.pass(HOUR)
  await assertExecutedOnce(desk, proposal)
  assert.equal(lost.size, 2)
})

test('an order that never arrived is given up once the venue would refuse it, and its quantity rolls on', async (t) => {
  const lost = new Set<string>()
  const sent: string[] = []
  const losesRequest = (order: SentOrder): boolean => {
    sent.push(order.clientOrderId)
    return firstOf(lost, 2)(order)
  }
  const { desk, proposal } = await openApproved(t, { hooks: { losesRequest } })
  await desk.pass(SECOND)
  const [unknown] = await desk.store.orders.forProposal(proposal.proposalId)
  assert.equal(unknown!.state, 'unknown', 'it may still arrive')
  await desk.pass(HOUR)
  await assertExecutedOnce(desk, proposal)
  assert.equal(lost.size, 2)
  for (const id of lost) {
    assert.equal(sent.filter((each) => each === id).length, 1, 'nothing is ever sent twice')
    const order = await desk.store.orders.find(id as ClientOrderId)
    assert.deepEqual([order!.state, order!.reason], ['expired', 'NEVER_ARRIVED'])
  }
})

test('whatever a wire loses, no order is accepted twice and the plan is filled', async (t) => {
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`TEST_SEED=${seed}`)
  let wire: ('request' | 'answer' | 'nothing')[] = []
  let current: 'request' | 'answer' | 'nothing' = 'nothing'
  const desk = await openDesk(t, {
    hooks: {
      losesRequest: () => {
        current = wire.shift() ?? 'nothing'
        return current === 'request'
      },
      losesAnswer: () => current === 'answer',
    },
  })
  let ratio = 0.2
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom('request', 'answer', 'nothing'), { minLength: 1, maxLength: 12 }),
      async (losses) => {
        wire = [...losses] as typeof wire
        ratio = ratio === 0.2 ? 0.3 : 0.2
        await desk.forecast()
        const proposal = await approve(desk, await desk.propose(ratio))
        await desk.pass(HOUR)
        await assertExecutedOnce(desk, proposal)
      },
    ),
    { seed, numRuns: 12 },
  )
})

test('an order of unknown fate is not sent again while trading is halted, nor while reducing if it adds risk', async (t) => {
  for (const state of ['halted', 'reducing'] as const) {
    let down = false
    const { desk } = await openApproved(t, { hooks: { losesRequest: () => down } })
    await desk.pass(HOUR)
    await desk.forecast()
    const back = await approve(desk, await desk.propose(0.2))
    down = true
    await desk.pass(SECOND)
    down = false
    await desk.app.changeTradingState({ to: state, by: member('ana'), reason: 'drill' })
    await desk.pass(MINUTE)
    assert.deepEqual(await desk.store.orders.fills(back.proposalId), [], `nothing was bought while ${state}`)
    await resume(desk)
    await desk.pass(HOUR)
    await assertExecutedOnce(desk, back)
  }
})

test('an order that the venue rejects is tried anew in its slice, and what is left rolls into the next one', async (t) => {
  const { desk, proposal } = await openApproved(t)
  const { venue } = desk
  const submit = venue.submit
  let refused = 0
  Object.assign(venue, {
    submit: (order: OrderRequest) =>
      refused++ < 6 ? Promise.resolve({ kind: 'rejected', reason: 'MAINTENANCE' }) : submit(order),
  })
  await desk.pass(HOUR)
  const orders = await desk.store.orders.forProposal(proposal.proposalId)
  const rejected = orders.filter(({ state }) => state === 'rejected')
  assert.equal(rejected.length, 6)
  assert.ok(rejected.every(({ reason }) => reason === 'MAINTENANCE'))
  assert.equal(
    new Set(orders.map(({ clientOrderId }) => clientOrderId)).size,
    orders.length,
    'each attempt has its own id',
  )
  await assertExecutedOnce(desk, proposal)
})

test('an order that finds no price within its limit is canceled and rolls into later slices', async (t) => {
  const { desk, proposal } = await openApproved(t)
  const { venue } = desk
  const quote = venue.quote
  let thin = true
  // What the desk sees is 2 % above what the venue trades at: its sell limit is out of reach.
  Object.assign(venue, {
    quote: async (asset: string) => {
      const known = (await quote(asset))!
      return thin ? { ...known, bestBid: price(known.bestBid * 1.02), bestAsk: price(known.bestAsk * 1.02) } : known
    },
  })
  await desk.pass(10 * MINUTE)
  const [first] = await desk.store.orders.forProposal(proposal.proposalId)
  assert.deepEqual([first!.state, first!.filledQuantity], ['canceled', 0])
  thin = false
  await desk.pass(HOUR)
  await assertExecutedOnce(desk, proposal)
})

test('a wake-up under an overtaken lease, of another state, or of nothing is not ours and does nothing', async (t) => {
  const { desk, proposal } = await openApproved(t)
  const { proposalId } = proposal
  assert.deepEqual(await desk.app.executeProposal({ proposalId, lease: 7 }), { kind: 'not-ours' })
  await desk.pass(HOUR)
  const { lease } = await desk.find(proposal)
  const before = await desk.store.audit.recent(100)
  assert.deepEqual(await desk.app.executeProposal({ proposalId, lease }), { kind: 'not-ours' }, 'it is executed')
  assert.deepEqual(await desk.store.audit.recent(100), before)
})

test('of several wake-ups at once in two processes one sends the slice that is due', async (t) => {
  const { desk, proposal } = await openApproved(t)
  const other = await openDesk(t, { database: desk.database, channel: desk.channel })
  const { proposalId } = proposal
  for (let round = 0; round < 4; round++) {
    const { lease } = await desk.find(proposal)
    const outcomes = await Promise.all([
      desk.app.executeProposal({ proposalId, lease }),
      other.app.executeProposal({ proposalId, lease }),
      desk.app.executeProposal({ proposalId, lease }),
    ])
    assert.ok(outcomes.some(({ kind }) => kind === 'working'))
    assert.equal((await desk.store.orders.forProposal(proposalId)).length, 1, `round ${round}: one slice is due`)
  }
})

test('a fault of machinery in the middle of an execution is retried by a later wake-up', async (t) => {
  let broken = false
  const wrapStore = (store: Store): Store => ({
    ...store,
    orders: {
      ...store.orders,
      save: (...args) => (broken ? Promise.reject(new Error('disk full')) : store.orders.save(...args)),
    },
  })
  const { desk, proposal } = await openApproved(t, { wrapStore })
  broken = true
  await assert.rejects(desk.pass(SECOND), /disk full/)
  broken = false
  await desk.pass(HOUR)
  await assertExecutedOnce(desk, proposal)
})

test('reconciling wakes what a dead process left, once, and another desk finishes it', async (t) => {
  const { desk, proposal } = await openApproved(t)
  await desk.pass(10 * MINUTE)
  await desk.die()
  const next = await openDesk(t, {
    database: desk.database,
    channel: desk.channel,
    startAt: later(desk.clock.now(), 5 * MINUTE),
  })
  assert.equal((await next.app.reconcile()).executionsWoken, 1)
  const again = await next.app.reconcile()
  assert.equal(again.executionsWoken, 1, 'a second wake-up overtakes the first')
  await next.pass(HOUR)
  await assertExecutedOnce(next, proposal)
  assert.equal(next.channel.posts.length, 1, 'one card, edited by whichever process goes on')
  assert.equal((await next.app.reconcile()).executionsWoken, 0)
})

test('reconciling leaves an execution alone that a live process holds, and wakes no slice before its time', async (t) => {
  const woken: number[] = []
  const { desk, proposal } = await openApproved(t, {
    hooks: { beforeAccept: async () => void woken.push((await other.app.reconcile()).executionsWoken) },
  })
  const other = await openDesk(t, { database: desk.database, channel: desk.channel })
  await desk.pass(SECOND)
  assert.deepEqual(woken, [0])
  for (let wakes = 0; wakes < 5; wakes++) {
    await desk.app.reconcile()
    await desk.settle()
  }
  assert.equal((await desk.store.orders.forProposal(proposal.proposalId)).length, 1, 'the second slice is not due')
  await desk.pass(HOUR)
  await assertExecutedOnce(desk, proposal)
})

test('a restart brings back the expiry of a pending proposal', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const proposal = await desk.propose(0.5)
  await desk.die()
  const next = await openDesk(t, { database: desk.database, startAt: desk.clock.now() })
  assert.equal((await next.app.reconcile()).expiriesScheduled, 1)
  await next.pass(HOUR)
  assert.equal((await next.find(proposal)).state, 'expired')
})

async function openApproved(t: Cleanup, options: DeskOptions = {}): Promise<{ desk: TestDesk; proposal: Proposal }> {
  const desk = await openDesk(t, options)
  await desk.forecast()
  return { desk, proposal: await approve(desk, await desk.propose(0.5)) }
}

async function approve(desk: TestDesk, proposal: Proposal): Promise<Proposal> {
  const decision = await desk.app.approveProposal({ proposalId: proposal.proposalId, approver: member('ben') })
  assert.equal(decision.kind, 'approved')
  return proposal
}

/** True for the first sending of the first `count` orders. */
const firstOf =
  (seen: Set<string>, count: number) =>
  ({ clientOrderId }: SentOrder): boolean => {
    if (seen.has(clientOrderId) || seen.size >= count) return false
    seen.add(clientOrderId)
    return true
  }

async function assertExecutedOnce({ store, ledger, venue }: TestDesk, proposal: Proposal): Promise<void> {
  const stored = (await store.proposals.find(proposal.proposalId))!
  assert.deepEqual([stored.state, stored.reason], ['executed', undefined])
  const fills = await store.orders.fills(proposal.proposalId)
  assert.equal(Number(fills.reduce((sum, { quantity }) => sum + quantity, 0).toFixed(9)), proposal.quantity)
  assert.ok([...(await ledger.acceptances('paper')).values()].every((times) => times === 1))
  const all = await store.orders.allFills()
  const ours = all.reduce((sum, { side, quantity }) => sum + (side === 'buy' ? quantity : -quantity), 0)
  const venues = (await venue.positions()).find((one) => one.instrumentId === proposal.instrumentId)?.quantity ?? 0
  assert.ok(Math.abs(ours - venues) < usd(1e-9), `ours ${ours}, venue ${venues}`)
  assert.equal((await store.audit.verify()).kind, 'intact')
}

async function resume(desk: TestDesk): Promise<void> {
  const resumed = await desk.app.resumeTrading({ by: member('ana'), reason: 'over' })
  assert.equal(resumed.kind, 'resumed')
}
