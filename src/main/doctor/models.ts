import { readConfidence } from '../../../models/confidence-file.ts'
import { loadEngine } from '../../../models/engine.ts'
import { createForecaster } from '../../../models/forecaster.ts'
import { ARTIFACT_FOLDER, RECORDED_FOLDER } from '../artifacts.ts'
import { type Check, checksOf } from './check.ts'

interface Folders {
  readonly simulated: string
  readonly recorded: string
}

const { ok, warning, missing, wrong } = checksOf('Models')

/** Whether what forecasts is there, fits this code, and has an engine to run on. */
export async function checkModels(
  { simulated, recorded }: Folders = { simulated: ARTIFACT_FOLDER, recorded: RECORDED_FOLDER },
): Promise<readonly Check[]> {
  return [
    await checkEngine(),
    await checkForecaster('forecasts, simulated market', simulated, 'npm run train'),
    await checkForecaster(
      'forecasts, real markets',
      recorded,
      'npm run train -- --data <folder> --out models/artifacts/recorded',
    ),
    await checkConfidence('confidence, simulated market', simulated, 'npm run train'),
    await checkConfidence(
      'confidence, real markets',
      recorded,
      'npm run breakwater -- liq-fit --data <folder> --to <date>',
    ),
  ]
}

async function checkEngine(): Promise<Check> {
  try {
    const engine = await loadEngine()
    return engine.name === 'cpu'
      ? warning('engine', `plain JavaScript, which is slow (${engine.passedOver.join('; ')})`, 'npm ci')
      : ok('engine', engine.name)
  } catch (error) {
    return wrong('engine', (error as Error).message, 'npm ci')
  }
}

async function checkForecaster(name: string, artifactFolder: string, make: string): Promise<Check> {
  try {
    const { model } = await createForecaster({ artifactFolder, engine: await loadEngine() })
    if (model === undefined) return missing(name, `no model in ${artifactFolder}`, make)
    return ok(name, `model ${model.modelId}, trained on the features of this version`)
  } catch (error) {
    return wrong(name, (error as Error).message, `restore models/artifacts from git, or ${make}`)
  }
}

async function checkConfidence(name: string, folder: string, make: string): Promise<Check> {
  try {
    const confidence = await readConfidence(folder)
    if (confidence === undefined) return missing(name, `none in ${folder}`, make)
    return ok(name, `fitted for ${Object.keys(confidence.horizons).join(', ')}`)
  } catch (error) {
    return wrong(name, (error as Error).message, `restore models/artifacts from git, or ${make}`)
  }
}
