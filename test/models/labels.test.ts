import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Columns } from '../../models/columns.ts'
import { JOINT_FALL, labelsOf } from '../../models/labels.ts'
import { TARGETS } from '../../models/targets.ts'
import { HOUR, timestamp } from '../../src/domain/units.ts'
import { emptyColumns } from './made-columns.ts'

const HOURS = 120
const from = timestamp(Date.UTC(2024, 0, 1))

interface Made {
  readonly prices?: (price: number[], low: number[], high: number[]) => void
  readonly funding?: number
  readonly openInterest?: (i: number) => number
  readonly longLiquidated?: (i: number) => number
  readonly spot?: (price: number, i: number) => number
  readonly hours?: number
}

/** Prices that swing by 1 % every hour, then stand still from hour 60. */
function columns({
  prices,
  funding = Number.NaN,
  openInterest,
  longLiquidated,
  spot,
  hours = HOURS,
}: Made = {}): Columns {
  const price = Array.from({ length: hours }, (_, i) => ((i < 60 || hours > HOURS) && i % 2 === 1 ? 101 : 100))
  const [low, high] = [[...price], [...price]]
  prices?.(price, low, high)
  const venue = (value: (i: number) => number) => [
    { venue: 'a', cadenceHours: 1, values: Array.from({ length: hours }, (_, i) => value(i)) },
  ]
  return {
    ...emptyColumns(price.map((_, i) => from + i * HOUR)),
    price,
    high,
    low,
    openInterest: openInterest ? venue(openInterest) : [],
    funding: venue(() => funding),
    longLiquidated: longLiquidated ? venue(longLiquidated) : [],
    shortLiquidated: longLiquidated ? venue(() => 0) : [],
    ...(spot && { perp: price, spot: price.map(spot) }),
  }
}

// σ of hourly returns is just under 1 % at hour 60: the thresholds are 5 % over 4 h, 12.2 % over 24 h, 21 % over 72 h.
test('a low beyond 2.5 standard deviations of the horizon is a cascade for all its hours before', () => {
  const labels = labelsOf(columns({ prices: (_, low) => (low[80] = 85) }))
  const day = labels['cascade-down-24h']
  assert.deepEqual([day[55], day[56], day[60], day[79], day[80]], [0, 1, 1, 1, 0])
  const fourHours = labels['cascade-down-4h']
  assert.deepEqual([fourHours[75], fourHours[76], fourHours[79], fourHours[80]], [0, 1, 1, 0])
  for (const key of ['cascade-up-4h', 'cascade-up-24h', 'cascade-up-72h'] as const) {
    assert.ok(labels[key].every((label) => !(label > 0)))
  }
})

test('each horizon has a threshold of its own, so that none of the events contains another', () => {
  const fallTo = (low: number) => {
    const labels = labelsOf(columns({ prices: (_, lows) => (lows[42] = low) }))
    return [labels['cascade-down-4h'][40], labels['cascade-down-24h'][40], labels['cascade-down-72h'][40]]
  }
  assert.deepEqual(fallTo(96), [0, 0, 0])
  assert.deepEqual(fallTo(93), [1, 0, 0])
  assert.deepEqual(fallTo(85), [1, 1, 0])
  assert.deepEqual(fallTo(70), [1, 1, 1])
})

test('a fall short of the threshold is no cascade, and a rise is one upwards', () => {
  assert.equal(labelsOf(columns({ prices: (_, low) => (low[80] = 92) }))['cascade-down-24h'][70], 0)
  assert.equal(labelsOf(columns({ prices: (_, __, high) => (high[80] = 120) }))['cascade-up-24h'][70], 1)
})

test('a joint cascade needs a fall of open interest as well, and where that is not recorded nothing is said', () => {
  const fall = { prices: (_: number[], low: number[]) => (low[80] = 85) }
  const joint = (after: number) =>
    labelsOf(columns({ ...fall, openInterest: (i) => (i < 80 ? 1000 : after) }))['cascade-down-joint-24h'][70]
  assert.equal(joint(1000 * Math.exp(-JOINT_FALL[24]) - 1), 1)
  assert.equal(joint(1000 * Math.exp(-JOINT_FALL[24]) + 1), 0)
  assert.ok(Number.isNaN(labelsOf(columns(fall))['cascade-down-joint-24h'][70]!))
})

test('a cascade with liquidations needs more of them than in 99 of 100 windows of the months before', () => {
  const hours = 60 * 24
  const quiet = (i: number) => 1 + (i % 7)
  const prices = (_: number[], low: number[]) => (low[1300] = 60)
  const labelled = (at1300: number) =>
    labelsOf(columns({ hours, prices, longLiquidated: (i) => (i === 1300 ? at1300 : quiet(i)) }))[
      'cascade-down-liq-24h'
    ]
  assert.equal(labelled(500)[1290], 1)
  assert.equal(labelled(4)[1290], 0)
  assert.ok(Number.isNaN(labelled(500)[100]!), 'a hundred hours are too little to know what is much')
})

test('labels whose future is not recorded are unknown', () => {
  const hours = 40 * 24
  const all = labelsOf(
    columns({ hours, funding: 1e-4, openInterest: (i) => 1000 + (i % 2), longLiquidated: () => 1, spot: (p) => p }),
    { priceAfter5m: new Array(hours).fill(Number.NaN) },
  )
  for (const { key, horizonHours } of TARGETS.filter((target) => target.horizonHours >= 1)) {
    assert.ok(Number.isNaN(all[key][hours - horizonHours]!), key)
  }
  for (const key of [
    'cascade-down-72h',
    'cascade-down-joint-72h',
    'cascade-down-liq-72h',
    'overlay-pays-24h',
  ] as const) {
    const { horizonHours } = TARGETS.find((target) => target.key === key)!
    assert.ok(!Number.isNaN(all[key][hours - horizonHours - 1]!), key)
  }
})

test('the overlay pays when fall and funding exceed the cost of both sides', () => {
  const paid = (fall: number, funding: number) =>
    labelsOf(columns({ prices: (price) => price.fill(100 * (1 - fall), 90), funding }))['overlay-pays-24h'][70]
  // Six basis points a side; three settlements in a day.
  assert.equal(paid(12e-4 + 1e-5, 0), 1)
  assert.equal(paid(12e-4 - 1e-5, 0), 0)
  assert.equal(paid(0, 4e-4 + 1e-6), 1)
  assert.equal(paid(0, 4e-4 - 1e-6), 0)
  assert.equal(paid(0.01, -0.004), 0)
})

test('direction and size given open interest are told only where it went that way', () => {
  const labels = labelsOf(
    columns({ prices: (price) => price.fill(110, 90), openInterest: (i) => (i < 90 ? 1000 : 1100) }),
  )
  assert.equal(labels['rise-if-interest-rises-24h'][70], 1)
  assert.ok(labels['size-if-interest-rises-24h'][70]! > 0)
  assert.ok(Number.isNaN(labels['rise-if-interest-falls-24h'][70]!))
  assert.ok(Math.abs(labels['open-interest-change-24h'][70]! - Math.log(1.1)) < 1e-6)
})

test('the hedge ratio is the one that leaves least variance: a spot that moves half as much needs half', () => {
  const half = (price: number) => 100 * Math.sqrt(price / 100)
  const labels = labelsOf(columns({ spot: half }))
  assert.ok(Math.abs(labels['hedge-ratio-24h'][20]! - 0.5) < 1e-6)
})
