/**
 * Models between files and the record: what a `model.json` says of itself, and the artifact that is kept of it.
 *
 * @module
 */
import { readdir, readFile } from 'node:fs/promises'
import path from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import { z } from 'zod'
import { timestamp } from '../src/domain/units.ts'
import type { ModelMetrics, ModelRegistration } from '../src/ports.ts'
import { type Artifact, MODEL_FILE, parseArtifact, readArtifact } from './artifact.ts'
import { featureHash } from './features.ts'

export interface RegisteredModel {
  readonly folder: string
  readonly modelId: string
  readonly trainedAt: string
  readonly calibratedOn: Artifact['calibratedOn']
  /** False when it was trained on other features than this code makes: it cannot be loaded. */
  readonly usable: boolean
}

const FIGURE = z.object({ value: z.number(), low: z.number(), high: z.number() })
const METRICS: z.ZodType<ModelMetrics> = z.object({
  targets: z.record(
    z.string(),
    z.object({ base: z.number(), episodes: z.number(), lift: FIGURE, brierSkill: FIGURE, ece: z.number() }),
  ),
  overBelow: FIGURE.extend({ rung: z.string(), targets: z.array(z.string()).min(1) }).optional(),
  heldOut: z.string(),
})

/**
 * The models under a folder of artifacts, newest first.
 *
 * @returns an empty list when the folder does not exist
 * @throws {Error} when one of them is damaged
 */
export async function listModels(artifactsFolder: string): Promise<readonly RegisteredModel[]> {
  const found: RegisteredModel[] = []
  for (const folder of await subfolders(artifactsFolder)) {
    const artifact = await readArtifact(folder)
    if (!artifact) continue
    const { modelId, trainedAt, calibratedOn } = artifact
    found.push({ folder, modelId, trainedAt, calibratedOn, usable: artifact.featureHash === featureHash() })
  }
  return found.sort((a, b) => b.trainedAt.localeCompare(a.trainedAt))
}

/**
 * A model in a folder, as it comes on record.
 *
 * @throws {Error} when there is none, it is damaged, or it does not say what it was judged by
 */
export async function readRegistration(
  folder: string,
  origin: ModelRegistration['origin'],
): Promise<ModelRegistration> {
  const file = path.join(folder, MODEL_FILE)
  return toRegistration(file, await readFile(file, 'utf8'), origin)
}

/** Every model under a folder of artifacts, as it comes on record with the code. */
export async function shippedModels(artifactsFolder: string): Promise<readonly ModelRegistration[]> {
  const models = await listModels(artifactsFolder)
  return Promise.all(models.map(({ folder }) => readRegistration(folder, 'shipped')))
}

/**
 * @param from - where the text is from, for the error
 * @throws {Error} when the text is no model, or does not say what it was judged by
 */
export function toRegistration(from: string, text: string, origin: ModelRegistration['origin']): ModelRegistration {
  const artifact = parseArtifact(from, text)
  const metrics = METRICS.safeParse(artifact.record)
  if (!metrics.success)
    throw new Error(
      `Expected figures to judge ${artifact.modelId} by in ${from}, was ${z.prettifyError(metrics.error)}`,
    )
  return {
    modelId: artifact.modelId,
    rung: artifact.rung,
    market: artifact.calibratedOn,
    origin,
    dataHash: artifact.dataHash,
    featureHash: artifact.featureHash,
    seeds: artifact.seeds,
    codeVersion: artifact.codeVersion,
    trainedAt: timestamp(Date.parse(artifact.trainedAt)),
    trainedOn: artifact.trainedOn,
    architecture: artifact.architecture,
    metrics: metrics.data,
    gates: artifact.gates.full,
    calibrators: artifact.calibrators,
    ...(artifact.override !== undefined && { override: artifact.override }),
    artifact: gzipSync(text),
  }
}

/** The model that a record keeps. */
export const unpackArtifact = (modelId: string, packed: Uint8Array): Artifact =>
  parseArtifact(`the record of ${modelId}`, gunzipSync(packed).toString('utf8'))

/**
 * What answers when a model is out of force: the volatility-only rung that was fitted and calibrated beside it. It passes no
 * gate of its own, so nothing is sized by it.
 */
export function baselineOf(artifact: Artifact): Artifact {
  const { model, calibrators } = artifact.baseline
  return {
    ...artifact,
    modelId: `volatility-only-of-${artifact.modelId}`,
    rung: 'volatility-only',
    architecture: `volatility alone, fitted beside ${artifact.modelId}`,
    members: [model],
    calibrators: { full: calibrators, reduced: calibrators },
    gates: { full: {}, reduced: {} },
    metrics: {},
  }
}

async function subfolders(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(folder, entry.name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
