/**
 * One training run: from the hours of a market to an artifact that can be asked, with what it was worth on data it had not seen.
 *
 * @module
 */
import path from 'node:path'
import { createRandom } from '../src/domain/random.ts'
import { DAY, type DurationMs, duration, timestamp } from '../src/domain/units.ts'
import type { ModelMarket } from '../src/ports/models.ts'
import { writeArtifact, writeJson } from './artifact.ts'
import { type Engine, loadEngine, loadGradients } from './engine.ts'
import { createEnsemble } from './ensemble.ts'
import { heldOutOfModel } from './evaluate-ladder.ts'
import { judgeLadder } from './evaluation/judge-ladder.ts'
import { judgeTogether } from './evaluation/judge-together.ts'
import { type LadderReport, scopesOf } from './evaluation/ladder-report.ts'
import { poolHeldOut } from './evaluation/pool.ts'
import { DRAWS, movingBlocks } from './evaluation/resampling.ts'
import { allButPriceAndFunding, createHiding } from './hiding.ts'
import { type GroupHistory, LEAST_HISTORY, seldomKnown, shortGroups, withoutFeatures } from './history.ts'
import { rungBelow, rungOf } from './ladder.ts'
import type { FitTask, FittedModel, Rung, RungName } from './rung.ts'
import type { AssetHours } from './samples.ts'
import { CLAIMED, PRICE_ONLY, TARGETS, targetOf } from './targets.ts'
import { type Beside, type Judged, toArtifact } from './trained-model.ts'
import { type Fold, type Segments, type Span, segmentsOf } from './walk-forward.ts'

/** What a run learns from. */
export interface TrainingHours {
  /** Judged on, and learned from. */
  readonly assets: readonly AssetHours[]
  /** Only learned from. */
  readonly trainOnly?: readonly AssetHours[]
  /** In words: "simulated market, ETH and BTC, 2019-01-01 to 2024-12-30". */
  readonly described: string
}

export interface TrainOptions {
  readonly market: ModelMarket
  readonly rung: RungName
  /** One network or forest a seed; several answer with their mean logit. */
  readonly seeds: readonly number[]
  readonly hours: (onProgress: (share: number, text: string) => void) => Promise<TrainingHours>
  /** Default 60 % to train, 15 % to calibrate, 25 % to be judged on. */
  readonly fold?: (span: Span) => Fold
  readonly everyHours?: number
  readonly outFolder: string
  /** Where unfinished members are kept from epoch to epoch, so that a run that was killed goes on. */
  readonly workFolder?: string
  /** Few epochs; the result works and is of no use. */
  readonly effort?: FitTask['effort']
  /** Why it is trained although there is too little data; it stands on the model's card. */
  readonly override?: string
  readonly codeVersion: string
  readonly engine?: Engine
  /** Share done from 0 to 1, what is being done, and how long it still takes where that can be told. */
  readonly onProgress?: (share: number, text: string, left?: DurationMs) => void
  readonly signal?: AbortSignal
  /** Wall clock. */
  readonly now: () => number
}

export interface TrainingReport {
  readonly modelId: string
  readonly engine: string
  readonly trainedOn: string
  readonly took: DurationMs
  readonly samples: { readonly train: number; readonly calibration: number; readonly test: number }
  readonly architecture: string
  /** Features that were known too seldom to be learned from. */
  readonly leftOut: readonly string[]
  /** On the test segment with every feed there: the model, the rung below it, volatility only and the base rate. */
  readonly ladder: LadderReport
  /** The same test segment seen through price and funding alone, as in most recorded history. */
  readonly priceAndFundingOnly: LadderReport
}

/** Too little history behind some of the features; nothing was fitted. */
export class TooLittleDataError extends Error {
  readonly groups: readonly GroupHistory[]
  constructor(rung: RungName, groups: readonly GroupHistory[]) {
    const short = groups.map(({ group, has }) => `${group} ${Math.round(has / DAY)} days`).join(', ')
    super(
      `Expected ${LEAST_HISTORY / DAY} days of history for every feature group that ${rung} reads, was less for ${short}. Record more, take a rung that reads less, or train with --override "<why>".`,
    )
    this.groups = groups
  }
}

const SHARES = { train: 0.6, calibration: 0.15 }
const DEFAULT_EVERY_HOURS = 4
const QUICK_DRAWS = 50
export const REPORT_FILE = 'report.json'
/** Shares of a run, as far as they are known before it. */
const [READING, FITTING] = [0.15, 0.8]

/**
 * Trains a rung and writes the artifact, whole or not at all.
 *
 * Long: give it its own process. The same hours, seeds and engine give the same weights.
 *
 * @throws {TooLittleDataError} when a feature group it reads has less than two years behind it and no override is given
 * @throws {Error} when there is too little time for three segments, or nothing happened in one of them
 * @throws the signal's reason when it is aborted; nothing is written then
 */
export async function trainModel(options: TrainOptions): Promise<TrainingReport> {
  const { signal, effort = 'full', now } = options
  const startedAt = now()
  const say = createSay(options, startedAt)
  const engine = options.engine ?? (await loadEngine())
  await loadGradients(engine)
  const rung = rungOf(options.rung)
  const read = await options.hours((share, text) => say(READING * share, text))
  signal?.throwIfAborted()

  const fold = (options.fold ?? byShares)(spanOf(read.assets))
  const leftOut = seldomKnown(read.assets, fold.train)
  const assets = withoutFeatures(read.assets, leftOut)
  const trainOnly = withoutFeatures(read.trainOnly ?? [], leftOut)
  const short = shortGroups([...assets, ...trainOnly], rung, fold.train)
  if (short.length > 0 && options.override === undefined && effort === 'full') {
    throw new TooLittleDataError(rung.name, short)
  }
  const segments = segmentsOf(assets, fold, { everyHours: options.everyHours ?? DEFAULT_EVERY_HOURS, trainOnly })
  requireEnough(segments)

  const fits = { segments, fold, engine, effort, options }
  const members: FittedModel[] = []
  for (const [k, seed] of options.seeds.entries()) {
    members.push(
      await fit(rung, seed, fits, (share, text) =>
        say(
          READING + (FITTING * (k + share)) / options.seeds.length,
          `${rung.title}${of(options.seeds.length, k)}: ${text}`,
        ),
      ),
    )
  }
  const model = members.length === 1 ? members[0]! : createEnsemble(members)
  say(READING + FITTING, 'calibrating and judging on the test segment')
  const beside = await Promise.all(
    besides(rung).map(async (other) => ({ rung: other.name, model: await fit(other, options.seeds[0]!, fits) })),
  )
  const judged = judge(rung, model, {
    segments,
    fold,
    beside,
    seed: options.seeds[0]!,
    draws: effort === 'quick' ? QUICK_DRAWS : DRAWS,
  })
  const artifact = toArtifact({
    ...{ rung, model, members, judged, beside, segments, fold, assets, leftOut, read, options },
    short: short.length > 0,
  })
  const report: TrainingReport = {
    modelId: artifact.modelId,
    engine: engine.name,
    trainedOn: artifact.trainedOn,
    took: duration(now() - startedAt),
    samples: { train: segments.train.length, calibration: segments.calibration.length, test: segments.test.length },
    architecture: artifact.architecture,
    leftOut,
    ladder: together(judged.full.report),
    priceAndFundingOnly: together(judged.reduced.report),
  }
  for (const { model: other } of beside) other.dispose()
  model.dispose()
  signal?.throwIfAborted()
  await writeArtifact(options.outFolder, artifact)
  await writeJson(path.join(options.outFolder, REPORT_FILE), JSON.parse(JSON.stringify(report, shortened)))
  say(1, `wrote ${artifact.modelId}`)
  return report
}

/** What is said of all assets together: each alone is told where a ladder is evaluated. */
function together(report: LadderReport): LadderReport {
  const [scope] = scopesOf(report.assets)
  const of = <T extends { scope: string }>(cells: readonly T[]): readonly T[] =>
    cells.filter((cell) => cell.scope === scope)
  return { ...report, events: of(report.events), values: of(report.values) }
}

/** Six digits say all there is, and curves are drawn where a ladder is evaluated. */
const shortened = (key: string, value: unknown): unknown =>
  key === 'precisionRecall' || key === 'byEpisode'
    ? undefined
    : typeof value === 'number' && !Number.isInteger(value)
      ? Number(value.toPrecision(6))
      : value

const of = (count: number, k: number): string => (count > 1 ? ` ${k + 1} of ${count}` : '')

/** Says how long it still takes once something has been fitted. */
function createSay({ onProgress = () => {}, now }: TrainOptions, startedAt: number) {
  return (share: number, text: string): void => {
    const spent = now() - startedAt
    onProgress(share, text, share > READING + 0.01 ? duration(Math.round((spent * (1 - share)) / share)) : undefined)
  }
}

interface Fits {
  readonly segments: Segments
  readonly fold: Fold
  readonly engine: Engine
  readonly effort: FitTask['effort']
  readonly options: TrainOptions
}

const fit = (
  rung: Rung,
  seed: number,
  { segments, engine, effort, options }: Fits,
  onProgress?: FitTask['onProgress'],
) =>
  rung.fit({
    train: segments.train,
    calibration: segments.calibration,
    seed,
    effort,
    engine,
    onProgress,
    signal: options.signal,
    checkpointFile: options.workFolder && path.join(options.workFolder, `${rung.name}-${seed}.checkpoint`),
  })

/** What stands beside a rung in every report: the one below it, volatility only and the base rate. */
function besides(rung: Rung): readonly Rung[] {
  const names = new Set<RungName>(['base-rate', 'volatility-only'])
  const below = rungBelow(rung.name)
  if (below) names.add(below)
  names.delete(rung.name)
  return [...names].map(rungOf)
}

interface JudgeTask {
  readonly segments: Segments
  readonly fold: Fold
  readonly beside: readonly Beside[]
  readonly seed: number
  readonly draws: number
}

function judge(rung: Rung, model: FittedModel, { segments, fold, beside, seed, draws }: JudgeTask) {
  const draw = createHiding(createRandom(seed + 3))
  const bare = allButPriceAndFunding()
  const asked = (hide?: Parameters<typeof heldOutOfModel>[3]): Judged => {
    const held = heldOutOfModel(rung.name, model, { fold, segments }, hide)
    const others = beside.map((other) => heldOutOfModel(other.rung, other.model, { fold, segments }, hide))
    const baseline = others[beside.findIndex((other) => other.rung === 'volatility-only')]
    const targets = TARGETS.filter(({ kind }) => kind === 'event' || !hide)
    const pool = poolHeldOut([held.held, ...others.map((one) => one.held)])
    const together = judgeTogether(pool, CLAIMED, { blocks: movingBlocks(pool.instants, { seed, draws }), seed })
    return { held, baseline, together, report: judgeLadder(pool, { seed, targets, draws }) }
  }
  return { full: asked(), reduced: asked({ calibration: draw, test: () => bare }) }
}

function requireEnough({ train, calibration, test }: Segments): void {
  for (const [name, samples] of [
    ['train', train],
    ['calibration', calibration],
    ['test', test],
  ] as const) {
    for (const key of PRICE_ONLY) {
      const known = samples.filter(({ hours, i }) => !Number.isNaN(hours.labels[key][i]!))
      const positives = known.filter(({ hours, i }) => hours.labels[key][i] === 1).length
      if (positives > 0 && positives < known.length) continue
      throw new Error(
        `Expected ${targetOf(key).key} to happen and not to happen in the ${name} segment, happened in ${positives} of ${known.length} hours. Train on a longer market.`,
      )
    }
  }
}

function spanOf(assets: readonly AssetHours[]): Span {
  const from = Math.min(...assets.map(({ instants, firstUsable }) => instants[firstUsable] ?? Number.POSITIVE_INFINITY))
  const to = Math.max(...assets.map(({ instants }) => instants.at(-1) ?? Number.NEGATIVE_INFINITY))
  if (!(from < to))
    throw new Error('Expected more than a month of hours to train on, was less. Train on a longer market.')
  return { from: timestamp(from), to: timestamp(to + 1) }
}

function byShares({ from, to }: Span): Fold {
  const calibrationFrom = from + SHARES.train * (to - from)
  const testFrom = calibrationFrom + SHARES.calibration * (to - from)
  return {
    index: 0,
    train: { from, to: calibrationFrom },
    calibration: { from: calibrationFrom, to: testFrom },
    test: { from: testFrom, to },
  }
}
