import { sigmoid } from '../../src/domain/calibration.ts'
import type { Random } from '../../src/ports.ts'
import { type Edges, encodeRows } from './bins.ts'
import { emptyForest, type Forest, firstTrees, leafValue } from './forest.ts'
import { createGrower } from './grow.ts'

export interface BoostSettings {
  readonly trees: number
  readonly rate: number
  /** Share of the weeks that each tree is grown from: hours of a week are one draw, not 168. */
  readonly weekShare: number
  /** Trees without a lower loss on the held samples before it stops. */
  readonly patience: number
}

/** Specification §2.4. */
export const BOOST: BoostSettings = { trees: 300, rate: 0.03, weekShare: 0.7, patience: 30 }
export const MAX_LEAST_IN_LEAF = 200
const LEAST_IN_LEAF = 5
const LEAVES_IN_BAG = 100
/** In log odds. */
const MAX_STEP = 4

/** At least 200 samples in a leaf, less where there are fewer than twenty thousand. */
export const leastInLeaf = (samples: number): number =>
  Math.max(LEAST_IN_LEAF, Math.min(MAX_LEAST_IN_LEAF, Math.floor(samples / LEAVES_IN_BAG)))

/** Rows with the labels of one target; `rows` is row-major, NaN where not known. */
export interface BoostSamples {
  readonly rows: Float32Array
  /** Positions of the rows whose label is known, and those labels. */
  readonly positions: Int32Array
  readonly labels: Float32Array
}

export interface BoostTask {
  readonly kind: 'event' | 'value'
  readonly train: BoostSamples
  /** Number of the week by row of the train samples. */
  readonly weeks: Int32Array
  /** To stop on; without them every tree is kept. */
  readonly held?: BoostSamples
  readonly random: Random
  readonly settings: BoostSettings
  /** Told after every tree: the mean loss over all train samples, and over the held ones. */
  readonly onTree?: (tree: number, loss: { train(): number; readonly held: number }) => void
  readonly signal?: AbortSignal
}

export type Boost = (task: BoostTask) => Promise<Forest>

/** Trees between two turns for whatever else runs in this process. */
const TURN = 16

/**
 * Makes what boosts target after target on the same rows: they are put into bins once.
 *
 * @returns log loss for events and squared error for values; the trees up to the lowest loss on the held samples
 */
export function createBoost(rows: Float32Array, edges: Edges): Boost {
  const width = edges.length
  const grower = createGrower(encodeRows(rows, edges), edges)
  const count = rows.length / width

  return async ({ kind, train, weeks, held, random, settings, onTree, signal }) => {
    if (train.positions.length === 0) throw new RangeError('Expected labels to fit trees on, were none')
    const loss = LOSSES[kind]
    const forest = emptyForest(settings.trees, loss.start(train.labels))
    const [residual, curvature] = [new Float64Array(count), new Float64Array(count)]
    const scores = new Float64Array(train.positions.length).fill(forest.base)
    const heldScores = new Float64Array(held?.positions.length ?? 0).fill(forest.base)
    const known = [...new Set(Array.from(train.positions, (k) => weeks[k]!))].sort((a, b) => a - b)
    const weekOf = Int32Array.from(train.positions, (position) => known.indexOf(weeks[position]!))
    let best = { trees: 0, loss: held ? meanLoss(loss, heldScores, held.labels) : Number.POSITIVE_INFINITY }
    let tree = 0
    while (tree < settings.trees && (!held || tree - best.trees < settings.patience)) {
      signal?.throwIfAborted()
      for (let k = 0; k < scores.length; k++) {
        const position = train.positions[k]!
        const answer = loss.answer(scores[k]!)
        residual[position] = train.labels[k]! - answer
        curvature[position] = loss.curvature(answer)
      }
      const bag = bagOf(train.positions, weekOf, drawWeeks(known.length, settings.weekShare, random))
      grower.grow(forest, tree, {
        bag,
        residual,
        curvature,
        leastInLeaf: leastInLeaf(bag.length),
        rate: settings.rate,
        maxStep: loss.maxStep,
      })
      advance(scores, train, { forest, tree, width })
      if (held) advance(heldScores, held, { forest, tree, width })
      tree++
      const heldLoss = held ? meanLoss(loss, heldScores, held.labels) : Number.NaN
      if (!held || heldLoss < best.loss) best = { trees: tree, loss: heldLoss }
      onTree?.(tree, { train: () => meanLoss(loss, scores, train.labels), held: heldLoss })
      if (tree % TURN === 0) await new Promise((resolve) => setImmediate(resolve))
    }
    return firstTrees(forest, best.trees)
  }
}

interface Loss {
  /** The score that suits all labels best. */
  start(labels: Float32Array): number
  /** What residuals are taken from. */
  answer(score: number): number
  curvature(answer: number): number
  of(score: number, label: number): number
  readonly maxStep: number
}

const LOSSES: Readonly<Record<'event' | 'value', Loss>> = {
  event: {
    start(labels) {
      const positives = labels.reduce((sum, label) => sum + label, 0)
      return Math.log((positives + 0.5) / (labels.length - positives + 0.5))
    },
    answer: sigmoid,
    curvature: (p) => p * (1 - p),
    // max(x, 0) − x·y + ln(1 + e^−|x|): the log loss of a logit without overflow.
    of: (score, label) => Math.max(score, 0) - score * label + Math.log1p(Math.exp(-Math.abs(score))),
    maxStep: MAX_STEP,
  },
  value: {
    start: (labels) => labels.reduce((sum, label) => sum + label, 0) / labels.length,
    answer: (score) => score,
    curvature: () => 1,
    of: (score, label) => (label - score) ** 2,
    maxStep: Number.POSITIVE_INFINITY,
  },
}

function meanLoss(loss: Loss, scores: Float64Array, labels: Float32Array): number {
  let sum = 0
  for (let k = 0; k < scores.length; k++) sum += loss.of(scores[k]!, labels[k]!)
  return sum / scores.length
}

function advance(
  scores: Float64Array,
  { rows, positions }: BoostSamples,
  { forest, tree, width }: { forest: Forest; tree: number; width: number },
): void {
  for (let k = 0; k < scores.length; k++) scores[k]! += leafValue(forest, tree, rows, positions[k]! * width)
}

/** 1 for each of the weeks drawn, none of them twice. */
function drawWeeks(count: number, share: number, random: Random): Uint8Array {
  const left = Array.from({ length: count }, (_, k) => k)
  const drawn = new Uint8Array(count)
  const wanted = Math.max(1, Math.ceil(share * count - 1e-9))
  for (let k = 0; k < wanted; k++) {
    const other = k + Math.floor(random() * (count - k))
    drawn[left[other]!] = 1
    left[other] = left[k]!
  }
  return drawn
}

function bagOf(positions: Int32Array, weekOf: Int32Array, drawn: Uint8Array): Int32Array {
  const bag = new Int32Array(positions.length)
  let size = 0
  for (let k = 0; k < positions.length; k++) if (drawn[weekOf[k]!] === 1) bag[size++] = positions[k]!
  return bag.subarray(0, size)
}
