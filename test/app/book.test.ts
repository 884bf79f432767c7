import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Holding, isProtectiveOrder } from '../../src/app/book.ts'
import type { Fill } from '../../src/domain/execution/order.ts'
import { positionOf } from '../../src/domain/execution/position.ts'
import { baseQty } from '../../src/domain/units.ts'

const fill = (side: 'buy' | 'sell', quantity: number, fillPrice: number, fee = 0) =>
  ({ side, quantity, fillPrice, fee }) as unknown as Fill

test('selling more of a short moves its average entry by size', () => {
  assert.deepEqual(positionOf([fill('sell', 1, 3000, 1), fill('sell', 3, 3100, 2)]), {
    quantity: -4,
    averagePrice: 3075,
    realized: 0,
    fees: 3,
  })
})

test('buying part of a short back realises on that part and keeps the entry of the rest', () => {
  const position = positionOf([fill('sell', 4, 3000), fill('buy', 1, 2900)])
  assert.deepEqual(position, { quantity: -3, averagePrice: 3000, realized: 100, fees: 0 })
})

test('buying back more than was short flips to a long at the price paid', () => {
  const position = positionOf([fill('sell', 1, 3000), fill('buy', 3, 3200)])
  assert.deepEqual(position, { quantity: 2, averagePrice: 3200, realized: -200, fees: 0 })
})

test('a position closed in tenths is flat, without the dust of binary sums', () => {
  const fills = [fill('sell', 0.3, 3000), ...Array.from({ length: 3 }, () => fill('buy', 0.1, 3000))]
  assert.equal(positionOf(fills).quantity, 0)
})

test('cash in equals cash out: realised and open P&L add up to what was traded', () => {
  const anyFill = fc.record({
    side: fc.constantFrom('buy' as const, 'sell' as const),
    lots: fc.integer({ min: 1, max: 5000 }),
    fillPrice: fc.integer({ min: 1000, max: 5000 }),
  })
  fc.assert(
    fc.property(fc.array(anyFill, { maxLength: 30 }), fc.integer({ min: 1000, max: 5000 }), (trades, mark) => {
      const fills = trades.map(({ side, lots, fillPrice }) => fill(side, lots / 1000, fillPrice))
      const { quantity, averagePrice, realized } = positionOf(fills)
      const cash = fills.reduce((sum, f) => sum + (f.side === 'sell' ? 1 : -1) * f.quantity * f.fillPrice, 0)
      const open = quantity * (mark - averagePrice)
      assert.ok(Math.abs(realized + open - (cash + quantity * mark)) < 1e-4)
    }),
  )
})

test('an order is protective when it shrinks the net delta, not merely when it sells', () => {
  const held = (hedge: number) => ({ exposure: baseQty(10), hedge: baseQty(hedge) }) as Holding
  const order = (side: 'buy' | 'sell', quantity: number) => ({ side, quantity: baseQty(quantity) })
  assert.equal(isProtectiveOrder(held(0), order('sell', 5)), true)
  assert.equal(isProtectiveOrder(held(5), order('buy', 1)), false)
  assert.equal(isProtectiveOrder(held(12), order('buy', 1)), true)
  assert.equal(isProtectiveOrder(held(10), order('sell', 1)), false)
  assert.equal(isProtectiveOrder(held(0), order('sell', 20)), false, 'as far on the other side is no better')
})
