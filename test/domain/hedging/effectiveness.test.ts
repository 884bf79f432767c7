import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  type Effectiveness,
  greatestDrawdown,
  hedgeEffectiveness,
  MEASURES,
  type MeasureName,
  type PeriodPnl,
  rollingLossesAvoided,
} from '../../../src/domain/hedging/effectiveness.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'

const OPTIONS = { blockLength: 24, minPeriods: 120, replicates: 60 }

/** Hourly P&L of something held, and of it with a hedge of this ratio. */
function book(seed: number, { count = 240, ratio = (_: number): number => 0, scale = 1 } = {}): PeriodPnl[] {
  const normal = createGaussian(createRandom(seed))
  return Array.from({ length: count }, (_, i) => {
    const unhedged = scale * normal()
    return { unhedged, hedged: unhedged * (1 - ratio(i)), hedgeRatio: ratio(i) }
  })
}

function estimated(said: Effectiveness): Extract<Effectiveness, { kind: 'estimated' }> {
  assert.equal(said.kind, 'estimated')
  return said as Extract<Effectiveness, { kind: 'estimated' }>
}
const figureOf = (periods: readonly PeriodPnl[], name: MeasureName): number | undefined =>
  estimated(hedgeEffectiveness(periods, OPTIONS)).measures[name]?.value
const near = (value: number | undefined, expected: number, message?: string): void =>
  assert.ok(value !== undefined && Math.abs(value - expected) < 1e-9, `${message ?? ''} was ${value}, not ${expected}`)

const seeds = fc.integer({ min: 0, max: 2 ** 31 })
const RUNS = { numRuns: 25 }

test('a perfect hedge avoids every loss and takes out all variance; no hedge does neither', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const perfect = book(seed, { ratio: () => 1 })
      near(figureOf(perfect, 'lossesAvoided'), 1)
      near(figureOf(perfect, 'varianceReduction'), 1)
      const none = book(seed)
      near(figureOf(none, 'lossesAvoided'), 0)
      near(figureOf(none, 'varianceReduction'), 0)
      near(figureOf(none, 'volatilityRatio'), 1)
    }),
    RUNS,
  )
})

test('a hedge on the wrong side scores below nothing', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const wrong = book(seed, { ratio: () => -0.5 })
      near(figureOf(wrong, 'lossesAvoided'), -0.5)
      near(figureOf(wrong, 'varianceReduction'), 1 - 1.5 ** 2)
    }),
    RUNS,
  )
})

test('a static hedge of any size avoids its own share, gives up the same, has no skill and all ratios at 1', () => {
  fc.assert(
    fc.property(seeds, fc.double({ min: 0.01, max: 0.95, noNaN: true }), (seed, ratio) => {
      const fixed = book(seed, { ratio: () => ratio })
      near(figureOf(fixed, 'lossesAvoided'), ratio)
      near(figureOf(fixed, 'upsideGivenUp'), ratio)
      near(figureOf(fixed, 'skill'), 0)
      near(figureOf(fixed, 'varianceReduction'), 1 - (1 - ratio) ** 2)
      for (const name of ['volatilityRatio', 'downsideRatio', 'tailLossRatio', 'drawdownRatio'] as const)
        near(figureOf(fixed, name), 1, name)
    }),
    RUNS,
  )
})

test('the unit of money changes nothing, interval included', () => {
  const ratio = (i: number): number => 0.3 + 0.4 * ((i >> 4) % 2)
  fc.assert(
    fc.property(seeds, fc.constantFrom(1e-6, 0.01, 3, 1e6), (seed, scale) => {
      const one = estimated(hedgeEffectiveness(book(seed, { ratio }), OPTIONS)).measures
      const other = estimated(hedgeEffectiveness(book(seed, { ratio, scale }), OPTIONS)).measures
      assert.deepEqual(Object.keys(other), Object.keys(one))
      for (const name of MEASURES) {
        near(other[name]?.value, one[name]!.value, name)
        near(other[name]?.low, one[name]!.low, name)
        near(other[name]?.high, one[name]!.high, name)
      }
    }),
    RUNS,
  )
})

test('knowing when it falls is skill', () => {
  const periods = book(7).map(({ unhedged }) => {
    const hedgeRatio = unhedged < 0 ? 0.8 : 0.2
    return { unhedged, hedged: unhedged * (1 - hedgeRatio), hedgeRatio }
  })
  const { measures } = estimated(hedgeEffectiveness(periods, OPTIONS))
  near(measures.lossesAvoided!.value, 0.8)
  near(measures.skill!.value, 0.6)
  assert.ok(measures.downsideRatio!.value < 0.6)
})

test('every figure stands inside its interval with the number of periods that it rests on', () => {
  fc.assert(
    fc.property(seeds, (seed) => {
      const periods = book(seed, { ratio: (i) => (i >> 5) % 2 })
      const said = estimated(hedgeEffectiveness(periods, OPTIONS))
      const losing = periods.filter(({ unhedged }) => unhedged < 0).length
      assert.equal(said.measures.lossesAvoided!.periods, losing)
      assert.equal(said.measures.upsideGivenUp!.periods, periods.length - losing)
      assert.equal(said.measures.varianceReduction!.periods, periods.length)
      for (const { value, low, high } of Object.values(said.measures)) assert.ok(low <= value && value <= high)
    }),
    RUNS,
  )
})

test('the same record gives the same interval', () => {
  const periods = book(3, { ratio: (i) => (i % 50) / 50 })
  assert.deepEqual(hedgeEffectiveness(periods, OPTIONS), hedgeEffectiveness(periods, OPTIONS))
})

test('ninety of a hundred intervals hold the truth', () => {
  // Timing that is right with probability 0.7, so that HER of the process is known: 0.2 + 0.6 · 0.7.
  const truth = 0.2 + 0.6 * 0.7
  let held = 0
  for (let seed = 0; seed < 100; seed++) {
    const random = createRandom(1000 + seed)
    const periods = book(seed, { count: 400 }).map(({ unhedged }) => {
      const hedgeRatio = random() < 0.7 === unhedged < 0 ? 0.8 : 0.2
      return { unhedged, hedged: unhedged * (1 - hedgeRatio), hedgeRatio }
    })
    const options = { blockLength: 8, minPeriods: 120, replicates: 200 }
    const her = estimated(hedgeEffectiveness(periods, options)).measures.lossesAvoided!
    if (her.low <= truth && truth <= her.high) held++
  }
  assert.ok(held >= 80 && held <= 99, `${held} of 100`)
})

test('of too few periods, or of something that never moved, nothing is said', () => {
  assert.deepEqual(hedgeEffectiveness(book(1, { count: 119 }), OPTIONS), {
    kind: 'undetermined',
    reason: 'TOO_FEW_PERIODS',
    periods: 119,
    needed: 120,
  })
  const flat = Array.from({ length: 200 }, () => ({ unhedged: 0, hedged: -1, hedgeRatio: 0.5 }))
  const said = hedgeEffectiveness(flat, OPTIONS)
  assert.equal(said.kind === 'undetermined' && said.reason, 'FLAT_EXPOSURE')
})

test('without losing periods no losses were avoided, and of a full hedge nothing is left to compare', () => {
  const rising = book(4, { ratio: () => 0.5 }).map(({ unhedged }) => ({
    unhedged: Math.abs(unhedged),
    hedged: Math.abs(unhedged) / 2,
    hedgeRatio: 0.5,
  }))
  const { measures } = estimated(hedgeEffectiveness(rising, OPTIONS))
  assert.deepEqual([measures.lossesAvoided, measures.skill, measures.drawdownRatio], [undefined, undefined, undefined])
  near(measures.upsideGivenUp!.value, 0.5)
  const full = estimated(hedgeEffectiveness(book(4, { ratio: () => 1 }), OPTIONS)).measures
  assert.equal(full.volatilityRatio, undefined)
})

test('a rolling window ends with the last period and moves back in steps', () => {
  const periods = book(5, { count: 300, ratio: (i) => (i < 150 ? 0 : 1) })
  const found = rollingLossesAvoided(periods, { ...OPTIONS, window: 120, step: 60 })
  assert.deepEqual(
    found.map(({ at }) => at),
    [119, 179, 239, 299],
  )
  near(found[0]!.value, 0)
  near(found[3]!.value, 1)
  assert.deepEqual(rollingLossesAvoided(periods.slice(0, 100), { ...OPTIONS, window: 120, step: 60 }), [])
})

test('the greatest drawdown is from the highest point before it, and never below 0', () => {
  assert.equal(greatestDrawdown([5, -3, 4, -7, 2]), 7)
  assert.equal(greatestDrawdown([-2, 1]), 2)
  assert.equal(greatestDrawdown([1, 2]), 0)
  assert.equal(greatestDrawdown([]), 0)
})

test('what is no number is refused', () => {
  const bad = [...book(1), { unhedged: Number.NaN, hedged: 0, hedgeRatio: 0 }]
  assert.throws(() => hedgeEffectiveness(bad, OPTIONS), RangeError)
  assert.throws(() => hedgeEffectiveness(book(1), { ...OPTIONS, blockLength: 0 }), RangeError)
  assert.throws(() => rollingLossesAvoided(book(1), { ...OPTIONS, window: 119, step: 1 }), RangeError)
})
