/**
 * Shapley values: how much each feature has to do with one score, so that all of them add up to what sets the score apart.
 *
 * @module
 * @see Shapley (1953); Lundberg & Lee (2017), "A Unified Approach to Interpreting Model Predictions"
 */
import type { Random } from '../src/ports.ts'
import { type Forest, LEAF, leftOf, NODES, rightOf, takesLeft } from './boosted-trees/forest.ts'
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

/** A feature on the way to a leaf: whether the sample goes that way, and which share of the train samples does. */
interface Step {
  readonly feature: number
  readonly follows: number
  readonly share: number
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
  let base = forest.base
  for (let tree = 0; tree < forest.count; tree++) {
    const first = tree * NODES
    const visit = (node: number, steps: readonly Step[]): void => {
      const at = first + node
      const feature = forest.feature[at]!
      if (feature === LEAF) {
        base += forest.value[at]! * steps.reduce((product, { share }) => product * share, 1)
        addLeaf(contributions, forest.value[at]!, steps)
        return
      }
      const left = takesLeft(forest, at, row[feature]!)
      for (const [child, follows] of [
        [leftOf(node), left],
        [rightOf(node), !left],
      ] as const) {
        const share = forest.cover[first + child]! / forest.cover[at]!
        visit(child, withStep(steps, { feature, follows: follows ? 1 : 0, share }))
      }
    }
    visit(0, [])
  }
  return { base, contributions }
}

/** A feature that splits twice on one path is one player: it follows where it follows both, in the product of the shares. */
function withStep(steps: readonly Step[], step: Step): readonly Step[] {
  const before = steps.find(({ feature }) => feature === step.feature)
  if (!before) return [...steps, step]
  const joined = { ...step, follows: before.follows * step.follows, share: before.share * step.share }
  return steps.map((other) => (other === before ? joined : other))
}

function addLeaf(contributions: Float64Array, value: number, steps: readonly Step[]): void {
  for (const step of steps) {
    // sums[s]: over all ways to have s of the other features take part, the product of their factors.
    let sums = [1]
    for (const other of steps) {
      if (other === step) continue
      const next = new Array<number>(sums.length + 1).fill(0)
      for (const [s, sum] of sums.entries()) {
        next[s]! += sum * other.share
        next[s + 1]! += sum * other.follows
      }
      sums = next
    }
    const mean = sums.reduce((total, sum, s) => total + sum * orderShare(s, steps.length), 0)
    contributions[step.feature]! += value * (step.follows - step.share) * mean
  }
}

/** s! (n − s − 1)! / n!: the share of orders of n players in which s given ones come before a given one, and no others. */
function orderShare(s: number, n: number): number {
  let share = 1 / n
  for (let k = 1; k <= s; k++) share *= k / (n - k)
  return share
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
