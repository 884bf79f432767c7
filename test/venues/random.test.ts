import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createGaussian, createRandom, gaussian } from '../../src/domain/random.ts'

test('the same seed gives the same numbers, another seed others', () => {
  const draw = (seed: number) => Array.from({ length: 50 }, createRandom(seed))
  assert.deepEqual(draw(42), draw(42))
  assert.notDeepEqual(draw(42), draw(43))
  assert.throws(() => createRandom(Number.NaN), /Expected a finite seed, was NaN/)
})

test('uniform numbers fill [0, 1) evenly', () => {
  const random = createRandom(1)
  const counts = new Array(10).fill(0)
  for (let i = 0; i < 100_000; i++) counts[Math.floor(random() * 10)]++
  for (const count of counts) assert.ok(Math.abs(count - 10_000) < 500, `Expected about 10000, was ${count}`)
})

for (const [name, draw] of [
  [
    'gaussian',
    () => {
      const random = createRandom(2)
      return () => gaussian(random)
    },
  ],
  ['createGaussian', () => createGaussian(createRandom(3))],
] as const) {
  test(`${name} draws with mean 0, variance 1 and kurtosis 3`, () => {
    const normal = draw()
    const values = Array.from({ length: 200_000 }, () => normal())
    const moment = (order: number) => values.reduce((sum, value) => sum + value ** order, 0) / values.length
    assert.ok(Math.abs(moment(1)) < 0.01)
    assert.ok(Math.abs(moment(2) - 1) < 0.02)
    assert.ok(Math.abs(moment(4) - 3) < 0.15)
  })
}
