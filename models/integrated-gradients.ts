/**
 * Integrated gradients: how much each input of a network has to do with one score.
 *
 * @module
 * @see Sundararajan, Taly & Yan (2017), "Axiomatic Attribution for Deep Networks"
 */
import type { Scalar, Tensor } from '@tensorflow/tfjs-core'
import type { Tf } from './engine.ts'

export interface IntegratedGradientsTask {
  /**
   * Scores of many inputs at once, one each: [points]. Called inside `tf.tidy` with tensors shaped as `inputs`, but for a first
   * dimension of `points`; what does not change on the way, such as ids, it adds itself.
   */
  readonly forward: (inputs: readonly Tensor[], points: number) => Tensor
  /** What the score is of; the first dimension of each is 1. Stay the caller's. */
  readonly inputs: readonly Tensor[]
  /** What the contributions start from, in the same shapes. Stays the caller's. */
  readonly baseline: readonly Tensor[]
  /** Points on the way to begin with; three times as many follow until the contributions are complete. Default 18. */
  readonly steps?: number
}

export interface IntegratedGradients {
  /** Score of the baseline and of the inputs. */
  readonly base: number
  readonly score: number
  /** In the order and shape of the inputs. */
  readonly contributions: readonly Float32Array[]
  /** Points on the way that it took. */
  readonly steps: number
}

const STEPS = 18
const MAX_STEPS = 1500
/** Points at once: a network's memory grows with them. */
const CHUNK = 27
const RELATIVE = 0.01
/** Where score and base are nearly the same, a hundredth of their distance would be below what float32 can say. */
const ABSOLUTE = 1e-3

/** Whether contributions that sum to `sum` explain the way from base to score: within 1 % of it, or 0.001. */
export const isComplete = ({ base, score, sum }: { base: number; score: number; sum: number }): boolean =>
  Math.abs(base + sum - score) <= Math.max(RELATIVE * Math.abs(score - base), ABSOLUTE)

/**
 * (input − baseline) × the mean gradient on the straight way between the two, by the midpoint rule.
 *
 * Each third of the points of a finer rule is the coarser one's, so none is worked out twice. Gradients of the engine must have been
 * loaded (`loadGradients`).
 *
 * @throws {RangeError} when inputs and baseline differ in shape
 * @throws {Error} when 1500 points do not make the contributions complete: the score jumps on the way
 */
export function integratedGradients(tf: Tf, task: IntegratedGradientsTask): IntegratedGradients {
  const { inputs, baseline, steps: first = STEPS } = task
  for (const [k, input] of inputs.entries()) {
    const shape = baseline[k]?.shape
    if (shape?.join() === input.shape.join() && shape[0] === 1) continue
    throw new RangeError(`Expected a baseline of one input of shape ${input.shape}, was ${shape}`)
  }
  const [base, score] = [scoreOf(tf, task, baseline), scoreOf(tf, task, inputs)]
  const sums = inputs.map(({ size }) => new Float64Array(size))
  const deltas = inputs.map((input, k) => tf.tidy(() => tf.sub(input, baseline[k]!).dataSync<'float32'>()))
  let steps = first
  addGradients(tf, task, { sums, points: midpoints(steps, () => true) })
  for (;;) {
    const contributions = sums.map((sum, k) => Float32Array.from(sum, (slope, j) => (slope / steps) * deltas[k]![j]!))
    const sum = contributions.reduce((total, part) => part.reduce((of, value) => of + value, total), 0)
    if (isComplete({ base, score, sum })) return { base, score, contributions, steps }
    if (3 * steps > MAX_STEPS) {
      throw new Error(`Expected contributions that add up to ${score - base} after ${steps} points, was ${sum}`)
    }
    steps *= 3
    addGradients(tf, task, { sums, points: midpoints(steps, (k) => k % 3 !== 1) })
  }
}

const midpoints = (steps: number, wanted: (k: number) => boolean): number[] =>
  Array.from({ length: steps }, (_, k) => k)
    .filter(wanted)
    .map((k) => (k + 0.5) / steps)

const scoreOf = (tf: Tf, { forward }: IntegratedGradientsTask, inputs: readonly Tensor[]): number =>
  tf.tidy(() => forward(inputs, 1).dataSync<'float32'>()[0]!)

function addGradients(
  tf: Tf,
  { forward, inputs, baseline }: IntegratedGradientsTask,
  { sums, points }: { sums: readonly Float64Array[]; points: readonly number[] },
): void {
  for (let start = 0; start < points.length; start += CHUNK) {
    const some = points.slice(start, start + CHUNK)
    const slopes = tf.tidy(() => {
      const onTheWay = inputs.map((input, k) => {
        const share = tf.tensor(some, [some.length, ...input.shape.slice(1).map(() => 1)])
        return tf.add(baseline[k]!, tf.mul(share, tf.sub(input, baseline[k]!)))
      })
      const total = (...tensors: Tensor[]): Scalar => tf.sum(forward(tensors, some.length)) as Scalar
      return tf
        .grads(total)(onTheWay)
        .map((slope) => tf.sum(slope, 0).dataSync<'float32'>())
    })
    for (const [k, slope] of slopes.entries()) for (let j = 0; j < slope.length; j++) sums[k]![j]! += slope[j]!
  }
}

/**
 * Contributions of features: summed over everything but the columns, a value's column and its mask's together.
 *
 * @param contributions - [… × 2 · features], the values' columns first, then their masks'
 */
export function featureSums(contributions: Float32Array, features: number): Float64Array {
  if (features === 0 || contributions.length % (2 * features) !== 0) {
    throw new RangeError(`Expected rows of ${features} values and their masks, were ${contributions.length} in all`)
  }
  const sums = new Float64Array(features)
  for (const [at, value] of contributions.entries()) sums[at % features]! += value
  return sums
}
