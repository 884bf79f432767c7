import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { type Artifact, readArtifact } from './artifact.ts'
import { featureHash } from './features.ts'

export interface RegisteredModel {
  readonly folder: string
  readonly modelId: string
  readonly trainedAt: string
  readonly calibratedOn: Artifact['calibratedOn']
  /** False when it was trained on other features than this code makes: it cannot be loaded. */
  readonly usable: boolean
}

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

async function subfolders(folder: string): Promise<string[]> {
  try {
    const entries = await readdir(folder, { withFileTypes: true })
    return entries.filter((entry) => entry.isDirectory()).map((entry) => path.join(folder, entry.name))
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}
