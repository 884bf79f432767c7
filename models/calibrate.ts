import { applyPlatt, fitPlatt, logit, type PlattScaling, sigmoid } from '../src/domain/calibration.ts'
import { labelOf, type Sample } from './samples.ts'
import { byTarget, TARGET_COUNT, type TargetKey, targetOf } from './targets.ts'

/**
 * Platt scaling that may flatten a score but never turns it round.
 *
 * On few positives the fitted slope can come out negative; then the score said nothing, and the answer is the rate.
 */
export function fitRisingPlatt(probabilities: readonly number[], labels: readonly number[]): PlattScaling {
  const fitted = fitPlatt(probabilities, labels)
  if (fitted.b > 0) return fitted
  return { a: logit(labels.reduce((sum, label) => sum + label, 0) / labels.length), b: 0 }
}

/** From an uncalibrated score to what is told: a probability for an event, a number in the target's unit for a value. */
export type Calibrator =
  | ({ readonly kind: 'platt' } & PlattScaling)
  | { readonly kind: 'affine'; readonly intercept: number; readonly slope: number }
  /** Too little happened in the calibration segment to say anything: the model's own answer stands. */
  | { readonly kind: 'as-is' }

export type Calibrators = Readonly<Record<TargetKey, Calibrator>>

/** Fewer positives, or values, say nothing about how to bend a score. */
const LEAST_POSITIVES = 5
const LEAST_VALUES = 50
const AS_IS: Calibrator = { kind: 'as-is' }

/** @param scores - uncalibrated, row-major [samples × TARGETS], NaN where a rung said nothing */
export function fitCalibrators(scores: Float32Array, samples: readonly Sample[]): Calibrators {
  return byTarget(({ key, kind }, k) => {
    const known = samples.flatMap((sample, row) => {
      const [score, label] = [scores[row * TARGET_COUNT + k]!, labelOf(sample, key)]
      return Number.isNaN(score) || Number.isNaN(label) ? [] : [[score, label] as const]
    })
    return kind === 'event' ? fitEvent(known) : fitValue(known)
  })
}

function fitEvent(known: readonly (readonly [number, number])[]): Calibrator {
  const positives = known.filter(([, label]) => label === 1).length
  if (Math.min(positives, known.length - positives) < LEAST_POSITIVES) return AS_IS
  const probabilities = known.map(([score]) => sigmoid(score))
  return {
    kind: 'platt',
    ...fitRisingPlatt(
      probabilities,
      known.map(([, label]) => label),
    ),
  }
}

/** Least squares of the label on the score; a slope below 0 or above 1 is held there, for it would be noise taken as news. */
function fitValue(known: readonly (readonly [number, number])[]): Calibrator {
  if (known.length < LEAST_VALUES) return AS_IS
  const meanX = known.reduce((sum, [x]) => sum + x, 0) / known.length
  const meanY = known.reduce((sum, [, y]) => sum + y, 0) / known.length
  const shared = known.reduce((sum, [x, y]) => sum + (x - meanX) * (y - meanY), 0)
  const own = known.reduce((sum, [x]) => sum + (x - meanX) ** 2, 0)
  const slope = own > 0 ? Math.max(0, Math.min(1, shared / own)) : 0
  return { kind: 'affine', slope, intercept: meanY - slope * meanX }
}

/** @returns NaN for a NaN score */
export function applyCalibrator(calibrator: Calibrator, score: number, key: TargetKey): number {
  switch (calibrator.kind) {
    case 'platt':
      return Number.isNaN(score) ? Number.NaN : applyPlatt(calibrator, sigmoid(score))
    case 'affine':
      return calibrator.intercept + calibrator.slope * score
    case 'as-is':
      return targetOf(key).kind === 'event' ? sigmoid(score) : score
  }
}
