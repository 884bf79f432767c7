import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { readArtifact } from '../../models/artifact.ts'
import { featureHash } from '../../models/features.ts'
import { readRegistration, shippedModels } from '../../models/registry.ts'
import { RUNG_NAMES } from '../../models/rung.ts'
import type { Clock, MarketSource, ModelFiles, ModelMarket, Trainer } from '../ports.ts'
import { RECORDED_FOLDER } from './artifacts.ts'
import { createTrainer } from './trainer.ts'

const ARTIFACTS = fileURLToPath(new URL('../../models/artifacts', import.meta.url))
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

/**
 * Models that came with the code, and what this desk asks of one.
 *
 * A live market, and a replay of days that it has not seen, ask the model of recorded markets; the simulated market, and replays
 * of older days, the simulated one.
 */
export async function modelFilesFor(source: Pick<MarketSource, 'name' | 'from'>): Promise<ModelFiles> {
  return {
    market: await marketOf(source),
    featureHash: featureHash(),
    rungs: RUNG_NAMES,
    shipped: () => shippedModels(ARTIFACTS),
  }
}

async function marketOf(source: Pick<MarketSource, 'name' | 'from'>): Promise<ModelMarket> {
  if (source.name === 'simulated') return 'simulated'
  if (source.name === 'live') return 'recorded'
  const recorded = await readArtifact(RECORDED_FOLDER)
  return recorded && source.from >= Date.parse(recorded.fittedUntil) ? 'recorded' : 'simulated'
}

/** Trains on the simulated market for a desk that is in it, and else on the folder of recorded data that is set. */
export function trainerFor(
  source: Pick<MarketSource, 'assets'>,
  {
    market,
    dataFolder,
    trainingData,
    clock,
  }: { market: ModelMarket; dataFolder: string; trainingData: string | undefined; clock: Clock },
): Trainer {
  const simulated = market === 'simulated'
  const data =
    simulated || trainingData === undefined ? [] : ['--data', trainingData, '--symbol', source.assets.join(',')]
  return createTrainer({
    folder: path.resolve(dataFolder, 'training'),
    clock,
    data: async () =>
      simulated || trainingData !== undefined
        ? { kind: 'not-known' }
        : { kind: 'impossible', reason: 'MODEL_TRAINING_DATA names no folder of recorded data' },
    command: ({ rung, seed, override }, out) => [
      process.execPath,
      MAIN,
      'train',
      '--json-progress',
      ...['--rung', rung, '--seed', String(seed), '--out', out],
      ...data,
      ...(override === undefined ? [] : ['--override', override]),
    ],
    read: (out) => readRegistration(out, 'trained'),
  })
}
