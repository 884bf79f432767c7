import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import fc from 'fast-check'
import type { Fill, Order, OrderEvent } from '../../src/domain/execution/order.ts'
import type { BaseQty, Price } from '../../src/domain/units.ts'
import type { Store } from '../../src/ports.ts'
import type { OpenStore } from './store.ts'
import { aFill, anOrder, at, leased, proposalId } from './store-samples.ts'

type Reported = Extract<OrderEvent, { kind: 'reported' }>

const reported = (state: Reported['state'], filled: number, average?: number): Reported => ({
  kind: 'reported',
  state,
  filledQuantity: filled as BaseQty,
  ...(average !== undefined && { averageFillPrice: average as Price }),
})

/** News of orders and their fills, in whatever order and however often they are told. */
export function describeHearing(name: string, open: OpenStore): void {
  describe(`${name}: news of orders`, () => {
    test('an event and its fills are one: the order has moved and the fills are booked', async (t) => {
      const { orders } = await open(t).then(saved)
      const fill = aFill({ n: 1, quantity: 0.4, liquidity: 'maker' })
      const event = { ...reported('accepted', 0.4, 2_999.95), venueOrderId: 'v1' }
      const heard = await orders.hear(ORDER.clientOrderId, event, { at: at(50), fills: [fill] })
      const expected = {
        ...ORDER,
        state: 'partially-filled',
        venueOrderId: 'v1',
        filledQuantity: 0.4,
        averageFillPrice: 2_999.95,
        updatedAt: at(50),
      }
      assert.deepEqual(heard, { order: expected, booked: [fill] })
      assert.deepEqual(await orders.find(ORDER.clientOrderId), expected)
      assert.deepEqual(await orders.fills(proposalId(1)), [fill])
    })

    test('heard again, nothing is booked and nothing is written, the time of the change included', async (t) => {
      const { orders } = await open(t).then(saved)
      const event = reported('accepted', 0.4, 2_999.95)
      const { order } = await orders.hear(ORDER.clientOrderId, event, {
        at: at(50),
        fills: [aFill({ n: 1, quantity: 0.4 })],
      })
      const again = await orders.hear(ORDER.clientOrderId, event, {
        at: at(60),
        fills: [aFill({ n: 1, quantity: 0.4 })],
      })
      assert.deepEqual(again, { order, booked: [] })
      assert.deepEqual(await orders.find(ORDER.clientOrderId), order)
    })

    test('fills fill an order by themselves, and the sum of many has no rounding in it', async (t) => {
      const { orders } = await open(t).then(saved)
      const fills = Array.from({ length: 12 }, (_, n) =>
        aFill({ n: 1, tradeId: `t${n}`, quantity: n === 11 ? 0.134 : 0.1, fillPrice: 3_000 + n }),
      )
      const { order } = await orders.hear(ORDER.clientOrderId, { kind: 'submitted' }, { at: at(50), fills })
      assert.deepEqual([order.state, order.filledQuantity], ['filled', 1.234])
      near(order.averageFillPrice!, (3_005 * 1.1 + 3_011 * 0.134) / 1.234)
    })

    test('a fill that comes after the end counts, and the order stays ended', async (t) => {
      const { orders } = await open(t).then(saved)
      await orders.hear(ORDER.clientOrderId, { ...reported('canceled', 0), reason: 'by hand' }, { at: at(50) })
      const { order } = await orders.hear(
        ORDER.clientOrderId,
        { kind: 'submitted' },
        { at: at(60), fills: [aFill({ n: 1, quantity: 1 })] },
      )
      assert.deepEqual([order.state, order.filledQuantity, order.reason], ['canceled', 1, 'by hand'])
    })

    test('where fills do not cover what the venue says, its average stands until they do', async (t) => {
      const { orders } = await open(t).then(saved)
      const hear = async (event: OrderEvent, fill?: Fill) =>
        (await orders.hear(ORDER.clientOrderId, event, { at: at(50), ...(fill && { fills: [fill] }) })).order
      assert.equal((await hear(reported('accepted', 1, 2_990))).averageFillPrice, 2_990)
      const first = aFill({ n: 1, tradeId: 'a', quantity: 0.6, fillPrice: 2_980 })
      assert.equal((await hear({ kind: 'submitted' }, first)).averageFillPrice, 2_990)
      const second = aFill({ n: 1, tradeId: 'b', quantity: 0.4, fillPrice: 3_000 })
      assert.equal((await hear({ kind: 'submitted' }, second)).averageFillPrice, 2_988)
      assert.equal((await hear(reported('accepted', 1.2))).averageFillPrice, undefined)
    })

    test('one fill told by eight at once is booked for one of them', async (t) => {
      const { orders } = await open(t).then(saved)
      const event = reported('filled', 1.234, 2_999.95)
      const heard = await Promise.all(
        Array.from({ length: 8 }, () =>
          orders.hear(ORDER.clientOrderId, event, { at: at(50), fills: [aFill({ n: 1 })] }),
        ),
      )
      assert.equal(heard.filter(({ booked }) => booked.length === 1).length, 1)
      for (const { order } of heard) assert.equal(order.state, 'filled')
      assert.deepEqual(await orders.allFills(), [aFill({ n: 1 })])
      assert.deepEqual(await orders.allFills(ORDER.instrumentId), [aFill({ n: 1 })])
    })

    test('more than was ordered is refused, and nothing of it is kept', async (t) => {
      const { orders } = await open(t).then(saved)
      const fills = [aFill({ n: 1, quantity: 2 })]
      await assert.rejects(
        orders.hear(ORDER.clientOrderId, { kind: 'submitted' }, { at: at(50), fills }),
        /at most 1\.234/,
      )
      await assert.rejects(orders.hear(ORDER.clientOrderId, reported('filled', 2), { at: at(50) }), /at most 1\.234/)
      assert.deepEqual(await orders.allFills(), [])
      assert.deepEqual(await orders.find(ORDER.clientOrderId), ORDER)
    })

    test("a fill of another order, or of the other side, or on record as another order's, is refused", async (t) => {
      const store = await open(t)
      const { orders } = store
      const lease = await leased(store)
      await orders.save(ORDER, lease)
      await orders.save(anOrder({ n: 2 }), lease)
      const hear = (n: number, fill: Fill) =>
        orders.hear(anOrder({ n }).clientOrderId, { kind: 'submitted' }, { at: at(50), fills: [fill] })
      await assert.rejects(hear(1, aFill({ n: 2 })), /Expected fills of order/)
      await assert.rejects(hear(1, aFill({ n: 1, side: 'buy' })), /Expected a sell of/)
      await hear(1, aFill({ n: 1 }))
      await assert.rejects(hear(2, aFill({ n: 2, tradeId: 'trade-1' })), /on record as another order's/)
      assert.deepEqual(await orders.find(anOrder({ n: 2 }).clientOrderId), anOrder({ n: 2 }))
    })

    test('of an order that does not exist nothing can be heard', async (t) => {
      const { orders } = await open(t)
      await assert.rejects(orders.hear(ORDER.clientOrderId, { kind: 'submitted' }, { at: at(1) }), /does not exist/)
    })

    test('an order is held from its first news on until the transaction ends', async (t) => {
      const store = await open(t).then(saved)
      const told: string[] = []
      let waiting: Promise<unknown> | undefined
      await store.transaction(async (tx) => {
        await tx.orders.hear(ORDER.clientOrderId, { kind: 'submitted' }, { at: at(50) })
        waiting = store.orders
          .hear(ORDER.clientOrderId, reported('canceled', 0), { at: at(51) })
          .then(({ order }) => told.push(order.state))
        await new Promise((resolve) => setTimeout(resolve, 50))
        told.push('first')
      })
      await waiting
      assert.deepEqual(told, ['first', 'canceled'])
    })

    test('the same news in any order, however often, by one or by many, ends in the same order', async (t) => {
      const store = await open(t)
      const lease = await leased(store)
      let n = 0
      await fc.assert(
        fc.asyncProperty(anyNews, async ({ news, orders, whole }) => {
          const rows = []
          for (const [nth, places] of orders.entries()) {
            const order = anOrder({ n: ++n, quantity: QUANTITY })
            await store.orders.save(order, lease)
            const tell = ({ event, fills }: News) =>
              store.orders.hear(order.clientOrderId, event, { at: at(n), fills: fills.map((fill) => ofOrder(fill, n)) })
            const told = places.map((place) => news[place % news.length]!)
            const all = [...told, ...news]
            if (nth === 0) await Promise.all(all.map(tell))
            else for (const one of nth === 1 ? all : all.toReversed()) await tell(one)
            const { clientOrderId, slice, createdAt, updatedAt, ...row } = (await store.orders.find(
              order.clientOrderId,
            ))!
            rows.push(row)
          }
          for (const row of rows) assert.deepEqual(row, rows[0])
          assertSound(rows[0]!, news, whole)
        }),
        { numRuns: 12 },
      )
    })
  })
}

const ORDER = anOrder({ n: 1 })

const near = (was: number, expected: number) =>
  assert.ok(Math.abs(was - expected) < 1e-9, `Expected ${expected}, was ${was}`)

async function saved(store: Store): Promise<Store> {
  await store.orders.save(ORDER, await leased(store))
  return store
}

interface News {
  readonly event: OrderEvent
  readonly fills: readonly Fill[]
}

const QUANTITY = 1

const ofOrder = (fill: Fill, n: number): Fill => ({
  ...fill,
  clientOrderId: anOrder({ n }).clientOrderId,
  tradeId: `${n}-${fill.tradeId}`,
})

/**
 * What one venue may say of one order: every fill, an event after each, and how it ended. Of the fills some may never be told;
 * fills come with an event or before or after it.
 */
const anyNews = fc
  .record({
    parts: fc.array(fc.integer({ min: 1, max: 250 }), { minLength: 1, maxLength: 4 }),
    prices: fc.array(fc.integer({ min: 29_000, max: 31_000 }), { minLength: 4, maxLength: 4 }),
    ending: fc.constantFrom<Reported['state'] | 'none'>('canceled', 'expired', 'none'),
    fillsWhole: fc.boolean(),
    told: fc.constantFrom('all', 'some'),
    doubts: fc.subarray<OrderEvent>([
      { kind: 'submitted' },
      { kind: 'unknown', reason: 'TIMEOUT' },
      { kind: 'never-arrived' },
    ]),
    orders: fc.array(fc.array(fc.nat(20), { maxLength: 8 }), { minLength: 3, maxLength: 3 }),
  })
  .map(({ parts, prices, ending, fillsWhole, told, doubts, orders }) => {
    const lots = fillsWhole ? [...parts.slice(1), 1_000 - parts.slice(1).reduce((a, b) => a + b, 0)] : parts
    const fills = lots.map((lot, i) =>
      aFill({ n: 1, tradeId: `t${i}`, quantity: lot / 1_000, fillPrice: prices[i]! / 10 }),
    )
    const news: News[] = doubts.map((event) => ({ event, fills: [] }))
    let filled = 0
    let paid = 0
    for (const [i, fill] of fills.entries()) {
      filled += fill.quantity
      paid += fill.quantity * fill.fillPrice
      const event = {
        ...reported(filled >= QUANTITY ? 'filled' : 'partially-filled', filled, paid / filled),
        venueOrderId: 'v1',
      }
      const isTold = told === 'all' || i % 2 === 1
      news.push({ event, fills: isTold && i % 3 !== 0 ? [fill] : [] })
      if (isTold && i % 3 === 0) news.push({ event: { kind: 'submitted' }, fills: [fill] })
    }
    if (ending !== 'none') {
      const end = { ...reported(ending, filled, paid / filled), reason: 'BY_VENUE', venueOrderId: 'v1' }
      news.push({ event: end, fills: [] })
    }
    return { news, orders, whole: fillsWhole }
  })

/** What must hold by itself, whatever the other orders of the news came to. */
function assertSound(
  order: Omit<Order, 'clientOrderId' | 'slice' | 'createdAt' | 'updatedAt'>,
  news: News[],
  whole: boolean,
) {
  const events = news.map(({ event }) => event).filter((event) => event.kind === 'reported')
  const last = events.reduce((most, event) => (event.filledQuantity > most.filledQuantity ? event : most))
  near(order.filledQuantity, last.filledQuantity)
  near(order.averageFillPrice!, last.averageFillPrice!)
  const end = events.find(({ state }) => state === 'canceled' || state === 'expired')
  assert.equal(order.state, whole ? 'filled' : (end?.state ?? 'partially-filled'))
  assert.equal(order.reason, whole ? undefined : end?.reason)
}
