import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type ClientOrderId, ORDER_STATES, type Order } from '../../src/domain/execution/order.ts'
import { instrumentIdOf } from '../../src/domain/instrument.ts'
import { duration } from '../../src/domain/units.ts'
import type { Store } from '../../src/ports.ts'
import type { OpenStore } from './store.ts'
import { aFill, anOrder, aProposal, aStop, at, HOLDER, leased, proposalId } from './store-samples.ts'

const MINUTE = duration(60_000)
const BTC = instrumentIdOf('BTC', 'binance')
const STOPS = `stops/${aStop({ n: 1 }).instrumentId}`

const idsOf = (orders: readonly Order[]) => orders.map(({ clientOrderId }) => clientOrderId)

/** Orders before they are sent, leases by name, what people want of an execution, and short ids. */
export function describeExecutionRecord(name: string, open: OpenStore): void {
  describe(`${name}: orders as they are sent`, () => {
    test('an order comes back as it was saved, whatever it says', async (t) => {
      const store = await open(t)
      const full = anOrder({
        n: 1,
        leg: 2,
        attempt: 3,
        timeInForce: 'gtc',
        postOnly: true,
        reduceOnly: true,
        venueOrderId: '8389765493',
        validUntil: 77,
        reason: 'a \0',
        averageFillPrice: 2_999.9,
      })
      await store.orders.save(full, await leased(store))
      assert.deepEqual(await store.orders.find(full.clientOrderId), { ...full, reason: 'a \uFFFD' })
      assert.equal(await store.orders.find(anOrder({ n: 2 }).clientOrderId), undefined)
    })

    test('many are found at once, those that do not exist left out', async (t) => {
      const store = await open(t)
      const lease = await leased(store)
      for (const n of [1, 2, 3]) await store.orders.save(anOrder({ n }), lease)
      const asked = [anOrder({ n: 3 }), anOrder({ n: 9 }), anOrder({ n: 1 })]
      assert.deepEqual(await store.orders.findMany(idsOf(asked)), [anOrder({ n: 1 }), anOrder({ n: 3 })])
      assert.deepEqual(await store.orders.findMany([]), [])
    })

    test('a stop needs the lease of the stops of its instrument', async (t) => {
      const store = await open(t)
      await assert.rejects(store.orders.save(aStop({ n: 1 }), 1), /Expected a lease of stops\/ETH.*does not exist/)
      const stale = await store.leases.take(STOPS, HOLDER, MINUTE)
      const current = await store.leases.take(STOPS, HOLDER, MINUTE)
      await assert.rejects(store.orders.save(aStop({ n: 1 }), stale!), { name: 'StaleLeaseError' })
      await store.orders.save(aStop({ n: 1 }), current!)
      assert.deepEqual(await store.orders.unresolved(), [aStop({ n: 1 })])
    })

    test('a child needs a proposal, and only a child has one', async (t) => {
      const store = await open(t)
      const lease = await leased(store)
      const { proposalId: _, ...orphan } = anOrder({ n: 1 })
      await assert.rejects(store.orders.save(orphan, lease), /does not exist/)
      await store.leases.take(STOPS, HOLDER, MINUTE)
      await assert.rejects(store.orders.save(aStop({ n: 1, proposalId: proposalId(1) }), 1), /check constraint/)
      assert.deepEqual(await store.orders.unresolved(), [])
    })

    test("another intent under an order's id is refused, whatever is other about it", async (t) => {
      const store = await open(t)
      const lease = await leased(store)
      await store.leases.take(STOPS, HOLDER, MINUTE)
      await store.orders.save(anOrder({ n: 1 }), lease)
      for (const change of [
        { leg: 1 },
        { side: 'buy' },
        { limitPrice: 1 },
        { timeInForce: 'gtc' },
        { postOnly: true },
        { reduceOnly: true },
      ] as const) {
        const [what] = Object.keys(change)
        const other = anOrder({ n: 1, ...change })
        await assert.rejects(store.orders.save(other, lease), new RegExp(`as it was first saved, was ${what} `))
      }
      const stop = aStop({ n: 1, clientOrderId: anOrder({ n: 1 }).clientOrderId })
      await assert.rejects(store.orders.save(stop, 1), /was kind stop instead of child, proposalId undefined instead/)
      assert.deepEqual(await store.orders.find(anOrder({ n: 1 }).clientOrderId), anOrder({ n: 1 }))
    })

    test('an order that is sent again for longer is valid for longer, never shorter, and for the lease holder only', async (t) => {
      const store = await open(t)
      const stale = await leased(store)
      const validUntil = async () => (await store.orders.find(anOrder({ n: 1 }).clientOrderId))?.validUntil
      await store.orders.save(anOrder({ n: 1, validUntil: 100 }), stale)
      const lease = (await store.proposals.takeLease(proposalId(1), HOLDER, MINUTE))!
      await store.orders.save(anOrder({ n: 1, validUntil: 200 }), lease)
      await store.orders.save(anOrder({ n: 1, validUntil: 150 }), lease)
      await assert.rejects(store.orders.save(anOrder({ n: 1, validUntil: 300 }), stale), { name: 'StaleLeaseError' })
      assert.equal(await validUntil(), 200)
    })

    test('an order saved by many at once is one order', async (t) => {
      const store = await open(t)
      const lease = await leased(store)
      await Promise.all(Array.from({ length: 8 }, () => store.orders.save(anOrder({ n: 1 }), lease)))
      assert.deepEqual(await store.orders.forProposal(proposalId(1)), [anOrder({ n: 1 })])
    })

    test('a save that waits for a new lease to be taken is refused under the old one', async (t) => {
      const store = await open(t)
      const old = await leased(store)
      let saving: Promise<unknown> | undefined
      await store.transaction(async (tx) => {
        await tx.proposals.takeLease(proposalId(1), HOLDER, MINUTE)
        saving = store.orders.save(anOrder({ n: 1 }), old).catch((error: unknown) => error)
        await new Promise((resolve) => setTimeout(resolve, 50))
      })
      assert.equal(((await saving) as Error).name, 'StaleLeaseError')
      assert.deepEqual(await store.orders.forProposal(proposalId(1)), [])
    })

    test('an order that the venue made is put on record once, without a lease, and is nothing to resolve', async (t) => {
      const store = await open(t)
      const { proposalId: _, ...order } = anOrder({ n: 1, kind: 'liquidation', state: 'filled', filledQuantity: 1.234 })
      await store.orders.record(order)
      await store.orders.record({ ...order, reason: 'said again' })
      assert.deepEqual(await store.orders.recent(9), [order])
      assert.deepEqual(await store.orders.unresolved(), [])
      await assert.rejects(store.orders.record(anOrder({ n: 2 })), /Expected an order that the venue made/)
      await assert.rejects(store.orders.save(order, 1), /Expected an order of ours/)
    })

    test('orders sent since are counted, with what they have traded or still may: a stop only with what it has traded', async (t) => {
      const store = await open(t)
      const lease = await leased(store)
      assert.deepEqual(await store.orders.sentSince(at(0)), { count: 0, notional: 0 })
      const stops = await store.leases.take(STOPS, HOLDER, MINUTE)
      await store.orders.save(anOrder({ n: 1, quantity: 100 }), lease)
      await store.orders.save(anOrder({ n: 2, quantity: 2, limitPrice: 3_000 }), lease)
      await store.orders.save(anOrder({ n: 3, state: 'denied' }), lease)
      await store.orders.save(aStop({ n: 4, quantity: 50 }), stops!)
      await store.orders.save(aStop({ n: 5, quantity: 50 }), stops!)
      const { proposalId: _, ...liquidation } = anOrder({ n: 6, kind: 'liquidation' })
      await store.orders.record(liquidation)
      const fill = aFill({ n: 5, side: 'buy', quantity: 0.5, fillPrice: 3_310 })
      await store.orders.hear(aStop({ n: 5 }).clientOrderId, { kind: 'submitted' }, { at: at(60), fills: [fill] })
      const traded = 0.5 * 3_310
      assert.deepEqual(await store.orders.sentSince(at(20)), { count: 3, notional: 2 * 3_000 + traded })
      const half = aFill({ n: 2, quantity: 0.25, fillPrice: 3_001, filledAt: 70 })
      const canceled = { kind: 'reported', state: 'canceled', filledQuantity: half.quantity } as const
      await store.orders.hear(anOrder({ n: 2 }).clientOrderId, canceled, { at: at(70), fills: [half] })
      assert.deepEqual(await store.orders.sentSince(at(20)), { count: 3, notional: 0.25 * 3_001 + traded })
      assert.deepEqual(await store.orders.tradedSince(at(70)), [half])
      assert.deepEqual(await store.orders.tradedSince(at(71)), [])
      assert.deepEqual(await store.orders.tradedSince(at(0)), [half])
    })
  })

  describe(`${name}: leases by name`, () => {
    test('each taking of a name raises its number, whoever gave it back', async (t) => {
      const { leases } = await open(t)
      const first = await leases.take('stops/a', HOLDER, MINUTE)
      assert.equal(first, 1)
      assert.equal(await leases.take('stops/b', HOLDER, MINUTE), 1)
      await leases.release('stops/a', 1)
      assert.equal(await leases.take('stops/a', 'another', MINUTE), 2)
      await leases.release('stops/a', 1)
      assert.equal(await leases.take('stops/a', HOLDER, MINUTE), 3)
      await leases.release('stops/unknown', 1)
    })
  })

  describe(`${name}: what people want of an execution`, () => {
    const by = { memberId: 'ann', at: at(5) }

    async function approved(store: Store): Promise<void> {
      await store.proposals.open(aProposal())
      await store.proposals.move(proposalId(1), ['pending'], 'approved', { decidedBy: 'bob', decidedAt: at(2) })
    }

    test('it runs at first, and moves only from where it was thought to stand', async (t) => {
      const store = await open(t)
      await approved(store)
      assert.equal((await store.proposals.find(proposalId(1)))?.control, 'running')
      const paused = await store.proposals.steer(proposalId(1), ['running'], 'paused', by)
      assert.deepEqual([paused.changed, paused.proposal.control, paused.proposal.controlledBy], [true, 'paused', 'ann'])
      const again = await store.proposals.steer(proposalId(1), ['running'], 'paused', { memberId: 'bob', at: at(6) })
      assert.deepEqual([again.changed, again.proposal.controlledBy], [false, 'ann'])
      assert.equal((await store.proposals.steer(proposalId(1), [], 'running', by)).changed, false)
    })

    test('of pause and cancel at once, cancel stands', async (t) => {
      const store = await open(t)
      await approved(store)
      await Promise.all([
        store.proposals.steer(proposalId(1), ['running'], 'paused', by),
        store.proposals.steer(proposalId(1), ['running', 'paused'], 'canceling', by),
      ])
      assert.equal((await store.proposals.find(proposalId(1)))?.control, 'canceling')
    })

    test('what has not been approved, or is over, is not steered', async (t) => {
      const store = await open(t)
      await store.proposals.open(aProposal())
      assert.equal((await store.proposals.steer(proposalId(1), ['running'], 'paused', by)).changed, false)
      await store.proposals.move(proposalId(1), ['pending'], 'executed', {})
      assert.equal((await store.proposals.steer(proposalId(1), ['running'], 'paused', by)).changed, false)
      await assert.rejects(store.proposals.steer(proposalId(9), ['running'], 'paused', by), /does not exist/)
    })

    test('what one decider let through since an instant is counted, declined ones left out', async (t) => {
      const store = await open(t)
      for (const [n, decidedBy, state] of [
        [1, 'budget', 'approved'],
        [2, 'budget', 'executed'],
        [3, 'budget', 'declined'],
        [4, 'ann', 'approved'],
        [5, 'budget', 'failed'],
      ] as const) {
        await store.proposals.open(aProposal({ n }))
        await store.proposals.move(proposalId(n), ['pending'], state, { decidedBy, decidedAt: at(n) })
      }
      const { notional } = aProposal()
      assert.deepEqual(await store.proposals.decidedSince('budget', at(2)), [
        { decidedAt: at(2), notional },
        { decidedAt: at(5), notional },
      ])
    })

    test('a schedule and an emergency are part of the terms', async (t) => {
      const store = await open(t)
      const schedule = { kind: 'pov', urgency: 'urgent', duration: duration(600_000) } as const
      const proposal = { ...aProposal(), schedule, emergency: { requestId: 'r1', by: 'ann' } }
      await store.proposals.open(proposal)
      assert.deepEqual(await store.proposals.find(proposalId(1)), proposal)
    })
  })

  describe(`${name}: short ids of a venue`, () => {
    const order = (n: number) => anOrder({ n }).clientOrderId

    test('an order gets the first free candidate and keeps it; each venue counts for itself', async (t) => {
      const { venueOrderIds } = await open(t)
      assert.equal(await venueOrderIds.reserve('dydx', order(1), [7, 8]), 7)
      assert.equal(await venueOrderIds.reserve('dydx', order(2), [7, 4_294_967_295]), 4_294_967_295)
      assert.equal(await venueOrderIds.reserve('dydx', order(1), [1, 2]), 7)
      assert.equal(await venueOrderIds.reserve('lighter', order(3), [7]), 7)
      assert.equal(await venueOrderIds.clientOrderIdOf('dydx', 7), order(1))
      assert.equal(await venueOrderIds.clientOrderIdOf('lighter', 7), order(3))
      assert.equal(await venueOrderIds.clientOrderIdOf('dydx', 9), undefined)
    })

    test('without a free candidate it says so', async (t) => {
      const { venueOrderIds } = await open(t)
      await venueOrderIds.reserve('dydx', order(1), [7])
      await assert.rejects(venueOrderIds.reserve('dydx', order(2), [7]), /Expected a free short id/)
      await assert.rejects(venueOrderIds.reserve('dydx', order(2), []), /none among 0 candidates/)
      assert.equal(await venueOrderIds.reserve('dydx', order(1), []), 7)
    })

    test('twelve orders that want the same ids at once, each asked for three times, get one each', async (t) => {
      const { venueOrderIds } = await open(t)
      const candidates = Array.from({ length: 12 }, (_, n) => 100 + n)
      const asked: ClientOrderId[] = Array.from({ length: 36 }, (_, n) => order(n % 12))
      const given = await Promise.all(asked.map((id) => venueOrderIds.reserve('dydx', id, candidates)))
      assert.deepEqual([...new Set(given)].sort(), candidates)
      for (const [n, id] of asked.entries()) assert.equal(given[n], given[n % 12], id)
    })
  })

  describe(`${name}: what is unresolved`, () => {
    test('it is what has not ended, and what has ended with fills that are not booked', async (t) => {
      const store = await open(t)
      const { orders } = store
      const lease = await leased(store)
      for (const n of [1, 2, 3, 4]) await orders.save(anOrder({ n, quantity: 2 }), lease)
      await orders.save(anOrder({ n: 5, instrumentId: BTC }), lease)
      const canceled = { kind: 'reported', state: 'canceled', filledQuantity: 1 } as const
      const hear = (n: number, state: typeof canceled.state, filled: number, booked: number) =>
        orders.hear(
          anOrder({ n }).clientOrderId,
          { ...canceled, state, filledQuantity: filled as never },
          { at: at(99), fills: booked > 0 ? [aFill({ n, quantity: booked })] : [] },
        )
      await hear(1, 'canceled', 0, 0)
      await hear(2, 'canceled', 1, 1)
      await hear(3, 'canceled', 1, 0.5)
      const all = [anOrder({ n: 3 }), anOrder({ n: 4 }), anOrder({ n: 5 })]
      assert.deepEqual(idsOf(await orders.unresolved()), idsOf(all))
      assert.deepEqual(idsOf(await orders.unresolved(BTC)), idsOf([anOrder({ n: 5 })]))
    })

    test('of all states those are unresolved in which something may still come', async (t) => {
      const store = await open(t)
      const lease = await leased(store)
      for (const [n, state] of ORDER_STATES.entries()) await store.orders.save(anOrder({ n, state }), lease)
      assert.deepEqual(
        (await store.orders.unresolved()).map(({ state }) => state),
        ['initialized', 'submitted', 'accepted', 'partially-filled', 'unknown'],
      )
    })
  })
}
