import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { calibrationDrift, poissonInterval } from '../../../src/domain/model/calibration-drift.ts'
import {
  againstBaseline,
  calibrationEvidence,
  dailyScores,
  liftEvidence,
  type ScoredForecast,
  singles,
} from '../../../src/domain/model/scored.ts'
import { forecastsOf, SEEDS, START, shareOf, type World } from './worlds.ts'

const gate = (world: World) => calibrationEvidence(singles(forecastsOf(world), 24)).kind

suite('observed over expected', () => {
  test('has the exact Poisson interval of tables', () => {
    for (const [count, low, high] of [
      [0, 0, 3.689],
      [1, 0.0253, 5.572],
      [3, 0.6187, 8.767],
      [10, 4.795, 18.39],
      [100, 81.36, 121.63],
    ] as const) {
      const interval = poissonInterval(count)
      assert.ok(Math.abs(interval.low - low) < 0.01 && Math.abs(interval.high - high) < 0.01, `${count}`)
    }
  })

  const said = (events: number, forecasts: number, probability: number) =>
    calibrationDrift(Array.from({ length: forecasts }, (_, i) => ({ probability, happened: i < events })))

  test('does not cry over three events where 1.2 were expected, and does over twelve where four were', () => {
    const few = said(3, 120, 0.01)
    assert.ok(few.kind === 'measured' && few.ratio > 2 && !few.drifted)
    const many = said(12, 200, 0.02)
    assert.ok(many.kind === 'measured' && Math.abs(many.ratio - 3) < 1e-9 && many.drifted)
    const none = said(0, 200, 0.03)
    assert.ok(none.kind === 'measured' && none.ratio === 0 && none.drifted)
    assert.deepEqual(said(1, 29, 0.1), { kind: 'too-few', forecasts: 29, needed: 30 })
  })

  test('looks at the last two hundred only', () => {
    const early = Array.from({ length: 300 }, () => ({ probability: 0.05, happened: true }))
    const late = Array.from({ length: 200 }, (_, i) => ({ probability: 0.05, happened: i % 20 === 0 }))
    const drift = calibrationDrift([...early, ...late])
    assert.ok(drift.kind === 'measured' && drift.observed === 10 && Math.abs(drift.expected - 10) < 1e-9)
  })

  test('rises with every event and never drifts inside its limits', () => {
    fc.assert(
      fc.property(fc.integer({ min: 30, max: 200 }), fc.double({ min: 0.005, max: 0.5, noNaN: true }), (n, p) => {
        let last = -1
        for (let events = 0; events <= Math.min(n, 40); events += 4) {
          const drift = said(events, n, p)
          assert.ok(
            drift.kind === 'measured' && drift.ratio > last && drift.low <= drift.ratio && drift.ratio <= drift.high,
          )
          if (drift.ratio >= 0.5 && drift.ratio <= 2) assert.equal(drift.drifted, false)
          last = drift.ratio
        }
      }),
      { numRuns: 30 },
    )
  })
})

suite('the calibration gate of a model in use', () => {
  test('lets who says the truth through: it seldom fails', () => {
    const share = shareOf(SEEDS.slice(0, 30), (seed) => gate({ seed }) === 'failed')
    assert.ok(share <= 0.07, `was ${share}`)
  })

  test('fails who says three times too much, and most who are far too sure of themselves', () => {
    const some = SEEDS.slice(0, 8)
    assert.equal(
      shareOf(some, (seed) => gate({ seed, shift: 1.3 }) === 'failed'),
      1,
    )
    assert.ok(shareOf(some, (seed) => gate({ seed, slope: 3, shift: 5.5 }) === 'failed') >= 0.8)
  })

  test('says nothing of fewer than eight events', () => {
    const quiet = forecastsOf({ seed: 1, days: 40 }).map((one) => ({ ...one, happened: false }))
    assert.deepEqual(calibrationEvidence(quiet), { kind: 'too-few', events: 0, needed: 8 })
  })
})

suite('the lift in use', () => {
  test('of who sees what is coming lies above 1, with volatility alone beside it', () => {
    const lifts = SEEDS.slice(0, 6).map((seed) => liftEvidence(forecastsOf({ seed, days: 120 })))
    const measured = lifts.flatMap((one) => (one.kind === 'measured' ? [one] : []))
    assert.equal(measured.length, lifts.length)
    assert.ok(measured.every(({ lift, low, high, baseline }) => lift > 1 && low <= high && baseline !== undefined))
  })

  test('of who says the opposite lies below 1 throughout its interval, of who knows nothing it seldom does', () => {
    const opposite = (seed: number): ScoredForecast[] =>
      forecastsOf({ seed, days: 120 }).map((one) => ({ ...one, probability: 0.3 - 0.3 * one.probability }))
    const below = (forecasts: readonly ScoredForecast[]): boolean => {
      const evidence = liftEvidence(forecasts)
      return evidence.kind === 'measured' && Math.max(evidence.lift, evidence.high) < 1
    }
    const some = SEEDS.slice(0, 6)
    assert.ok(shareOf(some, (seed) => below(opposite(seed))) >= 0.8)
    assert.ok(shareOf(some, (seed) => below(forecastsOf({ seed, days: 120, blind: true }))) <= 0.2)
  })
})

test('a day is scored as one: mean log loss and Brier score of all its forecasts, and those of volatility alone', () => {
  const at = (hours: number, probability: number, happened: boolean): ScoredForecast => ({
    asset: 'ETH',
    target: 'cascade-down-24h',
    at: START + hours * 3_600_000,
    probability,
    baseline: 0.5,
    happened,
  })
  const days = dailyScores([at(30, 0.2, false), at(0, 0.1, false), at(23, 0.4, true)])
  assert.deepEqual(
    days.map(({ day, forecasts, events }) => ({ day, forecasts, events })),
    [
      { day: START, forecasts: 2, events: 1 },
      { day: START + 86_400_000, forecasts: 1, events: 0 },
    ],
  )
  assert.ok(Math.abs(days[0]!.logLoss - (-Math.log(0.9) - Math.log(0.4)) / 2) < 1e-12)
  assert.ok(Math.abs(days[0]!.brier - (0.01 + 0.36) / 2) < 1e-12)
  assert.ok(Math.abs(days[1]!.baselineLogLoss! - Math.log(2)) < 1e-12)
})

test('a model that says what the baseline says does not differ from it', () => {
  const days = dailyScores(forecastsOf({ seed: 1 }).map((one) => ({ ...one, baseline: one.probability })))
  assert.deepEqual(againstBaseline(days), { kind: 'measured', days: 90, difference: 0, t: 0 })
  assert.equal(againstBaseline(days.slice(0, 9)).kind, 'too-few')
})
