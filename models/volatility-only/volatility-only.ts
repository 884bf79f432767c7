import {
  applyPlatt,
  fitLogistic,
  type LogisticModel,
  type PlattScaling,
  predictLogistic,
} from '../../src/domain/calibration.ts'
import { fitRisingPlatt } from '../calibrate.ts'
import type { Head, Sample } from '../dataset.ts'
import { FEATURE_COUNT, FEATURES } from '../features.ts'

/** A logistic regression on `ln(σ fast / σ slow)` and `ln σ`, then Platt scaling; plain JSON. */
export interface VolatilityOnly {
  readonly logistic: LogisticModel
  readonly platt: PlattScaling
}

/** EWMA standard deviations of hourly returns: half-life 6 h over 48 h, and 48 h. */
const INPUTS = ['volatility-ratio-fast', 'log-volatility'].map((name) =>
  FEATURES.findIndex((feature) => feature.name === name),
)

/**
 * Fits the baseline that every model has to beat: what volatility alone says about the next day.
 *
 * The regression is fitted on the train samples, the scaling on the calibration samples.
 */
export function fitVolatilityOnly(
  head: Head,
  samples: { readonly train: readonly Sample[]; readonly calibration: readonly Sample[] },
): VolatilityOnly {
  const known = samples.train.filter(isKnown)
  const logistic = fitLogistic(known.map(inputsOf), known.map(labelOf(head)))
  const held = samples.calibration.filter(isKnown)
  const raw = held.map((sample) => predictLogistic(logistic, inputsOf(sample)))
  return { logistic, platt: fitRisingPlatt(raw, held.map(labelOf(head))) }
}

/** @param lastHour - the last row of a feature window, not normalised; NaN comes back when volatility is not known */
export function predictVolatilityOnly({ logistic, platt }: VolatilityOnly, lastHour: Float32Array): number {
  const row = INPUTS.map((f) => lastHour[f]!)
  // An unknown feature reads as 0, and no volatility has a log of exactly 0.
  if (row[1] === 0) return Number.NaN
  return applyPlatt(platt, predictLogistic(logistic, row))
}

/** The baseline's answer for a sample of the data set. */
export const predictSample = (model: VolatilityOnly, { hours, i }: Sample): number =>
  predictVolatilityOnly(model, hours.values.subarray(i * FEATURE_COUNT, (i + 1) * FEATURE_COUNT))

const isKnown = ({ hours, i }: Sample): boolean => INPUTS.every((f) => hours.mask[i * FEATURE_COUNT + f] === 1)
const inputsOf = ({ hours, i }: Sample): number[] => INPUTS.map((f) => hours.values[i * FEATURE_COUNT + f]!)
const labelOf =
  (head: Head) =>
  ({ hours, i }: Sample): number =>
    hours.labels[head][i]!
