import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Columns } from '../../models/columns.ts'
import { collectHours, HEADS, HORIZON_HOURS, labelsOf, OVERLAY_COST, splitHours } from '../../models/dataset.ts'
import { DAY, HOUR, later, timestamp } from '../../src/domain/units.ts'
import { createSimulatedMarket } from '../../src/venues/simulated/market.ts'

const HOURS = 120
const from = timestamp(Date.UTC(2024, 0, 1))

/** Prices that swing by 1 % every hour, then stand still from hour 60. */
function columns(change: (price: number[], low: number[], high: number[]) => void, funding = Number.NaN): Columns {
  const price = Array.from({ length: HOURS }, (_, i) => (i < 60 && i % 2 === 1 ? 101 : 100))
  const [low, high] = [[...price], [...price]]
  change(price, low, high)
  const none = () => new Array<number>(HOURS).fill(Number.NaN)
  return {
    instants: price.map((_, i) => from + i * HOUR),
    price,
    high,
    low,
    openInterest: [],
    funding: [{ venue: 'a', cadenceHours: 1, values: new Array(HOURS).fill(funding) }],
    longLiquidated: [],
    shortLiquidated: [],
    takerBought: none(),
    takerSold: none(),
    bidDepth: [],
    askDepth: [],
    age: {
      bar: none(),
      'open-interest': none(),
      funding: none(),
      liquidations: none(),
      'taker-flow': none(),
      'book-depth': none(),
    },
    cadenceHours: {
      bar: 1,
      'open-interest': Number.POSITIVE_INFINITY,
      funding: 1,
      liquidations: Number.POSITIVE_INFINITY,
      'taker-flow': Number.POSITIVE_INFINITY,
      'book-depth': Number.POSITIVE_INFINITY,
    },
  }
}

// σ of hourly returns is just under 1 % at hour 60: the thresholds are 5 % over 4 h, 12.2 % over 24 h, 21 % over 72 h.
test('a low beyond 2.5 standard deviations of the horizon is a cascade for all its hours before', () => {
  const labels = labelsOf(columns((_, low) => (low[80] = 85)))
  const day = labels['cascade-down-24h']
  assert.deepEqual([day[55], day[56], day[60], day[79], day[80]], [0, 1, 1, 1, 0])
  const fourHours = labels['cascade-down-4h']
  assert.deepEqual([fourHours[75], fourHours[76], fourHours[79], fourHours[80]], [0, 1, 1, 0])
  for (const head of ['cascade-up-4h', 'cascade-up-24h', 'cascade-up-72h'] as const) {
    assert.ok(labels[head].every((label) => !(label > 0)))
  }
})

test('each horizon has a threshold of its own, so that none of the events contains another', () => {
  const fallTo = (low: number) => {
    const labels = labelsOf(columns((_, lows) => (lows[42] = low)))
    return [labels['cascade-down-4h'][40], labels['cascade-down-24h'][40], labels['cascade-down-72h'][40]]
  }
  assert.deepEqual(fallTo(96), [0, 0, 0])
  assert.deepEqual(fallTo(93), [1, 0, 0])
  assert.deepEqual(fallTo(85), [1, 1, 0])
  assert.deepEqual(fallTo(70), [1, 1, 1])
})

test('a fall short of the threshold is no cascade, and a rise is one upwards', () => {
  assert.equal(labelsOf(columns((_, low) => (low[80] = 92)))['cascade-down-24h'][70], 0)
  assert.equal(labelsOf(columns((_, __, high) => (high[80] = 120)))['cascade-up-24h'][70], 1)
})

test('labels whose future is not recorded are unknown', () => {
  const labels = labelsOf(columns(() => {}))
  for (const head of HEADS) {
    assert.ok(Number.isNaN(labels[head][HOURS - HORIZON_HOURS[head]]!), head)
    assert.ok(!Number.isNaN(labels[head][HOURS - HORIZON_HOURS[head] - 1]!), head)
  }
})

test('the overlay pays when fall and funding exceed the cost of both sides', () => {
  const paid = (fall: number, f8: number) =>
    labelsOf(columns((price) => price.fill(100 * (1 - fall), 90), f8))['overlay-pays'][
      89 - HORIZON_HOURS['overlay-pays'] + 5
    ]
  assert.equal(paid(2 * OVERLAY_COST + 1e-5, 0), 1)
  assert.equal(paid(2 * OVERLAY_COST - 1e-5, 0), 0)
  // Three settlements in a day.
  assert.equal(paid(0, (2 * OVERLAY_COST) / 3 + 1e-6), 1)
  assert.equal(paid(0, (2 * OVERLAY_COST) / 3 - 1e-6), 0)
  assert.equal(paid(0.01, -0.004), 0)
})

test('segments follow each other with no label reaching over and 72 h left out', async () => {
  const to = later(from, 120 * DAY)
  const hours = await collectHours(createSimulatedMarket({ seed: 2, assets: ['ETH'], from, to, warmupDays: 1 }))
  const split = splitHours(hours, 2)
  const [calibrationFrom, testFrom, end] = split.boundaries
  const span = (samples: typeof split.train): [number, number] => {
    const instants = samples.map((sample) => sample.hours.instants[sample.i]!)
    return [Math.min(...instants), Math.max(...instants)]
  }
  const [, trainEnd] = span(split.train)
  const [calibrationStart, calibrationEnd] = span(split.calibration)
  const [testStart, testEnd] = span(split.test)
  assert.ok(trainEnd + 72 * HOUR < calibrationFrom)
  assert.ok(calibrationStart >= calibrationFrom + 72 * HOUR)
  assert.ok(calibrationEnd + 72 * HOUR < testFrom)
  assert.ok(testStart >= testFrom + 72 * HOUR)
  assert.ok(testEnd + 72 * HOUR <= end + HOUR)
  assert.ok(split.train.length > 0 && split.calibration.length > 0 && split.test.length > 0)
})

test('a source without an end is refused', async () => {
  const endless = createSimulatedMarket({ seed: 2, assets: ['ETH'], from, warmupDays: 1 })
  await assert.rejects(collectHours(endless), /Expected a source with an end, was simulated without one/)
})
