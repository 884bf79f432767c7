import { CODES, type Edges, UNKNOWN } from './bins.ts'
import { DEPTH, type Forest, LEAF, leftOf, NODES, rightOf } from './forest.ts'

export interface Growth {
  /** Positions of the samples to grow from. */
  readonly bag: Int32Array
  /** By position: label less answer so far. */
  readonly residual: Float64Array
  /** By position: curvature of the loss, p (1 − p) for log loss, 1 for squares. */
  readonly curvature: Float64Array
  readonly leastInLeaf: number
  /** How far a leaf may go towards what would suit its samples best. */
  readonly rate: number
  /** How far it may go before `rate`, in log odds: with few positives a whole step can overshoot. */
  readonly maxStep: number
}

/** Penalty on leaves, in samples of curvature 1. */
const L2 = 1
/** Share of what no split explains that one must win; below it is rounding. */
const LEAST_GAIN = 1e-9
/** A double holds whole numbers up to this exactly. */
const EXACT_BITS = 53

interface Split {
  readonly feature: number
  /** Known values up to this code go left. */
  readonly code: number
  readonly unknownLeft: boolean
}

/**
 * Makes what grows one tree after another on the same codes.
 *
 * A split is what lowers the squared error of the residuals most (Friedman's gradient boosting); leaves then take a Newton step
 * of the loss itself. A histogram holds the count of samples and the sum of their residuals in one double each: count × 2^s +
 * residual in whole numbers. So it takes one addition per sample and feature, sums do not depend on order, and the larger child's
 * histogram is its parent's less its sibling's, exactly.
 *
 * @param codes - [features × samples] of `encodeRows`
 * @see Friedman (2001), "Greedy Function Approximation: A Gradient Boosting Machine", Annals of Statistics 29(5)
 */
export function createGrower(codes: Uint8Array, edges: Edges) {
  const width = edges.length
  const samples = codes.length / width
  const order = new Int32Array(samples)
  const spare = new Int32Array(samples)
  const packed = new Float64Array(samples)
  const gathered = new Float64Array(samples)
  // One feature more than there are, for the odd one's partner.
  const histograms = Array.from({ length: DEPTH }, () => new Float64Array((width + 1) * CODES))
  let unit = 1

  /** Residuals as whole numbers, beside the count of one. */
  function pack({ bag, residual }: Growth): void {
    const countBits = Math.ceil(Math.log2(bag.length + 1))
    unit = 2 ** (EXACT_BITS - 1 - countBits)
    let largest = 0
    for (const k of bag) largest = Math.max(largest, Math.abs(residual[k]!))
    const scale = largest > 0 ? 2 ** (EXACT_BITS - 2 - 2 * countBits) / largest : 0
    for (const k of bag) packed[k] = unit + Math.round(residual[k]! * scale)
  }

  function fillHistogram(into: Float64Array, start: number, end: number): void {
    into.fill(0)
    for (let k = start; k < end; k++) gathered[k] = packed[order[k]!]!
    // Two features at a time: their additions do not wait for each other.
    for (let f = 0; f < width; f += 2) {
      const [one, two] = [f * samples, Math.min(f + 1, width - 1) * samples]
      const [first, second] = [f * CODES, f + 1 < width ? (f + 1) * CODES : width * CODES]
      for (let k = start; k < end; k++) {
        const sample = order[k]!
        const value = gathered[k]!
        into[first + codes[one + sample]!]! += value
        into[second + codes[two + sample]!]! += value
      }
    }
  }

  function bestSplit(histogram: Float64Array, leastInLeaf: number): Split | undefined {
    const scale = 1 / unit
    let all = 0
    for (let code = 0; code < CODES; code++) all += histogram[code]!
    const count = Math.floor(all * scale + 0.5)
    const sum = all - count * unit
    const without = (sum * sum) / count
    let best: Split | undefined
    let bestGain = LEAST_GAIN * Math.max(without, 1)
    for (let f = 0; f < width; f++) {
      const first = f * CODES
      const unknown = histogram[first + UNKNOWN]!
      const unknownCount = Math.floor(unknown * scale + 0.5)
      const unknownSum = unknown - unknownCount * unit
      const bins = edges[f]!.length + 1
      let below = 0
      for (let code = 1; code <= bins; code++) {
        below += histogram[first + code]!
        const belowCount = Math.floor(below * scale + 0.5)
        const belowSum = below - belowCount * unit
        for (let left = 0; left < (unknownCount > 0 ? 2 : 1); left++) {
          const leftCount = belowCount + left * unknownCount
          const rightCount = count - leftCount
          if (leftCount < leastInLeaf || rightCount < leastInLeaf) continue
          const leftSum = belowSum + left * unknownSum
          const rightSum = sum - leftSum
          const gain = (leftSum * leftSum) / leftCount + (rightSum * rightSum) / rightCount - without
          if (gain <= bestGain) continue
          bestGain = gain
          // Where none was unknown, what will be goes with the many.
          const unknownLeft = unknownCount > 0 ? left === 1 : leftCount > rightCount
          best = { feature: f, code, unknownLeft }
        }
      }
    }
    return best
  }

  /** Moves what goes left to the front, each side in its old order; returns where the right one begins. */
  function partition(start: number, end: number, { feature, code, unknownLeft }: Split): number {
    let [left, right] = [start, 0]
    for (let k = start; k < end; k++) {
      const sample = order[k]!
      const own = codes[feature * samples + sample]!
      if (own === UNKNOWN ? unknownLeft : own <= code) order[left++] = sample
      else spare[right++] = sample
    }
    order.set(spare.subarray(0, right), left)
    return left
  }

  return {
    /** Grows one tree into place `tree` of a forest. */
    grow(forest: Forest, tree: number, growth: Growth): void {
      const { bag, residual, curvature, leastInLeaf, rate, maxStep } = growth
      if (bag.length === 0) throw new RangeError('Expected samples to grow a tree from, were none')
      order.set(bag)
      pack(growth)
      const first = tree * NODES

      const leaf = (node: number, start: number, end: number): void => {
        let [slope, bend] = [0, L2]
        for (let k = start; k < end; k++) {
          slope += residual[order[k]!]!
          bend += curvature[order[k]!]!
        }
        forest.feature[first + node] = LEAF
        forest.value[first + node] = rate * Math.max(-maxStep, Math.min(maxStep, slope / bend))
      }

      /** @param histogram - of the node's samples; its place is used for one of the children */
      const visit = (node: number, depth: number, [start, end]: readonly [number, number], histogram: Float64Array) => {
        forest.cover[first + node] = end - start
        const split = depth < DEPTH && end - start >= 2 * leastInLeaf ? bestSplit(histogram, leastInLeaf) : undefined
        if (!split) return leaf(node, start, end)
        const middle = partition(start, end, split)
        const cuts = edges[split.feature]!
        forest.feature[first + node] = split.feature
        forest.threshold[first + node] = cuts[split.code - 1] ?? Number.POSITIVE_INFINITY
        forest.unknownLeft[first + node] = split.unknownLeft ? 1 : 0
        const children = [
          { node: leftOf(node), range: [start, middle] as const },
          { node: rightOf(node), range: [middle, end] as const },
        ].sort((a, b) => a.range[1] - a.range[0] - (b.range[1] - b.range[0]))
        const [smaller, larger] = [children[0]!, children[1]!]
        const own = histograms[depth + 1]
        if (own && larger.range[1] - larger.range[0] >= 2 * leastInLeaf) {
          fillHistogram(own, ...smaller.range)
          for (let j = 0; j < histogram.length; j++) histogram[j]! -= own[j]!
        }
        visit(smaller.node, depth + 1, smaller.range, own ?? histogram)
        visit(larger.node, depth + 1, larger.range, histogram)
      }
      fillHistogram(histograms[0]!, 0, bag.length)
      visit(0, 0, [0, bag.length], histograms[0]!)
    },
  }
}
