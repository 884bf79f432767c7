import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'
import {
  judgeLiveGate,
  type LiveGateCondition,
  type LiveGateRules,
  type PaperDay,
  type PaperRecord,
} from '../../../src/domain/risk/live-gate.ts'
import { DAY, fraction, later, timestamp } from '../../../src/domain/units.ts'

const rules: LiveGateRules = {
  minPaperDays: 90,
  minLossesAvoided: fraction(0.3),
  maxUpsideGivenUp: fraction(0.7),
  maxVolatilityRatio: 1.1,
  maxCalibrationError: fraction(0.05),
}
const START = timestamp(Date.UTC(2025, 8, 1))

/** A book whose hedge is static at `ratio`: HER and UGU are then that ratio, and the volatility ratio is 1. */
function paper(count: number, ratio: number, seed = 7): readonly PaperDay[] {
  const gaussian = createGaussian(createRandom(seed))
  return Array.from({ length: count }, (_, i) => {
    const unhedged = 1e5 * gaussian()
    return { day: later(START, i * DAY), unhedged, hedged: (1 - ratio) * unhedged, hedgeRatio: ratio }
  })
}
const record = (over: Partial<PaperRecord> = {}): PaperRecord => {
  const days = over.days ?? paper(120, 0.5)
  return {
    at: later(START, 120 * DAY + DAY / 2),
    days,
    calibration: { error: fraction(0.02), samples: 800, gatePassed: true },
    ...over,
  }
}
const standing = (over: Partial<PaperRecord>, with_: Partial<LiveGateRules> = {}) => {
  const verdict = judgeLiveGate(record(over), { ...rules, ...with_ })
  const failing = verdict.conditions.filter((one) => one.standing !== 'met')
  assert.equal(verdict.kind, failing.length === 0 ? 'open' : 'closed')
  assert.equal(verdict.reasons.length, failing.length)
  return failing.map(({ name, standing }) => `${name} ${standing}`)
}
const find = (name: LiveGateCondition['name'], over: Partial<PaperRecord> = {}): LiveGateCondition =>
  judgeLiveGate(record(over), rules).conditions.find((one) => one.name === name)!

test('the gate is open when every condition is met, each with value, threshold, interval and sample', () => {
  const verdict = judgeLiveGate(record(), rules)
  assert.equal(verdict.kind, 'open')
  assert.deepEqual(verdict.reasons, [])
  assert.equal(verdict.conditions.length, 7)
  const avoided = find('losses-avoided')
  assert.ok(Math.abs(avoided.value! - 0.5) < 1e-9)
  assert.ok(avoided.low! <= avoided.value! && avoided.value! <= avoided.high!)
  assert.ok(avoided.sample > 30 && avoided.sample < 90, 'it rests on the losing days')
  assert.ok(Math.abs(find('volatility-ratio').value! - 1) < 1e-9)
})

test('each condition closes it by itself', () => {
  assert.deepEqual(standing({}, { minPaperDays: 121 }), ['paper-days not-met'])
  assert.deepEqual(standing({}, { minLossesAvoided: fraction(0.51) }), ['losses-avoided not-met'])
  assert.deepEqual(standing({}, { maxUpsideGivenUp: fraction(0.49) }), ['upside-given-up not-met'])
  assert.deepEqual(standing({}, { maxVolatilityRatio: 0.99 }), ['volatility-ratio not-met'])
  assert.deepEqual(standing({}, { maxCalibrationError: fraction(0.01) }), ['calibration-error not-met'])
  assert.deepEqual(standing({ calibration: { error: fraction(0.02), samples: 9, gatePassed: false } }), [
    'calibration-gate not-met',
  ])
})

test('what is not known closes it, and is not called unmet', () => {
  assert.deepEqual(standing({ calibration: undefined }), ['calibration-error not-known', 'calibration-gate not-known'])
  assert.deepEqual(standing({ calibration: { error: fraction(0.02), samples: 9 } }), ['calibration-gate not-known'])
  const young = { days: paper(10, 0.5), at: later(START, 10 * DAY) }
  assert.deepEqual(standing(young), [
    'paper-days not-met',
    'losses-avoided not-known',
    'upside-given-up not-known',
    'volatility-ratio not-known',
  ])
  assert.match(judgeLiveGate(record(young), rules).reasons.join(), /not known \(20 days are needed, 10 are there\)/)
  assert.deepEqual(standing({ days: [] })[1], 'no-gaps not-known')
})

test('days that are missing close it, inside the record and since its end', () => {
  const days = paper(120, 0.5)
  assert.deepEqual(standing({ days: days.filter((_, i) => i % 20 !== 10) }), [])
  assert.deepEqual(standing({ days: days.filter((_, i) => i % 15 !== 10) }), ['no-gaps not-met'])
  assert.deepEqual(standing({ at: later(START, 140 * DAY) }), ['no-gaps not-met'])
  assert.equal(find('no-gaps', { at: later(START, 240 * DAY) }).value, 0.5)
})

test('a share of losses avoided that could as well be none does not open it', () => {
  const gaussian = createGaussian(createRandom(3))
  // A hedge that is all noise: now and then it seems to avoid a third of the losses.
  const noisy = paper(120, 0).map((day) => ({ ...day, hedged: day.unhedged + 4e5 * gaussian(), hedgeRatio: 0.5 }))
  const loss = -noisy.reduce((sum, { unhedged }) => sum + Math.min(0, unhedged), 0)
  const avoided = noisy.reduce((sum, one) => sum + (one.unhedged < 0 ? one.hedged - one.unhedged : 0), 0)
  const losing = noisy.filter(({ unhedged }) => unhedged < 0).length
  const lift = (0.35 * loss - avoided) / losing
  const days = noisy.map((one) => (one.unhedged < 0 ? { ...one, hedged: one.hedged + lift } : one))
  const found = find('losses-avoided', { days })
  assert.ok(found.value! > 0.3 && found.low! < 0, `${found.value} from ${found.low}`)
  assert.equal(found.standing, 'not-met')
  assert.match(found.why!, /no loss avoided at all/)
})

test('days out of order are a fault of the caller', () => {
  const days = paper(30, 0.5)
  assert.throws(() => judgeLiveGate(record({ days: [days[1]!, days[0]!] }), rules), /Expected each UTC day once/)
  assert.throws(() => judgeLiveGate(record({ days: [days[0]!, days[0]!] }), rules), RangeError)
})
