import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bps, price, timestamp, usd } from '../../../src/domain/units.ts'
import type { Quote } from '../../../src/ports.ts'
import { paperInstrument } from '../../../src/venues/paper/instruments.ts'
import { matchAgainstDepth, matchAgainstQuote, type Taker } from '../../../src/venues/paper/matching.ts'

const instrument = paperInstrument('ETH', 'paper')
const QUOTE: Quote = {
  at: timestamp(0),
  bestBid: price(2000),
  bestAsk: price(2000),
  dailyVolumeNotional: usd(15e9),
  dailyVolatility: 0.03,
}
const order = (changed: Partial<Taker>): Taker => ({ side: 'buy', quantity: '1', limitPrice: '2100', ...changed })
const options = (quote: Quote = QUOTE) => ({ instrument, quote, takerFee: bps(5) })
const paidBps = (fillPrice: string): number => (Number(fillPrice) / 2000 - 1) * 1e4

test('impact follows the square root of size: two thirds of 3.8 bps for 5M and of 12.1 bps for 50M USD', () => {
  const [small] = matchAgainstQuote(order({ quantity: '2500' }), options())
  const [large] = matchAgainstQuote(order({ quantity: '25000' }), options())
  assert.ok(Math.abs(paidBps(small!.fillPrice) - (2 / 3) * 3.834) < 0.06)
  assert.ok(Math.abs(paidBps(large!.fillPrice) - (2 / 3) * 12.124) < 0.06)
  const [sold] = matchAgainstQuote(order({ side: 'sell', quantity: '2500', limitPrice: '1900' }), options())
  assert.ok(Math.abs(paidBps(sold!.fillPrice) + (2 / 3) * 3.834) < 0.06)
})

test('the quantity is cut where the last coin would pass the limit', () => {
  // 3.834 bps over the touch is what 5M USD reach, however much was asked for.
  const [cut] = matchAgainstQuote(order({ quantity: '9000', limitPrice: '2000.76' }), options())
  assert.ok(Number(cut!.quantity) > 2350 && Number(cut!.quantity) < 2500, `was ${cut!.quantity}`)
  assert.ok(Number(cut!.fillPrice) < 2000.76)
})

test('where volume or volatility is unknown, ten basis points are charged, but not beyond the limit', () => {
  const { dailyVolumeNotional: _, ...unknown } = QUOTE
  assert.equal(matchAgainstQuote(order({}), options(unknown))[0]!.fillPrice, '2002')
  assert.equal(matchAgainstQuote(order({ limitPrice: '2001' }), options(unknown))[0]!.fillPrice, '2001')
})

test('the fee is a share of what was filled', () => {
  const [fill] = matchAgainstQuote(order({ quantity: '3' }), options())
  assert.equal(fill!.feeUsd, (3 * Number(fill!.fillPrice) * 0.0005).toFixed(8))
})

test('a ladder is walked level by level, each dearer than the one before, as deep as the quote says', () => {
  const deep = options({ ...QUOTE, depthNotional: usd(400_000) })
  const fills = matchAgainstDepth(order({ quantity: '35' }), deep)
  assert.deepEqual(
    fills.map((fill) => fill.quantity),
    ['10', '9.995', '9.99', '5.015'],
  )
  assert.deepEqual(
    fills.map((fill) => fill.fillPrice),
    ['2000', '2001', '2002', '2003'],
  )
  const all = matchAgainstDepth(order({ quantity: '1000' }), deep)
  const notional = all.reduce((sum, fill) => sum + Number(fill.quantity) * Number(fill.fillPrice), 0)
  assert.equal(all.length, 20)
  assert.ok(Math.abs(notional - 400_000) < 100, `Expected the whole depth of 400000 USD, was ${notional}`)
})

test('a ladder of unknown depth fills nothing', () => {
  assert.deepEqual(matchAgainstDepth(order({}), options()), [])
})
