import { averagePrecision } from '../../src/domain/calibration.ts'
import type { Asset } from '../../src/domain/market/tick.ts'
import { HOUR } from '../../src/domain/units.ts'
import { calibrationGate, type Gate } from '../gate.ts'
import { eventScores } from '../metrics.ts'
import type { RungName } from '../rung.ts'
import type { EventKey, Target } from '../targets.ts'
import { alertFigures, type Decision, valueScore } from './alerts.ts'
import { curveBins, precisionRecall } from './curves.ts'
import { episodesOf, marketEpisodesOf } from './episodes.ts'
import {
  ALL,
  type Difference,
  type EventCell,
  type EventComparison,
  type EventRow,
  type Figure,
  LEAST_EPISODES,
  type Reference,
  type Verdict,
} from './ladder-report.ts'
import type { PooledLadder } from './pool.ts'
import {
  BLOCK_HOURS,
  type Draws,
  drawRanking,
  drawSums,
  episodeClusters,
  type Intervals,
  intervalsOf,
  rank,
} from './resampling.ts'

export interface EventTask {
  readonly target: Target
  readonly scope: string
  /** Whether the scope is everything there is: then the gate and the curves are made too. */
  readonly pooled: boolean
  readonly priceOnly: boolean
  /** The horizon whose return a hedge against the event earns, where one is recorded. */
  readonly stakesHours: 4 | 24 | 72 | undefined
  readonly blocks: Draws
  readonly seed: number
  readonly draws: number
}

/** One scope of one target: what is the same for every rung. */
interface Cell {
  readonly pool: PooledLadder
  readonly task: EventTask
  readonly key: EventKey
  readonly labels: Float64Array
  readonly reference: Float64Array
  /** By time, and by episode. */
  readonly resampled: readonly [Draws, Draws]
  readonly marketEpisodes: number
  readonly memory: Map<string, Resampled>
}

/** @returns undefined where no label is known */
export function judgeEvent(pool: PooledLadder, task: EventTask): EventCell | undefined {
  const key = task.target.key as EventKey
  const labels = pool.labels[key]
  const samples = Int32Array.from(pool.instants.keys()).filter(
    (i) => !Number.isNaN(labels[i]!) && (task.scope === ALL || pool.assetOf[i] === task.scope),
  )
  if (samples.length === 0) return undefined
  const positives = [...samples]
    .filter((i) => labels[i] === 1)
    .map((i) => ({ asset: pool.assetOf[i]!, at: pool.instants[i]! }))
  const market = marketEpisodesOf(positives)
  const cell: Cell = {
    pool,
    task,
    key,
    labels,
    reference: pool.reference[key],
    resampled: [task.blocks, episodeClusters(pool.instants, positives, { seed: task.seed + 1, draws: task.draws })],
    marketEpisodes: market.length,
    memory: new Map(),
  }
  const rows = pool.rungs.flatMap((rung) => rowOf(cell, rung, samples) ?? [])
  if (rows.length === 0) return undefined
  return {
    target: key,
    scope: task.scope as Asset,
    priceOnly: task.priceOnly,
    samples: samples.length,
    base: positives.length / samples.length,
    episodes: episodesOf(positives).length,
    marketEpisodes: market.length,
    marketDates: market.map(({ from }) => new Date(from).toISOString().slice(0, 10)),
    rows,
  }
}

function rowOf(cell: Cell, rung: RungName, labelled: Int32Array): EventRow | undefined {
  const { pool, task, key, labels, reference } = cell
  const answers = pool.answers[rung]![key]
  const samples = labelled.filter((i) => !Number.isNaN(answers[i]!))
  if (samples.length === 0) return undefined
  const pick = (values: Float64Array): number[] => Array.from(samples, (i) => values[i]!)
  const scores = eventScores(pick(answers), pick(labels), pick(reference))
  const own = resample(cell, rung, samples)
  const figures = (which: 0 | 1) =>
    Object.fromEntries(Object.entries(own[which]).map(([figure, drawn]) => [figure, intervalsOf(drawn)])) as Record<
      Figure,
      Intervals
    >
  const decisions = decisionsOf(cell, rung, samples)
  const hasThreshold = decisions.some(({ threshold }) => !Number.isNaN(threshold))
  return {
    rung,
    scores,
    intervals: figures(0),
    byEpisode: figures(1),
    comparisons: referencesOf(pool.rungs, rung).flatMap((against) => compare(cell, { rung, against, samples }) ?? []),
    ...(task.pooled ? { gate: gateOf(cell, answers, { samples, skill: scores.brierSkill }) } : {}),
    ...(hasThreshold ? { alerts: alertFigures(decisions, { seed: task.seed }), value: valueScore(decisions) } : {}),
    ...(task.pooled && task.priceOnly
      ? {
          reliability: curveBins(answers, labels, { samples, draws: task.blocks }),
          precisionRecall: precisionRecall(pick(answers), pick(labels)),
        }
      : {}),
  }
}

/** The rung below, volatility alone, and knowing nothing: what every rung is held against. */
export function referencesOf(rungs: readonly RungName[], rung: RungName): readonly Reference[] {
  const place = rungs.indexOf(rung)
  const below = rungs[place - 1]
  const volatility = rungs.indexOf('volatility-only')
  return [
    ...(below ? [below] : []),
    ...(volatility >= 0 && volatility < place - 1 ? (['volatility-only'] as const) : []),
    'training rate' as const,
  ]
}

type Resampled = readonly [Readonly<Record<Figure, Float64Array>>, Readonly<Record<Figure, Float64Array>>]

/** Figures of every draw, by time and by episode; made once for one set of samples. */
function resample(cell: Cell, who: Reference, samples: Int32Array): Resampled {
  const name = `${who} ${fingerprint(samples)}`
  const known = cell.memory.get(name)
  if (known) return known
  const { labels, reference } = cell
  const answers = answersOf(cell, who)
  const made = cell.resampled.map((draws) => {
    const error = drawSums((i) => (answers[i]! - labels[i]!) ** 2, { samples, draws })
    const referenceError = drawSums((i) => (reference[i]! - labels[i]!) ** 2, { samples, draws })
    return {
      ...drawRanking(rank(answers, labels, { samples, unitOf: draws.unitOf }), draws),
      brierSkill: error.map((value, draw) => 1 - value / referenceError[draw]!),
    }
  }) as unknown as Resampled
  cell.memory.set(name, made)
  return made
}

const answersOf = ({ pool, key, reference }: Cell, who: Reference): Float64Array =>
  who === 'training rate' ? reference : pool.answers[who]![key]

/** Tells sets of samples apart (FNV-1a over their numbers). */
function fingerprint(samples: Int32Array): string {
  let hash = 0x811c9dc5
  for (const sample of samples) hash = Math.imul(hash ^ sample, 0x01000193) >>> 0
  return `${samples.length}-${hash}`
}

/** @returns undefined where the two never answered the same sample */
function compare(
  cell: Cell,
  { rung, against, samples }: { rung: RungName; against: Reference; samples: Int32Array },
): EventComparison | undefined {
  const [ours, theirs] = [answersOf(cell, rung), answersOf(cell, against)]
  const both = samples.filter((i) => !Number.isNaN(theirs[i]!))
  if (both.length === 0) return undefined
  const pick = (values: Float64Array): number[] => Array.from(both, (i) => values[i]!)
  const [labels, reference] = [pick(cell.labels), pick(cell.reference)]
  const referenceError = reference.reduce((sum, p, i) => sum + (p - labels[i]!) ** 2, 0)
  const skill = (values: Float64Array): number =>
    1 - pick(values).reduce((sum, p, i) => sum + (p - labels[i]!) ** 2, 0) / referenceError
  const [a, b] = [resample(cell, rung, both), resample(cell, against, both)]
  const difference = (figure: 'averagePrecision' | 'brierSkill', value: number): Difference => {
    const [intervals, byEpisode] = ([0, 1] as const).map((which) =>
      intervalsOf(a[which][figure].map((drawn, draw) => drawn - b[which][figure][draw]!)),
    ) as [Intervals, Intervals]
    return { value, intervals, byEpisode, verdict: verdictOf(intervals, cell.marketEpisodes) }
  }
  const precision = difference(
    'averagePrecision',
    averagePrecision(pick(ours), labels) - averagePrecision(pick(theirs), labels),
  )
  const skillDifference = difference('brierSkill', skill(ours) - skill(theirs))
  return {
    against,
    samples: both.length,
    averagePrecision: precision,
    brierSkill: skillDifference,
    verdict: together(precision.verdict, skillDifference.verdict),
  }
}

/** Above, below or across zero. */
export function verdictOf(intervals: Intervals, episodes: number): Verdict {
  if (episodes < LEAST_EPISODES) return 'too few episodes'
  const { low, high } = intervals[95]
  return low > 0 ? 'better' : high < 0 ? 'worse' : 'undetermined'
}

function together(a: Verdict, b: Verdict): Verdict {
  if (a === b) return a
  return [a, b].includes('worse') && ![a, b].includes('better') ? 'worse' : 'undetermined'
}

function decisionsOf({ pool, task, key, labels }: Cell, rung: RungName, samples: Int32Array): readonly Decision[] {
  const [answers, thresholds] = [pool.answers[rung]![key], pool.thresholds[rung]![key]]
  const { stakesHours: hours } = task
  // A hedge against a rise is the other way round: it earns the rise and pays the funding.
  const sign = task.target.name.startsWith('cascade-up') ? 1 : -1
  const returns = hours && pool.returns?.[`${hours}h`]
  return Array.from(samples, (i) => {
    const move = returns ? sign * returns[i]! : Number.NaN
    const funding = pool.funding?.[i] ?? Number.NaN
    return {
      asset: pool.assetOf[i]!,
      at: pool.instants[i]!,
      probability: answers[i]!,
      threshold: thresholds[i]!,
      label: labels[i]!,
      ...(Number.isNaN(move) ? {} : { move, carry: Number.isNaN(funding) ? 0 : (-sign * funding * hours!) / 8 }),
    }
  })
}

/** Neighbouring hours say nearly the same; a slope is fitted on one in so many. */
const SLOPE_EVERY_HOURS = 4

/** On one sample per horizon, assets in turn, so that labels do not overlap; the slope on week-long blocks of all of them. */
function gateOf(
  { pool, task, labels }: Cell,
  answers: Float64Array,
  { samples, skill }: { samples: Int32Array; skill: number },
): Gate {
  const { instants, assetOf, assets } = pool
  const pick = (chosen: readonly number[]) => ({
    probabilities: chosen.map((i) => answers[i]!),
    labels: chosen.map((i) => labels[i]!),
  })
  const seen = new Set<string>()
  const oncePer = (hours: number, isNext: (i: number, turn: number) => string | undefined): number[] =>
    [...samples].filter((i) => {
      const name = isNext(i, Math.floor(instants[i]! / (hours * HOUR)))
      if (name === undefined || seen.has(name)) return false
      seen.add(name)
      return true
    })
  const single = oncePer(Math.max(1, task.target.horizonHours), (i, turn) => {
    const isTurn = task.scope !== ALL || assetOf[i] === assets[turn % assets.length]
    return isTurn ? `${turn}` : undefined
  })
  const often = oncePer(SLOPE_EVERY_HOURS, (i, turn) => `${assetOf[i]} ${turn}`)
  return calibrationGate(
    pick(single),
    { ...pick(often), blocks: often.map((i) => Math.floor(instants[i]! / (BLOCK_HOURS * HOUR))) },
    { seed: task.seed + 2, skill },
  )
}
