import assert from 'node:assert/strict'
import { test } from 'node:test'
import { findEdges } from '../../models/boosted-trees/bins.ts'
import { BOOST, createBoost } from '../../models/boosted-trees/boost.ts'
import {
  emptyForest,
  type Forest,
  LEAF,
  leafValue,
  leftOf,
  NODES,
  rightOf,
  scoreRow,
  takesLeft,
} from '../../models/boosted-trees/forest.ts'
import { linearShapley, sampledShapley, treeShapley } from '../../models/shapley.ts'
import { createGaussian, createRandom } from '../../src/domain/random.ts'

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `Expected ${expected} ± ${tolerance}, was ${actual}`)
const sum = (values: Iterable<number>): number => [...values].reduce((total, value) => total + value, 0)

/** By the definition: over all subsets of the other players. */
function bruteForce(players: number, worth: (taking: ReadonlySet<number>) => number): number[] {
  const factorial = (n: number): number => (n < 2 ? 1 : n * factorial(n - 1))
  const subsets = Array.from(
    { length: 2 ** players },
    (_, bits) => new Set(Array.from({ length: players }, (_, j) => j).filter((j) => (bits >> j) & 1)),
  )
  const worths = subsets.map(worth)
  return Array.from({ length: players }, (_, j) =>
    sum(
      subsets.map((subset, bits) => {
        if (subset.has(j)) return 0
        const weight = (factorial(subset.size) * factorial(players - subset.size - 1)) / factorial(players)
        return weight * (worths[bits | (1 << j)]! - worths[bits]!)
      }),
    ),
  )
}

/** What a forest says when only some features are known: both ways, by cover, where one is not. */
function expected(forest: Forest, row: Float32Array, taking: ReadonlySet<number>): number {
  const below = (tree: number, node: number): number => {
    const at = tree * NODES + node
    const feature = forest.feature[at]!
    if (feature === LEAF) return forest.value[at]!
    const [left, right] = [below(tree, leftOf(node)), below(tree, rightOf(node))]
    if (taking.has(feature)) return takesLeft(forest, at, row[feature]!) ? left : right
    const share = forest.cover[tree * NODES + leftOf(node)]! / forest.cover[at]!
    return share * left + (1 - share) * right
  }
  return forest.base + sum(Array.from({ length: forest.count }, (_, tree) => below(tree, 0)))
}

const FEATURES = 6
/** The fifth feature has nothing to do with the labels and is constant; a fifth of the others is unknown. */
const made = (() => {
  const random = createRandom(3)
  const rows = Float32Array.from({ length: FEATURES * 800 }, (_, k) =>
    k % FEATURES === 4 ? 1 : random() < 0.2 ? Number.NaN : random(),
  )
  const labels = Float32Array.from({ length: 800 }, (_, k) => {
    const [a, b, c] = [rows[FEATURES * k]!, rows[FEATURES * k + 1]!, rows[FEATURES * k + 2]!]
    return (a > 0.5 ? 1 : 0) * (b > 0.3 ? 2 : -1) + (Number.isNaN(c) ? 1 : c * c)
  })
  return { rows, labels, positions: Int32Array.from(labels, (_, k) => k) }
})()
const grow = (): Promise<Forest> =>
  createBoost(
    made.rows,
    findEdges(made.rows, FEATURES),
  )({
    kind: 'value',
    train: made,
    weeks: made.positions.map((k) => Math.floor(k / 40)),
    random: createRandom(1),
    settings: { ...BOOST, trees: 25, rate: 0.2 },
  })

test('trees: the same values as the sum over all subsets, and they add up to the score', async () => {
  const forest = await grow()
  for (let k = 0; k < 12; k++) {
    const row = made.rows.slice(k * FEATURES, (k + 1) * FEATURES)
    const { base, contributions } = treeShapley(forest, row)
    const slow = bruteForce(FEATURES, (taking) => expected(forest, row, taking))
    for (const [j, value] of slow.entries()) near(contributions[j]!, value, 1e-9)
    near(base, expected(forest, row, new Set()), 1e-9)
    near(base + sum(contributions), scoreRow(forest, row, 0), 1e-9)
  }
})

test('trees: the base is the mean of what the samples in the bag score', async () => {
  const forest = await createBoost(
    made.rows,
    findEdges(made.rows, FEATURES),
  )({
    kind: 'value',
    train: made,
    weeks: new Int32Array(800),
    random: createRandom(1),
    settings: { ...BOOST, trees: 10, weekShare: 1 },
  })
  const scores = Array.from(made.positions, (k) => scoreRow(forest, made.rows, k * FEATURES))
  near(treeShapley(forest, made.rows.slice(0, FEATURES)).base, sum(scores) / scores.length, 1e-5)
})

test('trees: a feature that no tree asks for contributes nothing', async () => {
  const forest = await grow()
  const { contributions } = treeShapley(forest, made.rows.slice(0, FEATURES))
  assert.equal(contributions[4], 0)
  assert.notEqual(contributions[0], 0)
})

/** One tree: splits on feature 0 and then, twice, on feature `other` at `cut`. */
function twoQuestions(other: number, cut: number): Forest {
  const forest = emptyForest(1, 0.5)
  const ask = (node: number, feature: number, threshold: number, cover: number) => {
    forest.feature[node] = feature
    forest.threshold[node] = threshold
    forest.cover[node] = cover
  }
  ask(0, 0, 0.5, 100)
  ask(1, other, cut, 50)
  ask(2, other, cut, 50)
  for (const [node, value] of [
    [3, 0],
    [4, 1],
    [5, 1],
    [6, 5],
  ] as const) {
    forest.value[node] = value
    forest.cover[node] = 25
  }
  return forest
}

test('trees: two features that play the same part get the same, by hand', () => {
  const { base, contributions } = treeShapley(twoQuestions(1, 0.5), [0.9, 0.9])
  // Mean 7/4; either alone 3; both 5.
  near(base, 0.5 + 7 / 4, 1e-12)
  near(contributions[0]!, 0.5 * (3 - 7 / 4) + 0.5 * (5 - 3), 1e-12)
  assert.equal(contributions[0], contributions[1])
})

test('trees: a feature that splits twice on one path is one player', () => {
  const forest = twoQuestions(0, 0.8)
  const row = Float32Array.of(0.9)
  const { base, contributions } = treeShapley(forest, row)
  near(base, 0.5 + 7 / 4, 1e-12)
  near(contributions[0]!, leafValue(forest, 0, row, 0) - 7 / 4, 1e-12)
})

test('a weighted sum: weight times distance from the mean, value and mask of a feature together, largest first', () => {
  const explanation = linearShapley({
    target: 'cascade-down-4h',
    intercept: -2,
    terms: [
      { feature: 'funding', value: 3, terms: [{ weight: 0.5, value: 3, mean: 1 }] },
      {
        feature: 'open-interest-z',
        value: Number.NaN,
        terms: [
          { weight: 9, value: 0, mean: 0 },
          { weight: -2, value: 1, mean: 0.25 },
        ],
      },
    ],
  })
  assert.deepEqual(explanation.contributions, [
    { feature: 'open-interest-z', contribution: -1.5 },
    { feature: 'funding', value: 3, contribution: 1 },
  ])
  near(explanation.score, -2.5, 1e-12)
  assert.equal(explanation.base, -2)
})

test('sampled: any score, near the sum over all subsets and exactly complete', () => {
  const normal = createGaussian(createRandom(5))
  const score = (x: ArrayLike<number>): number => Math.tanh(x[0]! * x[1]!) + x[2]! ** 2 - 0.3 * x[3]! + x[0]!
  const background = Array.from({ length: 12 }, () => Array.from({ length: 5 }, normal))
  const input = [1.2, -0.7, 0.4, 2, 3]
  const found = sampledShapley({
    score: (inputs) => inputs.map(score),
    input,
    background,
    orders: 40,
    random: createRandom(1),
  })
  const slow = bruteForce(5, (taking) =>
    sum(background.map((other) => score(other.map((value, j) => (taking.has(j) ? input[j]! : value))) / 12)),
  )
  for (const [j, value] of slow.entries()) near(found.contributions[j]!, value, 0.05)
  near(found.base + sum(found.contributions), score(input), 1e-9)
  near(found.score, score(input), 1e-9)
  assert.equal(found.contributions[4], 0)
})

test('sampled: positions of one player move together', () => {
  const found = sampledShapley({
    score: (inputs) => inputs.map((x) => x[0]! * x[1]! + x[2]!),
    input: [3, 1, 2],
    background: [[0, 0, 0]],
    players: [[0, 1], [2]],
    orders: 1,
    random: createRandom(1),
  })
  assert.deepEqual([...found.contributions], [3, 2])
})
