import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { featureHash } from '../../models/features.ts'
import { readRegistration, shippedModels } from '../../models/registry.ts'
import { RUNG_NAMES } from '../../models/rung.ts'
import type { Clock, MarketSource, ModelFiles, ModelMarket, Trainer } from '../ports.ts'
import { createTrainer } from './trainer.ts'

const ARTIFACTS = fileURLToPath(new URL('../../models/artifacts', import.meta.url))
const MAIN = fileURLToPath(new URL('../main.ts', import.meta.url))

const marketOf = (source: Pick<MarketSource, 'name'>): ModelMarket =>
  source.name === 'simulated' ? 'simulated' : 'recorded'

/** Models that came with the code, and what this desk asks of one. */
export const modelFilesFor = (source: Pick<MarketSource, 'name'>): ModelFiles => ({
  market: marketOf(source),
  featureHash: featureHash(),
  rungs: RUNG_NAMES,
  shipped: () => shippedModels(ARTIFACTS),
})

/** Trains on the simulated market for a desk that is in it, and else on the folder of recorded data that is set. */
export function trainerFor(
  source: Pick<MarketSource, 'name' | 'assets'>,
  { dataFolder, trainingData, clock }: { dataFolder: string; trainingData: string | undefined; clock: Clock },
): Trainer {
  const simulated = marketOf(source) === 'simulated'
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
