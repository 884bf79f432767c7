import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  applyOrderEvent,
  type ClientOrderId,
  isTerminal,
  type Order,
  type OrderEvent,
} from '../../../src/domain/execution/order.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import { baseQty, later, price, timestamp } from '../../../src/domain/units.ts'

const AT = timestamp(Date.UTC(2026, 0, 5))
const QUANTITY = 10

const ORDER: Order = {
  clientOrderId: 'A'.repeat(26) as ClientOrderId,
  kind: 'child',
  instrumentId: instrumentIdOf('ETH', 'paper'),
  leg: 0,
  slice: 0,
  attempt: 0,
  side: 'sell',
  quantity: baseQty(QUANTITY),
  limitPrice: price(3000),
  timeInForce: 'gtc',
  postOnly: false,
  reduceOnly: false,
  state: 'initialized',
  filledQuantity: baseQty(0),
  createdAt: AT,
  updatedAt: AT,
}

const reported = (
  state: Extract<OrderEvent, { kind: 'reported' }>['state'],
  filled = 0,
  facts: Partial<Extract<OrderEvent, { kind: 'reported' }>> = {},
): OrderEvent => ({
  kind: 'reported',
  state,
  filledQuantity: baseQty(filled),
  ...(filled > 0 && { averageFillPrice: price(3000 + filled) }),
  ...facts,
})
const fold = (events: readonly OrderEvent[], from: Order = ORDER): Order =>
  events.reduce((order, event, i) => applyOrderEvent(order, event, later(AT, i)), from)

/** Everything that one venue, and our own sending, may say of one order: from the intent to the end, or to somewhere before. */
const history: fc.Arbitrary<readonly OrderEvent[]> = fc
  .record({
    isUnheard: fc.boolean(),
    fills: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 4 }),
    ending: fc.constantFrom('open' as const, 'canceled' as const, 'expired' as const),
  })
  .map(({ isUnheard, fills, ending }) => {
    const events: OrderEvent[] = [{ kind: 'submitted' }]
    if (isUnheard) events.push({ kind: 'unknown', reason: 'TIMEOUT' }, { kind: 'never-arrived' })
    events.push(reported('accepted', 0, { venueOrderId: 'v-1' }))
    let filled = 0
    for (const quantity of fills) {
      filled = Math.min(QUANTITY, filled + quantity)
      events.push(reported(filled === QUANTITY ? 'filled' : 'partially-filled', filled))
    }
    if (ending !== 'open' && filled < QUANTITY) events.push(reported(ending, filled))
    return events
  })

test('the same news in any order and any number of times ends in the same state', () => {
  fc.assert(
    fc.property(
      history.chain((events) =>
        fc.tuple(
          fc.constant(events),
          fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2, maxLength: events.length * 2 }),
        ),
      ),
      ([events, shuffled]) => {
        const pick = ({ state, filledQuantity, averageFillPrice, venueOrderId }: Order) => ({
          state,
          filledQuantity,
          averageFillPrice,
          venueOrderId,
        })
        assert.deepEqual(pick(fold(shuffled)), pick(fold(events)))
      },
    ),
    { numRuns: 300 },
  )
})

test('what is filled never falls, and what has ended stays ended', () => {
  fc.assert(
    fc.property(history, fc.array(fc.nat(20), { maxLength: 20 }), (events, picks) => {
      let order = ORDER
      for (const pick of picks) {
        const before = order
        order = applyOrderEvent(order, events[pick % events.length]!, AT)
        assert.ok(order.filledQuantity >= before.filledQuantity)
        // What we conclude from silence is the one end that the venue's word undoes.
        if (isTerminal(before.state) && before.reason !== 'NEVER_ARRIVED') assert.ok(isTerminal(order.state))
      }
    }),
    { numRuns: 300 },
  )
})

test('an order given up as never arrived is taken back the moment the venue shows it', () => {
  const gone = fold([{ kind: 'submitted' }, { kind: 'unknown', reason: 'TIMEOUT' }, { kind: 'never-arrived' }])
  assert.deepEqual([gone.state, gone.reason], ['expired', 'NEVER_ARRIVED'])
  const back = fold([reported('partially-filled', 3)], gone)
  assert.deepEqual([back.state, back.filledQuantity, back.reason], ['partially-filled', 3, undefined])
})

test('a rejection does not undo a fill, and a fill after a cancel still counts', () => {
  assert.equal(fold([reported('filled', QUANTITY), { kind: 'rejected', reason: 'DUPLICATE' }]).state, 'filled')
  const late = fold([reported('canceled', 2), reported('partially-filled', 4)])
  assert.deepEqual([late.state, late.filledQuantity], ['canceled', 4])
  assert.equal(fold([reported('canceled', 2), reported('accepted', QUANTITY)]).state, 'filled')
})

test('news that says nothing new changes nothing, not even the time', () => {
  const once = fold([reported('accepted', 0, { venueOrderId: 'v-1' })])
  assert.equal(applyOrderEvent(once, reported('accepted', 0, { venueOrderId: 'v-1' }), later(AT, 99)), once)
})

test('more filled than was ordered is another order or another unit', () => {
  assert.throws(() => fold([reported('filled', QUANTITY + 1)]), /Expected at most 10 filled of order A+, was 11/)
})
