import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bandRates, type Judged, judgeConfidence } from '../../models/confidence-report.ts'
import { brier } from '../../src/domain/calibration.ts'
import type { Horizon } from '../../src/domain/forecast.ts'
import type { ConfidenceSample, HorizonOutcome } from '../../src/domain/liquidation/confidence.ts'
import { createRandom } from '../../src/domain/random.ts'
import { DAY, timestamp } from '../../src/domain/units.ts'

const DAYS = 180
const outcome = (event: boolean): HorizonOutcome => ({ touched: event, event, continued: event })

interface Placed {
  readonly day: number
  readonly distanceSigma?: number
  readonly side?: 'buy' | 'sell'
  readonly series?: string
  readonly event?: boolean
}

function sampleOf({ day, distanceSigma = 1, side = 'sell', series = 'ETH', event }: Placed): ConfidenceSample {
  const none = Number.NaN
  return {
    at: timestamp(day * DAY),
    side,
    series,
    features: {
      distanceSigma,
      volatilityRatio: 0,
      size: -4,
      sizeOfDepth: none,
      gain: none,
      age: 3,
      crowding: none,
      openInterestChange: none,
      leverageSpread: 1,
      coverage: 1,
    },
    outcomes: event === undefined ? {} : { '4h': outcome(event), '24h': outcome(event), '72h': outcome(event) },
  }
}

const judgedOf = (placed: Placed & { event: boolean }, said: { confidence: number; baseline?: number }): Judged => ({
  sample: sampleOf(placed),
  event: placed.event ? 1 : 0,
  touched: placed.event,
  confidence: said.confidence,
  baseline: said.baseline ?? 0.2,
  climatology: 0.2,
})

/** Three clusters a day whose truth is known; the confidence says it, distance alone says the mean. */
function informed(seed: number, say: (truth: number) => number = (truth) => truth): readonly Judged[] {
  const random = createRandom(seed)
  return Array.from({ length: DAYS * 3 }, (_, i) => {
    const truth = random() < 0.5 ? 0.05 : 0.45
    return judgedOf({ day: Math.floor(i / 3), event: random() < truth }, { confidence: say(truth), baseline: 0.25 })
  })
}

suite('the report of a confidence', () => {
  test('counts clusters, days, touches, events, and as one episode the events of one day and side', () => {
    const said = { confidence: 0.2 }
    const row = judgeConfidence(
      [
        judgedOf({ day: 1, event: true }, said),
        judgedOf({ day: 1, event: true }, said),
        judgedOf({ day: 1, event: true, side: 'buy' }, said),
        judgedOf({ day: 1, event: true, series: 'BTC' }, said),
        { ...judgedOf({ day: 2, event: false }, said), touched: true },
        judgedOf({ day: 3, event: false }, said),
      ],
      '24h',
    )
    const { samples, days, touched, events, episodes, base } = row
    assert.deepEqual(
      { samples, days, touched, events, episodes },
      { samples: 6, days: 3, touched: 5, events: 4, episodes: 3 },
    )
    assert.ok(Math.abs(base - 4 / 6) < 1e-12)
  })

  test('skill is what is left of the Brier score of distance alone, and its interval lies around it', () => {
    for (const seed of [1, 2, 3]) {
      const judged = informed(seed)
      const row = judgeConfidence(judged, '24h')
      const labels = judged.map(({ event }) => event)
      const [ours, theirs] = [
        brier(
          judged.map(({ confidence }) => confidence),
          labels,
        ),
        brier(
          judged.map(({ baseline }) => baseline),
          labels,
        ),
      ]
      assert.ok(Math.abs(row.brierSkillOverDistance - (1 - ours / theirs)) < 1e-12)
      const { low, high } = row.brierSkillInterval
      assert.ok(low < row.brierSkillOverDistance && row.brierSkillOverDistance < high)
      assert.ok(low > 0 && high - low < 0.3, `seed ${seed}: ${low} … ${high}`)
    }
  })

  test('who says what distance alone says has no skill, to the last resample', () => {
    const row = judgeConfidence(
      informed(1, () => 0.25),
      '24h',
    )
    assert.equal(row.brierSkillOverDistance, 0)
    assert.deepEqual(row.brierSkillInterval, { low: 0, high: 0 })
  })

  test('who knows nothing and says much is below zero with the whole interval', () => {
    const random = createRandom(9)
    const row = judgeConfidence(
      informed(1, () => (random() < 0.5 ? 0.05 : 0.7)),
      '24h',
    )
    assert.ok(row.brierSkillInterval.high < 0)
    assert.equal(row.gate.passed, false)
  })

  test('days that share a week are drawn together: the interval is wider where weeks differ', () => {
    const random = createRandom(4)
    const widthOf = (weekly: boolean): number => {
      const judged = Array.from({ length: DAYS * 3 }, (_, i) => {
        const day = Math.floor(i / 3)
        const goesWell = weekly ? Math.floor(day / 7) % 2 === 0 : random() < 0.5
        return judgedOf({ day, event: true }, { confidence: goesWell ? 0.9 : 0.3, baseline: 0.6 })
      })
      const { low, high } = judgeConfidence(judged, '24h').brierSkillInterval
      return high - low
    }
    assert.ok(widthOf(true) > 2 * widthOf(false))
  })

  test('nothing to judge is refused', () => {
    assert.throws(
      () => judgeConfidence([], '24h'),
      /^RangeError: Expected clusters with a known outcome within 24h, were none$/,
    )
  })
})

suite('the gate takes outcomes that do not overlap', () => {
  /** Right on every third day and far off on the others. */
  const thirdDays = Array.from({ length: 300 }, (_, day) =>
    judgedOf({ day, event: day % 3 === 0 && day % 2 === 0 }, { confidence: day % 3 === 0 ? 0.5 : 0.9 }),
  )
  const eceOf = (horizon: Horizon): number => judgeConfidence(thirdDays, horizon).gate.ece

  test('every third day within 72 h, every day within less', () => {
    assert.ok(eceOf('72h') < 1e-12)
    for (const horizon of ['4h', '24h'] as const) assert.ok(eceOf(horizon) > 0.5)
  })

  test('and one cluster per market and day: the twentieth on a day does not count twentyfold', () => {
    const days = Array.from({ length: 100 }, (_, day) => judgedOf({ day, event: false }, { confidence: 0.1 }))
    const crowded = Array.from({ length: 400 }, () => judgedOf({ day: 0, event: true }, { confidence: 0.1 }))
    const row = judgeConfidence([...days, ...crowded], '24h')
    assert.ok(row.ece > 0.5)
    assert.ok(row.gate.ece < 0.12, `was ${row.gate.ece}`)
    const elsewhere = crowded.map((each, i) => ({ ...each, sample: { ...each.sample, series: `seed ${i}` } }))
    assert.ok(judgeConfidence([...days, ...elsewhere], '24h').gate.ece > 0.5, 'other markets are others')
  })
})

suite('climatology', () => {
  test('is the rate within each band of distance, half an event added to one case', () => {
    const near = Array.from({ length: 9 }, (_, day) => sampleOf({ day, distanceSigma: 0.1, event: day < 6 }))
    const far = Array.from({ length: 19 }, (_, day) => sampleOf({ day, distanceSigma: 5, event: false }))
    const rates = bandRates([...near, ...far], '24h')
    assert.deepEqual(rates, [6.5 / 10, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5 / 20])
  })

  test('measures distance in standard deviations of the horizon', () => {
    const samples = Array.from({ length: 9 }, (_, day) => sampleOf({ day, distanceSigma: 1.2, event: day < 6 }))
    const bands = (['4h', '24h', '72h'] as const).map((horizon) => bandRates(samples, horizon).indexOf(6.5 / 10))
    // 1.2 of a day are 2.94 of four hours and 0.69 of three days.
    assert.deepEqual(bands, [6, 4, 2])
  })

  test('passes over clusters whose outcome is not known', () => {
    assert.deepEqual(new Set(bandRates([sampleOf({ day: 1 })], '24h')), new Set([0.5]))
  })
})
