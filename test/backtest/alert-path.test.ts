import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { readConfidence } from '../../models/confidence-file.ts'
import { type AlertRate, measureAlerts, pooledRates, thresholdFor } from '../../src/backtest/alert-path.ts'
import type { AlertRules } from '../../src/domain/alert.ts'
import { DAY, duration, fraction, HOUR, later, timestamp } from '../../src/domain/units.ts'
import { ARTIFACT_FOLDER } from '../../src/main/artifacts.ts'
import { createSimulatedMarket } from '../../src/venues/simulated/market.ts'

const FROM = timestamp(Date.UTC(2025, 0, 1))
const DAYS = 10
const THRESHOLDS = [0.05, 0.1, 0.2, 0.3, 0.4]
const { horizons: calibrations } = (await readConfidence(ARTIFACT_FOLDER))!
const rules: AlertRules = {
  threshold: fraction(0.3),
  horizon: '24h',
  hysteresis: fraction(0.06),
  cooldown: duration(6 * HOUR),
  maxDuration: duration(24 * HOUR),
  budgetPerDay: 4,
}

const measure = (clock: 'bars' | 'path', seed = 1): Promise<readonly AlertRate[]> =>
  measureAlerts(
    createSimulatedMarket({ seed: 1, assets: ['ETH'], from: FROM, to: later(FROM, DAYS * DAY), warmupDays: 10 }),
    { calibrations, rules, thresholds: THRESHOLDS, clock, seed },
  )

suite('alerts on the path of thirty seconds', () => {
  const path = measure('path')

  test('every figure of a threshold is possible', async () => {
    for (const [k, rate] of (await path).entries()) {
      assert.equal(rate.threshold, THRESHOLDS[k])
      assert.ok(Math.abs(rate.days - DAYS) < 0.01)
      assert.equal(rate.perDay, rate.raised / rate.days)
      assert.ok(rate.shareOfTime >= 0 && rate.shareOfTime <= 1)
      assert.ok(rate.cascaded <= rate.touched && rate.touched <= rate.raised)
      assert.ok(rate.precision >= 0 && rate.precision <= 1)
      assert.equal(rate.precision, rate.raised > 0 ? rate.cascaded / rate.raised : 0)
      assert.equal(rate.leadHours === null, rate.touched === 0)
      assert.ok((rate.leadHours ?? 0) >= 0 && (rate.leadHours ?? 0) <= 24 + HOUR)
      // Critical ones come on top of the budget, once their threshold is far behind.
      assert.ok(rate.raised <= (rules.budgetPerDay + 2) * DAYS)
    }
  })

  test('the higher the threshold, the less of the time stands under alert', async () => {
    const shares = (await path).map(({ shareOfTime }) => shareOfTime)
    assert.ok(shares[0]! > 0)
    for (const [k, share] of shares.slice(1).entries())
      assert.ok(share <= shares[k]! + 0.02, `Expected no more than ${shares[k]} at ${THRESHOLDS[k + 1]}, was ${share}`)
    assert.ok(shares.at(-1)! < 0.5 * shares[0]!)
  })

  test('it meets every touch that a look once a bar meets', async () => {
    for (const [k, bars] of (await measure('bars')).entries()) {
      assert.ok((await path)[k]!.touched >= bars.touched, `at ${bars.threshold}`)
    }
  })

  test('the same seed takes the same path', async () => assert.deepEqual(await measure('path'), await path))
})

const rate = (threshold: number, own: Partial<AlertRate>): AlertRate => {
  const { raised = 0, days = 10, cascaded = 0 } = own
  const perDay = raised / days
  const common = { shareOfTime: 0, touched: cascaded, leadHours: null, cameTrue: cascaded, judged: raised }
  return { ...common, ...own, threshold, days, raised, cascaded, perDay, precision: raised > 0 ? cascaded / raised : 0 }
}

suite('rates of alerts', () => {
  test('of several markets are pooled by days and by alerts, not by market', () => {
    const [pooled] = pooledRates([
      [rate(0.3, { days: 10, raised: 10, cascaded: 1, shareOfTime: 0.5, leadHours: 3 })],
      [rate(0.3, { days: 30, raised: 2, cascaded: 2, shareOfTime: 0.1 })],
    ])
    assert.deepEqual(pooled, {
      threshold: 0.3,
      days: 40,
      raised: 12,
      perDay: 12 / 40,
      shareOfTime: 8 / 40,
      touched: 3,
      cascaded: 3,
      cameTrue: 3,
      judged: 12,
      precision: 3 / 12,
      leadHours: 3,
    })
    assert.deepEqual(pooledRates([]), [])
  })

  test('the threshold taken is the lowest from which on alerts stay within their number', () => {
    const rates = [0.1, 0.2, 0.3, 0.4].map((threshold, k) => rate(threshold, { raised: [2, 8, 4, 1][k]! }))
    assert.equal(thresholdFor(rates, 0.5), 0.3, 'the dip at 0.1 does not count')
    assert.equal(thresholdFor(rates, 1), 0.1)
    assert.equal(thresholdFor(rates, 0.01), 0.4, 'the highest where even that is passed too often')
  })
})
