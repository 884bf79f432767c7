import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { answeringOf, coverageOf } from '../../../src/domain/model/coverage.ts'
import { distanceOf, distanceReference } from '../../../src/domain/model/out-of-distribution.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'

const WIDTH = 12

/** Rows in which the first half of the features move together. */
function rowsOf(seed: number, count: number): number[][] {
  const gauss = createGaussian(createRandom(seed))
  return Array.from({ length: count }, () => {
    const shared = gauss()
    return Array.from(
      { length: WIDTH },
      (_, f) => 100 * f + 2 ** f * (f < WIDTH / 2 ? 0.9 * shared + 0.44 * gauss() : gauss()),
    )
  })
}
const reference = distanceReference(rowsOf(1, 4_000))
const distance = (row: readonly number[]): number => distanceOf(reference, row)!.distance

suite('the distance from the rows of training', () => {
  test('is about 1 for rows like them, and one in a hundred is beyond its limit', () => {
    const distances = rowsOf(2, 4_000).map(distance)
    const mean = distances.reduce((sum, d) => sum + d, 0) / distances.length
    assert.ok(mean > 0.8 && mean < 1.2, `mean ${mean}`)
    const beyond = distances.filter((d) => d > reference.limit).length / distances.length
    assert.ok(beyond < 0.02, `beyond ${beyond}`)
  })

  test('is great for a row whose features each are usual, but never were so together', () => {
    const center = reference.centers
    const at = (signs: (f: number) => number): number[] =>
      center.map((c, f) => c + signs(f) * reference.spreads[f]! * 1.5)
    const together = distance(at((f) => (f < WIDTH / 2 ? 1 : 0)))
    const against = distance(at((f) => (f < WIDTH / 2 ? (f % 2 === 0 ? 1 : -1) : 0)))
    assert.ok(
      together < reference.limit && against > reference.limit,
      `${together} and ${against}, limit ${reference.limit}`,
    )
  })

  test('is that of Mahalanobis where it can be written down: two features of correlation one half', () => {
    const plain = {
      centers: [0, 0],
      spreads: [1, 1],
      loadings: [[Math.SQRT1_2, Math.SQRT1_2]],
      own: [0.5, 0.5],
      limit: 1,
    }
    // Σ = [[1, .5], [.5, 1]]: (1, −1) has d² = 4, (1, 1) has 4/3.
    assert.ok(Math.abs(distanceOf(plain, [1, -1])!.distance - Math.sqrt(4 / 2)) < 1e-12)
    assert.ok(Math.abs(distanceOf(plain, [1, 1])!.distance - Math.sqrt(4 / 3 / 2)) < 1e-12)
    assert.ok(Math.abs(distanceOf(plain, [2, Number.NaN])!.distance - 2) < 1e-12)
  })

  test('never falls as one feature moves away from where all others have it, and stays finite', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: WIDTH - 1 }), fc.double({ min: 0, max: 1e12, noNaN: true }), (f, far) => {
        const row = [...reference.centers]
        const near = distance(row)
        row[f]! += far
        const moved = distance(row)
        assert.ok(Number.isFinite(moved) && moved >= near - 1e-9)
      }),
    )
  })

  test('looks at what is known only, and says so where nothing is', () => {
    const [row] = rowsOf(3, 1)
    const half = row!.map((value, f) => (f % 2 === 0 ? value : Number.NaN))
    assert.equal(distanceOf(reference, half)?.known, WIDTH / 2)
    assert.equal(distanceOf(reference, new Array(WIDTH).fill(Number.NaN)), undefined)
    assert.throws(() => distanceOf(reference, [1]), /Expected 12 features, were 1/)
    const far = reference.centers.map((c, f) => (f < 3 ? c + 4 * reference.spreads[f]! : c))
    assert.equal(distanceOf(reference, far)?.farShare, 0.25)
  })

  test('leaves out a feature that never varied, and is small and plain', () => {
    const rows = rowsOf(4, 300).map((row) => [...row, 7])
    const kept = distanceReference(rows)
    assert.equal(kept.spreads[WIDTH], 0)
    assert.equal(distanceOf(kept, [...kept.centers.slice(0, WIDTH), 1e9])?.known, WIDTH)
    assert.deepEqual(JSON.parse(JSON.stringify(kept)), kept)
    assert.throws(() => distanceReference([]), /Expected at least one row/)
  })
})

suite('coverage', () => {
  const features = [
    { name: 'price', known: 1 },
    { name: 'depth', known: 0.8 },
    { name: 'options', known: 0.2 },
  ]

  test('is what is known over what was known in training, and names what has gone', () => {
    const rows = [
      [1, Number.NaN, Number.NaN],
      [1, Number.NaN, 3],
    ]
    assert.deepEqual(coverageOf(features, rows), {
      share: 1.5 / 2,
      missing: [{ name: 'depth', known: 0, trained: 0.8 }],
    })
    assert.equal(coverageOf(features, []), undefined)
  })

  test('a model answers in the hours since it was first asked', () => {
    const HOUR = 3_600_000
    const at = 1_000 * HOUR
    const hourly = (count: number) => Array.from({ length: count }, (_, i) => at - i * HOUR)
    assert.deepEqual(answeringOf(hourly(10), at, at - 10 * HOUR), { share: 1, ageHours: 0 })
    assert.deepEqual(answeringOf(hourly(500), at, 0), { share: 1, ageHours: 0 })
    assert.deepEqual(answeringOf([at - 84 * HOUR], at, 0), { share: 1 / 168, ageHours: 84 })
    assert.deepEqual(answeringOf([], at, 0), { share: 0 })
  })
})
