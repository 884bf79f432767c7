import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formulaHedge } from '../../../src/domain/hedging/formula.ts'
import { baseQty, fraction } from '../../../src/domain/units.ts'

const size = (over: { exposure?: number; beta?: number; rho?: number; confidence?: number; maxRatio?: number }) =>
  formulaHedge({
    exposure: baseQty(over.exposure ?? 1000),
    beta: fraction(over.beta ?? 0.8),
    rho: fraction(over.rho ?? 0.45),
    confidence: fraction(over.confidence ?? 0.78),
    maxRatio: fraction(over.maxRatio ?? 1),
  })

test('the worked example of the article gives 727.93 ETH', () => {
  assert.equal(size({}).hedge.toFixed(2), '727.93')
})

test('full confidence hedges beta of the exposure, none the least', () => {
  assert.equal(size({ confidence: 1 }).hedge, 800)
  assert.equal(size({ confidence: 0 }).hedge.toFixed(1), '551.7')
})

test('a negative correlation cannot make the hedge explode', () => {
  const result = size({ rho: -0.9, confidence: 0 })
  assert.equal(result.hedge, 1000)
  assert.equal(result.denominator, 0.5)
  assert.deepEqual(result.boundBy, ['NEGATIVE_RHO', 'RHO_CLAMPED', 'MAX_RATIO'])
})

test('the hedge never exceeds the maximum ratio and never falls below zero, whatever goes in', () => {
  fc.assert(
    fc.property(
      fc.record({
        exposure: fc.double({ min: 0, max: 1e7, noNaN: true }),
        beta: fc.double({ min: 0, max: 3, noNaN: true }),
        rho: fc.double({ min: -1, max: 1, noNaN: true }),
        confidence: fc.double({ min: 0, max: 1, noNaN: true }),
        maxRatio: fc.double({ min: 0, max: 1.2, noNaN: true }),
      }),
      (inputs) => {
        const { hedge } = size(inputs)
        return hedge >= 0 && hedge <= inputs.maxRatio * inputs.exposure * (1 + 1e-12)
      },
    ),
  )
})

test('a confidence outside 0 to 1 is refused with its value', () => {
  assert.throws(() => size({ confidence: 78 }), /Expected a confidence from 0 to 1, was 78/)
  assert.throws(() => size({ rho: 1.5 }), /Expected a correlation rho from -1 to 1, was 1.5/)
})
