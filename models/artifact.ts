import { mkdir, readFile, rename, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { sha256 } from '../src/domain/hash.ts'
import { byHead, HEADS } from './dataset.ts'

export const MODEL_FILE = 'model.json'

const perHead = <T extends z.ZodType>(value: T) => z.object(byHead(() => value))
const platt = z.object({ a: z.number(), b: z.number() })
const logistic = z.object({
  intercept: z.number(),
  weights: z.array(z.number()),
  means: z.array(z.number()),
  scales: z.array(z.number()),
})
const figure = z.object({ model: z.number(), baseline: z.number(), base: z.number() })

const ARTIFACT = z.object({
  format: z.literal('breakwater-model/2'),
  modelId: z.string(),
  architecture: z.string(),
  calibratedOn: z.enum(['simulated', 'recorded']),
  trainedAt: z.iso.datetime(),
  trainedOn: z.string(),
  seed: z.number(),
  horizonHours: perHead(z.number().positive()),
  featureHash: z.string(),
  features: z.array(z.string()),
  normaliser: z.object({ mean: z.array(z.number()), spread: z.array(z.number()) }),
  shape: z.object({
    windowHours: z.number(),
    inputs: z.number(),
    channels: z.number(),
    kernel: z.number(),
    dilations: z.array(z.number()),
    heads: z.literal(HEADS.length),
  }),
  /** Little-endian float32 in base64, by weight name. */
  weights: z.record(z.string(), z.object({ shape: z.array(z.number()), data: z.string() })),
  weightsHash: z.string(),
  parameterCount: z.number(),
  /** Fitted on the calibration segment: `full` with every feed there, `reduced` with feeds hidden at random. */
  calibrators: z.object({ full: perHead(platt), reduced: perHead(platt) }),
  /** The volatility-only logistic regression: weights on `ln(σ fast / σ slow)` and `ln σ`, then its own calibration. */
  baseline: perHead(z.object({ logistic, platt })),
  /** Share of positive labels in the training segment. */
  baseRates: perHead(z.number()),
  /** Whether the test segment passed the calibration gate, by head: with every feed, and with feeds hidden. */
  gates: z.object({ full: perHead(z.boolean()), reduced: perHead(z.boolean()) }),
  metrics: z.record(z.string(), figure),
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
  const artifact = parse(file, text)
  const hash = hashOfWeights(artifact.weights)
  if (hash !== artifact.weightsHash) {
    throw new Error(`Expected weights ${artifact.weightsHash} in ${file}, was ${hash}: the file was changed. ${REMEDY}`)
  }
  return artifact
}

const REMEDY = 'Train a new one with npm run train.'

function parse(file: string, text: string): Artifact {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw new Error(`Expected JSON in ${file}, was not: ${(error as Error).message}. ${REMEDY}`)
  }
  const parsed = ARTIFACT.safeParse(value)
  if (parsed.success) return parsed.data
  throw new Error(`Expected a model in ${file}, was not: ${z.prettifyError(parsed.error)}. ${REMEDY}`)
}

export type Weights = Artifact['weights']

export const encodeWeights = (values: Float32Array): string => {
  const bytes = new DataView(new ArrayBuffer(values.length * 4))
  for (const [i, value] of values.entries()) bytes.setFloat32(i * 4, value, true)
  return Buffer.from(bytes.buffer).toString('base64')
}

export function decodeWeights(data: string): Float32Array {
  const bytes = Buffer.from(data, 'base64')
  return Float32Array.from({ length: bytes.length / 4 }, (_, i) => bytes.readFloatLE(i * 4))
}

/** Short fingerprint of all weights, names included, in order of name. */
export const hashOfWeights = (weights: Weights): string =>
  sha256(
    Object.keys(weights)
      .sort()
      .map((name) => `${name} ${weights[name]!.shape.join('x')} ${weights[name]!.data}`)
      .join('\n'),
  ).slice(0, 16)
