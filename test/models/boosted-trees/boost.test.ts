import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findEdges } from '../../../models/boosted-trees/bins.ts'
import {
  BOOST,
  type BoostSamples,
  type BoostSettings,
  createBoost,
  leastInLeaf,
} from '../../../models/boosted-trees/boost.ts'
import { type Forest, LEAF, scoreRow } from '../../../models/boosted-trees/forest.ts'
import { sigmoid } from '../../../src/domain/calibration.ts'
import { createRandom } from '../../../src/domain/random.ts'

const WIDTH = 4
const COUNT = 2400
const EVERY_WEEK: BoostSettings = { ...BOOST, weekShare: 1, trees: 60 }

/** Two steps make the odds; the other two columns say nothing, and a fifth of everything is unknown. */
function events(seed: number): BoostSamples {
  const random = createRandom(seed)
  const rows = Float32Array.from({ length: WIDTH * COUNT }, () => (random() < 0.2 ? Number.NaN : random()))
  const odds = (k: number) => -3 + (rows[k * WIDTH]! > 0.7 ? 2.5 : 0) + (rows[k * WIDTH + 1]! > 0.5 ? 1 : 0)
  return {
    rows,
    positions: Int32Array.from({ length: COUNT }, (_, k) => k),
    labels: Float32Array.from({ length: COUNT }, (_, k) => (random() < sigmoid(odds(k)) ? 1 : 0)),
  }
}
const weeks = Int32Array.from({ length: COUNT }, (_, k) => Math.floor(k / 24))
const boostOn = ({ rows }: BoostSamples) => createBoost(rows, findEdges(rows, WIDTH))

test('with every week in the bag each tree lowers the training loss, of events and of values', async () => {
  const train = events(1)
  const values = { ...train, labels: train.labels.map((label, k) => label + Math.sin(k)) }
  for (const [kind, samples] of [
    ['event', train],
    ['value', values],
  ] as const) {
    const losses: number[] = []
    await boostOn(samples)({
      kind,
      train: samples,
      weeks,
      random: createRandom(1),
      settings: EVERY_WEEK,
      onTree: (_, loss) => losses.push(loss.train()),
    })
    assert.equal(losses.length, 60)
    assert.ok(
      losses.every((loss, k) => k === 0 || loss < losses[k - 1]!),
      losses.join(' '),
    )
  }
})

test('what made the labels is found, and what did not is hardly asked', async () => {
  const train = events(2)
  const forest = await boostOn(train)({
    kind: 'event',
    train,
    weeks,
    held: events(3),
    random: createRandom(1),
    settings: BOOST,
  })
  const at = (a: number, b: number) => scoreRow(forest, Float32Array.of(a, b, 0.5, 0.5), 0)
  assert.ok(Math.abs(at(0.2, 0.2) - -3) < 0.6, `${at(0.2, 0.2)}`)
  assert.ok(Math.abs(at(0.9, 0.2) - -0.5) < 0.6, `${at(0.9, 0.2)}`)
  assert.ok(Math.abs(at(0.9, 0.9) - 0.5) < 0.6, `${at(0.9, 0.9)}`)
  const roots = Array.from(
    { length: forest.count },
    (_, t) => forest.feature[t * (forest.feature.length / forest.count)],
  )
  assert.ok(roots.filter((feature) => feature! >= 2).length < 0.1 * forest.count)
})

test('trees beyond the lowest loss on held samples are dropped', async () => {
  const train = events(4)
  const held = events(5)
  const losses: number[] = []
  const forest = await boostOn(train)({
    kind: 'event',
    train,
    weeks,
    held,
    random: createRandom(1),
    settings: { ...BOOST, rate: 0.3, patience: 8 },
    onTree: (_, loss) => losses.push(loss.held),
  })
  const lowest = losses.indexOf(Math.min(...losses)) + 1
  assert.equal(forest.count, lowest)
  assert.equal(losses.length, lowest + 8, 'it stops eight trees after the best')
})

test('labels that have nothing to do with the rows leave no trees standing', async () => {
  const random = createRandom(6)
  const noise = (seed: number) => ({
    ...events(seed),
    labels: Float32Array.from({ length: COUNT }, () => (random() < 0.3 ? 1 : 0)),
  })
  const train = noise(7)
  const forest = await boostOn(train)({ kind: 'event', train, weeks, held: noise(8), random, settings: BOOST })
  const score = scoreRow(forest, Float32Array.of(0.1, 0.9, 0.1, 0.9), 0)
  assert.ok(forest.count < 40 && Math.abs(score - Math.log(3 / 7)) < 0.25, `${forest.count} trees, score ${score}`)
})

test('the same seed gives the same trees, another seed draws other weeks', async () => {
  const train = events(9)
  const grown = (seed: number): Promise<Forest> =>
    boostOn(train)({ kind: 'event', train, weeks, random: createRandom(seed), settings: { ...BOOST, trees: 12 } })
  assert.deepEqual(await grown(1), await grown(1))
  assert.notDeepEqual((await grown(1)).value, (await grown(2)).value)
})

test('each tree is grown from whole weeks, seven of ten', async () => {
  const train = events(10)
  // A residual of its own per week: the cover of a leaf tells which weeks were in the bag.
  const forest = await boostOn(train)({
    kind: 'event',
    train,
    weeks,
    random: createRandom(1),
    settings: { ...BOOST, trees: 5 },
  })
  for (let tree = 0; tree < 5; tree++) assert.equal(forest.cover[tree * 15], 70 * 24)
})

test('samples without a label are never looked at', async () => {
  const train = events(11)
  const half = train.positions.filter((k) => k % 2 === 0)
  const known = { rows: train.rows, positions: half, labels: Float32Array.from(half, (k) => train.labels[k]!) }
  const other = train.rows.slice()
  for (let k = 1; k < COUNT; k += 2) other.fill(0.123, k * WIDTH, (k + 1) * WIDTH)
  const edges = findEdges(train.rows, WIDTH)
  const task = { kind: 'event', weeks, settings: { ...BOOST, trees: 8 } } as const
  const one = await createBoost(train.rows, edges)({ ...task, train: known, random: createRandom(1) })
  const two = await createBoost(other, edges)({ ...task, train: { ...known, rows: other }, random: createRandom(1) })
  assert.deepEqual(one, two)
})

test('a leaf holds 200 samples, fewer where there are fewer than twenty thousand, never fewer than five', () => {
  assert.deepEqual([100_000, 20_000, 5000, 100].map(leastInLeaf), [200, 200, 50, 5])
})

test('a leaf of positives alone does not overshoot: log odds move by at most the rate times four a tree', async () => {
  const rows = Float32Array.from({ length: 1000 }, (_, k) => (k < 20 ? 1 : 0))
  const labels = Float32Array.from({ length: 1000 }, (_, k) => (k < 10 || k === 500 ? 1 : 0))
  const train = { rows, positions: Int32Array.from(labels, (_, k) => k), labels }
  const boost = createBoost(rows, findEdges(rows, 1))
  const forest = await boost({
    kind: 'event',
    train,
    weeks: new Int32Array(1000),
    random: createRandom(1),
    settings: { ...BOOST, trees: 3 },
  })
  assert.notEqual(forest.feature[0], LEAF)
  assert.ok([...forest.value].every((value) => Math.abs(value) <= 0.03 * 4 + 1e-7))
})

test('a fit can be stopped', async () => {
  const train = events(12)
  const task = { kind: 'event', train, weeks, random: createRandom(1), settings: BOOST } as const
  await assert.rejects(boostOn(train)({ ...task, signal: AbortSignal.abort(new Error('enough')) }), /enough/)
})
