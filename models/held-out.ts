import type { Asset } from '../src/domain/market/tick.ts'
import type { RungName } from './rung.ts'
import type { TargetKey } from './targets.ts'

/**
 * What one rung said about samples it was not fitted on, and what came: everything evaluation is made of.
 *
 * One array entry per sample, in order of time, the assets of an instant beside each other. Plain JSON: a fold that was judged
 * once is read from its file afterwards.
 */
export interface HeldOut {
  readonly rung: RungName
  /** Number of the walk-forward fold, from 0. */
  readonly fold: number
  readonly assets: readonly Asset[]
  readonly instants: readonly number[]
  /** Calibrated: a probability for an event, a number in the target's unit for a value; null where the rung said nothing. */
  readonly answers: Readonly<Record<TargetKey, readonly (number | null)[]>>
  /** null where the future is not recorded. */
  readonly labels: Readonly<Record<TargetKey, readonly (number | null)[]>>
  /** Share of positives, or mean, over the train segment: the forecast that knows nothing. */
  readonly trainingMean: Readonly<Record<TargetKey, number>>
  /** Probability above which the calibration segment would have raised one alert a day at six hours' cooldown. */
  readonly alertThreshold: Readonly<Partial<Record<TargetKey, number>>>
  /** What the time after each instant was worth, where the prices are at hand: what a hedge against the event earns or costs. */
  readonly stakes?: {
    /** Simple return of the asset over so many hours; null where the future is not recorded. */
    readonly returns: Readonly<Record<'4h' | '24h' | '72h', readonly (number | null)[]>>
    /** Funding per eight hours known at the instant, income of a short when positive; null where it is not known. */
    readonly funding: readonly (number | null)[]
  }
  /**
   * Mean log loss of an event, or squared error of a value, on the calibration segment after calibration: what a choice between
   * rungs may be made by without having looked at the test. null where it was not answered.
   */
  readonly calibrationLoss?: Readonly<Record<TargetKey, number | null>>
  /** First and last instants of the segments, purged and embargoed. */
  readonly segments: {
    readonly train: readonly [number, number]
    readonly calibration: readonly [number, number]
    readonly test: readonly [number, number]
  }
}
