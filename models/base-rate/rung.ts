import { z } from 'zod'
import { logit } from '../../src/domain/calibration.ts'
import { labelled, meanOf } from '../last-row.ts'
import type { FittedModel, Rung } from '../rung.ts'
import type { Sample } from '../samples.ts'
import { isTargetKey, TARGET_COUNT, TARGETS, type Target, type TargetKey, targetIndex } from '../targets.ts'

const NAME = 'base-rate'
const SETTINGS = z.object({ scores: z.record(z.string(), z.number()) })

/** The forecast that knows nothing: the share of positives, or the mean, of the train samples, always. */
export const baseRateRung: Rung = {
  name: NAME,
  title: 'base rate',
  features: [],
  readsVenues: false,
  windowHours: 0,
  async fit({ train, signal, onProgress }) {
    signal?.throwIfAborted()
    if (train.length === 0) throw new RangeError('Expected at least one sample to fit on, were none')
    const scores: Partial<Record<TargetKey, number>> = {}
    for (const target of TARGETS) {
      const score = usualScore(train, target)
      if (score !== undefined) scores[target.key] = score
    }
    onProgress?.(1, 'every target')
    return fitted(scores)
  },
  restore(stored) {
    if (stored.rung !== NAME) throw new Error(`Expected a stored model of ${NAME}, was one of ${stored.rung}`)
    const { scores } = SETTINGS.parse(stored.settings)
    const unknown = Object.keys(scores).find((key) => !isTargetKey(key))
    if (unknown) throw new Error(`Expected scores of targets, was one of ${unknown}`)
    return fitted(scores)
  },
}

/** Log odds as if half a positive and half a negative more had been seen: a rate of nothing has none. */
function usualScore(train: readonly Sample[], { key, kind }: Target): number | undefined {
  const { labels, positives } = labelled(train, key)
  if (labels.length === 0) return undefined
  return kind === 'event' ? logit((positives + 0.5) / (labels.length + 1)) : meanOf(labels)
}

function fitted(known: Readonly<Partial<Record<TargetKey, number>>>): FittedModel {
  const row = new Float32Array(TARGET_COUNT).fill(Number.NaN)
  for (const [key, score] of Object.entries(known)) row[targetIndex(key as TargetKey)] = score
  return {
    rung: NAME,
    architecture: `one rate per target, ${Object.keys(known).length} of ${TARGET_COUNT} targets`,
    scores(samples) {
      const scores = new Float32Array(samples.length * TARGET_COUNT)
      for (let k = 0; k < samples.length; k++) scores.set(row, k * TARGET_COUNT)
      return scores
    },
    explain(_, target) {
      const score = known[target]
      if (score === undefined) throw new RangeError(`Expected a sample with an answer for ${target}, was none`)
      return { target, base: score, score, contributions: [], method: 'exact Shapley values' }
    },
    store: () => ({ rung: NAME, settings: { scores: { ...known } }, arrays: {} }),
    dispose() {},
  }
}
