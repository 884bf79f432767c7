import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createOpenInterestGuard } from '../../../src/domain/liquidation/open-interest-guard.ts'
import { hour } from './setup.ts'

/** Hourly readings of one venue: what is believed of each, and what was said. */
function read(figures: readonly number[], price: number | ((i: number) => number) = 3_000) {
  const guard = createOpenInterestGuard()
  const priceOf = (i: number): number => (typeof price === 'number' ? price : price(i))
  const reading = (i: number) => ({ venue: 'a', coins: figures[i]!, at: hour(i), price: priceOf(i) })
  const believed = figures.map((_, i) => guard.accept(reading(i)))
  return { guard, believed, reading, kinds: guard.labels().map(({ kind }) => kind) }
}
const near = (actual: readonly (number | undefined)[], expected: readonly (number | undefined)[]): void => {
  assert.equal(actual.length, expected.length)
  for (const [i, value] of actual.entries()) {
    const error = Math.abs((value ?? Number.NaN) / (expected[i] ?? Number.NaN) - 1)
    assert.ok(value === expected[i] || error < 1e-9, `Expected ${expected}, was ${actual}`)
  }
}

test('a change from coins to USD and back is read through, and labelled both times', () => {
  const { believed, kinds } = read([1_000, 1_010, 1_020 * 3_000, 990 * 3_000, 1_005, 1_000])
  near(believed, [1_000, 1_010, 1_020, 990, 1_005, 1_000])
  assert.deepEqual(kinds, ['unit-change', 'unit-change'])
})

test('in USD, price moves are no open interest', () => {
  const { believed } = read([1_000, 3_000_000, 2_000_000, 4_000_000], (i) => [3_000, 3_000, 2_000, 4_000][i]!)
  near(believed, [1_000, 1_000, 1_000, 1_000])
})

test('a contract ten times or a hundredth the size goes on from where it stood, and back', () => {
  for (const times of [10, 0.01]) {
    const { believed, kinds } = read([1_000, 1_000 * times, 1_100 * times, 1_100])
    near(believed, [1_000, 1_000, 1_100, 1_100])
    assert.deepEqual(kinds, ['contract-size', 'contract-size'])
  }
})

test('a contract that changed its size, then told in USD, then in contracts again, stays the same coins', () => {
  const { believed, kinds } = read([1_000, 10_000, 3_000_000, 10_000, 11_000])
  near(believed, [1_000, 1_000, 1_000, 1_000, 1_100])
  assert.deepEqual(kinds, ['contract-size', 'unit-change', 'unit-change'])
})

test('a step of no round size is a jump, and the series goes on from where it stood', () => {
  const { believed, kinds } = read([1_000, 7_000, 7_700, 6_300])
  near(believed, [1_000, 1_000, 1_100, 900])
  assert.deepEqual(kinds, ['jump'])
})

test('a deleveraging of 57 % in one reading is believed, and so is doubling', () => {
  const { believed, kinds, guard } = read([1_000, 430, 440, 880])
  assert.deepEqual(believed, [1_000, 430, 440, 880])
  assert.deepEqual(kinds, [])
  assert.equal(guard.changedAt('a'), undefined)
})

test('what is not positive is passed over with a label, first or later, and changes nothing after', () => {
  for (const bad of [0, -5, Number.NaN, Number.POSITIVE_INFINITY]) {
    const { believed, kinds } = read([bad, 1_000, bad, 1_010])
    near(believed, [undefined, 1_000, undefined, 1_010])
    assert.deepEqual(kinds, ['not-positive', 'not-positive'])
  }
})

test('it is known since when a venue tells something else', () => {
  assert.equal(read([1_000, 1_010, 3_000_000, 3_010_000]).guard.changedAt('a'), hour(2))
  assert.equal(read([1_000, 1_010]).guard.changedAt('a'), undefined)
  assert.equal(createOpenInterestGuard().changedAt('a'), undefined)
})

test('a reading of before a change is read as it was then, and asking changes nothing', () => {
  const { guard, reading, believed } = read([1_000, 1_010, 3_000_000, 1_005, 10_050])
  near(
    [0, 1, 2, 3, 4].map((i) => guard.coinsOf(reading(i))),
    believed,
  )
  const [said, next] = [guard.labels().length, { venue: 'a', coins: 3_100_000, at: hour(5), price: 3_000 }]
  near([guard.coinsOf(next), guard.coinsOf(next)], [3_100_000 / 3_000, 3_100_000 / 3_000])
  assert.equal(guard.labels().length, said)
})

test('venues are told apart, and only the newest hundred labels are kept', () => {
  const guard = createOpenInterestGuard()
  for (const [venue, coins] of [['a', 1_000] as const, ['b', 5] as const])
    assert.equal(guard.accept({ venue, coins, at: hour(0), price: 100 }), coins)
  for (let i = 1; i <= 130; i++) guard.accept({ venue: 'a', coins: -i, at: hour(i), price: 100 })
  assert.equal(guard.labels().length, 100)
  assert.ok(guard.labels().at(-1)!.detail.includes('-130'))
})

test('whatever is published, what is believed is positive and never steps more than threefold', (t) => {
  const figure = fc.oneof(fc.double(), fc.double({ min: 1, max: 1e9, noNaN: true }))
  const seed = Number(process.env.TEST_SEED ?? Math.floor(Math.random() * 2 ** 31))
  t.diagnostic(`TEST_SEED=${seed}`)
  fc.assert(
    fc.property(fc.array(fc.tuple(figure, fc.double({ min: 0, max: 1e5 })), { maxLength: 40 }), (readings) => {
      const guard = createOpenInterestGuard()
      let last: number | undefined
      for (const [i, [coins, price]] of readings.entries()) {
        const believed = guard.accept({ venue: 'a', coins, at: hour(i), price })
        if (believed === undefined) continue
        assert.ok(Number.isFinite(believed) && believed > 0, `${believed} of ${coins}`)
        if (last !== undefined) assert.ok(believed / last < 3.1 && last / believed < 3.1, `${last} to ${believed}`)
        last = believed
      }
    }),
    { numRuns: 500, seed },
  )
})
