import type { Asset } from '../../src/domain/market/tick.ts'
import { valueScores } from '../metrics.ts'
import type { RungName } from '../rung.ts'
import type { Target, ValueKey } from '../targets.ts'
import { referencesOf } from './judge-events.ts'
import { ALL, type Reference, type ValueCell, type ValueComparison, type ValueRow } from './ladder-report.ts'
import type { PooledLadder } from './pool.ts'
import { type Draws, drawSums, type Intervals, intervalsOf } from './resampling.ts'

export interface ValueTask {
  readonly target: Target
  readonly scope: string
  readonly blocks: Draws
}

/** One scope of one value: what is the same for every rung. */
interface Cell {
  readonly pool: PooledLadder
  readonly key: ValueKey
  readonly labels: Float64Array
  readonly reference: Float64Array
  readonly draws: Draws
}

/** @returns undefined where no label is known */
export function judgeValue(pool: PooledLadder, { target, scope, blocks }: ValueTask): ValueCell | undefined {
  const key = target.key as ValueKey
  const labels = pool.labels[key]
  const samples = Int32Array.from(pool.instants.keys()).filter(
    (i) => !Number.isNaN(labels[i]!) && (scope === ALL || pool.assetOf[i] === scope),
  )
  if (samples.length === 0) return undefined
  const cell: Cell = { pool, key, labels, reference: pool.reference[key], draws: blocks }
  const rows = pool.rungs.flatMap((rung) => rowOf(cell, rung, samples) ?? [])
  return rows.length > 0 ? { target: key, scope: scope as Asset, samples: samples.length, rows } : undefined
}

function rowOf(cell: Cell, rung: RungName, labelled: Int32Array): ValueRow | undefined {
  const { pool, labels, reference, draws } = cell
  const answers = answersOf(cell, rung)
  const samples = labelled.filter((i) => !Number.isNaN(answers[i]!))
  if (samples.length === 0) return undefined
  const pick = (values: Float64Array): number[] => Array.from(samples, (i) => values[i]!)
  const right = drawSums(
    (i) => (Math.sign(answers[i]!) === Math.sign(labels[i]!) ? Math.abs(Math.sign(labels[i]!)) : 0),
    {
      samples,
      draws,
    },
  )
  const moved = drawSums((i) => Math.abs(Math.sign(labels[i]!)), { samples, draws })
  return {
    rung,
    scores: valueScores(pick(answers), pick(labels), pick(reference)),
    intervals: {
      r2: intervalsOf(drawnR2(cell, rung, samples)),
      directionalAccuracy: intervalsOf(right.map((value, draw) => value / moved[draw]!)),
    },
    comparisons: referencesOf(pool.rungs, rung).flatMap((against) => compare(cell, { rung, against, samples }) ?? []),
  }
}

function drawnR2(cell: Cell, who: Reference, samples: Int32Array): Float64Array {
  const { labels, reference, draws } = cell
  const answers = answersOf(cell, who)
  const error = drawSums((i) => (answers[i]! - labels[i]!) ** 2, { samples, draws })
  const referenceError = drawSums((i) => (reference[i]! - labels[i]!) ** 2, { samples, draws })
  return error.map((value, draw) => 1 - value / referenceError[draw]!)
}

const answersOf = ({ pool, key, reference }: Cell, who: Reference): Float64Array =>
  who === 'training rate' ? reference : pool.answers[who]![key]

function compare(
  cell: Cell,
  { rung, against, samples }: { rung: RungName; against: Reference; samples: Int32Array },
): ValueComparison | undefined {
  const { labels, reference } = cell
  const [ours, theirs] = [answersOf(cell, rung), answersOf(cell, against)]
  const both = samples.filter((i) => !Number.isNaN(theirs[i]!))
  if (both.length === 0) return undefined
  const pick = (values: Float64Array): number[] => Array.from(both, (i) => values[i]!)
  const r2 = (values: Float64Array): number => valueScores(pick(values), pick(labels), pick(reference)).r2
  const [a, b] = [drawnR2(cell, rung, both), drawnR2(cell, against, both)]
  const intervals = intervalsOf(a.map((value, draw) => value - b[draw]!))
  const verdict = verdictOf(intervals)
  return { against, samples: both.length, r2: { value: r2(ours) - r2(theirs), intervals, verdict }, verdict }
}

/** Values have no episodes that could be too few: above, below or across zero. */
function verdictOf(intervals: Intervals): ValueComparison['verdict'] {
  const { low, high } = intervals[95]
  return low > 0 ? 'better' : high < 0 ? 'worse' : 'undetermined'
}
