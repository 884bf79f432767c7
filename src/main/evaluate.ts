import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Artifact } from '../../models/artifact.ts'
import { writeJson } from '../../models/artifact.ts'
import { writeLadderCards } from '../../models/cards.ts'
import { loadEngine, loadGradients } from '../../models/engine.ts'
import { evaluateLadder, type LadderOptions } from '../../models/evaluate-ladder.ts'
import { judgeLadder } from '../../models/evaluation/judge-ladder.ts'
import type { LadderReport } from '../../models/evaluation/ladder-report.ts'
import {
  checkLook,
  enterLook,
  figuresOf,
  RESERVED,
  readLedger,
  reservedPart,
  seenBefore,
} from '../../models/evaluation/ledger.ts'
import { askModel, findModel, rungsBeside, unseenFrom } from '../../models/evaluation/one-model.ts'
import { poolHeldOut } from '../../models/evaluation/pool.ts'
import { judgePooling, type PoolingRow, type PoolingStep } from '../../models/evaluation/pooling.ts'
import { formatLadder } from '../../models/evaluation/report-markdown.ts'
import type { HeldOut } from '../../models/held-out.ts'
import { rungOf } from '../../models/ladder.ts'
import type { RungName } from '../../models/rung.ts'
import { type Fold, segmentsOf, walkForwardFolds } from '../../models/walk-forward.ts'
import type { Asset } from '../domain/market/tick.ts'
import { DAY, type DurationMs, HOUR, type TimestampMs, timestamp } from '../domain/units.ts'
import { codeVersion } from './build-facts.ts'
import { recordedHours, type Say } from './hours.ts'
import { writeLadderPictures } from './ladder-pictures.ts'
import { pooledHours } from './pooled-hours.ts'
import { createProgress } from './progress.ts'
import { panelFolder, type Window } from './recorded.ts'
import { checkInside, hashOfPanels, parseRungs, spansOf } from './recorded-assets.ts'
import { onStop } from './terminal.ts'

export interface EvaluateOptions {
  readonly data: string
  readonly symbol: readonly Asset[]
  /** `all`, or rungs with commas between. */
  readonly models: string
  /** Default four, or one for a window. */
  readonly folds?: number
  readonly every: DurationMs
  readonly seed: number
  readonly calibration: number
  readonly out: string
  readonly work: string
  readonly ledger: string
  readonly testFrom?: TimestampMs
  readonly testTo?: TimestampMs
  readonly model?: string
  /** Further coins to learn from. */
  readonly pool?: number
  /** Numbers of further coins, to show what each adds to one rung. */
  readonly pooling?: readonly number[]
  /** Why the reserved stretch is looked at again. */
  readonly again?: string
  /** A fit of seconds, to see that it works. */
  readonly quick?: boolean
  /** Write the cards of the rungs that were judged. */
  readonly cards?: boolean
  /** False for a report without them. */
  readonly pictures: boolean
  readonly json?: boolean
}

const MODELS = fileURLToPath(new URL('../../models', import.meta.url))
const ARTIFACTS = join(MODELS, 'artifacts')
const WALK_FORWARD = { folds: 4, testDays: 91, trainDays: 730 } as const
const [READING, JUDGING] = [0.08, 0.92]

/** What is to be done, checked before anything long begins. */
interface Plan {
  readonly folder: string
  readonly rungs: readonly RungName[]
  readonly artifact?: Artifact
  readonly folds: readonly Fold[]
  readonly everyHours: number
  /** Of the record of every asset. */
  readonly end: number
  /** The part of the reserved stretch that is judged on, when any is. */
  readonly reserved?: readonly [number, number]
}

/**
 * `evaluate`: fits rungs on the past of each fold and judges them on what came, or judges one model that was trained before.
 * Ctrl-C keeps finished folds; the same command goes on from there.
 */
export async function runEvaluate(options: EvaluateOptions): Promise<void> {
  const plan = await planOf(options)
  const ledger = await readLedger(options.ledger)
  const looking = plan.reserved && { rungs: judgedRungs(plan), assets: options.symbol, window: plan.reserved }
  if (looking) checkLook(ledger, looking, { again: options.again })
  const seen = looking ? seenBefore(ledger, { ...looking, rungs: plan.rungs }) : []
  const stop = onStop()
  const progress = createProgress()
  try {
    const { held, pooling } = await ask(plan, options, { say: progress.say, signal: stop.signal })
    const report = judgeLadder(poolHeldOut(held), {
      seed: options.seed,
      onProgress: (share) => progress.say(JUDGING + share * (1 - JUDGING), 'judging'),
    })
    progress.stop()
    const command = commandOf(options)
    if (looking) {
      await enterLook(ledger, {
        evaluatedAt: new Date().toISOString(),
        command,
        codeVersion: await codeVersion(),
        dataHash: await hashOfPanels(plan.folder, options.symbol),
        rungs: looking.rungs,
        assets: options.symbol,
        seed: options.seed,
        window: [new Date(looking.window[0]).toISOString(), new Date(looking.window[1]).toISOString()],
        figures: figuresOf(report, looking.rungs),
        ...(options.again === undefined ? {} : { again: options.again }),
      })
    }
    await write(report, plan, { ...options, rows: pooling, seen })
  } catch (error) {
    progress.stop()
    if (!stop.signal.aborted) throw error
    throw new Error(
      `Evaluation was stopped. What is finished lies in ${options.work}: the same command goes on from there.`,
    )
  }
}

async function planOf(options: EvaluateOptions): Promise<Plan> {
  const { symbol: assets, every, testFrom, testTo } = options
  const rungs = parseRungs(options.models)
  if ((testFrom === undefined) !== (testTo === undefined))
    throw new Error(
      `Expected --test-from and --test-to together, was ${testFrom === undefined ? '--test-to' : '--test-from'} alone. Give both, or neither.`,
    )
  if (testFrom !== undefined && testTo !== undefined && !(testFrom < testTo))
    throw new Error(
      `Expected --test-from before --test-to, was ${day(testFrom)} and ${day(testTo - 1)}. Swap them or choose a later --test-to.`,
    )
  if (every % HOUR !== 0)
    throw new Error(`Expected --every in whole hours, such as 4h, was ${every / 60_000} minutes: the record is hourly.`)
  if (options.model !== undefined && testFrom === undefined)
    throw new Error('Expected --test-from and --test-to with --model, was neither. Give a window that it has not seen.')
  if (options.pool !== undefined && options.pooling !== undefined)
    throw new Error(
      'Expected --pool or --pooling, was both. With --pool every rung learns from further coins; --pooling shows what they add to one.',
    )
  const folder = panelFolder(options.data)
  const spans = await spansOf(folder, assets)
  const window = testFrom === undefined ? undefined : { from: testFrom, to: testTo! }
  if (window) checkInside(spans, window, ['--test-from', '--test-to'])
  const artifact = options.model === undefined ? undefined : await findModel(options.model, ARTIFACTS)
  if (artifact && window && window.from < unseenFrom(artifact))
    throw new Error(
      `Expected --test-from ${day(unseenFrom(artifact))} or later, from when on ${artifact.modelId} has seen nothing, was ${day(window.from)}.`,
    )
  const folds = foldsOf([...spans.values()], options, window)
  const [first, last] = [folds[0]!.test.from, folds.at(-1)!.test.to]
  const reserved = reservedPart([first, last])
  if (reserved && options.quick)
    throw new Error(
      `Expected a test outside the stretch kept back for one evaluation (${day(RESERVED.from)} to ${day(RESERVED.to - 1)}) with --quick, was ${day(first)} to ${day(last - 1)}. A look would be wasted on figures that are of no use.`,
    )
  return {
    folder,
    rungs: artifact ? rungsBeside(artifact.rung) : rungs,
    folds,
    everyHours: every / HOUR,
    end: Math.min(...[...spans.values()].map(({ to }) => to)),
    ...(artifact ? { artifact } : {}),
    ...(reserved ? { reserved } : {}),
  }
}

/**
 * A window, in one segment or several that follow each other, with everything before each for training; else quarters that end
 * before the reserved stretch, or with the record where they all lie behind it.
 */
function foldsOf(spans: readonly Window[], options: EvaluateOptions, window: Window | undefined): readonly Fold[] {
  const from = Math.min(...spans.map((span) => span.from))
  const { calibration: calibrationDays } = options
  if (window) {
    const folds = options.folds ?? 1
    const testDays = (window.to - window.from) / DAY / folds
    return walkForwardFolds({ from, to: window.to, folds, testDays, calibrationDays })
  }
  const { testDays, trainDays } = WALK_FORWARD
  const folds = options.folds ?? WALK_FORWARD.folds
  const end = Math.min(...spans.map((span) => span.to))
  const isBehind = end - folds * testDays * DAY >= RESERVED.to
  const to = isBehind ? end : Math.min(end, RESERVED.from)
  return walkForwardFolds({ from, to, folds, testDays, calibrationDays, trainDays })
}

const judgedRungs = ({ artifact, rungs }: Plan): readonly RungName[] => (artifact ? [artifact.rung] : rungs)

async function ask(
  plan: Plan,
  options: EvaluateOptions,
  { say, signal }: { say: Say; signal: AbortSignal },
): Promise<{ readonly held: readonly HeldOut[]; readonly pooling?: readonly PoolingRow[] }> {
  const reading: Say = (share, text) => say(share * READING, text)
  const lastLabel = Math.max(...plan.folds.map(({ test }) => test.to)) + LABELS_AFTER
  const { assets } = await recordedHours(options.data, {
    symbols: options.symbol,
    to: timestamp(Math.min(plan.end, lastLabel)),
    say: reading,
    signal,
  })
  const trainOnly = options.pool
    ? await pooledHours(options.data, { count: options.pool, besides: options.symbol, say: reading, signal })
    : []
  const engine = await loadEngine()
  await loadGradients(engine)
  const { folds, everyHours, artifact } = plan
  const ladder: LadderOptions = {
    assets,
    trainOnly,
    folds,
    rungs: plan.rungs.map(rungOf),
    seed: options.seed,
    everyHours,
    engine,
    effort: options.quick ? 'quick' : 'full',
    workFolder: options.work,
    onProgress: (share, text) => say(READING + share * (JUDGING - READING), text),
    signal,
  }
  const held = await evaluateLadder(ladder)
  const pooling = options.pooling && (await whatPoolingAdds(ladder, held, { ...options, counts: options.pooling, say }))
  if (!artifact) return { held, pooling }
  return { held: [...held, ...folds.map((fold) => askModel(artifact, assets, { fold, everyHours, engine }))], pooling }
}

const POOLED_RUNG = 'boosted-trees' satisfies RungName

/** Boosted trees, or where they are not judged the highest rung that is, fitted again with further coins. */
async function whatPoolingAdds(
  ladder: LadderOptions,
  held: readonly HeldOut[],
  {
    data,
    symbol,
    seed,
    counts,
    say,
  }: Pick<EvaluateOptions, 'data' | 'symbol' | 'seed'> & { counts: readonly number[]; say: Say },
): Promise<readonly PoolingRow[]> {
  const rung = ladder.rungs.find(({ name }) => name === POOLED_RUNG) ?? ladder.rungs.at(-1)!
  const [fold] = ladder.folds.slice(-1) as [Fold]
  const trainOf = (trainOnly: LadderOptions['trainOnly']) =>
    segmentsOf(ladder.assets, fold, { everyHours: ladder.everyHours, trainOnly }).train
  const steps: PoolingStep[] = [
    { name: symbol.join(' and '), train: trainOf([]), held: held.filter((one) => one.rung === rung.name) },
  ]
  const coins = await pooledHours(data, {
    count: Math.max(...counts),
    besides: symbol,
    say: (share, text) => say(share * READING, text),
    signal: ladder.signal,
  })
  for (const count of counts) {
    const trainOnly = coins.slice(0, count)
    steps.push({
      name: `with ${count} further coins`,
      train: trainOf(trainOnly),
      held: await evaluateLadder({ ...ladder, rungs: [rung], trainOnly }),
    })
  }
  return judgePooling(steps, { rung: rung.name, seed })
}

/** The longest label of the last decision. */
const LABELS_AFTER = 4 * DAY

async function write(
  report: LadderReport,
  plan: Plan,
  options: EvaluateOptions & { readonly rows?: readonly PoolingRow[]; readonly seen: readonly RungName[] },
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
    seenBefore: options.seen,
    pooling: options.rows,
  })
  const value = JSON.parse(
    JSON.stringify({ command, about, pictures, ...report, pooling: options.rows }, shortened),
  ) as unknown
  // Makes the folder, where it is not there.
  await writeJson(join(options.out, `${name}.json`), value)
  if (options.cards) await writeLadderCards(MODELS, report, { command, data: titleOf(plan, options) })
  await writeFile(join(options.out, `${name}.md`), markdown)
  process.stdout.write(options.json ? `${JSON.stringify(value)}\n` : markdown)
}

/** Six digits say all there is. */
const shortened = (_: string, value: unknown): unknown =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(6)) : value

const nameOf = ({ artifact }: Plan, { testFrom, testTo }: EvaluateOptions): string => {
  const what = artifact ? `model-${artifact.modelId}` : 'ladder'
  return testFrom === undefined ? what : `${what}-${day(testFrom)}-${day(testTo! - 1)}`
}

const titleOf = ({ artifact }: Plan, { symbol, testFrom, testTo }: EvaluateOptions): string =>
  `${artifact ? artifact.modelId : 'The ladder of models'} on recorded ${symbol.join(' and ')}${testFrom === undefined ? ', walk-forward' : `, ${day(testFrom)} to ${day(testTo! - 1)}`}`

const aboutOf = (
  { artifact, reserved, everyHours }: Plan,
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
function commandOf(options: EvaluateOptions): string {
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
