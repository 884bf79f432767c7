import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import type { DriftMeasurement } from '../../../src/domain/model/drift.ts'
import { type FindingLevel, type HealthEvidence, judgeHealth, verdictOf } from '../../../src/domain/model/health.ts'
import { forecastsOf, type World } from './worlds.ts'

const answering = { share: 1, ageHours: 0.5 }
const judge = (world: World, over: Partial<HealthEvidence> = {}) =>
  judgeHealth({ scored: forecastsOf(world), others: [], answering, ...over })
const levels = (report: ReturnType<typeof judgeHealth>): Record<string, FindingLevel> =>
  Object.fromEntries(report.findings.map(({ check, level }) => [check, level]))
const drifted = (psi: number, of: 'feature' | 'score' = 'feature'): DriftMeasurement => ({
  moved: [
    {
      asset: 'ETH',
      name: 'funding-z',
      of,
      psi,
      limits: { warn: 0.3, act: 0.6 },
      level: psi > 0.6 ? 'act' : psi > 0.3 ? 'warn' : 'fine',
    },
  ],
  tooFew: 0,
  psi: psi / 2.4,
})

suite('the verdict on a model in use', () => {
  test('is the gravest of its findings, and not knowing is none', () => {
    const order: FindingLevel[] = ['unknown', 'fine', 'warn', 'recalibrate', 'failed']
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...order)), (found) => {
        const worst = Math.max(1, ...found.map((level) => order.indexOf(level)))
        assert.equal(verdictOf(found.map((level) => ({ level }))), worst === 1 ? 'healthy' : order[worst])
      }),
    )
  })

  test('of a model that says the truth is good, with every check and its number', () => {
    const report = judge({ seed: 3 })
    assert.equal(report.verdict, 'healthy')
    assert.equal(report.findings.length, 11)
    assert.ok(report.findings.every(({ text }) => text.length > 10 && !/NaN|undefined|Infinity/.test(text)))
    assert.deepEqual(report.facts.pageHinkleyAlarm, false)
    assert.equal(report.facts.psi, undefined)
    assert.deepEqual(JSON.parse(JSON.stringify(report)), report)
  })

  test('of a market that turned half-way fails: the loss rose, and volatility alone saw it', () => {
    const reports = [1, 2, 3, 4].map((seed) => judge({ seed, change: 1.6 }))
    assert.ok(reports.every(({ verdict }) => verdict === 'failed'))
    const confirmed = reports.filter(({ facts }) => facts.pageHinkleyAlarm)
    assert.ok(confirmed.length >= 3)
    assert.match(
      confirmed[0]!.findings.find(({ check }) => check === 'page-hinkley')!.text,
      /^daily log loss has risen by \d+\.\d standard deviations in sum since 2025-0[12]-\d\d \(limit 8\), and volatility alone has done better$/,
    )
  })

  test('of a market that grew harder for both is a question, not a failure', () => {
    const harder = forecastsOf({ seed: 2, change: 1.6 }).map((one) => ({ ...one, baseline: one.probability }))
    const { facts, findings } = judgeHealth({ scored: harder, others: [], answering })
    assert.equal(findings.find(({ check }) => check === 'page-hinkley')!.level, 'warn')
    assert.equal(facts.pageHinkleyAlarm, false)
  })

  test('asks for scaling, not for training, where another horizon comes three times as often as said', () => {
    const others = [
      { target: 'cascade-down-72h', horizonHours: 72, forecasts: forecastsOf({ seed: 5, days: 120, shift: -1.8 }) },
    ]
    const report = judge({ seed: 3 }, { others })
    assert.equal(report.verdict, 'recalibrate')
    const finding = report.findings.find(({ check }) => check === 'calibration-drift')!
    assert.match(finding.text, /^cascade-down-72h came \d+ times where /)
    assert.match(finding.remedy!, /need not be retrained/)
  })

  test('fails on drift beyond its limit, warns below it, and says both numbers', () => {
    assert.equal(levels(judge({ seed: 3 }, { drift: drifted(0.2) }))['feature-drift'], 'fine')
    assert.equal(judge({ seed: 3 }, { drift: drifted(0.4) }).verdict, 'warn')
    const report = judge({ seed: 3 }, { drift: drifted(0.7, 'score') })
    assert.equal(report.verdict, 'failed')
    assert.deepEqual([levels(report)['score-drift'], levels(report)['feature-drift']], ['failed', 'unknown'])
    assert.match(
      report.findings.find(({ check }) => check === 'score-drift')!.text,
      /0\.70 of funding-z on ETH \(limits 0\.30 and 0\.60\)/,
    )
  })

  test('of a model with nothing on record is that nothing is known', () => {
    const report = judgeHealth({ scored: [], others: [], answering: { share: 0 } })
    assert.equal(report.verdict, 'warn')
    assert.deepEqual([...new Set(report.findings.map(({ level }) => level))], ['unknown', 'warn'])
    assert.deepEqual(report.facts, {})
  })
})
