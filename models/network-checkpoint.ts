import { createHash } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { z } from 'zod'
import type { AdamState } from './adam.ts'
import { decodeWeights, encodeWeights, readIfThere, writeJson } from './artifact.ts'
import { FEATURE_COUNT } from './features.ts'
import { instantOf, labelOf, type Sample } from './samples.ts'
import { TARGETS } from './targets.ts'

/** Where a fit stands after an epoch. Random draws follow from seed and epoch, so the epoch's number is their state. */
export interface FitState {
  epoch: number
  readonly weights: readonly Float32Array[]
  readonly adam: AdamState
  best: { readonly epoch: number; readonly loss: number; readonly weights: readonly Float32Array[] }
}

const ARRAYS = z.array(z.string())
const CHECKPOINT = z.object({
  key: z.string(),
  epoch: z.number(),
  weights: ARRAYS,
  steps: z.number(),
  first: ARRAYS,
  second: ARRAYS,
  best: z.object({ epoch: z.number(), loss: z.number(), weights: ARRAYS }),
})

const encoded = (arrays: readonly Float32Array[]): string[] => arrays.map(encodeWeights)
const decoded = (texts: readonly string[]): Float32Array[] => texts.map(decodeWeights)

/** Writes where a fit stands, whole or not at all. */
export async function writeCheckpoint(
  file: string,
  key: string,
  { epoch, weights, adam, best }: FitState,
): Promise<void> {
  await writeJson(file, {
    key,
    epoch,
    weights: encoded(weights),
    steps: adam.steps,
    first: encoded(adam.first),
    second: encoded(adam.second),
    best: { ...best, weights: encoded(best.weights) },
  } satisfies z.infer<typeof CHECKPOINT>)
}

/**
 * Reads where a fit stood.
 *
 * @param key - see `fitKey`
 * @returns undefined when there is no file, or it is of another fit
 * @throws {Error} when the file is not a checkpoint
 */
export async function readCheckpoint(file: string, key: string): Promise<FitState | undefined> {
  const text = await readIfThere(file)
  if (text === undefined) return undefined
  const parsed = CHECKPOINT.safeParse(JSON.parse(text))
  if (!parsed.success) throw new Error(`Expected a checkpoint in ${file}, was not: ${z.prettifyError(parsed.error)}`)
  const { epoch, weights, steps, first, second, best } = parsed.data
  if (parsed.data.key !== key) return undefined
  return {
    epoch,
    weights: decoded(weights),
    adam: { steps, first: decoded(first), second: decoded(second) },
    best: { ...best, weights: decoded(best.weights) },
  }
}

export const removeCheckpoint = (file: string): Promise<void> => rm(file, { force: true })

/** Fingerprint of everything a fit depends on: settings, and the last rows and labels of all samples. */
export function fitKey(settings: unknown, ...segments: readonly (readonly Sample[])[]): string {
  const hash = createHash('sha256').update(JSON.stringify(settings))
  for (const samples of segments) {
    hash.update(`segment of ${samples.length}`)
    for (const sample of samples) {
      const { hours, i } = sample
      hash.update(`${hours.asset} ${hours.phase} ${instantOf(sample)}`)
      hash.update(hours.values.subarray(i * FEATURE_COUNT, (i + 1) * FEATURE_COUNT))
      hash.update(Float32Array.from(TARGETS, ({ key }) => labelOf(sample, key)))
    }
  }
  return hash.digest('hex').slice(0, 32)
}
