import path from 'node:path'
import { fileURLToPath } from 'node:url'
import cliProgress from 'cli-progress'
import { writeTrainingCard } from '../../models/cards.ts'
import { trainClusterConfidence } from '../../models/cluster-confidence.ts'
import { writeConfidence } from '../../models/confidence-file.ts'
import { isRungName } from '../../models/ladder.ts'
import { RUNG_NAMES, type RungName } from '../../models/rung.ts'
import { TooLittleDataError, type TrainingHours, type TrainingReport, trainModel } from '../../models/train.ts'
import { CALIBRATION_DAYS, fixedFold, type Span } from '../../models/walk-forward.ts'
import type { TimestampMs } from '../domain/units.ts'
import { ARTIFACT_FOLDER } from './artifacts.ts'
import { codeVersion } from './build-facts.ts'
import { recordedHours, type Say, simulatedHours, simulatedSource } from './hours.ts'
import { pooledHours } from './pooled-hours.ts'
import { onStop } from './terminal.ts'

export interface TrainCommandOptions {
  readonly quick?: boolean
  readonly rung: string
  readonly members: number
  readonly seed: number
  /** Folder of recorded panels; without one the simulated market. */
  readonly data?: string
  readonly symbol: readonly string[]
  /** Further coins to learn from. */
  readonly pool?: number
  readonly testFrom?: TimestampMs
  /** The end of its last day. */
  readonly testTo?: TimestampMs
  readonly override?: string
  readonly out?: string
  readonly json?: boolean
  readonly jsonProgress?: boolean
}

const MODELS_FOLDER = fileURLToPath(new URL('../../models', import.meta.url))
const WORK_FOLDER = 'data/training'
const QUICK_CONFIDENCE_DAYS = 100

/** Exit code where there is too little data: nothing was fitted, and an override would be taken. */
const TOO_LITTLE_DATA = 3

/** `train`: learns in this process, nowhere near chat or execution; Ctrl-C writes no model, and the next run goes on from there. */
export async function runTrain(options: TrainCommandOptions): Promise<void> {
  const rung = checkOptions(options)
  const quick = options.quick === true
  const stop = onStop()
  const progress = createProgress(options)
  const outFolder = options.out ?? ARTIFACT_FOLDER
  const seeds = Array.from({ length: options.members }, (_, k) => options.seed + k)
  try {
    const report = await trainModel({
      market: options.data === undefined ? 'simulated' : 'recorded',
      rung,
      seeds,
      hours: (say) =>
        options.data === undefined
          ? simulatedHours(quick ? 'quick' : 'full', { seed: options.seed, say, signal: stop.signal })
          : pooledWith(options.data, options, { say, signal: stop.signal }),
      ...(options.testFrom && { fold: fixedTest(options) }),
      outFolder,
      workFolder: path.join(WORK_FOLDER, `${rung}-${options.data === undefined ? 'simulated' : 'recorded'}`),
      effort: quick ? 'quick' : 'full',
      ...(options.override !== undefined && { override: options.override }),
      codeVersion: await codeVersion(),
      onProgress: progress.say,
      signal: stop.signal,
      now: Date.now,
    })
    if (options.data === undefined)
      await trainClusters(options, { outFolder, report, say: progress.say, signal: stop.signal })
    progress.stop()
    const took = `${Math.round(report.took / 1000)} s with ${report.engine}`
    process.stdout.write(
      options.json ? `${JSON.stringify(report)}\n` : `Trained ${report.modelId} on ${report.trainedOn} in ${took}.\n`,
    )
  } catch (error) {
    progress.stop()
    if (stop.signal.aborted) throw new Error('Training was cancelled; no model was written.')
    if (error instanceof TooLittleDataError && options.jsonProgress) {
      process.stderr.write(`${JSON.stringify({ tooLittleData: error.groups })}\n`)
      process.exitCode = TOO_LITTLE_DATA
      return
    }
    throw error
  }
}

/** Recorded assets, and beside them the coins that are only learned from. */
async function pooledWith(
  data: string,
  { symbol, pool }: TrainCommandOptions,
  { say, signal }: { say: Say; signal: AbortSignal },
): Promise<TrainingHours> {
  const own = await recordedHours(data, { symbols: symbol, say, signal })
  if (!pool) return own
  const trainOnly = await pooledHours(data, { count: pool, besides: symbol, say, signal })
  return { ...own, trainOnly, described: `${own.described}, with ${pool} further coins to learn from` }
}

/** The confidence of liquidation clusters is fitted on the same simulated market. */
async function trainClusters(
  options: TrainCommandOptions,
  of: { outFolder: string; report: TrainingReport; say: (share: number, text: string) => void; signal: AbortSignal },
): Promise<void> {
  const quick = options.quick === true
  const text = 'collecting liquidation clusters'
  const confidence = await trainClusterConfidence({
    source: () => simulatedSource(quick ? 'quick' : 'full', options.seed),
    trainedOn: of.report.trainedOn.split(';')[0]!,
    days: quick ? QUICK_CONFIDENCE_DAYS : undefined,
    signal: of.signal,
    onProgress: (share) => of.say(share, text),
  })
  await writeConfidence(of.outFolder, confidence)
  if (!quick && options.out === undefined) await writeTrainingCard(MODELS_FOLDER, of.report, confidence.report)
}

function checkOptions(options: TrainCommandOptions): RungName {
  if (!isRungName(options.rung)) {
    throw new Error(`Expected --rung of ${RUNG_NAMES.join(', ')}, was ${options.rung}`)
  }
  if ((options.quick || options.data !== undefined) && options.out === undefined) {
    const [option, why] = options.quick
      ? ['--quick', 'a model trained for seconds']
      : ['--data', 'a model of recorded markets']
    throw new Error(`Expected --out <folder> with ${option}, was none: ${why} must not replace the shipped one`)
  }
  if (options.pool !== undefined && options.data === undefined) {
    throw new Error('Expected --data <folder> with --pool, was none: the simulated market has no further coins')
  }
  if ((options.testFrom === undefined) !== (options.testTo === undefined)) {
    throw new Error('Expected --test-from and --test-to together, was one of them alone')
  }
  return options.rung
}

const fixedTest =
  ({ testFrom, testTo }: TrainCommandOptions) =>
  ({ from }: Span) =>
    fixedFold({
      from,
      test: { from: testFrom!, to: testTo! },
      calibrationDays: CALIBRATION_DAYS,
    })

/** A bar on a terminal, else a line whenever something else begins; one JSON object a line with `--json-progress`. */
function createProgress({ jsonProgress }: TrainCommandOptions) {
  const bar =
    process.stderr.isTTY && !jsonProgress
      ? new cliProgress.SingleBar(
          { format: '{bar} {percentage} %  {text}', stream: process.stderr, hideCursor: true },
          cliProgress.Presets.shades_grey,
        )
      : undefined
  bar?.start(1000, 0, { text: 'starting' })
  let said = ''
  return {
    say(share: number, text: string, leftMs?: number): void {
      bar?.update(Math.round(share * 1000), { text })
      if (jsonProgress)
        process.stderr.write(`${JSON.stringify({ share, text, ...(leftMs !== undefined && { leftMs }) })}\n`)
      else if (!bar && text !== said) process.stderr.write(`${Math.round(share * 100)} % ${text}\n`)
      said = text
    },
    stop: () => bar?.stop(),
  }
}
