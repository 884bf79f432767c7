import assert from 'node:assert/strict'
import { test } from 'node:test'
import { instantOf } from '../../models/samples.ts'
import { LONGEST_HORIZON_HOURS } from '../../models/targets.ts'
import { EMBARGO_HOURS, fixedFold, samplesIn, segmentsOf, walkForwardFolds } from '../../models/walk-forward.ts'
import { DAY, HOUR } from '../../src/domain/units.ts'
import { MADE_FROM, makeHours } from './made-hours.ts'

const DAYS = 400
const made = makeHours({ hours: DAYS * 24, label: () => 0 })
const span = { from: MADE_FROM, to: MADE_FROM + DAYS * DAY }
const folds = walkForwardFolds({ ...span, folds: 3, testDays: 40, calibrationDays: 30 })

test('folds follow each other without a gap, each on everything before it', () => {
  assert.equal(folds.length, 3)
  assert.equal(folds.at(-1)!.test.to, span.to)
  for (const [k, { train, calibration, test }] of folds.entries()) {
    assert.equal(train.from, span.from)
    assert.equal(train.to, calibration.from)
    assert.equal(calibration.to, test.from)
    if (k > 0) assert.equal(folds[k - 1]!.test.to, test.from)
  }
  const [first] = walkForwardFolds({ ...span, folds: 1, testDays: 40, calibrationDays: 30, trainDays: 130 })
  assert.equal(first!.calibration.from - first!.train.from, 130 * DAY)
})

test('too little to train on is refused with what there is', () => {
  assert.throws(
    () => walkForwardFolds({ ...span, folds: 8, testDays: 40, calibrationDays: 30 }),
    /Expected at least 120 days to train on before 2022-02-20, were 50/,
  )
})

test('no label of a segment reaches into the next, and none begins while one of the segment before it runs', () => {
  for (const fold of folds) {
    const { train, calibration, test } = segmentsOf([made], fold, { everyHours: 4 })
    const last = (samples: typeof train) => instantOf(samples.at(-1)!)
    assert.ok(last(train) + LONGEST_HORIZON_HOURS * HOUR < fold.calibration.from)
    assert.ok(last(calibration) + LONGEST_HORIZON_HOURS * HOUR < fold.test.from)
    assert.ok(instantOf(calibration[0]!) >= fold.calibration.from + EMBARGO_HOURS * HOUR)
    assert.ok(instantOf(test[0]!) >= fold.test.from + EMBARGO_HOURS * HOUR)
    assert.ok(train.every((sample) => instantOf(sample) % (4 * HOUR) === 0))
  }
})

test('a planted label that overlaps the next segment is caught: only an unpurged pick sees it', () => {
  const fold = folds[0]!
  // A label that is 1 exactly where its window reaches over the boundary: any sample with it was not purged.
  const overlaps = (i: number) => {
    const at = MADE_FROM + i * HOUR
    return at < fold.train.to && at + LONGEST_HORIZON_HOURS * HOUR >= fold.train.to ? 1 : 0
  }
  const planted = makeHours({ hours: DAYS * 24, label: (_, { i }) => overlaps(i) })
  const seen = (purge: boolean) =>
    samplesIn([planted], fold.train, { everyHours: 1, purge }).filter(
      ({ hours, i }) => hours.labels['cascade-down-72h'][i] === 1,
    ).length
  assert.equal(seen(true), 0)
  assert.equal(seen(false), LONGEST_HORIZON_HOURS)
})

test('one window takes everything before it, and pooled assets are only learned from', () => {
  const testSpan = { from: MADE_FROM + 300 * DAY, to: MADE_FROM + 360 * DAY }
  const fold = fixedFold({ from: MADE_FROM, test: testSpan, calibrationDays: 60 })
  const other = makeHours({ asset: 'SOL', hours: DAYS * 24, label: () => 1, seed: 2 })
  const { train, calibration, test } = segmentsOf([made], fold, { everyHours: 4, trainOnly: [other] })
  assert.deepEqual(new Set(train.map(({ hours }) => hours.asset)), new Set(['ETH', 'SOL']))
  assert.deepEqual(new Set([...calibration, ...test].map(({ hours }) => hours.asset)), new Set(['ETH']))
  assert.ok(train.every((sample, k) => k === 0 || instantOf(sample) >= instantOf(train[k - 1]!)))
})

test('an asset looked at in several phases is counted once a decision', () => {
  const phases = [0, 1, 2].map((phase) => ({ ...made, phase }))
  const samples = samplesIn(phases, folds[0]!.test, { everyHours: 4 })
  const hours = samples.map(instantOf)
  assert.equal(new Set(hours).size, hours.length)
  assert.deepEqual(new Set(samples.map(({ hours: { phase } }) => phase)), new Set([0, 1, 2]))
})
