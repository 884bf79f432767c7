/**
 * What an evaluation finds, as plain JSON: figures by target, by scope (one asset, or all together) and by rung.
 *
 * @module
 */
import type { Asset } from '../../src/domain/market/tick.ts'
import type { Gate } from '../gate.ts'
import type { HeldOut } from '../held-out.ts'
import type { EventScores, ValueScores } from '../metrics.ts'
import type { RungName } from '../rung.ts'
import type { TargetKey } from '../targets.ts'
import type { AlertFigures, ValueScore } from './alerts.ts'
import type { Intervals } from './resampling.ts'

/** Below so many episodes of the whole market, no interval means what it says. */
export const LEAST_EPISODES = 10
export const ALL = 'all'

export type Verdict = 'better' | 'worse' | 'undetermined' | 'too few episodes'

/** A figure less the same figure of something else on the same samples; above zero is better. */
export interface Difference {
  readonly value: number
  /** By week-long blocks of time. */
  readonly intervals: Intervals
  /** By episodes of the market. Not made for values, which have none. */
  readonly byEpisode?: Intervals
  /** By the 95 % interval of blocks. */
  readonly verdict: Verdict
}

/** Brier skill of a rung less that of another, over several targets and all assets at once. */
export interface TogetherComparison {
  readonly rung: RungName
  readonly against: Reference
  readonly targets: readonly TargetKey[]
  /** Answers of both, over all targets. */
  readonly samples: number
  readonly brierSkill: Difference
}

/** What a rung is compared with: another rung, or always saying the rate (or mean) of the training segment. */
export type Reference = RungName | 'training rate'

export interface EventComparison {
  readonly against: Reference
  /** Both answered. */
  readonly samples: number
  readonly averagePrecision: Difference
  readonly brierSkill: Difference
  /** `better` when both are; `worse` when one is and the other is not better. */
  readonly verdict: Verdict
}

export type Figure = 'averagePrecision' | 'lift' | 'rocAuc' | 'brierSkill'

export interface CurveBin {
  readonly meanProbability: number
  readonly rate: number
  /** 90 % interval by week-long blocks. */
  readonly low: number
  readonly high: number
  readonly count: number
}

export interface EventRow {
  readonly rung: RungName
  readonly scores: EventScores
  readonly intervals: Readonly<Record<Figure, Intervals>>
  readonly byEpisode: Readonly<Record<Figure, Intervals>>
  readonly comparisons: readonly EventComparison[]
  /** Of all assets together. */
  readonly gate?: Gate
  /** Absent where the calibration segment gave no threshold. */
  readonly alerts?: AlertFigures
  readonly value?: ValueScore
  /** Of all assets together, for the labels that skill is claimed on. */
  readonly reliability?: readonly CurveBin[]
  readonly precisionRecall?: readonly (readonly [recall: number, precision: number])[]
}

export interface EventCell {
  readonly target: TargetKey
  readonly scope: Asset | typeof ALL
  /** Whether skill may be claimed on it at all; everything else is descriptive. */
  readonly priceOnly: boolean
  readonly samples: number
  readonly base: number
  /** Runs of positive hours of each asset. */
  readonly episodes: number
  /** The same over all assets: what happened to several at once happened once. */
  readonly marketEpisodes: number
  /** First days of the market-wide episodes, UTC. */
  readonly marketDates: readonly string[]
  readonly rows: readonly EventRow[]
}

export interface ValueComparison {
  readonly against: Reference
  readonly samples: number
  /** Of the share of the variance that is explained. */
  readonly r2: Difference
  readonly verdict: Verdict
}

export interface ValueRow {
  readonly rung: RungName
  readonly scores: ValueScores
  readonly intervals: { readonly r2: Intervals; readonly directionalAccuracy: Intervals }
  readonly comparisons: readonly ValueComparison[]
}

export interface ValueCell {
  readonly target: TargetKey
  readonly scope: Asset | typeof ALL
  readonly samples: number
  readonly rows: readonly ValueRow[]
}

export interface LadderReport {
  readonly rungs: readonly RungName[]
  readonly assets: readonly Asset[]
  readonly folds: readonly HeldOut['segments'][]
  readonly samples: number
  readonly resampling: { readonly blockHours: number; readonly draws: number; readonly seed: number }
  /** Over the price-only targets at once. */
  readonly together: readonly TogetherComparison[]
  readonly events: readonly EventCell[]
  readonly values: readonly ValueCell[]
}

/** The cell of a target over all assets, or over the only one. */
export const pooledCell = (report: LadderReport, target: TargetKey): EventCell | undefined =>
  report.events.find((cell) => cell.target === target && cell.scope === scopesOf(report.assets)[0])

/** All assets together first; one asset alone is its own whole. */
export const scopesOf = (assets: readonly Asset[]): readonly string[] => (assets.length > 1 ? [ALL, ...assets] : assets)
