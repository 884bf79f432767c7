import { fileURLToPath } from 'node:url'
import type { Artifact } from '../../models/artifact.ts'
import { RESERVED, reservedPart } from '../../models/evaluation/ledger.ts'
import { findModel, rungsBeside, unseenFrom } from '../../models/evaluation/one-model.ts'
import type { RungName } from '../../models/rung.ts'
import { type Fold, walkForwardFolds } from '../../models/walk-forward.ts'
import type { Asset } from '../domain/market/tick.ts'
import { DAY, type DurationMs, HOUR, type TimestampMs } from '../domain/units.ts'
import { panelFolder, type Window } from './recorded.ts'
import { checkInside, parseRungs, spansOf } from './recorded-assets.ts'

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

const ARTIFACTS = fileURLToPath(new URL('../../models/artifacts', import.meta.url))
const WALK_FORWARD = { folds: 4, testDays: 91, trainDays: 730 } as const

/** What is to be done, checked before anything long begins. */
export interface EvaluationPlan {
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

/** @throws {Error} for what cannot be evaluated: value and remedy */
export async function planOf(options: EvaluateOptions): Promise<EvaluationPlan> {
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
  if (options.pooling !== undefined && rungs.every((rung) => rung === 'base-rate'))
    throw new Error(
      'Expected a rung that learns from further coins with --pooling, was the base rate. Name one in --models.',
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
  if (reserved && options.pooling !== undefined)
    throw new Error(
      `Expected a test outside the stretch kept back for one evaluation (${day(RESERVED.from)} to ${day(RESERVED.to - 1)}) with --pooling, was ${day(first)} to ${day(last - 1)}. Each number of coins would be one more look; choose it on earlier dates.`,
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

/** Those that a look at the reserved stretch is entered for; the others stand beside a model. */
export const judgedRungs = ({ artifact, rungs }: EvaluationPlan): readonly RungName[] =>
  artifact ? [artifact.rung] : rungs

const day = (at: number): string => new Date(at).toISOString().slice(0, 10)
