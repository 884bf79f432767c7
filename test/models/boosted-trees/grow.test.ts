import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeRows, findEdges, MAX_BINS, UNKNOWN } from '../../../models/boosted-trees/bins.ts'
import {
  emptyForest,
  type Forest,
  LEAF,
  leafValue,
  leftOf,
  NODES,
  rightOf,
} from '../../../models/boosted-trees/forest.ts'
import { createGrower, type Growth } from '../../../models/boosted-trees/grow.ts'
import { createRandom } from '../../../src/domain/random.ts'

const near = (actual: number, expected: number, tolerance = 1e-6) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `Expected ${expected}, was ${actual}`)

/** One tree on squared error, every row in the bag. */
function growOne(rows: Float32Array, width: number, labels: readonly number[], over: Partial<Growth> = {}): Forest {
  const edges = findEdges(rows, width)
  const forest = emptyForest(1, 0)
  createGrower(encodeRows(rows, edges), edges).grow(forest, 0, {
    bag: Int32Array.from(labels, (_, k) => k),
    residual: Float64Array.from(labels),
    curvature: new Float64Array(labels.length).fill(1),
    leastInLeaf: 1,
    rate: 1,
    maxStep: Number.POSITIVE_INFINITY,
    ...over,
  })
  return forest
}
const answers = (forest: Forest, rows: Float32Array, width: number): number[] =>
  Array.from({ length: rows.length / width }, (_, k) => leafValue(forest, 0, rows, k * width))

test('up to 64 distinct values are cut halfway between each two, and unknown has a code of its own', () => {
  const rows = Float32Array.of(3, 1, Number.NaN, 2, 1)
  const edges = findEdges(rows, 1)
  assert.deepEqual([...edges[0]!], [1.5, 2.5])
  assert.deepEqual([...encodeRows(rows, edges)], [3, 1, UNKNOWN, 2, 1])
})

test('many values fall into 64 bins of about equal count, in order, whatever their shape', () => {
  const random = createRandom(4)
  const rows = Float32Array.from({ length: 6400 }, () => Math.exp(4 * random()))
  const edges = findEdges(rows, 1)
  assert.equal(edges[0]!.length, MAX_BINS - 1)
  const codes = encodeRows(rows, edges)
  const counts = new Array<number>(MAX_BINS + 1).fill(0)
  for (const code of codes) counts[code]!++
  assert.ok(
    counts.slice(1).every((count) => count > 90 && count < 110),
    counts.join(' '),
  )
  const order = [...rows.keys()].sort((a, b) => rows[a]! - rows[b]!)
  assert.ok(order.every((k, place) => place === 0 || codes[order[place - 1]!]! <= codes[k]!))
})

test('two neighbouring floats are told apart', () => {
  const low = 1
  const high = Math.fround(1 + 2 ** -23)
  const rows = Float32Array.of(low, high)
  assert.deepEqual([...encodeRows(rows, findEdges(rows, 1))], [1, 2])
})

test('a step is found by hand: two leaves, each the sum over the count and the penalty of one', () => {
  const rows = Float32Array.of(1, 2, 3, 4, 5, 6)
  const forest = growOne(rows, 1, [-1, -1, -1, -1, 4, 4])
  assert.equal(forest.feature[0], 0)
  assert.equal(forest.threshold[0], 4.5)
  assert.deepEqual([forest.feature[leftOf(0)], forest.feature[rightOf(0)]], [LEAF, LEAF])
  near(forest.value[leftOf(0)]!, -4 / 5)
  near(forest.value[rightOf(0)]!, 8 / 3)
  assert.deepEqual([forest.cover[0], forest.cover[1], forest.cover[2]], [6, 4, 2])
})

test('unknown goes where its samples belong, left or right', () => {
  const rows = Float32Array.of(1, 2, 3, 4, Number.NaN, Number.NaN)
  const withLow = growOne(rows, 1, [-1, -1, 2, 2, -1, -1])
  assert.deepEqual([withLow.threshold[0], withLow.unknownLeft[0]], [2.5, 1])
  const withHigh = growOne(rows, 1, [-1, -1, 2, 2, 2, 2])
  assert.deepEqual([withHigh.threshold[0], withHigh.unknownLeft[0]], [2.5, 0])
  near(answers(withHigh, Float32Array.of(Number.NaN), 1)[0]!, 8 / 5)
})

test('being unknown can be the whole question', () => {
  const rows = Float32Array.of(1, 2, 3, 4, Number.NaN, Number.NaN)
  const forest = growOne(rows, 1, [-1, -1, -1, -1, 2, 2])
  assert.deepEqual([forest.threshold[0], forest.unknownLeft[0]], [Number.POSITIVE_INFINITY, 0])
  assert.ok(answers(forest, Float32Array.of(1e9, Number.NaN), 1)[0]! < 0)
})

test('where none was unknown, what will be goes with the many', () => {
  assert.equal(growOne(Float32Array.of(1, 2, 3, 4), 1, [0, 0, 0, 5]).unknownLeft[0], 1)
  assert.equal(growOne(Float32Array.of(1, 2, 3, 4), 1, [5, 0, 0, 0]).unknownLeft[0], 0)
})

test('a function of three questions is found as it is', () => {
  const random = createRandom(7)
  const rows = Float32Array.from({ length: 4 * 3000 }, () => random())
  const truth = (k: number): number => {
    const [a, b, c] = [rows[4 * k]!, rows[4 * k + 1]!, rows[4 * k + 2]!]
    return a <= 0.5 ? (b <= 0.25 ? 3 : -1) : c <= 0.75 ? 1 : 6
  }
  const forest = growOne(
    rows,
    4,
    Array.from({ length: 3000 }, (_, k) => truth(k)),
  )
  const wrong = answers(forest, rows, 4).filter((answer, k) => Math.abs(answer - truth(k)) > 0.3)
  // A bin holds a 64th of the samples: only those in the bins that the true steps cut through can be missed.
  assert.ok(wrong.length < 3000 * (3 / 64), `${wrong.length}`)
})

/** Every split there is, tried one after another on plain numbers: what histograms must agree with. */
function slowBest(rows: Float32Array, width: number, labels: readonly number[], leastInLeaf: number): number {
  const square = (indices: readonly number[]) => indices.reduce((sum, k) => sum + labels[k]!, 0) ** 2 / indices.length
  const all = labels.map((_, k) => k)
  let best = 0
  for (let f = 0; f < width; f++) {
    const values = all.map((k) => rows[k * width + f]!)
    for (const cut of new Set(values.filter((value) => !Number.isNaN(value)))) {
      for (const unknownLeft of [true, false]) {
        const goesLeft = (k: number) => (Number.isNaN(values[k]!) ? unknownLeft : values[k]! <= cut)
        const left = all.filter(goesLeft)
        const right = all.filter((k) => !goesLeft(k))
        if (left.length < leastInLeaf || right.length < leastInLeaf) continue
        best = Math.max(best, square(left) + square(right) - square(all))
      }
    }
  }
  return best
}

test('the first split wins as much as the best of all there are, and no leaf is below its minimum', () => {
  const value = fc.oneof(
    { weight: 1, arbitrary: fc.constant(Number.NaN) },
    { weight: 4, arbitrary: fc.integer({ min: 0, max: 6 }) },
  )
  const samples = fc.array(fc.tuple(value, value, value, fc.integer({ min: -9, max: 9 })), {
    minLength: 4,
    maxLength: 40,
  })
  fc.assert(
    fc.property(samples, fc.integer({ min: 1, max: 6 }), (made, leastInLeaf) => {
      const rows = Float32Array.from(made.flatMap((one) => one.slice(0, 3)))
      const labels = made.map(([, , , label]) => label)
      const forest = growOne(rows, 3, labels, { leastInLeaf })
      const slow = slowBest(rows, 3, labels, leastInLeaf)
      if (forest.feature[0] === LEAF) return assert.ok(slow < 1e-6, `a split of gain ${slow} was missed`)
      const [feature, threshold] = [forest.feature[0]!, forest.threshold[0]!]
      const goesLeft = (k: number) =>
        Number.isNaN(rows[3 * k + feature]!) ? forest.unknownLeft[0] === 1 : rows[3 * k + feature]! <= threshold
      const sums = { left: 0, right: 0, counts: [0, 0] }
      for (const [k, label] of labels.entries()) {
        const left = goesLeft(k)
        sums[left ? 'left' : 'right'] += label
        sums.counts[left ? 0 : 1]!++
      }
      const total = sums.left + sums.right
      const gain = sums.left ** 2 / sums.counts[0]! + sums.right ** 2 / sums.counts[1]! - total ** 2 / labels.length
      near(gain, slow, 1e-3)
      checkCovers(forest, leastInLeaf)
    }),
    { seed: 20, numRuns: 300 },
  )
})

function checkCovers(forest: Forest, leastInLeaf: number): void {
  for (let node = 0; node < NODES >> 1; node++) {
    if (forest.feature[node] === LEAF) continue
    const [left, right] = [forest.cover[leftOf(node)]!, forest.cover[rightOf(node)]!]
    assert.ok(left >= leastInLeaf && right >= leastInLeaf, `${left} and ${right} in leaves of at least ${leastInLeaf}`)
    assert.equal(left + right, forest.cover[node])
  }
}

test('every leaf is what its own samples say, down to the last level: siblings come from exact differences', () => {
  const random = createRandom(11)
  const rows = Float32Array.from({ length: 5 * 2000 }, () => (random() < 0.2 ? Number.NaN : random()))
  const labels = Array.from(
    { length: 2000 },
    (_, k) => (rows[5 * k] || 0) * 3 + Math.sin(9 * (rows[5 * k + 3] || 0)) + random(),
  )
  const forest = growOne(rows, 5, labels, { leastInLeaf: 20 })
  checkCovers(forest, 20)
  const found = new Map<number, { sum: number; count: number }>()
  for (const [k, label] of labels.entries()) {
    const answer = leafValue(forest, 0, rows, 5 * k)
    const leaf = found.get(answer) ?? { sum: 0, count: 0 }
    found.set(answer, { sum: leaf.sum + label, count: leaf.count + 1 })
  }
  assert.equal(found.size, 8)
  for (const [answer, { sum, count }] of found) near(answer, sum / (count + 1), 1e-5)
})
