/**
 * Small numerics for probabilities: fitting, calibrating and judging them. Pure, deterministic, plain arrays.
 *
 * @module
 */
import { clamp } from './units.ts'

const TINY_PROBABILITY = 1e-9 // keeps logit finite

export const sigmoid = (x: number): number => 1 / (1 + Math.exp(-x))

export function logit(probability: number): number {
  const p = clamp(probability, TINY_PROBABILITY, 1 - TINY_PROBABILITY)
  return Math.log(p / (1 - p))
}

/**
 * Standard normal distribution function, absolute error below 1.5e-7.
 *
 * @see Abramowitz & Stegun 7.1.26
 */
export function normalCdf(x: number): number {
  const z = Math.abs(x) / Math.SQRT2
  const t = 1 / (1 + 0.3275911 * z)
  const poly = ((((1.061405429 * t - 1.453152027) * t + 1.421413741) * t - 0.284496736) * t + 0.254829592) * t
  const tail = 0.5 * poly * Math.exp(-z * z)
  return x > 0 ? 1 - tail : tail
}

/** A fitted logistic regression; plain JSON. Weights are per standardised input: (x − mean)/scale. */
export interface LogisticModel {
  readonly intercept: number
  readonly weights: readonly number[]
  readonly means: readonly number[]
  readonly scales: readonly number[]
}

/**
 * L2 logistic regression by Newton's method on standardised inputs.
 *
 * @param rows - n rows of the same length, finite numbers; a column that never varies gets weight 0
 * @param labels - n of 0 or 1
 * @param options - `l2` penalty per standardised weight (default 1, intercept free); `weights` per sample (default 1)
 * @returns with labels of one kind only, the Laplace-smoothed base rate and no weights
 * @throws {RangeError} when there are no rows, lengths differ, or an input is not finite
 */
export function fitLogistic(
  rows: readonly (readonly number[])[],
  labels: readonly number[],
  { l2 = 1, weights }: { l2?: number; weights?: readonly number[] } = {},
): LogisticModel {
  checkSamples(rows.length, labels)
  const width = rows[0]!.length
  const sampleWeight = (i: number): number => weights?.[i] ?? 1
  const { means, scales } = standardise(rows, width)
  const inputs = rows.map((row) => row.map((x, j) => (x - means[j]!) / scales[j]!))
  const total = rows.reduce((sum, _, i) => sum + sampleWeight(i), 0)
  const positives = labels.reduce((sum, y, i) => sum + y * sampleWeight(i), 0)
  const beta = new Array<number>(width + 1).fill(0)
  beta[width] = logit((positives + 0.5) / (total + 1))
  const oneKind = positives === 0 || positives === total

  for (let iteration = 0; iteration < 50 && !oneKind; iteration++) {
    const gradient = new Array<number>(width + 1).fill(0)
    const hessian = Array.from({ length: width + 1 }, () => new Array<number>(width + 1).fill(0))
    for (let i = 0; i < inputs.length; i++) {
      const x = inputs[i]!
      let score = beta[width]!
      for (let j = 0; j < width; j++) score += beta[j]! * x[j]!
      const p = sigmoid(score)
      const error = (labels[i]! - p) * sampleWeight(i)
      const curvature = p * (1 - p) * sampleWeight(i)
      for (let a = 0; a <= width; a++) {
        const xa = a < width ? x[a]! : 1
        gradient[a]! += error * xa
        for (let b = 0; b <= a; b++) hessian[a]![b]! += curvature * xa * (b < width ? x[b]! : 1)
      }
    }
    for (let a = 0; a <= width; a++) {
      if (a < width) {
        gradient[a]! -= l2 * beta[a]!
        hessian[a]![a]! += l2
      }
      hessian[a]![a]! += 1e-9
      for (let b = a + 1; b <= width; b++) hessian[a]![b] = hessian[b]![a]!
    }
    const step = solve(hessian, gradient)
    const size = Math.max(...step.map(Math.abs))
    const damping = size > 5 ? 5 / size : 1 // a full Newton step can overshoot where the classes are nearly separable
    for (let j = 0; j <= width; j++) beta[j]! += damping * step[j]!
    if (size < 1e-10) break
  }
  return { intercept: beta[width]!, weights: beta.slice(0, width), means, scales }
}

/** Probability of a fitted model; an input that is not finite counts as its mean. */
export function predictLogistic(model: LogisticModel, row: readonly number[]): number {
  let score = model.intercept
  for (const [j, weight] of model.weights.entries()) {
    if (Number.isFinite(row[j]!)) score += (weight * (row[j]! - model.means[j]!)) / model.scales[j]!
  }
  return sigmoid(score)
}

/** Platt scaling: p' = σ(a + b·logit p), fitted without penalty; plain JSON. */
export interface PlattScaling {
  readonly a: number
  readonly b: number
}

/** @throws {RangeError} when there are no samples or lengths differ */
export function fitPlatt(probabilities: readonly number[], labels: readonly number[]): PlattScaling {
  const { intercept, weights, means, scales } = fitLogistic(
    probabilities.map((p) => [logit(p)]),
    labels,
    { l2: 1e-6 },
  )
  const b = weights[0]! / scales[0]!
  return { a: intercept - b * means[0]!, b }
}

export const applyPlatt = ({ a, b }: PlattScaling, probability: number): number => sigmoid(a + b * logit(probability))

/** A step of an isotonic fit: the mean outcome of `count` samples whose scores lie from `low` to `high`. */
export interface IsotonicBlock {
  readonly low: number
  readonly high: number
  readonly count: number
  readonly positives: number
}

/**
 * Isotonic regression by pooling adjacent violators: the best non-decreasing map from score to probability.
 *
 * @param minCount - blocks of fewer samples join the neighbour whose mean is nearer: at the ends a single lucky sample would
 *   otherwise be a probability of 0 or 1
 * @returns blocks in order of score, their means strictly rising
 * @throws {RangeError} when there are no samples or lengths differ
 */
export function fitIsotonic(
  scores: readonly number[],
  labels: readonly number[],
  { minCount = 1 }: { minCount?: number } = {},
): readonly IsotonicBlock[] {
  checkSamples(scores.length, labels)
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
  const groups: IsotonicBlock[] = []
  for (const i of order) {
    const [score, positives] = [scores[i]!, labels[i]!]
    const last = groups.at(-1)
    if (last?.high === score) {
      groups[groups.length - 1] = { ...last, count: last.count + 1, positives: last.positives + positives }
    } else groups.push({ low: score, high: score, count: 1, positives })
  }
  const blocks: IsotonicBlock[] = []
  for (const group of groups) {
    blocks.push(group)
    while (blocks.length > 1) {
      const [before, after] = [blocks.at(-2)!, blocks.at(-1)!]
      if (before.positives * after.count < after.positives * before.count) break
      blocks.splice(-2, 2, joined(before, after))
    }
  }
  const rate = (block: IsotonicBlock | undefined): number =>
    block ? block.positives / block.count : Number.POSITIVE_INFINITY
  for (;;) {
    const small = blocks.findIndex((block) => block.count < minCount)
    if (small < 0 || blocks.length === 1) break
    const own = rate(blocks[small])
    const first = Math.abs(rate(blocks[small - 1]) - own) <= Math.abs(rate(blocks[small + 1]) - own) ? small - 1 : small
    blocks.splice(first, 2, joined(blocks[first]!, blocks[first + 1]!))
  }
  return blocks
}

const joined = (before: IsotonicBlock, after: IsotonicBlock): IsotonicBlock => ({
  low: before.low,
  high: after.high,
  count: before.count + after.count,
  positives: before.positives + after.positives,
})

/** Isotonic probability, linear between the centres of neighbouring blocks and flat outside them. */
export function applyIsotonic(blocks: readonly IsotonicBlock[], score: number): number {
  const centre = (block: IsotonicBlock): number => (block.low + block.high) / 2
  const rate = (block: IsotonicBlock): number => block.positives / block.count
  const after = blocks.findIndex((block) => score <= centre(block))
  if (after < 0) return rate(blocks.at(-1)!)
  if (after === 0) return rate(blocks[0]!)
  const [left, right] = [blocks[after - 1]!, blocks[after]!]
  const share = (score - centre(left)) / Math.max(centre(right) - centre(left), Number.MIN_VALUE)
  return rate(left) + share * (rate(right) - rate(left))
}

/**
 * Wilson score interval of a proportion.
 *
 * @param z - normal quantile; default 1.645 (90 %)
 * @returns [0, 1] when `count` is 0
 */
export function wilsonInterval(positives: number, count: number, z = 1.645): { low: number; high: number } {
  if (count <= 0) return { low: 0, high: 1 }
  const p = positives / count
  const shrink = 1 + (z * z) / count
  const centre = (p + (z * z) / (2 * count)) / shrink
  const half = (z * Math.sqrt((p * (1 - p)) / count + (z * z) / (4 * count * count))) / shrink
  return { low: Math.max(0, centre - half), high: Math.min(1, centre + half) }
}

/** Mean squared error of probabilities. */
export function brier(probabilities: readonly number[], labels: readonly number[]): number {
  checkSamples(probabilities.length, labels)
  return probabilities.reduce((sum, p, i) => sum + (p - labels[i]!) ** 2, 0) / probabilities.length
}

/**
 * 1 − Brier/Brier of always saying `base`; above 0 is better than climatology.
 *
 * @param base - the rate known beforehand (of the training set); default the rate of these labels, which flatters climatology
 */
export function brierSkill(probabilities: readonly number[], labels: readonly number[], base?: number): number {
  const rate = base ?? labels.reduce((sum, y) => sum + y, 0) / labels.length
  const reference = brier(
    labels.map(() => rate),
    labels,
  )
  return reference > 0 ? 1 - brier(probabilities, labels) / reference : 0
}

export interface ReliabilityBin {
  readonly meanProbability: number
  readonly rate: number
  readonly count: number
  readonly positives: number
}

/** Forecast against outcome in bins of (nearly) equal count, lowest forecasts first. */
export function reliability(
  probabilities: readonly number[],
  labels: readonly number[],
  bins = 10,
): readonly ReliabilityBin[] {
  checkSamples(probabilities.length, labels)
  const order = probabilities.map((_, i) => i).sort((a, b) => probabilities[a]! - probabilities[b]!)
  return Array.from({ length: Math.min(bins, order.length) }, (_, bin) => {
    const share = order.length / Math.min(bins, order.length)
    const members = order.slice(Math.round(bin * share), Math.round((bin + 1) * share))
    const positives = members.reduce((sum, i) => sum + labels[i]!, 0)
    const meanProbability = members.reduce((sum, i) => sum + probabilities[i]!, 0) / members.length
    return { meanProbability, rate: positives / members.length, count: members.length, positives }
  })
}

/** Expected calibration error over equal-mass bins, and the largest gap of any bin. */
export function calibrationError(
  probabilities: readonly number[],
  labels: readonly number[],
  bins = 10,
): { ece: number; maxGap: number } {
  const table = reliability(probabilities, labels, bins)
  const gaps = table.map(({ meanProbability, rate }) => Math.abs(meanProbability - rate))
  const ece = gaps.reduce((sum, gap, i) => sum + (gap * table[i]!.count) / labels.length, 0)
  return { ece, maxGap: Math.max(...gaps) }
}

/** Average precision (area under precision–recall, stepwise); equal scores count as one step. NaN without positives. */
export function averagePrecision(scores: readonly number[], labels: readonly number[]): number {
  checkSamples(scores.length, labels)
  const order = scores.map((_, i) => i).sort((a, b) => scores[b]! - scores[a]!)
  let [hits, seen, sum] = [0, 0, 0]
  for (let i = 0; i < order.length; ) {
    const score = scores[order[i]!]!
    let found = 0
    for (; i < order.length && scores[order[i]!] === score; i++, seen++) found += labels[order[i]!]!
    hits += found
    sum += (found * hits) / seen
  }
  return hits > 0 ? sum / hits : Number.NaN
}

/** Area under the ROC curve: the chance that a positive scores above a negative (ties half). NaN without both kinds. */
export function rocAuc(scores: readonly number[], labels: readonly number[]): number {
  checkSamples(scores.length, labels)
  const order = scores.map((_, i) => i).sort((a, b) => scores[a]! - scores[b]!)
  let rankSum = 0
  for (let i = 0; i < order.length; ) {
    const start = i
    const score = scores[order[i]!]!
    let positives = 0
    for (; i < order.length && scores[order[i]!] === score; i++) positives += labels[order[i]!]!
    rankSum += (positives * (start + 1 + i)) / 2
  }
  const positives = labels.reduce((sum, y) => sum + y, 0)
  const negatives = labels.length - positives
  return positives > 0 && negatives > 0
    ? (rankSum - (positives * (positives + 1)) / 2) / (positives * negatives)
    : Number.NaN
}

function checkSamples(count: number, labels: readonly number[]): void {
  if (count === 0) throw new RangeError('Expected at least one sample, were none')
  if (count !== labels.length) throw new RangeError(`Expected equal lengths, were ${count} and ${labels.length}`)
}

function standardise(rows: readonly (readonly number[])[], width: number): { means: number[]; scales: number[] } {
  const means = new Array<number>(width).fill(0)
  const scales = new Array<number>(width).fill(0)
  for (const [i, row] of rows.entries()) {
    if (row.length !== width) throw new RangeError(`Expected ${width} inputs in row ${i}, were ${row.length}`)
    for (let j = 0; j < width; j++) {
      if (!Number.isFinite(row[j]!))
        throw new RangeError(`Expected a finite input at row ${i}, column ${j}, was ${row[j]}`)
      means[j]! += row[j]! / rows.length
    }
  }
  for (const row of rows) for (let j = 0; j < width; j++) scales[j]! += (row[j]! - means[j]!) ** 2 / rows.length
  // A constant column has no scale; 1 makes it all zeros, and the penalty gives it weight 0.
  return { means, scales: scales.map((variance) => (variance > 1e-24 ? Math.sqrt(variance) : 1)) }
}

/** Solves a small dense system by elimination with row exchange. */
export function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const n = right.length
  const rows = matrix.map((row, i) => [...row, right[i]!])
  for (let i = 0; i < n; i++) {
    let pivot = i
    for (let r = i + 1; r < n; r++) if (Math.abs(rows[r]![i]!) > Math.abs(rows[pivot]![i]!)) pivot = r
    ;[rows[i], rows[pivot]] = [rows[pivot]!, rows[i]!]
    for (let r = i + 1; r < n; r++) {
      const factor = rows[r]![i]! / rows[i]![i]!
      for (let c = i; c <= n; c++) rows[r]![c]! -= factor * rows[i]![c]!
    }
  }
  const x = new Array<number>(n).fill(0)
  for (let i = n - 1; i >= 0; i--) {
    let sum = rows[i]![n]!
    for (let c = i + 1; c < n; c++) sum -= rows[i]![c]! * x[c]!
    x[i] = sum / rows[i]![i]!
  }
  return x
}
