import { fitPlatt, logit, type PlattScaling } from '../src/domain/calibration.ts'

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
