import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ALERT_SEVERITIES, ALERT_STAGES } from '../../src/domain/alert.ts'
import { lossShareOf, severityOf } from '../../src/domain/alert-severity.ts'
import { baseQty, price } from '../../src/domain/units.ts'

const QUIET = { confidence: 0.3, threshold: 0.3, gain: undefined, stage: 'raised', lossShare: 0 } as const

test('confidence alone speaks louder at twice and at four times the odds of the threshold', () => {
  const at = (confidence: number, threshold = 0.3) => severityOf({ ...QUIET, confidence, threshold })
  assert.deepEqual(
    [0.3, 0.461, 0.462, 0.631, 0.632].map((confidence) => at(confidence)),
    ['notice', 'notice', 'warning', 'warning', 'critical'],
  )
  assert.deepEqual(
    [0.6, 0.75, 0.86].map((confidence) => at(confidence, 0.6)),
    ['notice', 'warning', 'critical'],
  )
})

test('each row of the table counts its steps', () => {
  const rows = [
    {},
    { gain: 0.99 },
    { gain: 1 },
    { lossShare: 0.049 },
    { lossShare: 0.05 },
    { lossShare: 0.5 },
    { stage: 'approaching' },
    { stage: 'touched' },
    { stage: 'cascading' },
    { gain: 1, lossShare: 0.05 },
    { stage: 'touched', gain: 3 },
  ] as const
  assert.deepEqual(
    rows.map((row) => severityOf({ ...QUIET, ...row })),
    [
      'notice',
      'notice',
      'warning',
      'notice',
      'warning',
      'warning',
      'notice',
      'warning',
      'critical',
      'critical',
      'critical',
    ],
  )
})

test('more of anything is never quieter', () => {
  const share = fc.double({ min: 0, max: 1, noNaN: true })
  const facts = fc.record({
    confidence: share,
    gain: fc.double({ min: 0, max: 3, noNaN: true }),
    stage: fc.nat(3).map((i) => ALERT_STAGES[i]!),
    lossShare: share,
  })
  fc.assert(
    fc.property(facts, facts, share, (a, b, threshold) => {
      const more = {
        confidence: Math.max(a.confidence, b.confidence),
        gain: Math.max(a.gain, b.gain),
        stage: ALERT_STAGES[Math.max(ALERT_STAGES.indexOf(a.stage), ALERT_STAGES.indexOf(b.stage))]!,
        lossShare: Math.max(a.lossShare, b.lossShare),
      }
      const rank = (one: typeof more): number => ALERT_SEVERITIES.indexOf(severityOf({ ...one, threshold }))
      assert.ok(rank(more) >= rank(a) && rank(more) >= rank(b))
    }),
  )
})

test('the loss is that of the unhedged part at the far edge; a gain, or no book, is no loss', () => {
  const longs = { side: 'sell', lowPrice: price(2700), highPrice: price(2900) } as const
  const shorts = { side: 'buy', lowPrice: price(3100), highPrice: price(3300) } as const
  const book = (exposure: number, unhedged: number) => ({ exposure: baseQty(exposure), unhedged: baseQty(unhedged) })
  assert.ok(Math.abs(lossShareOf(longs, book(100, 50), price(3000)) - 0.05) < 1e-12)
  assert.equal(lossShareOf(shorts, book(100, 50), price(3000)), 0)
  assert.ok(Math.abs(lossShareOf(shorts, book(100, -100), price(3000)) - 0.1) < 1e-12)
  assert.equal(lossShareOf(longs, book(0, 0), price(3000)), 0)
  assert.equal(lossShareOf(longs, undefined, price(3000)), 0)
})
