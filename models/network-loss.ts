/**
 * What a network is fitted to: every target at once, each sample counting where its label is known.
 *
 * @module
 */
import type { Scalar, Tensor2D } from '@tensorflow/tfjs-core'
import type { Tf } from './engine.ts'
import { labelOf, type Sample } from './samples.ts'
import { PRICE_ONLY, TARGET_COUNT, TARGETS, type TargetKey, targetIndex } from './targets.ts'

const HUBER = 3 // beyond three typical sizes an error counts linearly: returns have fat tails
const LEAST_LABELS = 20 // with fewer nothing can be learned about a target

/** The targets with enough labels, and for an event with both answers among them. */
export function answeredTargets(samples: readonly Sample[]): ReadonlySet<TargetKey> {
  return new Set(
    TARGETS.filter(({ key, kind }) => {
      let [known, positives] = [0, 0]
      for (const sample of samples) {
        const label = labelOf(sample, key)
        if (!Number.isFinite(label)) continue
        known++
        if (label === 1) positives++
      }
      return known >= LEAST_LABELS && (kind === 'value' || (positives > 0 && positives < known))
    }).map(({ key }) => key),
  )
}

/** Labels and what each counts, row-major [samples × TARGETS]. */
export interface Labels {
  /** In the measure of the heads: values over their scale; 0 where not known. */
  readonly labels: Float32Array
  /** Weights of events; they and those of values add up to 1. */
  readonly events: Float32Array
  readonly values: Float32Array
}

/** @returns undefined when not one label is known */
export function labelsOf(samples: readonly Sample[], answered: ReadonlySet<TargetKey>): Labels | undefined {
  const size = samples.length * TARGET_COUNT
  const [labels, events, values] = [new Float32Array(size), new Float32Array(size), new Float32Array(size)]
  let total = 0
  TARGETS.forEach(({ key, kind, scale, weight }, t) => {
    if (!answered.has(key)) return
    samples.forEach((sample, k) => {
      const label = labelOf(sample, key)
      if (!Number.isFinite(label)) return
      const at = k * TARGET_COUNT + t
      labels[at] = label / scale
      ;(kind === 'event' ? events : values)[at] = weight
      total += weight
    })
  })
  if (total === 0) return undefined
  for (let at = 0; at < size; at++) {
    events[at]! /= total
    values[at]! /= total
  }
  return { labels, events, values }
}

/**
 * The weighted mean of log losses (events) and squared errors (values, linear beyond three typical sizes).
 *
 * @param outputs - [samples, TARGETS]; call inside `tf.tidy` or as the function of a gradient
 */
export function multiTaskLoss(tf: Tf, outputs: Tensor2D, { labels, events, values }: Labels): Scalar {
  const shape = outputs.shape
  const label = tf.tensor2d(labels, shape)
  // max(x, 0) − x·y + ln(1 + e^−|x|): the log loss of a logit without overflow.
  const logLoss = tf.add(
    tf.sub(tf.relu(outputs), tf.mul(outputs, label)),
    tf.log(tf.add(tf.exp(tf.neg(tf.abs(outputs))), 1)),
  )
  // With c = min(|e|, 3): c·(2|e| − c) is e² up to 3 and 6|e| − 9 beyond.
  const error = tf.abs(tf.sub(outputs, label))
  const held = tf.sub(error, tf.relu(tf.sub(error, HUBER)))
  const squared = tf.mul(held, tf.sub(tf.mul(error, 2), held))
  const counted = tf.add(tf.mul(logLoss, tf.tensor2d(events, shape)), tf.mul(squared, tf.tensor2d(values, shape)))
  return tf.sum(counted) as Scalar
}

/**
 * Mean log loss of the price-only cascades: what early stopping goes by, for skill may be claimed on these alone.
 *
 * @param scores - logits, row-major [samples × TARGETS]
 * @returns undefined when no price-only label of an answered target is known
 */
export function priceOnlyLoss(
  scores: Float32Array,
  samples: readonly Sample[],
  answered: ReadonlySet<TargetKey>,
): number | undefined {
  let [sum, known] = [0, 0]
  for (const key of PRICE_ONLY) {
    if (!answered.has(key)) continue
    const t = targetIndex(key)
    samples.forEach((sample, k) => {
      const label = labelOf(sample, key)
      if (!Number.isFinite(label)) return
      const logit = scores[k * TARGET_COUNT + t]!
      sum += Math.max(logit, 0) - logit * label + Math.log1p(Math.exp(-Math.abs(logit)))
      known++
    })
  }
  return known > 0 ? sum / known : undefined
}
