import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  describeStop,
  isSameStop,
  protectiveStop,
  type StopInputs,
} from '../../../src/domain/execution/protective-stop.ts'
import { instrumentIdOf } from '../../../src/domain/instrument.ts'
import { baseQty, fraction, price, usd } from '../../../src/domain/units.ts'

const INSTRUMENT = {
  instrumentId: instrumentIdOf('ETH', 'paper'),
  asset: 'ETH',
  venue: 'paper',
  lotSize: '0.001',
  tickSize: '0.01',
  minNotional: usd(20),
}
const SHORT: StopInputs = {
  position: baseQty(-6.6),
  onAccount: baseQty(-6.6),
  entryPrice: price(3000),
  liquidationPrice: price(4302.86),
  markPrice: price(3000),
  atShare: fraction(0.7),
  instrument: INSTRUMENT,
}

test('a short is bought back above its entry, seven tenths of the way to liquidation, and never later', () => {
  const stop = protectiveStop(SHORT)
  assert.deepEqual(stop, { kind: 'stop', side: 'buy', quantity: 6.6, triggerPrice: 3912 })
  assert.equal(
    describeStop(stop as never, { asset: 'ETH', exposure: baseQty(10), hedge: baseQty(6.6) }),
    'If the ETH mark reaches 3,912.00 the venue buys back 6.6 ETH: the hedge falls from 66 % to 0 %.',
  )
})

test('a long is sold below its entry', () => {
  const inputs = { position: baseQty(2), onAccount: baseQty(2), liquidationPrice: price(2000) }
  const stop = protectiveStop({ ...SHORT, ...inputs })
  assert.deepEqual(stop, { kind: 'stop', side: 'sell', quantity: 2, triggerPrice: 2300 })
  assert.equal(
    describeStop(stop as never, { asset: 'ETH', exposure: baseQty(10), hedge: baseQty(-2) }),
    'If the ETH mark reaches 2,300.00 the venue sells 2 ETH: the hedge rises from -20 % to 0 %.',
  )
})

test('the trigger lies between entry and liquidation, on the tick, and closes no more than there is', () => {
  fc.assert(
    fc.property(
      fc.double({ min: 0.01, max: 500, noNaN: true }),
      fc.double({ min: 0.01, max: 500, noNaN: true }),
      fc.double({ min: 0.05, max: 0.95, noNaN: true }),
      fc.double({ min: 0.02, max: 2, noNaN: true }),
      fc.boolean(),
      (held, onAccount, atShare, away, isShort) => {
        const sign = isShort ? -1 : 1
        const liquidationPrice = price(isShort ? 3000 * (1 + away) : 3000 * (1 - away / 2.1))
        const stop = protectiveStop({
          ...SHORT,
          position: baseQty(sign * held),
          onAccount: baseQty(sign * onAccount),
          atShare: fraction(atShare),
          liquidationPrice,
        })
        assert.ok(stop.kind === 'stop')
        const [low, high] = isShort ? [3000, liquidationPrice] : [liquidationPrice, 3000]
        assert.ok(stop.triggerPrice >= low && stop.triggerPrice <= high)
        assert.ok(Math.abs(stop.triggerPrice * 100 - Math.round(stop.triggerPrice * 100)) < 1e-6)
        assert.ok(stop.quantity <= Math.min(held, onAccount) + 1e-9)
      },
    ),
    { numRuns: 300 },
  )
})

test('where there is nothing to protect, or a stop would not protect it, there is none and it says why', () => {
  const why = (over: Partial<StopInputs>) => {
    const stop = protectiveStop({ ...SHORT, ...over })
    return stop.kind === 'none' ? stop.reason : stop.kind
  }
  assert.equal(why({ position: baseQty(0) }), 'FLAT')
  assert.equal(why({ position: baseQty(-0.0004) }), 'FLAT')
  assert.equal(why({ onAccount: baseQty(3) }), 'NOTHING_TO_CLOSE')
  assert.equal(why({ liquidationPrice: undefined }), 'NO_LIQUIDATION_PRICE')
  assert.equal(why({ liquidationPrice: price(2900) }), 'LIQUIDATION_ON_WRONG_SIDE')
  assert.equal(why({ markPrice: price(3950) }), 'MARK_BEYOND_TRIGGER')
})

test('within a lot and ten basis points a stop is left where it is', () => {
  const wanted = { kind: 'stop', side: 'buy', quantity: baseQty(6.6), triggerPrice: price(3912) } as const
  const same = (over: { side?: 'sell'; quantity?: number; triggerPrice?: number }) =>
    isSameStop({ ...wanted, ...(over as object) }, wanted, INSTRUMENT)
  assert.deepEqual([same({}), same({ quantity: 6.601 }), same({ triggerPrice: 3915.9 })], [true, true, true])
  assert.deepEqual(
    [same({ quantity: 6.602 }), same({ triggerPrice: 3916 }), same({ side: 'sell' })],
    [false, false, false],
  )
})
