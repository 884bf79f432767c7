import { fileURLToPath } from 'node:url'

/** Where the shipped model and its calibrations lie. */
export const ARTIFACT_FOLDER = fileURLToPath(new URL('../../models/artifacts/simulated', import.meta.url))
