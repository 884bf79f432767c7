import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Alert } from '../../src/domain/alert.ts'
import { type AlertRules, decideAlerts } from '../../src/domain/alerting.ts'
import type { Cluster } from '../../src/domain/forecast.ts'
import { bps, DAY, duration, fraction, HOUR, later, price, timestamp, usd } from '../../src/domain/units.ts'

const rules: AlertRules = {
  threshold: fraction(0.4),
  hysteresis: fraction(0.1),
  cooldown: duration(6 * HOUR),
  maxDuration: duration(12 * HOUR),
}
const START = timestamp(Date.UTC(2025, 1, 3))

const cluster = (confidence: number | undefined, over: Partial<Cluster> = {}): Cluster => ({
  clusterId: 'ETH-sell-1',
  asset: 'ETH',
  side: 'sell',
  lowPrice: price(2800),
  peakPrice: price(2850),
  highPrice: price(2900),
  notional: usd(1e8),
  shareOfOpenInterest: fraction(0.02),
  distance: bps(500),
  distanceSigma: 1,
  age: duration(HOUR),
  venueShares: { binance: fraction(1) },
  confidence:
    confidence === undefined
      ? { kind: 'undetermined', reason: 'STALE_OPEN_INTEREST' }
      : {
          kind: 'estimated',
          confidence: fraction(confidence),
          low: fraction(0),
          high: fraction(1),
          pTouch: fraction(0.5),
          pEventGivenTouch: fraction(0.5),
          horizon: DAY,
          quality: 'good',
          calibratedOn: 'simulated',
        },
  ...over,
})

/** Plays a sequence of cluster lists through the decision, keeping the alerts as a store would. */
function play(steps: readonly { clusters: readonly Cluster[]; price?: number; afterMs?: number }[]) {
  const alerts: Alert[] = []
  let at = START
  for (const step of steps) {
    at = later(at, step.afterMs ?? 30_000)
    const open = alerts.filter((alert) => alert.endedAt === undefined)
    const lastEnded = (['buy', 'sell'] as const).flatMap((side) =>
      alerts.filter((alert) => alert.endedAt !== undefined && alert.cluster.side === side).slice(-1),
    )
    const decision = decideAlerts({
      clusters: step.clusters,
      open,
      lastEnded,
      price: price(step.price ?? 3000),
      at,
      rules,
    })
    for (const { alertId, reason } of decision.end)
      Object.assign(alerts.find((alert) => alert.alertId === alertId)!, { endedAt: at, endReason: reason })
    for (const { alertId, peakConfidence } of decision.follow)
      Object.assign(alerts.find((alert) => alert.alertId === alertId)!, { peakConfidence })
    for (const raised of decision.raise)
      alerts.push({
        alertId: `a${alerts.length}`,
        clusterId: raised.cluster.clusterId,
        asset: 'ETH',
        raisedAt: at,
        threshold: rules.threshold,
        peakConfidence: raised.confidence,
        cluster: raised.cluster,
      })
  }
  return alerts
}
const seen = (confidence: number | undefined, over = {}) => ({ clusters: [cluster(confidence)], ...over })

test('one alert is raised at the threshold and stays one while confidence moves inside the band', () => {
  const alerts = play([seen(0.39), seen(0.4), seen(0.31), seen(0.45), seen(0.33), seen(0.41)])
  assert.equal(alerts.length, 1)
  assert.equal(alerts[0]!.peakConfidence, 0.45)
  assert.equal(alerts[0]!.endedAt, undefined)
})

test('below the band the episode is over, and the cooldown holds the next one back', () => {
  const alerts = play([
    seen(0.5),
    seen(0.29),
    seen(0.5),
    seen(0.5, { afterMs: 5 * HOUR }),
    seen(0.5, { afterMs: 2 * HOUR }),
  ])
  assert.deepEqual(
    alerts.map((alert) => alert.endReason),
    ['faded', undefined],
  )
})

test('price at the peak ends it as touched', () => {
  assert.equal(play([seen(0.5), seen(0.9, { price: 2849 })])[0]!.endReason, 'touched')
})

test('a price already beyond the peak raises nothing', () => {
  assert.deepEqual(play([seen(0.9, { price: 2840 })]), [])
})

test('an alert that stands too long ends by itself', () => {
  assert.equal(play([seen(0.5), seen(0.5, { afterMs: 12 * HOUR })])[0]!.endReason, 'timed-out')
})

test('an episode that ran out is not told again while its cluster stands', () => {
  const alerts = play([
    seen(0.5),
    seen(0.5, { afterMs: 12 * HOUR }),
    seen(0.5, { afterMs: 7 * HOUR }),
    seen(0.6, { afterMs: 7 * HOUR }),
  ])
  assert.deepEqual(
    alerts.map((alert) => alert.endReason),
    ['timed-out'],
  )
})

test('a cluster that is gone from the map ends its alert', () => {
  assert.equal(play([seen(0.5), { clusters: [] }])[0]!.endReason, 'vanished')
})

test('an undetermined confidence raises nothing and ends nothing', () => {
  const alerts = play([seen(undefined), seen(0.5), seen(undefined), seen(0.5)])
  assert.equal(alerts.length, 1)
  assert.equal(alerts[0]!.endedAt, undefined)
})

test('whatever confidence does, no cluster ever has two open alerts and every gap keeps the cooldown', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({
          confidence: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
          afterMs: fc.integer({ min: 1000, max: 4 * HOUR }),
          price: fc.integer({ min: 2800, max: 3200 }),
        }),
        { maxLength: 60 },
      ),
      (path) => {
        const alerts = play(path.map(({ confidence, afterMs, price: at }) => seen(confidence, { afterMs, price: at })))
        return alerts.every(
          (alert, i) =>
            i === 0 ||
            (alerts[i - 1]!.endedAt !== undefined && alert.raisedAt - alerts[i - 1]!.endedAt! >= rules.cooldown),
        )
      },
    ),
  )
})

const crowd = fc.array(
  fc.record({
    confidences: fc.array(fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }), {
      minLength: 6,
      maxLength: 6,
    }),
    shown: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    afterMs: fc.integer({ min: 1000, max: 4 * HOUR }),
  }),
  { maxLength: 50 },
)

test('among many clusters coming and going, one open alert a side is the most there ever is', () => {
  fc.assert(
    fc.property(crowd, (path) => {
      const alerts = play(
        path.map(({ confidences, shown, afterMs }) => ({
          afterMs,
          clusters: confidences.flatMap((confidence, i) =>
            shown[i]
              ? [
                  cluster(confidence, {
                    clusterId: `c${i}`,
                    side: i < 3 ? 'sell' : 'buy',
                    peakPrice: price(i < 3 ? 2850 : 3150),
                  }),
                ]
              : [],
          ),
        })),
      )
      for (const alert of alerts) {
        const alongside = alerts.filter(
          (other) =>
            other.cluster.side === alert.cluster.side &&
            other.raisedAt <= alert.raisedAt &&
            (other.endedAt === undefined || other.endedAt > alert.raisedAt),
        )
        assert.deepEqual(alongside, [alert])
        assert.ok(
          alert.cluster.confidence.kind === 'estimated' && alert.cluster.confidence.confidence >= rules.threshold,
        )
      }
    }),
  )
})

test('inside the hysteresis band nothing flaps: one alert, open until its longest duration', () => {
  const inBand = fc.array(fc.double({ min: 0.301, max: 0.999, noNaN: true }), { maxLength: 60 })
  fc.assert(
    fc.property(inBand, (path) => {
      const alerts = play([0.4, ...path].map((confidence) => seen(confidence, { afterMs: 600_000 })))
      assert.equal(alerts.length, 1)
      assert.equal(alerts[0]!.endedAt, undefined)
    }),
  )
})
