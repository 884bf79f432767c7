import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { binReference, PSI_ACT, PSI_MIN_ROWS, PSI_WARN, populationStability } from '../../../src/domain/model/psi.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'
import { SEEDS, shareOf } from './worlds.ts'

const normals = (seed: number, count: number, shift = 0): number[] => {
  const gauss = createGaussian(createRandom(seed))
  return Array.from({ length: count }, () => gauss() + shift)
}
const measured = (reference: ReturnType<typeof binReference>, values: readonly number[]): number => {
  const reading = populationStability(reference!, values)
  assert.equal(reading.kind, 'measured')
  return reading.kind === 'measured' ? reading.psi : Number.NaN
}

suite('the population stability index', () => {
  test('is what its formula says: shares of .5 and .5 become .7 and .3', () => {
    const reference = { edges: [0], shares: [0.5, 0.5], rows: 1_000 }
    const values = Array.from({ length: 1_000 }, (_, i) => (i < 700 ? -1 : 1))
    const expected = 0.2 * Math.log(0.7 / 0.5) - 0.2 * Math.log(0.3 / 0.5)
    assert.ok(Math.abs(measured(reference, values) - expected) < 1e-12)
  })

  test('counts an empty bin as one row in a thousand, of however many, and stays finite', () => {
    const reference = { edges: [0], shares: [0.5, 0.5], rows: 1_000_000 }
    const expected = (0.001 - 0.5) * Math.log(0.001 / 0.5) + 0.5 * Math.log(2)
    for (const rows of [300, 20_000])
      assert.ok(Math.abs(measured(reference, new Array(rows).fill(1)) - expected) < 1e-12)
  })

  test('is 0 on the rows it was made of, however they are spread', () => {
    const values = fc.array(fc.oneof(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.constantFrom(1e-4, 0, 7)), {
      minLength: PSI_MIN_ROWS,
      maxLength: 500,
    })
    fc.assert(
      fc.property(values, (rows) => {
        const reference = binReference(rows)
        if (!reference) return
        assert.ok(Math.abs(measured(reference, rows)) < 1e-4)
        assert.ok(Math.abs(reference.shares.reduce((sum, share) => sum + share, 0) - 1) < 1e-4)
        assert.ok(reference.edges.every((edge, i) => i === 0 || edge > reference.edges[i - 1]!))
      }),
      { numRuns: 60 },
    )
  })

  test('keeps a feature that stands still most of the time apart from its rare values', () => {
    const still = Array.from({ length: 1_000 }, (_, i) => (i % 10 === 0 ? i * 1e-6 : 0.000123456789))
    const reference = binReference(still)!
    assert.equal(measured(reference, still.slice(0, 500)) < PSI_WARN, true)
    assert.equal(
      measured(
        reference,
        still.map((value) => value * 1.05),
      ) > PSI_ACT,
      true,
    )
  })

  test('of independent rows exceeds its noise once in a hundred, and its warning limit hardly ever', () => {
    const reference = binReference(normals(999, 20_000))!
    const seeds = Array.from({ length: 1_000 }, (_, i) => i + 1)
    const readings = seeds.map((seed) => populationStability(reference, normals(seed, PSI_MIN_ROWS)))
    assert.ok(shareOf(readings, (one) => one.kind === 'measured' && one.psi > one.noise) <= 0.025)
    assert.ok(shareOf(readings, (one) => one.kind === 'measured' && one.psi > PSI_WARN) <= 0.025)
  })

  test('acts on a shift of one spread in every draw', () => {
    const reference = binReference(normals(999, 20_000))!
    assert.ok(SEEDS.every((seed) => measured(reference, normals(seed, PSI_MIN_ROWS, 1)) > PSI_ACT))
  })

  test('says nothing of too few rows, and leaves out what is not known', () => {
    const reference = binReference(normals(1, 1_000))!
    assert.deepEqual(populationStability(reference, [...normals(2, 219), Number.NaN]), {
      kind: 'too-few',
      rows: 219,
      needed: 220,
    })
    assert.equal(binReference(normals(1, 219)), undefined)
    assert.equal(binReference(new Array(500).fill(3)), undefined)
  })
})
