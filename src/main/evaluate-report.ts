import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { writeJson } from '../../models/artifact.ts'
import { writeLadderCards } from '../../models/cards.ts'
import type { LadderReport } from '../../models/evaluation/ladder-report.ts'
import type { PoolingRow } from '../../models/evaluation/pooling.ts'
import { formatLadder } from '../../models/evaluation/report-markdown.ts'
import type { RungName } from '../../models/rung.ts'
import { HOUR } from '../domain/units.ts'
import type { EvaluateOptions, EvaluationPlan } from './evaluate-plan.ts'
import { writeLadderPictures } from './ladder-pictures.ts'

const MODELS = fileURLToPath(new URL('../../models', import.meta.url))

/** What was found beside the ladder itself. */
interface Beside {
  readonly pooling?: readonly PoolingRow[]
  /** Rungs that were judged on the reserved stretch before. */
  readonly seen: readonly RungName[]
}

/** Markdown, JSON and pictures in `--out`, cards where they are asked for, and the report on standard output. */
export async function writeEvaluation(
  report: LadderReport,
  plan: EvaluationPlan,
  options: EvaluateOptions,
  { pooling, seen }: Beside,
): Promise<void> {
  const name = nameOf(plan, options)
  const command = commandOf(options)
  const about = aboutOf(plan, options)
  const pictures = options.pictures ? await writeLadderPictures(options.out, report, name) : []
  const markdown = formatLadder(report, {
    title: titleOf(plan, options),
    command,
    about,
    pictures,
    seenBefore: seen,
    pooling,
  })
  const value = JSON.parse(JSON.stringify({ command, about, pictures, ...report, pooling }, shortened)) as unknown
  // Makes the folder, where it is not there.
  await writeJson(join(options.out, `${name}.json`), value)
  if (options.cards) await writeLadderCards(MODELS, report, { command, data: titleOf(plan, options) })
  await writeFile(join(options.out, `${name}.md`), markdown)
  process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : markdown)
}

/** Six digits say all there is. */
const shortened = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value

const nameOf = ({ artifact }: EvaluationPlan, { testFrom, testTo }: EvaluateOptions): string => {
  const what = artifact ? `model-${artifact.modelId}` : 'ladder'
  return testFrom === undefined ? what : `${what}-${day(testFrom)}-${day(testTo! - 1)}`
}

const titleOf = ({ artifact }: EvaluationPlan, { symbol, testFrom, testTo }: EvaluateOptions): string =>
  `${artifact ? artifact.modelId : 'The ladder of models'} on recorded ${symbol.join(' and ')}${testFrom === undefined ? ', walk-forward' : `, ${day(testFrom)} to ${day(testTo! - 1)}`}`

const aboutOf = (
  { artifact, reserved, everyHours }: EvaluationPlan,
  { seed, pool, again, quick }: EvaluateOptions,
): readonly string[] => [
  `Fitted and calibrated anew before every test segment, with a decision every ${everyHours} h and seed ${seed}; samples whose labels reach into the next segment are left out, and so are the first 72 h of each.`,
  ...(artifact
    ? [
        `${artifact.modelId} was trained before: ${artifact.trainedOn}. It is judged as it is in use; what it is held against is fitted anew.`,
      ]
    : []),
  ...(pool ? [`Learned from ${pool} further coins as well; judged on none of them.`] : []),
  ...(reserved ? ['This looked at the stretch kept back, and is entered in the ledger.'] : []),
  ...(again === undefined
    ? []
    : [`**Some of it was looked at before**; why again: ${again}. No claim rests on a second look.`]),
  ...(quick ? ['**Fitted for seconds to see that it works: the figures are of no use.**'] : []),
]

/** As someone else would type it, whatever the folders were called here. */
export function commandOf(options: EvaluateOptions): string {
  const {
    symbol,
    models,
    folds,
    every,
    seed,
    calibration,
    testFrom,
    testTo,
    model,
    pool,
    pooling,
    again,
    quick,
    cards,
  } = options
  const parts = [
    `--symbol ${symbol.join(',')}`,
    model === undefined ? `--models ${models}` : `--model ${model}`,
    ...(folds === undefined ? [] : [`--folds ${folds}`]),
    `--every ${every / HOUR}h`,
    `--calibration ${calibration}`,
    `--seed ${seed}`,
    ...(testFrom === undefined ? [] : [`--test-from ${day(testFrom)} --test-to ${day(testTo! - 1)}`]),
    ...(pool ? [`--pool ${pool}`] : []),
    ...(pooling ? [`--pooling ${pooling.join(',')}`] : []),
    ...(again === undefined ? [] : [`--again ${JSON.stringify(again)}`]),
    ...(quick ? ['--quick'] : []),
    ...(cards ? ['--cards'] : []),
  ]
  return `npm run breakwater -- evaluate --data ../shared/data ${parts.join(' ')}`
}

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
