import { fileURLToPath } from 'node:url'
import { type ConfidenceArtifact, readConfidence } from '../../models/confidence-file.ts'
import type { MarketSource } from '../ports.ts'

const folder = (name: string): string => fileURLToPath(new URL(`../../models/artifacts/${name}`, import.meta.url))

/** Where the shipped model and its calibrations lie. */
export const ARTIFACT_FOLDER = folder('simulated')
/** The confidence of clusters fitted on recorded markets. */
export const RECORDED_FOLDER = folder('recorded')

/**
 * The confidence for a market: fitted on recorded data for real ones, on simulated data for the simulated one. A replay that
 * begins before the record ended gets the simulated one too, since the other has seen its outcomes.
 */
export async function confidenceFor(
  source: Pick<MarketSource, 'name' | 'from'>,
): Promise<ConfidenceArtifact | undefined> {
  const simulated = await readConfidence(ARTIFACT_FOLDER)
  if (source.name === 'simulated') return simulated
  const recorded = await readConfidence(RECORDED_FOLDER)
  const unseen = recorded?.fittedUntil !== undefined && source.from >= Date.parse(recorded.fittedUntil)
  return unseen ? recorded : simulated
}
