import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type Aftermath,
  aftermathOf,
  clusterOutcome,
  RECORDED_RULE,
} from '../../../src/domain/liquidation/cluster-outcome.ts'
import { advanceMap, createLiquidationMap } from '../../../src/domain/liquidation/map.ts'
import { DAY, duration, HOUR, price, usd } from '../../../src/domain/units.ts'
import { bar, hour, openInterest, panelOf } from './setup.ts'

const cluster = { side: 'sell', peakPrice: price(95), notional: usd(1_000) } as const
const flat = (hours: number, change: Record<number, number> = {}) =>
  Array.from({ length: hours }, (_, i) => ({
    eventAt: hour(i + 1),
    interval: HOUR,
    highPrice: price(101),
    lowPrice: price(change[i + 1] ?? 99),
  }))
const readings = (coins: (i: number) => number) =>
  Array.from({ length: 60 }, (_, i) => ({ at: hour(i), coins: coins(i) }))
const judge = (aftermath: Partial<Aftermath>, over: Partial<Parameters<typeof clusterOutcome>[2]> = {}) =>
  clusterOutcome(
    cluster,
    { bars: flat(30), openInterest: readings(() => 1_000), ...aftermath },
    { at: hour(0), horizon: DAY, price: price(100), ...over },
  )

test('price that never comes is no touch, and neither is one after the horizon', () => {
  assert.deepEqual(judge({}), { kind: 'not-touched' })
  assert.deepEqual(judge({ bars: flat(30, { 25: 90 }) }), { kind: 'not-touched' })
  assert.equal(judge({ bars: flat(30, { 24: 95 }) }).kind, 'touched')
})

test('a touch is an event when open interest falls 1 % within two hours of the first one', () => {
  const bars = flat(30, { 10: 94, 20: 80 })
  const fallAt = (when: number, to: number) => judge({ bars, openInterest: readings((i) => (i < when ? 1_000 : to)) })
  assert.deepEqual(fallAt(10, 989), { kind: 'touched', touchedAt: hour(10), event: true, continued: false })
  assert.deepEqual(fallAt(12, 989), { kind: 'touched', touchedAt: hour(10), event: true, continued: false })
  assert.deepEqual(fallAt(13, 900), { kind: 'touched', touchedAt: hour(10), event: false, continued: false })
  assert.deepEqual(fallAt(10, 991), { kind: 'touched', touchedAt: hour(10), event: false, continued: false })
})

test('for a large cluster three tenths of it must go', () => {
  const bars = flat(30, { 10: 94 })
  const large = { ...cluster, notional: usd(10_000) }
  const options = { at: hour(0), horizon: DAY, price: price(100) }
  const after = (to: number) =>
    clusterOutcome(large, { bars, openInterest: readings((i) => (i < 10 ? 1_000 : to)) }, options)
  assert.deepEqual(after(971), { kind: 'touched', touchedAt: hour(10), event: false, continued: false })
  assert.deepEqual(after(969), { kind: 'touched', touchedAt: hour(10), event: true, continued: false })
})

test('a short cluster is touched by highs, and complete prints of its side are an event by themselves', () => {
  const bars = flat(30).map((each) => ({ ...each, highPrice: price(each.eventAt === hour(5) ? 106 : 101) }))
  const short = { side: 'buy', peakPrice: price(105), notional: usd(1_000) } as const
  const prints = (longs: number, shorts: number) => [
    { eventAt: hour(6), longNotional: usd(longs), shortNotional: usd(shorts) },
  ]
  const after = (liquidations: Aftermath['liquidations']) =>
    clusterOutcome(
      short,
      { bars, openInterest: readings(() => 1_000), liquidations },
      { at: hour(0), horizon: DAY, price: price(100) },
    )
  assert.deepEqual(after(prints(0, 200)), { kind: 'touched', touchedAt: hour(5), event: true, continued: false })
  assert.deepEqual(after(prints(900, 199)), { kind: 'touched', touchedAt: hour(5), event: false, continued: false })
})

test('a touch with no open interest heard around it is unknown, not a negative', () => {
  const bars = flat(30, { 10: 94 })
  assert.deepEqual(judge({ bars, openInterest: readings(() => 1_000).slice(0, 10) }), {
    kind: 'unknown',
    touchedAt: hour(10),
  })
  assert.deepEqual(judge({ bars, openInterest: readings(() => 1_000).slice(10) }), {
    kind: 'unknown',
    touchedAt: hour(10),
  })
})

test('the aftermath is read by event time, late figures included, summed once every venue has spoken', () => {
  const late = duration(3 * HOUR)
  const panel = panelOf([
    ...[1, 2, 3].map((i) => bar({ at: hour(i), high: 101, low: 99, close: 100 })),
    openInterest(hour(0), 600),
    openInterest(hour(2), 500),
    openInterest(hour(1), 400, { venue: 'b', lag: late }),
    openInterest(hour(2), 300, { venue: 'b', lag: late }),
  ])
  const read = aftermathOf(panel, 'ETH', { at: hour(0), span: duration(2 * HOUR), until: hour(6), venues: ['a', 'b'] })
  assert.deepEqual(
    read.bars.map(({ eventAt }) => eventAt),
    [hour(1), hour(2)],
  )
  assert.deepEqual(read.openInterest, [
    { at: hour(1), coins: 1_000 },
    { at: hour(2), coins: 800 },
  ])
  assert.equal(read.liquidations, undefined)
})

test('price goes on when it reaches a standard deviation of two hours beyond the peak within two hours', () => {
  const beyond = 95 * Math.exp(-0.01 * Math.SQRT2)
  const continued = (hours: Record<number, number>) => {
    const outcome = judge({ bars: flat(30, hours) }, { hourlyVolatility: 0.01 })
    assert.ok(outcome.kind === 'touched')
    return outcome.continued
  }
  assert.equal(continued({ 10: 94.9, 11: 94.9 }), false)
  assert.equal(continued({ 10: 94.9, 12: beyond - 0.001 }), true)
  assert.equal(continued({ 10: 94.9, 12: beyond + 0.001 }), false)
  assert.equal(continued({ 10: 94.9, 13: 80 }), false)
})

test('under the rule for recorded data one percent is enough, within four hours', () => {
  const bars = flat(30, { 10: 94 })
  const large = { ...cluster, notional: usd(10_000) }
  const options = { at: hour(0), horizon: DAY, price: price(100), rule: RECORDED_RULE }
  const after = (when: number, to: number) =>
    clusterOutcome(large, { bars, openInterest: readings((i) => (i < when ? 1_000 : to)) }, options)
  assert.deepEqual(after(14, 989), { kind: 'touched', touchedAt: hour(10), event: true, continued: false })
  assert.deepEqual(after(15, 900), { kind: 'touched', touchedAt: hour(10), event: false, continued: false })
})

test('a venue that changes its unit after a touch has not lost what it held', () => {
  const ticks = [1, 2, 3, 4].flatMap((i) => [
    bar({ at: hour(i), high: 101, low: i === 2 ? 94 : 99, close: 100 }),
    // From the third hour on in USD, the fourth after a real fall of two percent.
    openInterest(hour(i), i < 3 ? 1_000 : i === 3 ? 100_000 : 98_000),
  ])
  const panel = panelOf(ticks)
  const map = advanceMap(createLiquidationMap({ asset: 'ETH' }), panel, 'ETH', hour(4))
  const { guard } = map.bars
  const span = { at: hour(0), span: duration(4 * HOUR), until: hour(4), venues: ['a'] }
  const coins = (read: Aftermath) => read.openInterest.map((reading) => Math.round(reading.coins))
  assert.deepEqual(coins(aftermathOf(panel, 'ETH', { ...span, guard })), [1_000, 1_000, 1_000, 980])
  assert.deepEqual(coins(aftermathOf(panel, 'ETH', span)), [1_000, 1_000, 100_000, 98_000])
})
