import assert from 'node:assert/strict'
import { test } from 'node:test'
import { summarise } from '../../src/app/report-calibration.ts'
import { DAY } from '../../src/domain/units.ts'
import type { ClusterJudgement } from '../../src/ports.ts'
import { aJudgement } from '../conformance/store-liquidation.ts'

/** `count` clusters of one side a day for as many days as it takes; the first `events` of every hundred come true. */
const recordOf = (
  count: number,
  { confidence = 0.3, baseline = 0.2, perDay = 1, events = 30 } = {},
): readonly ClusterJudgement[] =>
  Array.from({ length: count }, (_, i) =>
    aJudgement({
      clusterId: `c${i}`,
      day: Math.floor(i / perDay) * DAY,
      confidence,
      baseline,
      touched: (i * 37) % 100 < 50,
      event: (i * 37) % 100 < events,
    }),
  )

test('bins are of equal count, at least twenty each and at most ten', () => {
  const bins = (count: number) => summarise(recordOf(count)).bins.map((bin) => bin.count)
  assert.deepEqual(bins(19), [])
  assert.deepEqual(bins(39), [39])
  assert.deepEqual(bins(40), [20, 20])
  assert.deepEqual(bins(1_000), Array(10).fill(100))
})

test('samples, days, touches and events are counted; what is not known stands beside them', () => {
  const { touched: _, event: __, ...unknown } = aJudgement({ clusterId: 'x', day: 7 * DAY })
  const live = summarise([...recordOf(100, { perDay: 20 }), unknown, { ...unknown, clusterId: 'y', touched: true }])
  assert.deepEqual(
    [live.samples, live.unknown, live.days, live.touched, live.events, live.since, live.until],
    [100, 2, 5, 50, 30, 0, 7 * DAY],
  )
})

test('events of one side of an asset on days next to each other are one episode', () => {
  const event = (day: number, side: 'buy' | 'sell' = 'sell', asset = 'ETH') =>
    aJudgement({ clusterId: `${day}${side}${asset}`, day: day * DAY, side, asset, event: true })
  const count = (...events: readonly ClusterJudgement[]) => summarise(events).episodes
  assert.equal(count(event(0), event(1), event(2)), 1)
  assert.equal(count(event(0), event(2)), 2)
  assert.equal(count(event(0), event(0, 'buy'), event(0, 'sell', 'BTC')), 3)
  assert.equal(count(aJudgement({ event: false })), 0)
})

test('below thirty events no score is given; from there on it compares with climatology and the baseline', () => {
  assert.equal(summarise(recordOf(90)).scores, undefined)
  const fair = summarise(recordOf(1_000)).scores!
  assert.ok(fair.confidence.ece < 0.03, `${fair.confidence.ece}`)
  assert.ok(Math.abs(fair.confidence.brierSkill) < 1e-9, 'the base rate itself has no skill')
  assert.ok(Math.abs(fair.baseline.ece - 0.1) < 0.03)
  assert.ok(fair.baseline.brierSkill < -0.04 && fair.againstBaseline > 0.04)
  const knowing = recordOf(1_000).map((one) => ({ ...one, confidence: one.event ? 0.9 : 0.1 }))
  assert.ok(summarise(knowing).scores!.confidence.brierSkill > 0.9)
})

test('clusters that share a day and a side widen the interval', () => {
  const [apart] = summarise(recordOf(39)).bins
  const [together] = summarise(recordOf(39, { perDay: 13 })).bins
  assert.equal(apart!.rate, together!.rate)
  assert.ok(together!.high - together!.low > 2 * (apart!.high - apart!.low))
  assert.ok(apart!.low < apart!.rate && apart!.rate < apart!.high)
})

test('it says what the numbers had been calibrated on when they were given', () => {
  const both = [aJudgement(), aJudgement({ clusterId: 'b', calibratedOn: 'recorded' })]
  assert.deepEqual(summarise(both).calibratedOn, ['recorded', 'simulated'])
  assert.deepEqual(summarise(recordOf(3)).calibratedOn, ['simulated'])
})
