import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Decimal } from 'decimal.js'
import fc from 'fast-check'
import {
  type Instrument,
  instrumentIdOf,
  roundToLot,
  toPriceString,
  toQuantityString,
} from '../../src/domain/instrument.ts'
import { baseQty, price, usd } from '../../src/domain/units.ts'

const instrument = (lotSize: string, tickSize = '0.01'): Instrument => ({
  instrumentId: instrumentIdOf('ETH', 'paper'),
  asset: 'ETH',
  venue: 'paper',
  lotSize,
  tickSize,
  minNotional: usd(20),
})
const LOTS = ['0.001', '0.00001', '0.1', '1', '10', '0.05']

test('an instrument is named by asset, currency and venue', () => {
  assert.equal(instrumentIdOf('ETH', 'binance'), 'ETH-USDT-PERP.BINANCE')
  assert.equal(instrumentIdOf('ETH', 'deribit'), 'ETH-USDC-PERP.DERIBIT')
  assert.equal(instrumentIdOf('ETH', 'hyperliquid'), 'ETH-USDC-PERP.HYPERLIQUID')
})

test('a quantity is rounded toward zero, whatever its sign', () => {
  assert.equal(roundToLot(baseQty(1.2399), instrument('0.01')), 1.23)
  assert.equal(roundToLot(baseQty(-1.2399), instrument('0.01')), -1.23)
  assert.equal(roundToLot(baseQty(0.0009), instrument('0.001')), 0)
  assert.equal(roundToLot(baseQty(37), instrument('10')), 30)
})

test('a difference of lots that binary arithmetic leaves a hair short is still that many lots', () => {
  assert.equal(roundToLot(baseQty(0.022 - 0.015), instrument('0.001')), 0.007)
  assert.equal(toQuantityString(baseQty(0.022 - 0.015), instrument('0.001')), '0.007')
  assert.equal(roundToLot(baseQty(0.3 - 0.1), instrument('0.1')), 0.2)
})

test('rounding never adds, never loses a whole lot, and is a multiple of the lot', () => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1e6, noNaN: true }), fc.constantFrom(...LOTS), (quantity, lot) => {
      const rounded = roundToLot(baseQty(quantity), instrument(lot))
      assert.ok(rounded <= quantity + Number(lot) * 1e-6)
      assert.ok(quantity - rounded < Number(lot) * (1 + 1e-6))
      assert.ok(new Decimal(toQuantityString(baseQty(quantity), instrument(lot))).mod(lot).isZero())
      assert.equal(roundToLot(rounded, instrument(lot)), rounded, 'and rounding again changes nothing')
    }),
  )
})

test('a quantity leaves as plain digits with the decimals of the lot', () => {
  assert.equal(toQuantityString(baseQty(5), instrument('0.001')), '5.000')
  assert.equal(toQuantityString(baseQty(-5), instrument('0.001')), '5.000')
  assert.equal(toQuantityString(baseQty(1e-7), instrument('0.00000001')), '0.00000010')
  assert.equal(toQuantityString(baseQty(123_456_789), instrument('1')), '123456789')
})

test('a buy’s limit is rounded down and a sell’s up, so that neither gives away more than was decided', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.02, max: 1e6, noNaN: true }),
      fc.constantFrom('0.01', '0.1', '0.5', '0.0001'),
      (limit, tick) => {
        const [buy, sell] = (['buy', 'sell'] as const).map(
          (side) => new Decimal(toPriceString(price(limit), side, instrument('1', tick))),
        )
        assert.ok(buy!.lte(limit) && sell!.gte(limit))
        assert.ok(sell!.minus(buy!).lte(tick), 'within one tick')
        for (const text of [buy!, sell!]) assert.ok(text.mod(tick).isZero())
      },
    ),
  )
  assert.equal(toPriceString(price(2991.2345), 'buy', instrument('1', '0.01')), '2991.23')
  assert.equal(toPriceString(price(2991.2345), 'sell', instrument('1', '0.01')), '2991.24')
  assert.equal(toPriceString(price(1e-7), 'sell', instrument('1', '0.00000001')), '0.00000010')
})
