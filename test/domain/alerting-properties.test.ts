import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ALERT_SEVERITIES, ALERT_STAGES, type Alert } from '../../src/domain/alert.ts'
import { DAY, duration, elapsed, HOUR, MINUTE, price } from '../../src/domain/units.ts'
import { cluster, type Played, play, RULES, type Step, shorts } from './alert-path.ts'

const BUDGET = 2

/** Up to six clusters coming and going on both sides, a price with wicks, open interest that jumps, silence in between. */
const step: fc.Arbitrary<Step> = fc
  .record({
    confidences: fc.array(fc.option(fc.double({ min: 0.2, max: 1, noNaN: true }), { nil: undefined }), {
      minLength: 6,
      maxLength: 6,
    }),
    shown: fc.array(fc.boolean(), { minLength: 6, maxLength: 6 }),
    gain: fc.option(fc.double({ min: 0, max: 2, noNaN: true }), { nil: undefined }),
    afterMs: fc.oneof(fc.constant(30_000), fc.integer({ min: 1000, max: 4 * HOUR })),
    close: fc.integer({ min: 2860, max: 3140 }),
    down: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 200 })),
    up: fc.oneof({ weight: 3, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 200 })),
    openInterest: fc.option(fc.integer({ min: 900_000, max: 1_000_000 }), { nil: undefined }),
  })
  .map(({ confidences, shown, gain, afterMs, close, down, up, openInterest }) => ({
    clusters: confidences.flatMap((confidence, i) =>
      shown[i]
        ? [(i < 3 ? cluster : shorts)(confidence, { clusterId: `c${i}`, ...(gain === undefined ? {} : { gain }) })]
        : [],
    ),
    afterMs,
    price: close,
    lowPrice: close - down,
    highPrice: close + up,
    ...(openInterest === undefined ? {} : { openInterest }),
  }))

const paths = fc.array(step, { maxLength: 60 })
const RANDOM_RULES = { budgetPerDay: BUDGET, cooldown: duration(HOUR), maxDuration: duration(6 * HOUR) }
const always = (check: (played: Played, path: readonly Step[]) => void): void =>
  fc.assert(
    fc.property(paths, (path) => check(play(path, { rules: RANDOM_RULES }), path)),
    { numRuns: 300 },
  )
const sideOf = (alert: Alert): string => alert.cluster.side

test('the random paths visit every stage and every end', () => {
  const seen = new Set<string>()
  always(({ alerts, decisions }) => {
    for (const { stageTimes, endReason, severity } of alerts)
      for (const what of [...Object.keys(stageTimes), endReason ?? 'open', severity]) seen.add(what)
    for (const { decision } of decisions) for (const { reason } of decision.held) seen.add(reason)
  })
  const expected = [...ALERT_STAGES, ...ALERT_SEVERITIES, 'budget', 'cooldown', 'open']
  assert.deepEqual(
    [...expected, 'faded', 'vanished', 'timed-out', 'cascaded', 'held', 'unknown'].filter((what) => !seen.has(what)),
    [],
  )
})

test('at most one alert a side is open, and a side rests for the cooldown in between', () => {
  always(({ alerts }) => {
    for (const side of ['buy', 'sell']) {
      const ofSide = alerts.filter((alert) => sideOf(alert) === side)
      for (const [i, alert] of ofSide.entries()) {
        const before = ofSide[i - 1]
        if (before) assert.ok(alert.raisedAt - before.endedAt! >= RANDOM_RULES.cooldown)
      }
    }
  })
})

test('stages move forward only and severity never falls, and what is told is a change of either', () => {
  always(({ decisions }) => {
    for (const { at, decision } of decisions)
      for (const { before, after, told } of decision.change) {
        const [was, is] = [ALERT_STAGES.indexOf(before.stage), ALERT_STAGES.indexOf(after.stage)]
        const [soft, loud] = [before, after].map(({ severity }) => ALERT_SEVERITIES.indexOf(severity)) as [
          number,
          number,
        ]
        assert.ok(is >= was && loud >= soft && after.peakConfidence >= before.peakConfidence)
        assert.equal(told, is > was || loud > soft)
        assert.equal(after.stageTimes[after.stage], is > was ? at : before.stageTimes[before.stage])
        for (const [stage, told] of Object.entries(before.stageTimes))
          assert.equal(after.stageTimes[stage as keyof typeof before.stageTimes], told)
      }
  })
})

test('an alert is over once: an ended one is never changed, and each alert id and episode is raised once while open', () => {
  always(({ alerts, decisions }) => {
    const changed = decisions.flatMap(({ decision }) => decision.change)
    for (const { before } of changed) assert.equal(before.endedAt, undefined)
    for (const alert of alerts) {
      const ends = changed.filter(({ after }) => after.alertId === alert.alertId && after.endedAt !== undefined)
      assert.equal(ends.length, alert.endedAt === undefined ? 0 : 1)
      assert.equal(alert.stage === 'over', alert.endedAt !== undefined)
      assert.equal(alert.endReason === undefined, alert.endedAt === undefined)
    }
  })
})

test('in any day, only what is critical goes beyond the budget', () => {
  always(({ decisions }) => {
    const raised = decisions.flatMap(({ decision }) => decision.raise)
    for (const [i, alert] of raised.entries()) {
      const inDay = raised.slice(0, i).filter((before) => elapsed(before.raisedAt, alert.raisedAt) < DAY).length
      if (alert.severity !== 'critical') assert.ok(inDay < BUDGET)
    }
  })
})

test('nothing is raised on an undetermined confidence or below the threshold, and none ends by one', () => {
  always(({ decisions }) => {
    for (const { decision, inputs } of decisions) {
      for (const { cluster: raised, threshold } of decision.raise) {
        const answer = raised.confidence['24h']
        assert.ok(answer.kind === 'estimated' && answer.confidence >= threshold)
      }
      for (const { after } of decision.change) {
        if (after.endReason !== 'faded') continue
        const answer = inputs.clusters.find(({ clusterId }) => clusterId === after.clusterId)!.confidence['24h']
        assert.ok(answer.kind === 'estimated' && answer.confidence < RULES.threshold - RULES.hysteresis)
      }
    }
  })
})

test('price at or through the peak since the alert was raised is a touch, by a wick too, and nothing else is', () => {
  always(({ alerts, decisions }) => {
    for (const alert of alerts) {
      const { cluster: told, raisedAt, endedAt, touch } = alert
      const reaching = decisions.find(
        ({ at, inputs }) =>
          at > raisedAt &&
          at <= (endedAt ?? Number.POSITIVE_INFINITY) &&
          (told.side === 'sell'
            ? inputs.bars![0]!.lowPrice <= told.peakPrice
            : inputs.bars![0]!.highPrice >= told.peakPrice),
      )
      assert.equal(touch?.at, reaching?.at)
      const early = ['faded', 'vanished', 'timed-out']
      if (endedAt !== undefined) assert.equal(early.includes(alert.endReason!), touch === undefined)
    }
  })
})

test('the same path gives the same alerts', () => {
  always((played, path) => assert.deepEqual(play(path, { rules: RANDOM_RULES }).alerts, played.alerts))
})

test('inside the hysteresis band nothing flaps: one alert, open until its longest duration', () => {
  const inBand = fc.array(fc.double({ min: 0.301, max: 0.999, noNaN: true }), { maxLength: 60 })
  fc.assert(
    fc.property(inBand, (path) => {
      const { alerts } = play(
        [0.4, ...path].map((confidence) => ({ clusters: [cluster(confidence)], afterMs: 10 * MINUTE, price: 2999 })),
      )
      assert.equal(alerts.length, 1)
      assert.equal(alerts[0]!.endedAt, undefined)
      assert.equal(alerts[0]!.cluster.peakPrice, price(2850))
    }),
  )
})
