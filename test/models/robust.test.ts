import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { ROBUST_HOURS, ROBUST_MIN_HOURS, robustZ } from '../../models/robust.ts'
import { createRandom } from '../../src/domain/random.ts'

/** The definition, word for word. */
function plain(column: ArrayLike<number>, i: number, floor: number): number {
  const x = column[i]!
  const known = Array.from(column)
    .slice(Math.max(0, i - ROBUST_HOURS + 1), i + 1)
    .filter((value) => !Number.isNaN(value))
  if (Number.isNaN(x) || known.length < ROBUST_MIN_HOURS) return Number.NaN
  const median = middleOf(known)
  const deviation = middleOf(known.map((value) => Math.abs(value - median)))
  return Math.min(8, Math.max(-8, (x - median) / Math.max(1.4826 * deviation, floor))) + 0 // −0 is 0
}

function middleOf(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

/** Gaps, stretches that stand still, jumps and many equal values, as funding has them. */
function columnOf(seed: number, length: number): Float64Array {
  const random = createRandom(seed)
  const [gaps, still] = [random() * 0.6, random()]
  let level = 0
  return Float64Array.from({ length }, () => {
    const draw = random()
    if (random() > still) level += draw - 0.5
    if (draw < 0.003) level = 100 * (random() - 0.5)
    if (draw > 0.997) level = random() < 0.5 ? 0 : -0
    return random() < gaps ? Number.NaN : random() < 0.3 ? Math.round(level) : level
  })
}

test('the last row alone, a few rows and every row are the plain definition to the bit', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e9 }), fc.integer({ min: 30, max: 1_700 }), (seed, length) => {
      const column = columnOf(seed, length)
      const every = robustZ(column, 0, 0.05)
      const later = robustZ(column, Math.floor(length / 2), 0.05)
      const random = createRandom(seed + 1)
      for (let k = 0; k < 12; k++) {
        const i = k === 0 ? length - 1 : Math.floor(random() * length)
        const expected = plain(column, i, 0.05)
        assert.ok(Object.is(every[i], expected), `row ${i} of ${length}: Expected ${expected}, was ${every[i]}`)
        assert.ok(Object.is(robustZ(column.subarray(0, i + 1), i, 0.05)[i], expected), `row ${i} alone`)
        if (i >= Math.floor(length / 2)) assert.ok(Object.is(later[i], expected), `row ${i}, begun half-way`)
      }
    }),
    { numRuns: 60, verbose: 1 },
  )
})

test('a funding rate that stood still for a month is measured in its floor', () => {
  const column = new Float64Array(800).fill(1e-4)
  column[799] = 1.5e-4
  assert.ok(Math.abs(robustZ(column, 799, 0.5e-4)[799]! - 1) < 1e-9)
})

test('what lies far out is held at eight', () => {
  const column = Float64Array.from({ length: 100 }, (_, i) => i % 7)
  column[99] = 1e6
  assert.equal(robustZ(column, 0, 0.1)[99], 8)
})

test('fewer than two days of known hours say nothing', () => {
  const column = new Float64Array(100).fill(Number.NaN)
  for (let i = 100 - ROBUST_MIN_HOURS; i < 100; i++) column[i] = i
  const z = robustZ(column, 0, 1)
  assert.ok(Number.isNaN(z[98]!) && z[99]! > 0)
})

test('a floor of nothing is an error', () => {
  assert.throws(() => robustZ([1, 2], 0, 0), /Expected a floor above zero, was 0/)
})
