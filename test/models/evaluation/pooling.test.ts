import assert from 'node:assert/strict'
import { test } from 'node:test'
import { judgePooling } from '../../../models/evaluation/pooling.ts'
import type { HeldOut } from '../../../models/held-out.ts'
import type { Sample } from '../../../models/samples.ts'
import { CLAIMED } from '../../../models/targets.ts'
import { makeHours } from '../made-hours.ts'
import { madeUpLadder } from './made-up.ts'

const HOURS = 2000

/** An event on the 300th and the 1,500th hour of every coin. */
const samplesOf = (asset: string): readonly Sample[] => {
  const hours = makeHours({ asset, hours: HOURS, label: (_, { i }) => (i % 1200 === 300 ? 1 : 0) })
  return Array.from({ length: HOURS - 72 }, (_, k) => ({ hours, i: 72 + k }))
}

/** The same decisions answered by who knows so many quarters of the truth. */
const heldBy = (quarters: 1 | 4): readonly HeldOut[] =>
  madeUpLadder({ folds: 3, days: 90, targets: CLAIMED, rungs: { 'volatility-only': 1, 'five-feature': 4 } })
    .filter(({ rung }) => rung === (quarters === 1 ? 'volatility-only' : 'five-feature'))
    .map((held) => ({ ...held, rung: 'boosted-trees' }))

const alone = { name: 'ETH', train: samplesOf('ETH'), held: heldBy(1) }
const helped = { name: 'with a further coin', train: [...samplesOf('ETH'), ...samplesOf('SOL')], held: heldBy(4) }

test('what further coins add is held against the same rung without them, decision by decision', () => {
  const rows = judgePooling([alone, helped], { rung: 'boosted-trees', seed: 1, draws: 200 })
  assert.deepEqual(
    rows.map(({ cell, name }) => `${cell.target} ${name}`),
    CLAIMED.flatMap((key) => [`${key} ETH`, `${key} with a further coin`]),
  )
  const [before, after] = rows
  assert.equal(before!.over, undefined)
  const { brierSkill, averagePrecision } = after!.over!
  assert.ok(brierSkill.intervals[95].low > 0 && averagePrecision.intervals[95].low > 0, JSON.stringify(after!.over))
  const gained = after!.row.scores.brierSkill - before!.row.scores.brierSkill
  assert.ok(Math.abs(gained - brierSkill.value) < 1e-9, `Expected ${gained}, was ${brierSkill.value}`)
})

test('coins that crash in the same hours are more samples and no more crashes', () => {
  const [before, after] = judgePooling([alone, helped], { rung: 'boosted-trees', seed: 1, draws: 20 })
  assert.equal(after!.trainedOn.samples, 2 * before!.trainedOn.samples)
  assert.deepEqual([before!.trainedOn.marketEpisodes, after!.trainedOn.marketEpisodes], [2, 2])
})

test('nothing to compare, and a rung that learns nothing, are refused', () => {
  assert.throws(() => judgePooling([], { rung: 'boosted-trees', seed: 1 }), /at least one way to fit/)
  assert.throws(() => judgePooling([alone], { rung: 'base-rate', seed: 1 }), /was the base rate/)
})
