import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type GuardFacts, guardBook, holdOf, mayCross } from '../../../src/domain/execution/guard.ts'
import { bps, duration, price, timestamp, usd } from '../../../src/domain/units.ts'

const calm: GuardFacts = {
  now: timestamp(10_000),
  bookAt: timestamp(9_000),
  bestBid: price(2999.7),
  bestAsk: price(3000.3),
  medianSpread: bps(2),
  depthNotional: usd(10e6),
  medianDepthNotional: usd(12e6),
  markPrice: price(3000),
  indexPrice: price(3001),
}
const codes = (over: Partial<GuardFacts>) => {
  const verdict = guardBook({ ...calm, ...over })
  return verdict.kind === 'proceed' ? ['proceed'] : [verdict.kind, ...verdict.findings.map(({ code }) => code)]
}

test('a usual book lets orders through', () => {
  assert.deepEqual(guardBook(calm), { kind: 'proceed', unknown: [] })
})

test('each trigger fires alone, just past its limit and not at it', () => {
  assert.deepEqual(codes({ bookAt: timestamp(7_000) }), ['proceed'])
  assert.deepEqual(codes({ bookAt: timestamp(6_999) }), ['abort', 'STALE_BOOK'])
  assert.deepEqual(codes({ bestBid: price(2998.51), bestAsk: price(3001.5) }), ['proceed'])
  assert.deepEqual(codes({ bestBid: price(2998.4), bestAsk: price(3001.5) }), ['slow', 'WIDE_SPREAD'])
  assert.deepEqual(codes({ depthNotional: usd(2.4e6) }), ['proceed'])
  assert.deepEqual(codes({ depthNotional: usd(2.39e6) }), ['slow', 'THIN_BOOK'])
  assert.deepEqual(codes({ indexPrice: price(3014.9) }), ['proceed'])
  assert.deepEqual(codes({ indexPrice: price(3016) }), ['abort', 'MARK_OFF_INDEX'])
  assert.deepEqual(codes({ bestAsk: price(2999.7) }), ['abort', 'CROSSED_BOOK'])
})

test('a book that is published slowly is stale after two cadences', () => {
  const slow = { cadence: duration(60_000), now: timestamp(200_000) }
  assert.deepEqual(codes({ ...slow, bookAt: timestamp(80_000) }), ['proceed'])
  assert.deepEqual(codes({ ...slow, bookAt: timestamp(79_999) }), ['abort', 'STALE_BOOK'])
})

test('findings carry their numbers, and what is not known is named', () => {
  const verdict = guardBook({ ...calm, medianDepthNotional: undefined, indexPrice: undefined, bookAt: timestamp(0) })
  assert.ok(verdict.kind === 'abort')
  assert.deepEqual(verdict.findings, [
    { code: 'STALE_BOOK', value: 10_000, limit: 3_000, text: 'the book is 10.0 s old, at most 3.0 s' },
  ])
  assert.deepEqual(verdict.unknown, ['usual depth', 'mark against index'])
  assert.equal(holdOf(verdict), 'the book is 10.0 s old, at most 3.0 s')
})

test('a rail that demands an order is slowed, not stopped, by mark off the index; a stale book stops it too', () => {
  const gap = { indexPrice: price(3030), railDemands: true }
  assert.deepEqual(codes(gap), ['slow', 'MARK_OFF_INDEX'])
  assert.deepEqual(codes({ ...gap, bookAt: timestamp(0) }), ['abort', 'STALE_BOOK', 'MARK_OFF_INDEX'])
})

test('nothing crosses with a cascade unless a rail demands it, and against one it may', () => {
  const proceed = guardBook(calm)
  assert.equal(mayCross({ side: 'sell', guard: proceed }), true)
  assert.equal(mayCross({ side: 'sell', guard: proceed, cascade: 'down' }), false)
  assert.equal(mayCross({ side: 'buy', guard: proceed, cascade: 'up' }), false)
  assert.equal(mayCross({ side: 'buy', guard: proceed, cascade: 'down' }), true)
  assert.equal(mayCross({ side: 'sell', guard: proceed, cascade: 'down', railDemands: true }), true)
  const slow = guardBook({ ...calm, depthNotional: usd(1) })
  assert.equal(mayCross({ side: 'sell', guard: slow }), false)
  assert.equal(mayCross({ side: 'sell', guard: slow, railDemands: true }), true)
  const abort = guardBook({ ...calm, bookAt: timestamp(0) })
  assert.equal(mayCross({ side: 'sell', guard: abort, railDemands: true }), false)
})
