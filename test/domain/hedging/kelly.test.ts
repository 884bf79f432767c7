import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { kellyOverlay, kellyShare } from '../../../src/domain/hedging/kelly.ts'
import { fraction } from '../../../src/domain/units.ts'

const overlay = (
  over: Partial<Record<'confidence' | 'baseRatio' | 'maxRatio' | 'horizonVolatility' | 'carry' | 'cost', number>> & {
    gatePassed?: boolean
  },
) =>
  kellyOverlay({
    confidence: fraction(over.confidence ?? 0.55),
    gatePassed: over.gatePassed ?? true,
    baseRatio: fraction(over.baseRatio ?? 0.5),
    maxRatio: fraction(over.maxRatio ?? 1),
    horizonVolatility: fraction(over.horizonVolatility ?? 0.04),
    carry: fraction(over.carry ?? 0),
    cost: fraction(over.cost ?? 0),
  })

test('the desk anchors hold: 0.8 takes 60 % of the maximum, 0.5 takes 25 %', () => {
  assert.equal(kellyShare(fraction(0.8)), 0.6)
  assert.equal(kellyShare(fraction(0.5)), 0.25)
  assert.ok(Math.abs(kellyShare(fraction(0.65)) - 0.425) < 1e-12)
  assert.equal(kellyShare(fraction(1)), 0.75)
  assert.equal(kellyShare(fraction(0)), 0)
})

test('beyond break-even Kelly hardly binds: at C 0.55 and a two per cent bet it is 5', () => {
  const meanAbsoluteReturn = 0.02
  const result = overlay({ confidence: 0.55, horizonVolatility: meanAbsoluteReturn / Math.sqrt(2 / Math.PI) })
  assert.ok(Math.abs(result.kelly - 5) < 1e-9)
  assert.equal(result.boundBy, 'MAX_RATIO')
  assert.ok(Math.abs(result.ratio - kellyShare(fraction(0.55)) * 0.5) < 1e-12)
})

test('below break-even nothing is added', () => {
  assert.equal(overlay({ confidence: 0.45 }).ratio, 0)
  assert.equal(overlay({ confidence: 0.52, cost: 0.005 }).ratio, 0)
})

test('a confidence that has not passed its gate is capped at a quarter', () => {
  const result = overlay({ confidence: 0.95, gatePassed: false })
  assert.equal(result.share, 0.25)
  assert.equal(result.capped, true)
})

test('base and overlay together never pass the maximum ratio', () => {
  const unit = fc.double({ min: 0, max: 1, noNaN: true })
  fc.assert(
    fc.property(
      unit,
      unit,
      unit,
      fc.double({ min: 0, max: 0.3, noNaN: true }),
      fc.double({ min: -0.05, max: 0.05, noNaN: true }),
      (confidence, baseRatio, maxRatio, horizonVolatility, carry) => {
        const { ratio } = overlay({ confidence, baseRatio, maxRatio, horizonVolatility, carry, cost: 6e-4 })
        return ratio >= 0 && baseRatio + ratio <= Math.max(baseRatio, maxRatio) + 1e-12
      },
    ),
  )
})
