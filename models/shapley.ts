/**
 * Shapley values: how much each feature has to do with one score, so that all of them add up to what sets the score apart.
 *
 * @module
 * @see Shapley (1953); Lundberg & Lee (2017), "A Unified Approach to Interpreting Model Predictions"
 */
import type { Random } from '../src/ports.ts'
import { DEPTH, type Forest, LEAF, leftOf, NODES, rightOf, takesLeft } from './boosted-trees/forest.ts'
import type { Contribution, Explanation } from './rung.ts'
import type { TargetKey } from './targets.ts'

/** Largest first by size. */
export const bySize = (contributions: readonly Contribution[]): Contribution[] =>
  contributions.toSorted((a, b) => Math.abs(b.contribution) - Math.abs(a.contribution))

/** A feature of a weighted sum; with a mask beside its value it has two terms, and both are the feature's. */
export interface LinearFeature {
  readonly feature: string
  /** In the feature's own unit; NaN where not known. */
  readonly value: number
  readonly terms: readonly { readonly weight: number; readonly value: number; readonly mean: number }[]
}

/**
 * Exact Shapley values of a weighted sum, against the mean of the train samples (interventional): weight × (value − mean).
 *
 * @param intercept - the score at the means
 */
export function linearShapley(sum: {
  readonly target: TargetKey
  readonly intercept: number
  readonly terms: readonly LinearFeature[]
}): Explanation {
  const contributions = sum.terms.map(({ feature, value, terms }) => ({
    feature,
    ...(Number.isNaN(value) ? {} : { value }),
    contribution: terms.reduce((total, { weight, value, mean }) => total + weight * (value - mean), 0),
  }))
  return {
    target: sum.target,
    base: sum.intercept,
    score: contributions.reduce((total, { contribution }) => total + contribution, sum.intercept),
    contributions: bySize(contributions),
    method: 'exact Shapley values',
  }
}

/**
 * Exact Shapley values of an ensemble of trees, path-dependent: a feature left out sends a sample both ways, in the shares in
 * which the train samples went. The base is then the mean score of the train samples that grew the trees.
 *
 * A leaf is worth its value times one factor per feature on its path, so its Shapley values come from the elementary
 * symmetric sums of the other features' factors: no sum over all subsets is needed.
 *
 * @param row - the last row, NaN where not known
 * @returns `contributions` by position in the row; base and contributions add up to the score
 * @see Lundberg, Erion & Lee (2018), "Consistent Individualized Feature Attribution for Tree Ensembles", algorithm 2
 */
export function treeShapley(
  forest: Forest,
  row: ArrayLike<number>,
): { readonly base: number; readonly contributions: Float64Array } {
  const contributions = new Float64Array(row.length)
  // The features on the way to a node: whether the sample follows (1 or 0), and which share of the train samples does.
  const path: Path = {
    feature: new Int16Array(DEPTH),
    follows: new Float64Array(DEPTH),
    share: new Float64Array(DEPTH),
    sums: new Float64Array(DEPTH),
  }
  let base = forest.base

  const visit = (first: number, node: number, length: number): void => {
    const at = first + node
    const feature = forest.feature[at]!
    if (feature === LEAF) {
      let share = 1
      for (let k = 0; k < length; k++) share *= path.share[k]!
      base += forest.value[at]! * share
      for (let k = 0; k < length; k++) {
        contributions[path.feature[k]!]! += forest.value[at]! * shapleyFactor(path, length, k)
      }
      return
    }
    // A feature that splits twice on one path is one player: it follows where it follows both, in the product of the shares.
    let place = 0
    while (place < length && path.feature[place] !== feature) place++
    const again = place < length
    const [follows, share] = again ? [path.follows[place]!, path.share[place]!] : [1, 1]
    const left = takesLeft(forest, at, row[feature]!)
    for (let side = 0; side < 2; side++) {
      const child = side === 0 ? leftOf(node) : rightOf(node)
      path.feature[place] = feature
      path.follows[place] = left === (side === 0) ? follows : 0
      path.share[place] = (share * forest.cover[first + child]!) / forest.cover[at]!
      visit(first, child, again ? length : length + 1)
    }
    path.follows[place] = follows
    path.share[place] = share
  }
  for (let tree = 0; tree < forest.count; tree++) visit(tree * NODES, 0, 0)
  return { base, contributions }
}

/** ORDER_SHARES[n][s] = s! (n − s − 1)! / n!: of the orders of n players, those in which s given ones alone come before a given one. */
const ORDER_SHARES: readonly (readonly number[])[] = Array.from({ length: DEPTH + 1 }, (_, n) => {
  const shares = [1 / n]
  for (let s = 1; s < n; s++) shares.push((shares[s - 1]! * s) / (n - s))
  return shares
})
interface Path {
  readonly feature: Int16Array
  readonly follows: Float64Array
  readonly share: Float64Array
  /** Room to work in. */
  readonly sums: Float64Array
}

/** What feature `asked` of a path adds to a leaf of value 1. */
function shapleyFactor({ follows, share, sums }: Path, length: number, asked: number): number {
  // sums[s]: over all ways to have s of the other features take part, the product of their factors.
  sums.fill(0)
  sums[0] = 1
  let others = 0
  for (let k = 0; k < length; k++) {
    if (k === asked) continue
    others++
    for (let s = others; s > 0; s--) sums[s] = sums[s]! * share[k]! + sums[s - 1]! * follows[k]!
    sums[0]! *= share[k]!
  }
  let mean = 0
  for (let s = 0; s < length; s++) mean += sums[s]! * ORDER_SHARES[length]![s]!
  return (follows[asked]! - share[asked]!) * mean
}

export interface SampledShapleyOptions {
  /** Scores of many inputs at once. */
  readonly score: (inputs: readonly Float64Array[]) => ArrayLike<number>
  readonly input: ArrayLike<number>
  /** Inputs that a feature left out is taken from, each as often as the others. */
  readonly background: readonly ArrayLike<number>[]
  /** Positions that belong to one feature, such as a value and its mask; default every position is one. */
  readonly players?: readonly (readonly number[])[]
  /** Orders drawn per background input, each also backwards. */
  readonly orders: number
  readonly random: Random
}

/**
 * Shapley values of any score by drawn orders, each with its reverse, which takes out most of the noise (interventional).
 *
 * @returns `base`, the mean score of the background; with the contributions it adds up to the score exactly, however few orders
 *   are drawn, for every order tells the whole way from a background input to the asked one
 * @see Castro, Gómez & Tejada (2009), "Polynomial calculation of the Shapley value based on sampling"
 */
export function sampledShapley({ score, input, background, orders, random, ...options }: SampledShapleyOptions): {
  readonly base: number
  readonly score: number
  readonly contributions: Float64Array
} {
  if (background.length === 0) throw new RangeError('Expected a background of at least one input, was none')
  if (!(orders >= 1)) throw new RangeError(`Expected at least one order, were ${orders}`)
  const players = options.players ?? Array.from(input, (_, j) => [j])
  const contributions = new Float64Array(players.length)
  const ways = 2 * orders * background.length
  let [base, reached] = [0, 0]
  for (const other of background) {
    for (let draw = 0; draw < orders; draw++) {
      const order = shuffled(players.length, random)
      for (const sequence of [order, order.toReversed()]) {
        const mixed = Float64Array.from(other)
        const inputs = [mixed.slice()]
        for (const player of sequence) {
          for (const j of players[player]!) mixed[j] = input[j]!
          inputs.push(mixed.slice())
        }
        const scores = score(inputs)
        base += scores[0]! / ways
        reached += scores[sequence.length]! / ways
        for (const [k, player] of sequence.entries()) contributions[player]! += (scores[k + 1]! - scores[k]!) / ways
      }
    }
  }
  return { base, score: reached, contributions }
}

function shuffled(count: number, random: Random): number[] {
  const order = Array.from({ length: count }, (_, k) => k)
  for (let k = count - 1; k > 0; k--) {
    const other = Math.floor(random() * (k + 1))
    const kept = order[k]!
    order[k] = order[other]!
    order[other] = kept
  }
  return order
}
