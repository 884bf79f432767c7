import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  drawRanking,
  drawSums,
  episodeClusters,
  intervalsOf,
  movingBlocks,
  rank,
} from '../../../models/evaluation/resampling.ts'
import { averagePrecision, rocAuc } from '../../../src/domain/calibration.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'
import { DAY, HOUR } from '../../../src/domain/units.ts'

const START = Date.UTC(2024, 0, 1)
const every4h = (count: number): Float64Array => Float64Array.from({ length: count }, (_, i) => START + 4 * i * HOUR)
const all = (count: number): Int32Array => Int32Array.from({ length: count }, (_, i) => i)

/** Slowly wandering around zero: neighbours say nearly the same. */
function wandering(count: number, seed: number): Float64Array {
  const normal = createGaussian(createRandom(seed))
  const values = new Float64Array(count)
  for (let i = 1; i < count; i++) values[i] = 0.8 * values[i - 1]! + normal()
  return values
}

suite('draws of moving blocks', () => {
  const draws = movingBlocks(every4h(500), { seed: 3, draws: 40 })

  test('are as long as what they are drawn from, in runs of a week', () => {
    for (const [draw, times] of draws.times.entries()) {
      assert.equal(
        times.reduce((sum, one) => sum + one, 0),
        500,
      )
      const [start, end] = draws.runs![draw]!
      assert.equal(end! - start!, 42)
    }
  })

  test('sums of a draw are those of its units, however they are added', () => {
    const values = wandering(500, 1)
    const quick = drawSums((i) => values[i]!, { samples: all(500), draws })
    const { runs: _, ...plain } = draws
    const slow = drawSums((i) => values[i]!, { samples: all(500), draws: plain })
    for (const [draw, sum] of quick.entries()) assert.ok(Math.abs(sum - slow[draw]!) < 1e-9)
  })

  test('the assets of an instant are drawn together', () => {
    const twice = Float64Array.from(every4h(100), (at) => at)
    const both = Float64Array.from([...twice, ...twice].sort((a, b) => a - b))
    const { unitOf, units } = movingBlocks(both, { seed: 1, draws: 1 })
    assert.equal(units, 100)
    assert.deepEqual([...unitOf.slice(0, 4)], [0, 0, 1, 1])
  })

  test('are the same for the same seed', () =>
    assert.deepEqual(
      movingBlocks(every4h(50), { seed: 9, draws: 5 }),
      movingBlocks(every4h(50), { seed: 9, draws: 5 }),
    ))
})

suite('draws of episodes', () => {
  test('keep an episode whole, and cut what lies between into weeks', () => {
    const instants = every4h(180) // thirty days
    const positives = [10, 11, 14].map((i) => ({ asset: 'ETH', at: instants[i]! }))
    const { unitOf, units } = episodeClusters(instants, positives, { seed: 1, draws: 1 })
    assert.equal(new Set(unitOf.slice(10, 15)).size, 1)
    assert.notEqual(unitOf[9], unitOf[10])
    assert.notEqual(unitOf[14], unitOf[15])
    for (let unit = 0; unit < units; unit++) {
      const own = [...instants].filter((_, i) => unitOf[i] === unit)
      assert.ok(own.at(-1)! - own[0]! < 7 * DAY)
    }
  })
})

suite('figures of a draw', () => {
  const random = createRandom(5)
  // Few distinct scores, so that many are equal.
  const scores = Float64Array.from({ length: 300 }, () => Math.round(8 * random()) / 8)
  const labels = Float64Array.from(scores, (score) => (random() < 0.1 + 0.3 * score ? 1 : 0))

  test('are those of the samples written out as often as they were drawn', () => {
    const draws = movingBlocks(every4h(300), { seed: 2, draws: 12 })
    const drawn = drawRanking(rank(scores, labels, { samples: all(300), unitOf: draws.unitOf }), draws)
    for (const [draw, times] of draws.times.entries()) {
      const written = [...all(300)].flatMap((i) => Array.from({ length: times[i]! }, () => i))
      const [s, y] = [written.map((i) => scores[i]!), written.map((i) => labels[i]!)]
      const base = y.reduce((sum, one) => sum + one, 0) / y.length
      assert.ok(Math.abs(drawn.averagePrecision[draw]! - averagePrecision(s, y)) < 1e-12)
      assert.ok(Math.abs(drawn.lift[draw]! - averagePrecision(s, y) / base) < 1e-12)
      assert.ok(Math.abs(drawn.rocAuc[draw]! - rocAuc(s, y)) < 1e-12)
    }
  })

  test('without a positive say nothing, and are left out of intervals', () => {
    const draws = movingBlocks(every4h(300), { seed: 2, draws: 3 })
    const none = drawRanking(
      rank(
        scores,
        labels.map(() => 0),
        { samples: all(300), unitOf: draws.unitOf },
      ),
      draws,
    )
    assert.ok(none.averagePrecision.every(Number.isNaN))
    assert.deepEqual(intervalsOf(Float64Array.of(Number.NaN, 2, 2, 2))[95], { low: 2, high: 2 })
  })
})

suite('intervals', () => {
  const [worlds, count] = [120, 1500]
  /** Share of made-up worlds of true mean zero whose 95 % interval holds zero. */
  function coverage(spread: (instants: Float64Array) => Float64Array): number {
    let held = 0
    for (let seed = 1; seed <= worlds; seed++) {
      const values = wandering(count, seed)
      const draws = movingBlocks(spread(every4h(count)), { seed, draws: 200 })
      const { low, high } = intervalsOf(drawSums((i) => values[i]!, { samples: all(count), draws }))[95]
      if (low <= 0 && high >= 0) held++
    }
    return held / worlds
  }

  test('by weeks hold the truth about as often as they say, although neighbours are alike', () => {
    const held = coverage((instants) => instants)
    assert.ok(held >= 0.87 && held <= 0.99, `${held}`)
  })

  test('that took neighbours for independent would not', () => {
    // A month between two decisions: every block holds one of them.
    const held = coverage((instants) => instants.map((at) => START + (at - START) * 180))
    assert.ok(held < 0.7, `${held}`)
  })
})
