import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { extentOfPeak, findPeaks, smooth } from '../../../src/domain/liquidation/peaks.ts'

const profile = (...values: number[]) => Float64Array.from(values)
const places = (...values: number[]) => findPeaks(profile(...values)).map(({ at }) => at)

test('prominence is the height above the higher of the two valleys on the way to something higher', () => {
  assert.deepEqual(findPeaks(profile(0, 10, 2, 6, 4, 5, 1, 8, 0)), [
    { at: 1, height: 10, prominence: 10 },
    { at: 3, height: 6, prominence: 4 },
    { at: 5, height: 5, prominence: 1 },
    { at: 7, height: 8, prominence: 7 },
  ])
})

test('two peaks with a shallow valley are the higher one', () => {
  assert.deepEqual(places(0, 10, 8.5, 9, 0), [1])
  assert.deepEqual(places(0, 10, 7, 9, 0), [1, 3])
  assert.deepEqual(places(0, 9, 8.5, 10, 8.7, 9.5, 0), [3])
})

test('a plateau is one peak, nothing is none, and an edge can be one', () => {
  assert.deepEqual(places(0, 5, 5, 5, 0), [1])
  assert.deepEqual(places(0, 0, 0), [])
  assert.deepEqual(places(7, 3, 0, 0, 4), [0, 4])
})

test('a peak reaches to half its height, and not past the valley to its neighbour', () => {
  assert.deepEqual(extentOfPeak(profile(0, 4, 6, 10, 7, 5, 4, 0), 3, []), { low: 2, high: 5 })
  assert.deepEqual(extentOfPeak(profile(0, 10, 6, 8, 0), 1, [3]), { low: 1, high: 2 })
})

test('smoothing keeps the sum away from the ends and spreads evenly', () => {
  const values = new Float64Array(41)
  values[20] = 8
  const smoothed = smooth(values, 2)
  assert.ok(Math.abs(smoothed.reduce((sum, value) => sum + value, 0) - 8) < 1e-9)
  assert.equal(smoothed[18], smoothed[22])
  assert.ok(smoothed[20]! > smoothed[21]! && smoothed[21]! > smoothed[24]!)
})

test('no peak is more prominent than it is high, and the highest is exactly as prominent', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 1, maxLength: 80 }), (values) => {
      const peaks = findPeaks(profile(...values))
      const highest = Math.max(...values)
      assert.equal(peaks.length === 0, highest === 0)
      for (const { at, height, prominence } of peaks) {
        assert.ok(height === values[at] && prominence > 0 && prominence <= height)
      }
      if (highest > 0) assert.ok(peaks.some(({ height, prominence }) => height === highest && prominence === height))
    }),
  )
})
