import type { StoredModel } from '../rung.ts'

/** Questions from the root to a leaf, at most. */
export const DEPTH = 3
/** Room for a whole tree: the children of node i are 2i + 1 and 2i + 2. */
export const NODES = 2 ** (DEPTH + 1) - 1
/** In place of a feature, where a tree asks nothing more. */
export const LEAF = -1

/** Trees whose leaves add up to a score; node n of tree t is entry t × NODES + n of every array. */
export interface Forest {
  /** What a sample starts from. */
  readonly base: number
  readonly count: number
  /** Position in the row, or `LEAF`. */
  readonly feature: Int16Array
  /** A value up to this goes left; infinite where the question is only whether it is known. */
  readonly threshold: Float32Array
  /** 1 where an unknown value goes left. */
  readonly unknownLeft: Uint8Array
  /** Of a leaf: what it adds to the score. */
  readonly value: Float32Array
  /** Train samples that came through while the tree was grown. */
  readonly cover: Float32Array
}

export const leftOf = (node: number): number => 2 * node + 1
export const rightOf = (node: number): number => 2 * node + 2

export const emptyForest = (count: number, base: number): Forest => ({
  base,
  count,
  feature: new Int16Array(count * NODES).fill(LEAF),
  threshold: new Float32Array(count * NODES),
  unknownLeft: new Uint8Array(count * NODES),
  value: new Float32Array(count * NODES),
  cover: new Float32Array(count * NODES),
})

/** The first trees of a forest. */
export const firstTrees = (forest: Forest, count: number): Forest => ({
  base: forest.base,
  count,
  feature: forest.feature.slice(0, count * NODES),
  threshold: forest.threshold.slice(0, count * NODES),
  unknownLeft: forest.unknownLeft.slice(0, count * NODES),
  value: forest.value.slice(0, count * NODES),
  cover: forest.cover.slice(0, count * NODES),
})

/** @param at - entry of the question in the arrays */
export function takesLeft({ threshold, unknownLeft }: Forest, at: number, value: number): boolean {
  return Number.isNaN(value) ? unknownLeft[at] === 1 : value <= threshold[at]!
}

/** What one tree adds to the score of a row that begins at `offset`. */
export function leafValue(forest: Forest, tree: number, rows: Float32Array, offset: number): number {
  const first = tree * NODES
  let node = 0
  for (;;) {
    const feature = forest.feature[first + node]!
    if (feature === LEAF) return forest.value[first + node]!
    node = takesLeft(forest, first + node, rows[offset + feature]!) ? leftOf(node) : rightOf(node)
  }
}

/** Score of the row that begins at `offset`. */
export function scoreRow(forest: Forest, rows: Float32Array, offset: number): number {
  let score = forest.base
  for (let tree = 0; tree < forest.count; tree++) score += leafValue(forest, tree, rows, offset)
  return score
}

/** Per node: feature, threshold or (of a leaf) value, way of the unknown, cover. */
const COLUMNS = 4

/** @param encode - from floats to text, as every stored array is kept */
export function packForest(forest: Forest, encode: (values: Float32Array) => string): StoredModel['arrays'][string] {
  const packed = new Float32Array(forest.count * NODES * COLUMNS)
  for (let at = 0; at < forest.count * NODES; at++) {
    const feature = forest.feature[at]!
    packed[at * COLUMNS] = feature
    packed[at * COLUMNS + 1] = feature === LEAF ? forest.value[at]! : forest.threshold[at]!
    packed[at * COLUMNS + 2] = forest.unknownLeft[at]!
    packed[at * COLUMNS + 3] = forest.cover[at]!
  }
  return { shape: [forest.count, NODES, COLUMNS], data: encode(packed) }
}

/**
 * @param width - values in a row
 * @throws {Error} when the array is no forest over rows of that width
 */
export function unpackForest(
  { shape, data }: StoredModel['arrays'][string],
  { base, width, decode }: { base: number; width: number; decode: (data: string) => Float32Array },
): Forest {
  const packed = decode(data)
  const [count, nodes, columns] = shape
  if (count === undefined || nodes !== NODES || columns !== COLUMNS || packed.length !== count * NODES * COLUMNS) {
    throw new Error(`Expected trees of ${NODES} nodes by ${COLUMNS}, was ${shape.join(' × ')} with ${packed.length}`)
  }
  const forest = emptyForest(count, base)
  for (let at = 0; at < count * NODES; at++) {
    const feature = packed[at * COLUMNS]!
    const lastRow = at % NODES >= NODES >> 1
    if (!Number.isInteger(feature) || feature < LEAF || feature >= width || (lastRow && feature !== LEAF)) {
      throw new Error(`Expected a feature of a row of ${width} at node ${at}, was ${feature}`)
    }
    forest.feature[at] = feature
    if (feature === LEAF) forest.value[at] = packed[at * COLUMNS + 1]!
    else forest.threshold[at] = packed[at * COLUMNS + 1]!
    forest.unknownLeft[at] = packed[at * COLUMNS + 2]!
    forest.cover[at] = packed[at * COLUMNS + 3]!
  }
  return forest
}
