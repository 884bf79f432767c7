/**
 * A rung of the ladder: how one kind of model is fitted, asked, kept and explained.
 *
 * @module
 */
import type { Explanation } from '../src/domain/model/explanation.ts'
import type { Engine } from './engine.ts'
import type { Hidden } from './hiding.ts'
import type { Sample } from './samples.ts'
import type { TargetKey } from './targets.ts'

/** From the one that knows nothing upwards; each has to beat the one before it. */
export const RUNG_NAMES = [
  'base-rate',
  'volatility-only',
  'open-interest-funding',
  'five-feature',
  'boosted-trees',
  'gru',
  'lstm',
  'cnn-lstm',
  'tcn',
  'transformer',
] as const
export type RungName = (typeof RUNG_NAMES)[number]

export type { Contribution, Explanation } from '../src/domain/model/explanation.ts'

export interface FitTask {
  readonly train: readonly Sample[]
  /** For early stopping only; calibrators are fitted on it afterwards, by the caller. */
  readonly calibration: readonly Sample[]
  /** Of initial weights and every draw. */
  readonly seed: number
  /** `quick` shows in seconds that everything works, and is of no use. */
  readonly effort: 'full' | 'quick'
  readonly engine: Engine
  /** Where to keep the last epoch, so that a fit that was killed goes on from there; removed when it ends. */
  readonly checkpointFile?: string
  /** Share done from 0 to 1. */
  readonly onProgress?: (share: number, text: string) => void
  readonly signal?: AbortSignal
}

export interface Rung {
  readonly name: RungName
  /** How people call it: "dilated TCN". */
  readonly title: string
  /** Names of the features it reads (`models/features.ts`); `all` for every one. */
  readonly features: 'all' | readonly string[]
  /** Whether it reads each venue's own rows. */
  readonly readsVenues: boolean
  /** Hours before the asked one that it looks back on: 0 for a model of the last row. */
  readonly windowHours: number
  /** @throws the signal's reason when it is aborted */
  fit(task: FitTask): Promise<FittedModel>
  /** @throws {Error} when the stored model is of another rung or shape */
  restore(stored: StoredModel, engine: Engine): FittedModel
}

export interface FittedModel {
  readonly rung: RungName
  /** In words: "dilated causal TCN, 12 345 parameters, 72 hourly steps". */
  readonly architecture: string
  /**
   * Uncalibrated scores, row-major [samples × TARGETS]: a logit for an event, a value in the target's unit for a value, NaN for a
   * target the rung does not answer or whose features are not known.
   *
   * @param hide - what to hide from each sample, as if it had not been received
   * @param only - targets that are wanted; others may then be NaN, where leaving them out saves time
   */
  scores(samples: readonly Sample[], hide?: () => Hidden | undefined, only?: readonly TargetKey[]): Float32Array
  /** Which inputs made the score of one sample, adding up to it. */
  explain(sample: Sample, key: TargetKey): Explanation
  /** Names of features that were hidden from the model because they stand where training never was; default none. */
  foreign?(sample: Sample): readonly string[]
  store(): StoredModel
  dispose(): void
}

/** A model as a file keeps it: plain JSON and arrays by name. */
export interface StoredModel {
  readonly rung: RungName
  /** Everything but arrays: hyper-parameters, names of features, coefficients. */
  readonly settings: Readonly<Record<string, unknown>>
  /** Little-endian float32 in base64 (see `artifact.ts`). */
  readonly arrays: Readonly<Record<string, { readonly shape: number[]; readonly data: string }>>
}
