import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { ADWIN_START, type Adwin, applyAdwin } from '../../../src/domain/model/adwin.ts'
import {
  applyPageHinkley,
  PAGE_HINKLEY_START,
  type PageHinkley,
  standardScores,
} from '../../../src/domain/model/page-hinkley.ts'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'
import { SEEDS, shareOf } from './worlds.ts'

const normals = (seed: number, count: number, from = count, shift = 0): number[] => {
  const gauss = createGaussian(createRandom(seed))
  return Array.from({ length: count }, (_, i) => gauss() + (i >= from ? shift : 0))
}
const fold = (values: readonly number[]): PageHinkley =>
  values.reduce((state, value) => applyPageHinkley(state, value), PAGE_HINKLEY_START)
/** After how many values it first alarmed. */
const alarmAt = (values: readonly number[]): number | undefined => {
  let state = PAGE_HINKLEY_START
  for (const [i, value] of values.entries()) {
    state = applyPageHinkley(state, value)
    if (state.alarm) return i + 1
  }
  return undefined
}

suite('the Page–Hinkley test', () => {
  test('sums what values lie above their mean so far and the tolerance', () => {
    const state = fold([0, 0, 3])
    // x − x̄ − δ: −.1, −.1, 3 − 1 − .1
    assert.ok(Math.abs(state.sum - 1.7) < 1e-12)
    assert.ok(Math.abs(state.least + 0.2) < 1e-12)
    assert.ok(Math.abs(state.statistic - 1.9) < 1e-12)
    assert.equal(state.leastCount, 2)
    assert.equal(state.alarm, false)
  })

  test('finds a rise of one standard deviation within 25 values nine times in ten', () => {
    const found = SEEDS.map((seed) => alarmAt(normals(seed, 85, 60, 1)))
    assert.ok(shareOf(found, (at) => at !== undefined) >= 0.9)
  })

  test('alarms on one in three stretches of 90 values in which nothing rises: it is a question, not a verdict', () => {
    const share = shareOf(SEEDS, (seed) => alarmAt(normals(seed, 90)) !== undefined)
    assert.ok(share > 0.2 && share < 0.45, `was ${share}`)
  })

  test('is silent for thirty values and goes on from where it was written down', () => {
    const steep = new Array(29).fill(0).map((_, i) => (i < 10 ? 0 : 3))
    assert.equal(fold(steep).alarm, false)
    assert.equal(fold([...steep, 3]).alarm, true)
    const values = normals(4, 80)
    const kept = JSON.parse(JSON.stringify(fold(values.slice(0, 40)))) as PageHinkley
    assert.deepEqual(
      values.slice(40).reduce((state, value) => applyPageHinkley(state, value), kept),
      fold(values),
    )
    assert.throws(() => applyPageHinkley(PAGE_HINKLEY_START, Number.NaN), /Expected a finite value/)
  })

  test('measures days by what was usual, or by its first thirty, and lets none count for more than three spreads', () => {
    assert.deepEqual(standardScores([1, 2, 100], { mean: 1, spread: 0.5 }), [0, 2, 3])
    assert.deepEqual(standardScores(new Array(29).fill(0), undefined), [])
    assert.deepEqual(standardScores(new Array(40).fill(0.2), undefined), [])
    const scores = standardScores(normals(1, 60), undefined)
    assert.equal(scores.length, 60)
    assert.ok(Math.abs(scores.slice(0, 30).reduce((sum, score) => sum + score, 0)) < 1)
  })
})

suite('the adaptive window', () => {
  const values = (seed: number, after: number): number[] => {
    const random = createRandom(seed)
    return Array.from({ length: 180 }, (_, i) =>
      Math.min(1, Math.max(0, (i < 90 ? 0.2 : after) + 0.3 * (random() - 0.5))),
    )
  }
  const run = (all: readonly number[]): { changes: number; state: Adwin } => {
    let [state, changes] = [ADWIN_START, 0]
    for (const value of all) {
      state = applyAdwin(state, value)
      if (state.change) changes++
    }
    return { changes, state }
  }

  test('hardly ever drops anything while nothing changes', () => {
    assert.ok(shareOf(SEEDS.slice(0, 40), (seed) => run(values(seed, 0.2)).changes > 0) <= 0.03)
  })

  test('drops what came before a change, and little else', () => {
    for (const seed of SEEDS.slice(0, 20)) {
      const { changes, state } = run(values(seed, 0.5))
      assert.ok(changes >= 1)
      assert.ok(state.window.length <= 100, `seed ${seed}: ${state.window.length} are left of 90`)
    }
  })

  test('says what the mean was and is, and takes nothing but shares', () => {
    const all = [...new Array(40).fill(0), ...new Array(40).fill(1)]
    let state: Adwin = ADWIN_START
    let change: Adwin['change']
    for (const value of all) {
      state = applyAdwin(state, value)
      change ??= state.change
    }
    assert.ok(change && change.before < 0.05 && change.after > change.before)
    assert.throws(() => applyAdwin(ADWIN_START, 1.01), /Expected a value from 0 to 1, was 1.01/)
  })
})
