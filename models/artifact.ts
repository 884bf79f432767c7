import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { canonicalJson, sha256 } from '../src/domain/hash.ts'
import type { DriftReference } from '../src/domain/model/drift.ts'
import { RUNG_NAMES, type StoredModel } from './rung.ts'
import { byTarget } from './targets.ts'

export const MODEL_FILE = 'model.json'

const ARRAY = z.object({ shape: z.array(z.number()), data: z.string() })
const STORED = z.object({
  rung: z.enum(RUNG_NAMES),
  settings: z.record(z.string(), z.unknown()),
  arrays: z.record(z.string(), ARRAY),
})
const CALIBRATOR = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('platt'), a: z.number(), b: z.number() }),
  z.object({ kind: z.literal('affine'), intercept: z.number(), slope: z.number() }),
  z.object({ kind: z.literal('as-is') }),
])
const perTarget = <T extends z.ZodType>(value: T) => z.object(byTarget(() => value))
const CALIBRATORS = perTarget(CALIBRATOR)
const FIGURE = z.object({ model: z.number(), baseline: z.number(), base: z.number() })

const isDriftReference = (value: unknown): boolean =>
  value !== null && typeof value === 'object' && ['features', 'scores', 'distance'].every((key) => key in value)

const ARTIFACT = z.object({
  format: z.literal('breakwater-model/3'),
  modelId: z.string(),
  rung: z.enum(RUNG_NAMES),
  architecture: z.string(),
  calibratedOn: z.enum(['simulated', 'recorded']),
  trainedAt: z.iso.datetime(),
  trainedOn: z.string(),
  /** Nothing at this instant or after it was fitted or calibrated on. */
  fittedUntil: z.iso.datetime(),
  /** One a member: several answer with the mean logit. */
  seeds: z.array(z.number()).min(1),
  dataHash: z.string(),
  codeVersion: z.string(),
  /** Why it was trained on less data than is asked for. */
  override: z.string().optional(),
  featureHash: z.string(),
  features: z.array(z.string()),
  /** Features that were known too seldom to be learned from: hidden from the model wherever it is asked. */
  leftOut: z.array(z.string()),
  /** Features known in nine of ten hours of training: where all of them are, the full calibrators hold. */
  expected: z.array(z.string()),
  members: z.array(STORED).min(1),
  weightsHash: z.string(),
  /** Fitted on the calibration segment: `full` with every feed there, `reduced` with feeds hidden at random. */
  calibrators: z.object({ full: CALIBRATORS, reduced: CALIBRATORS }),
  /** The volatility-only rung and its own calibration: always told beside the model. */
  baseline: z.object({ model: STORED, calibrators: CALIBRATORS }),
  /** Share of positive labels, or their mean, in the training segment. */
  trainingMean: perTarget(z.number()),
  /** Whether the test segment passed the calibration gate, by target: with every feed, and with feeds hidden. */
  gates: z.object({ full: z.record(z.string(), z.boolean()), reduced: z.record(z.string(), z.boolean()) }),
  /** Held-out figures by target and name, beside the baseline's and the base rate's. */
  metrics: z.record(z.string(), FIGURE),
  /** What the record of models judges a promotion by (`ports/models.ts`). */
  record: z.record(z.string(), z.unknown()),
  /** What the features and scores of training looked like (`drift.ts`). */
  drift: z.custom<DriftReference>(isDriftReference, 'Expected what training looked like').optional(),
})

/** A trained model with everything that is needed to use it and to say what it is. */
export type Artifact = z.infer<typeof ARTIFACT>

/** Writes an artifact whole or not at all. */
export async function writeArtifact(folder: string, artifact: Artifact): Promise<void> {
  await writeJson(path.join(folder, MODEL_FILE), artifact)
}

/** JSON through a temporary file beside it, so that a reader never sees half of it. */
export async function writeJson(file: string, value: unknown): Promise<void> {
  await mkdir(path.dirname(file), { recursive: true })
  const draft = `${file}.${process.pid}.draft`
  await writeFile(draft, `${JSON.stringify(value, null, 1)}\n`)
  await rename(draft, file)
}

/** The text of a file, or undefined when there is none. */
export async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined
    throw error
  }
}

/**
 * Reads an artifact.
 *
 * @returns undefined when the folder holds no model
 * @throws {Error} when the file is not a model or its weights are not those that were written
 */
export async function readArtifact(folder: string): Promise<Artifact | undefined> {
  const file = path.join(folder, MODEL_FILE)
  const text = await readIfThere(file)
  if (text === undefined) return undefined
  const artifact = parseArtifact(file, text)
  return artifact
}

const REMEDY = 'Train a new one with npm run train.'

/**
 * A model from the text of its file.
 *
 * @param from - where the text is from, for the error
 * @throws {Error} when it is not a model or its weights are not those that were written
 */
export function parseArtifact(from: string, text: string): Artifact {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(`Expected JSON in ${from}, was not: ${(error as Error).message}. ${REMEDY}`)
  }
  const parsed = ARTIFACT.safeParse(value)
  if (!parsed.success)
    throw new Error(`Expected a model in ${from}, was not: ${z.prettifyError(parsed.error)}. ${REMEDY}`)
  const hash = hashOfMembers(parsed.data.members)
  if (hash === parsed.data.weightsHash) return parsed.data
  throw new Error(
    `Expected weights ${parsed.data.weightsHash} in ${from}, was ${hash}: the file was changed. ${REMEDY}`,
  )
}

export const encodeWeights = (values: Float32Array): string => {
  const bytes = new DataView(new ArrayBuffer(values.length * 4))
  for (const [i, value] of values.entries()) bytes.setFloat32(i * 4, value, true)
  return Buffer.from(bytes.buffer).toString('base64')
}

export function decodeWeights(data: string): Float32Array {
  const bytes = Buffer.from(data, 'base64')
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4))
}

/** Short fingerprint of everything the members hold, arrays and settings, in order. */
export const hashOfMembers = (members: readonly StoredModel[]): string => sha256(canonicalJson(members)).slice(0, 16)
