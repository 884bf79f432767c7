import { fileURLToPath } from 'node:url'
import cliProgress from 'cli-progress'
import { TRAINING_MARKET, trainModels } from '../../models/train.ts'
import { createSimulatedMarket } from '../venues/simulated/market.ts'
import { ARTIFACT_FOLDER } from './artifacts.ts'
import { onStop } from './terminal.ts'

export interface TrainCommandOptions {
  readonly quick?: boolean
  readonly out?: string
  readonly seed: number
  readonly json?: boolean
}

const CARDS_FOLDER = fileURLToPath(new URL('../../models', import.meta.url))

/** `train`: learns on the simulated market in this process and nowhere near chat or execution; Ctrl-C writes nothing. */
export async function runTrain(options: TrainCommandOptions): Promise<void> {
  const quick = options.quick === true
  if (quick && options.out === undefined) {
    throw new Error(
      'Expected --out <folder> with --quick, was none: a model trained for seconds must not replace the shipped one',
    )
  }
  const stop = onStop()
  const bar = process.stderr.isTTY
    ? new cliProgress.SingleBar(
        { format: '{bar} {percentage} %  {text}', stream: process.stderr, hideCursor: true },
        cliProgress.Presets.shades_grey,
      )
    : undefined
  bar?.start(1000, 0, { text: 'starting' })
  let said = ''
  try {
    const report = await trainModels({
      source: () => createSimulatedMarket({ seed: options.seed, ...TRAINING_MARKET[quick ? 'quick' : 'full'] }),
      outFolder: options.out ?? ARTIFACT_FOLDER,
      cardsFolder: quick || options.out !== undefined ? undefined : CARDS_FOLDER,
      seed: options.seed,
      quick,
      signal: stop.signal,
      onProgress: (share, text) => {
        bar?.update(Math.round(share * 1000), { text })
        if (!bar && text !== said) process.stderr.write(`${Math.round(share * 100)} % ${text}\n`)
        said = text
      },
    })
    bar?.stop()
    process.stdout.write(
      options.json
        ? `${JSON.stringify(report)}\n`
        : `Trained ${report.modelId} on ${report.trainedOn} in ${Math.round(report.took / 1000)} s with ${report.engine}.\n`,
    )
  } catch (error) {
    bar?.stop()
    if (stop.signal.aborted) throw new Error('Training was cancelled; nothing was written.')
    throw error
  }
}
