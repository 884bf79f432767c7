/**
 * How good forecasts were, in figures: of events, of values, of the alerts they would have raised. Pure.
 *
 * @module
 * @see specification §2.5
 */
import { averagePrecision, calibrationError, reliability, rocAuc, wilsonInterval } from '../src/domain/calibration.ts'
import type { Interval } from './gate.ts'

export interface EventScores {
  readonly samples: number
  /** Share of positives. */
  readonly base: number
  readonly averagePrecision: number
  /** Average precision over the share of positives: 1 is no skill. */
  readonly lift: number
  readonly rocAuc: number
  readonly brier: number
  /** 1 − Brier/Brier of always saying the training segment's rate. */
  readonly brierSkill: number
  readonly logLoss: number
  /** Ten bins of equal count. */
  readonly ece: number
  readonly maxGap: number
  /** Mean forecast over the rate that came: 1 is right on average. */
  readonly meanOverBase: number
  /** The hundredth of the samples with the highest forecasts, with the 90 % Wilson interval of their rate. */
  readonly top: {
    readonly count: number
    readonly meanProbability: number
    readonly rate: number
    readonly interval: Interval
  }
}

/** Keeps the logarithm finite; a calibrated answer does not come near it. */
const LEAST_PROBABILITY = 1e-6
const TOP_SHARE = 0.01

/**
 * Figures of probabilities.
 *
 * @param reference - what the training segment's rate was, per sample (folds differ)
 * @returns lift, average precision and ROC AUC are NaN where only one kind of label came
 * @throws {RangeError} without samples, or when lengths differ
 */
export function eventScores(
  probabilities: readonly number[],
  labels: readonly number[],
  reference: readonly number[],
): EventScores {
  if (reference.length !== labels.length)
    throw new RangeError(`Expected equal lengths, were ${reference.length} and ${labels.length}`)
  const precision = averagePrecision(probabilities, labels)
  const base = mean(labels)
  const error = mean(probabilities.map((p, i) => (p - labels[i]!) ** 2))
  const referenceError = mean(reference.map((p, i) => (p - labels[i]!) ** 2))
  const { ece, maxGap } = calibrationError(probabilities, labels)
  return {
    samples: labels.length,
    base,
    averagePrecision: precision,
    lift: precision / base,
    rocAuc: rocAuc(probabilities, labels),
    brier: error,
    brierSkill: referenceError > 0 ? 1 - error / referenceError : 0,
    logLoss: mean(probabilities.map((p, i) => logLossOf(p, labels[i]!))),
    ece,
    maxGap,
    meanOverBase: mean(probabilities) / base,
    top: topOf(probabilities, labels),
  }
}

function topOf(probabilities: readonly number[], labels: readonly number[]): EventScores['top'] {
  const count = Math.max(1, Math.round(probabilities.length * TOP_SHARE))
  const order = probabilities.map((_, i) => i).sort((a, b) => probabilities[b]! - probabilities[a]!)
  const [top] = reliability(
    order.slice(0, count).map((i) => probabilities[i]!),
    order.slice(0, count).map((i) => labels[i]!),
    1,
  )
  const { meanProbability, rate, positives } = top!
  return { count, meanProbability, rate, interval: wilsonInterval(positives, count) }
}

function logLossOf(probability: number, label: number): number {
  const p = Math.min(1 - LEAST_PROBABILITY, Math.max(LEAST_PROBABILITY, probability))
  return label === 1 ? -Math.log(p) : -Math.log(1 - p)
}

export interface ValueScores {
  readonly samples: number
  readonly mse: number
  /** 1 − MSE/MSE of always saying the training segment's mean: above 0 is better than knowing nothing. */
  readonly r2: number
  /** Share of samples whose sign was right; what came as exactly 0 is left out. */
  readonly directionalAccuracy: number
  /** What always saying the sign that came more often would have scored. */
  readonly directionalBase: number
}

/**
 * Figures of numbers.
 *
 * @param reference - the training segment's mean, per sample
 * @throws {RangeError} without samples, or when lengths differ
 */
export function valueScores(
  answers: readonly number[],
  labels: readonly number[],
  reference: readonly number[],
): ValueScores {
  if (labels.length === 0) throw new RangeError('Expected at least one sample, were none')
  if (answers.length !== labels.length || reference.length !== labels.length)
    throw new RangeError(`Expected equal lengths, were ${answers.length}, ${labels.length} and ${reference.length}`)
  const mse = mean(answers.map((answer, i) => (answer - labels[i]!) ** 2))
  const referenceMse = mean(reference.map((answer, i) => (answer - labels[i]!) ** 2))
  const moved = labels.flatMap((label, i) => (label === 0 ? [] : [i]))
  const rose = moved.filter((i) => labels[i]! > 0).length / moved.length
  return {
    samples: labels.length,
    mse,
    r2: referenceMse > 0 ? 1 - mse / referenceMse : 0,
    directionalAccuracy: moved.filter((i) => Math.sign(answers[i]!) === Math.sign(labels[i]!)).length / moved.length,
    directionalBase: Math.max(rose, 1 - rose),
  }
}

export interface Spread {
  readonly median: number
  readonly lowerQuartile: number
  readonly upperQuartile: number
}

/** Median and quartiles, linear between neighbours; undefined of nothing. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined
  const sorted = values.toSorted((a, b) => a - b)
  return { median: quantile(sorted, 0.5), lowerQuartile: quantile(sorted, 0.25), upperQuartile: quantile(sorted, 0.75) }
}

/** Quantile of sorted values, linear between neighbours; NaN of nothing. */
export function quantile(sorted: ArrayLike<number>, share: number): number {
  const place = share * (sorted.length - 1)
  const [below, above] = [sorted[Math.floor(place)] ?? Number.NaN, sorted[Math.ceil(place)] ?? Number.NaN]
  return below + (place - Math.floor(place)) * (above - below)
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
