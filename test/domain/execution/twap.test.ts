import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { expectedCost, peakImpact, realisedCost } from '../../../src/domain/execution/cost.ts'
import { planTwap } from '../../../src/domain/execution/twap.ts'
import { clientOrderIdFor } from '../../../src/domain/hash.ts'
import { instrumentIdOf, roundToLot, toPriceString, toQuantityString } from '../../../src/domain/instrument.ts'
import { toProposalId } from '../../../src/domain/proposal.ts'
import { createRandom } from '../../../src/domain/random.ts'
import { baseQty, bps, duration, fraction, price, timestamp, usd } from '../../../src/domain/units.ts'

const instrument = {
  instrumentId: instrumentIdOf('ETH', 'paper'),
  asset: 'ETH',
  venue: 'paper',
  lotSize: '0.001',
  tickSize: '0.01',
  minNotional: usd(20),
}
const plan = (quantity: number, seed: number) =>
  planTwap({
    quantity: baseQty(quantity),
    referencePrice: price(3000),
    startAt: timestamp(0),
    duration: duration(1_800_000),
    maxClip: usd(200_000),
    instrument,
    random: createRandom(seed),
  })

test('slices sum to the quantity less under one lot, in time order, each at least the minimum notional', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.001, max: 5000, noNaN: true }), fc.integer(), (quantity, seed) => {
      const slices = plan(quantity, seed)
      const wholeLots = Math.floor(quantity / 0.001 + 1e-6) * 0.001
      if (slices.length === 0) return wholeLots * 3000 < 20
      const sizes = slices.map((slice, i) => slice.cumulativeQuantity - (slices[i - 1]?.cumulativeQuantity ?? 0))
      const inOrder = slices.every((slice, i) => i === 0 || slice.at >= slices[i - 1]!.at)
      return (
        inOrder &&
        Math.abs(slices.at(-1)!.cumulativeQuantity - quantity) < 0.001 + 1e-9 &&
        (slices.length === 1 || sizes.every((size) => size * 3000 >= 20))
      )
    }),
  )
})

test('the same proposal always has the same plan', () => {
  assert.deepEqual(plan(500, 7), plan(500, 7))
  assert.notDeepEqual(plan(500, 7), plan(500, 8))
})

test('a quantity below the minimum notional has no slices', () => {
  assert.deepEqual(plan(0.001, 1), [])
})

test('impact follows the square-root law of the worked examples', () => {
  const at = (notional: number) =>
    peakImpact({ notional: usd(notional), dailyVolatility: fraction(0.03), dailyVolumeNotional: usd(15e9) })
  assert.equal(at(5e6).toFixed(1), '3.8')
  assert.equal(at(50e6).toFixed(1), '12.1')
  assert.ok(
    expectedCost({
      notional: usd(5e6),
      takerFee: bps(5),
      halfSpread: bps(1),
      dailyVolatility: fraction(0.03),
      dailyVolumeNotional: usd(15e9),
    }) > 8.4,
  )
})

test('realised cost counts slippage against the arrival mid and the fees', () => {
  const fills = [{ side: 'sell' as const, quantity: 2, fillPrice: 2997, fee: 3 }]
  assert.equal(realisedCost(fills, 3000)!.toFixed(2), '15.00')
  assert.equal(realisedCost([], 3000), undefined)
})

test('client order ids are derived, distinct by slice, and fit every venue', () => {
  const id = toProposalId('7K3M9QX2TB')
  const ids = Array.from({ length: 60 }, (_, slice) => clientOrderIdFor(id, { leg: 0, slice, attempt: 0 }))
  assert.equal(new Set(ids).size, 60)
  assert.equal(ids[0], clientOrderIdFor(id, { leg: 0, slice: 0, attempt: 0 }))
  assert.ok(ids.every((value) => /^[0-9A-Z]{26}$/.test(value)))
})

test('binary dust does not cost a lot', () => {
  assert.equal(roundToLot(baseQty(0.022 - 0.015), instrument), 0.007)
  assert.equal(toQuantityString(baseQty(0.1 + 0.2), instrument), '0.300')
  assert.equal(roundToLot(baseQty(-1.9999), instrument), -1.999)
})

test('quantities and prices leave as decimal strings rounded toward safety', () => {
  assert.equal(toQuantityString(baseQty(1.23456), instrument), '1.234')
  assert.equal(toQuantityString(baseQty(1e-7), instrument), '0.000')
  assert.equal(toPriceString(price(3000.016), 'buy', instrument), '3000.01')
  assert.equal(toPriceString(price(3000.011), 'sell', instrument), '3000.02')
})
