import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  checkOrder,
  checkProposal,
  formatDenial,
  type Limits,
  type OrderRisk,
  type ProposalRisk,
} from '../../../src/domain/risk/checks.ts'
import { bps, duration, fraction, price, usd } from '../../../src/domain/units.ts'

const limits: Limits = {
  maxRatio: fraction(1),
  maxProposalNotional: usd(5e6),
  maxOrderNotional: usd(25_000),
  maxGrossNotional: usd(20e6),
  maxDailyProposals: 20,
  maxOrdersPerMinute: 60,
  priceCollar: bps(50),
}
const proposal = (over: Partial<ProposalRisk> = {}): ProposalRisk => ({
  asset: 'ETH',
  tradingState: 'active',
  notional: usd(1e6),
  requestedRatio: fraction(0.5),
  grossNotionalBefore: usd(0),
  grossNotionalAfter: usd(1e6),
  netDeltaBefore: usd(3e6),
  netDeltaAfter: usd(2e6),
  priceAge: duration(1000),
  maxPriceAge: duration(10_000),
  proposalsToday: 0,
  ...over,
})
const order = (over: Partial<OrderRisk> = {}): OrderRisk => ({
  tradingState: 'active',
  protective: true,
  notional: usd(20_000),
  limitPrice: price(3000),
  referencePrice: price(3003),
  ordersLastMinute: 0,
  ...over,
})
const codes = (over: Partial<ProposalRisk>) => checkProposal(proposal(over), limits).map((denial) => denial.code)

test('a proposal within every limit is not denied', () => {
  assert.deepEqual(checkProposal(proposal(), limits), [])
})

test('each limit denies by itself', () => {
  assert.deepEqual(codes({ tradingState: 'halted' }), ['TRADING_HALTED'])
  assert.deepEqual(codes({ priceAge: duration(10_001) }), ['PRICE_STALE'])
  assert.deepEqual(codes({ requestedRatio: fraction(3) }), ['HEDGE_RATIO_EXCEEDS_MAX'])
  assert.deepEqual(codes({ notional: usd(6e6) }), ['NOTIONAL_EXCEEDS_MAX_PER_PROPOSAL'])
  assert.deepEqual(codes({ grossNotionalAfter: usd(21e6) }), ['NOTIONAL_EXCEEDS_MAX_GROSS'])
  assert.deepEqual(codes({ proposalsToday: 20 }), ['PROPOSALS_EXCEED_MAX_PER_DAY'])
})

test('a book already over the gross limit may still shrink', () => {
  assert.deepEqual(codes({ grossNotionalBefore: usd(22e6), grossNotionalAfter: usd(21e6) }), [])
})

test('a reducing state lets a protective order through and stops the rest', () => {
  assert.deepEqual(codes({ tradingState: 'reducing' }), [])
  assert.deepEqual(codes({ tradingState: 'reducing', netDeltaAfter: usd(3.5e6) }), ['REDUCING_ONLY'])
})

test('every reason is given, not only the first', () => {
  assert.deepEqual(codes({ tradingState: 'halted', requestedRatio: fraction(3) }), [
    'TRADING_HALTED',
    'HEDGE_RATIO_EXCEEDS_MAX',
  ])
})

test('orders are judged on size, pace, price and state', () => {
  const codesOf = (over: Partial<OrderRisk>) => checkOrder(order(over), limits).map((denial) => denial.code)
  assert.deepEqual(codesOf({}), [])
  assert.deepEqual(codesOf({ notional: usd(31_200) }), ['NOTIONAL_EXCEEDS_MAX_PER_ORDER'])
  assert.deepEqual(codesOf({ ordersLastMinute: 60 }), ['ORDERS_EXCEED_MAX_PER_MINUTE'])
  assert.deepEqual(codesOf({ limitPrice: price(2950) }), ['PRICE_OUTSIDE_COLLAR'])
  assert.deepEqual(codesOf({ tradingState: 'halted' }), ['TRADING_HALTED'])
  assert.deepEqual(codesOf({ tradingState: 'reducing', protective: false }), ['REDUCING_ONLY'])
})

test('a denial is said with its code and its numbers', () => {
  const [denial] = checkOrder(order({ notional: usd(31_200) }), limits)
  assert.equal(formatDenial(denial!), 'NOTIONAL_EXCEEDS_MAX_PER_ORDER notional=31200 max=25000')
})
