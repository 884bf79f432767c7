import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readConfidence } from '../../models/confidence-file.ts'
import { thresholdFor } from '../../src/backtest/alert-path.ts'
import { parseConfig } from '../../src/config.ts'
import { DAY, later, timestamp } from '../../src/domain/units.ts'
import { alertRules } from '../../src/main/alert-rules.ts'
import { confidenceFor, RECORDED_FOLDER } from '../../src/main/artifacts.ts'

test('a live market gets the confidence fitted on recorded data, a simulated one that of simulated data', async () => {
  const now = timestamp(Date.UTC(2026, 10, 1))
  for (const [name, calibratedOn] of [
    ['live', 'recorded'],
    ['simulated', 'simulated'],
  ] as const) {
    const chosen = await confidenceFor({ name, from: now })
    assert.equal(chosen?.horizons['24h']?.calibratedOn, calibratedOn)
  }
})

test('a replay of days that the recorded confidence was fitted on does not get it', async () => {
  const recorded = await readConfidence(RECORDED_FOLDER)
  const until = timestamp(Date.parse(recorded!.fittedUntil!))
  const of = async (from: typeof until) =>
    (await confidenceFor({ name: 'replay of a folder', from }))?.horizons['24h']?.calibratedOn
  assert.equal(await of(later(until, -DAY)), 'simulated')
  assert.equal(await of(later(until, DAY)), 'recorded')
})

test('what a desk leaves open follows from the calibration, and what it sets wins', () => {
  const open = alertRules(parseConfig({}).alerts, 0.1)
  assert.deepEqual([open.threshold, open.hysteresis], [0.1, 0.025])
  const own = alertRules(parseConfig({ ALERT_THRESHOLD: '0.5', ALERT_HYSTERESIS: '0.2' }).alerts, 0.1)
  assert.deepEqual([own.threshold, own.hysteresis], [0.5, 0.2])
})

test('without a calibration no confidence reaches the threshold', () => {
  assert.equal(alertRules(parseConfig({}).alerts, undefined).threshold, 1)
})

test('the threshold is the lowest from which on alerts keep to the budget', () => {
  const rates = (perDay: readonly number[]) =>
    perDay.map((each, k) => ({
      threshold: (k + 1) / 10,
      days: 100,
      raised: 100 * each,
      perDay: each,
      shareOfTime: 0,
      touched: 0,
      cascaded: 0,
      precision: 0,
      cameTrue: 0,
      judged: 0,
      leadHours: null,
    }))
  assert.equal(thresholdFor(rates([2, 1, 0.3, 0.1]), 1 / 3), 0.3)
  assert.equal(thresholdFor(rates([0.2, 1, 0.3, 0.1]), 1 / 3), 0.3, 'a dip below does not count')
  assert.equal(thresholdFor(rates([2, 1]), 1 / 3), 0.2, 'the highest there is, where none keeps to it')
})
