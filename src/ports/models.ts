/**
 * What the record holds of trained models: who is in force, who is in shadow, how each did, and how another is trained.
 *
 * @module
 */
import type { Asset } from '../domain/market/tick.ts'
import type { DurationMs, TimestampMs } from '../domain/units.ts'

/** What a model was trained and calibrated on; it answers in that kind of market only. */
export type ModelMarket = 'simulated' | 'recorded'
/** `champion`: in force. `challenger`: asked in shadow, beside it. `retired`: asked no more, and kept. */
export type ModelState = 'champion' | 'challenger' | 'retired'

/** A figure on held-out data with its 95 % interval. */
export interface ModelFigure {
  readonly value: number
  readonly low: number
  readonly high: number
}

/** Held-out figures of one target. */
export interface TargetFigures {
  /** How often it came. */
  readonly base: number
  /** Independent ones: what counts for significance. */
  readonly episodes: number
  readonly lift: ModelFigure
  /** 1 − Brier/Brier of the base rate. */
  readonly brierSkill: ModelFigure
  readonly ece: number
}

/** What was measured of a model before it came on record, on data that it had not seen. */
export interface ModelMetrics {
  /** By target key, `cascade-down-24h`. */
  readonly targets: Readonly<Record<string, TargetFigures>>
  /**
   * Brier skill over the rung below, paired and pooled over these targets; absent on the lowest rung and where it was not
   * compared. Skill is claimed on these targets, so each of them has to be calibrated too.
   */
  readonly overBelow?: ModelFigure & { readonly rung: string; readonly targets: readonly string[] }
  /** Of the data behind the figures, in words: dates, assets, folds. */
  readonly heldOut: string
}

/** A model as it comes on record. */
export interface ModelRegistration {
  readonly modelId: string
  /** Of the ladder: `five-feature`, `tcn`. */
  readonly rung: string
  readonly market: ModelMarket
  /** `shipped` came with the code. */
  readonly origin: 'shipped' | 'trained'
  readonly dataHash: string
  /** Of the features it reads; a model of other features than this code makes cannot be asked. */
  readonly featureHash: string
  /** One a member: several answer with their mean. */
  readonly seeds: readonly number[]
  readonly codeVersion: string
  readonly trainedAt: TimestampMs
  /** In words. */
  readonly trainedOn: string
  readonly architecture: string
  readonly metrics: ModelMetrics
  /** Calibration gate by target key. */
  readonly gates: Readonly<Record<string, boolean>>
  readonly calibrators: Readonly<Record<string, unknown>>
  /** Why it was trained on less data than is asked for; it stands on its card for ever. */
  readonly override?: string | undefined
  /** gzip of its `model.json`. */
  readonly artifact: Uint8Array
}

/** A model on record. Its artifact is read on its own. */
export interface ModelRecord extends Omit<ModelRegistration, 'artifact'> {
  readonly state: ModelState
  readonly registeredAt: TimestampMs
  /** Since when it is asked beside the champion; kept when it becomes champion. */
  readonly shadowSince: TimestampMs
  /** The last time. */
  readonly promotedAt?: TimestampMs | undefined
  readonly promotedBy?: string | undefined
  /** Whose place it took, and to whom a rollback goes. */
  readonly replaced?: string | undefined
  /** Taken out of force by its health; gone once a person puts it in force again. */
  readonly demotedAt?: TimestampMs | undefined
  readonly retiredAt?: TimestampMs | undefined
  /** Of its last change of state. */
  readonly reason?: string | undefined
}

/** Who changes a model's state, when and why. */
export interface ModelChange {
  readonly at: TimestampMs
  readonly by: string
  readonly reason: string
}

export type Promoted =
  | { readonly kind: 'promoted'; readonly model: ModelRecord; readonly retired?: ModelRecord | undefined }
  | { readonly kind: 'not-found' }
  | { readonly kind: 'not-a-challenger'; readonly model: ModelRecord }
  /** Another is in force than the one it was to replace. */
  | { readonly kind: 'overtaken'; readonly champion?: ModelRecord | undefined }

export type RolledBack =
  | { readonly kind: 'rolled-back'; readonly model: ModelRecord; readonly retired: ModelRecord }
  | { readonly kind: 'nothing-to-roll-back' }
  /** Another is in force than the one that was to be taken out, so that two who press at once do not go back twice. */
  | { readonly kind: 'overtaken'; readonly champion?: ModelRecord | undefined }
  /** The former champion reads features that this code does not make. */
  | { readonly kind: 'of-other-features'; readonly model: ModelRecord }

/** What a model said of one target, and what came of it. */
export interface ModelForecast {
  readonly modelId: string
  readonly asset: Asset
  readonly at: TimestampMs
  /** Target key of an event. */
  readonly target: string
  /** Calibrated. */
  readonly probability: number
  /** What volatility alone said at the same instant, calibrated: every score stands beside its own. */
  readonly baseline?: number | undefined
  /** From when on what came of it can be known: the end of the target's horizon. */
  readonly dueAt: TimestampMs
  /** Undefined until it is known, and where it can never be. */
  readonly outcome?: boolean | undefined
}

/** Which forecast, and what came of it; undefined: looked at, and never to be known. */
export interface ModelOutcome extends Pick<ModelForecast, 'modelId' | 'asset' | 'at' | 'target'> {
  readonly outcome: boolean | undefined
}

/** What a model has said so far, all targets and assets together. */
export interface ShadowRecord {
  /** UTC days with at least one forecast. */
  readonly days: number
  readonly forecasts: number
  /** Of these, with a known outcome. */
  readonly known: number
  readonly firstAt?: TimestampMs | undefined
  readonly lastAt?: TimestampMs | undefined
}

/** How a model did on a day, as it was judged that day. */
export interface ModelHealth {
  readonly modelId: string
  /** UTC midnight. */
  readonly day: TimestampMs
  /** `failed` takes a champion out of force. */
  readonly verdict: 'good' | 'watch' | 'failed'
  readonly report: Readonly<Record<string, unknown>>
}

/** Models on record. */
export interface ModelStore {
  /** As a challenger; `known`, and nothing written, where its id is on record. */
  register(model: ModelRegistration, at: TimestampMs): Promise<'registered' | 'known'>
  /** Newest first. */
  list(market?: ModelMarket): Promise<readonly ModelRecord[]>
  find(modelId: string): Promise<ModelRecord | undefined>
  /** gzip of `model.json`. */
  artifact(modelId: string): Promise<Uint8Array | undefined>
  champion(market: ModelMarket): Promise<ModelRecord | undefined>
  /**
   * Puts a challenger in force and retires the champion, which is remembered for a rollback; in one transaction, and one at a
   * time a market.
   *
   * @param change - `over`: the champion it is to replace, undefined for none
   */
  promote(change: ModelChange & { readonly modelId: string; readonly over: string | undefined }): Promise<Promoted>
  /**
   * Puts the one in force whose place the champion, or the one demoted last where there is none, had taken; and retires that.
   *
   * @param change - `over`: the champion that is taken out, undefined for none; `featureHash`: of this code
   */
  rollBack(
    change: ModelChange & {
      readonly market: ModelMarket
      readonly over: string | undefined
      readonly featureHash: string
    },
  ): Promise<RolledBack>
  /** Champion → challenger, marked; its market is without one. Undefined where it is not in force. */
  demote(change: ModelChange & { readonly modelId: string }): Promise<ModelRecord | undefined>
  /** Challenger → retired. Undefined where it is not a challenger. */
  retire(change: ModelChange & { readonly modelId: string }): Promise<ModelRecord | undefined>
}

/** What champions and challengers said, kept to be judged by. */
export interface ModelForecastStore {
  /** The first of a (model, asset, instant, target) stands; returns how many were new. */
  save(forecasts: readonly ModelForecast[]): Promise<number>
  /** Due at or before `before` and not looked at yet, oldest first. */
  pending(filter: { readonly before: TimestampMs; readonly limit: number }): Promise<readonly ModelForecast[]>
  /** Returns how many were written: the first answer stands. */
  resolve(outcomes: readonly ModelOutcome[]): Promise<number>
  /** Ordered by time, asset and target, both ends included; those without a known outcome too. */
  between(filter: {
    readonly modelId: string
    readonly from: TimestampMs
    readonly to: TimestampMs
    readonly asset?: Asset
    readonly target?: string
  }): Promise<readonly ModelForecast[]>
  shadow(modelId: string): Promise<ShadowRecord>
  /** Retention: of each model, asset, target and UTC hour in the span keeps the first; returns how many went. */
  thin(span: { readonly from: TimestampMs; readonly to: TimestampMs }): Promise<number>
  deleteBefore(at: TimestampMs): Promise<number>
}

export interface ModelHealthStore {
  /** One a model and day: the last stands. */
  save(health: ModelHealth): Promise<void>
  latest(modelId: string): Promise<ModelHealth | undefined>
  /** In order of day, both ends included. */
  between(filter: {
    readonly modelId: string
    readonly from: TimestampMs
    readonly to: TimestampMs
  }): Promise<readonly ModelHealth[]>
}

// ---------------------------------------------------------------- files and training

/** Models outside the record, and what this code can load. */
export interface ModelFiles {
  /** Which market this desk is in. */
  readonly market: ModelMarket
  /** Of the features this code makes. */
  readonly featureHash: string
  /** Names of the ladder, from the one that knows nothing upwards. */
  readonly rungs: readonly string[]
  /** Those that came with the code. */
  shipped(): Promise<readonly ModelRegistration[]>
}

export interface TrainingRequest {
  readonly rung: string
  readonly seed: number
  /** Why it is trained although there is too little data. */
  readonly override?: string | undefined
  readonly startedBy: string
}

export type TrainingStarted =
  | { readonly kind: 'started'; readonly progress: TrainingProgress }
  | { readonly kind: 'already-running'; readonly progress: TrainingProgress }
  | { readonly kind: 'too-little-data'; readonly groups: readonly ShortFeatureGroup[]; readonly needed: DurationMs }
  /** Nothing to train on is set up on this machine. */
  | { readonly kind: 'impossible'; readonly reason: string }

/** A group of features with less history than is asked for. */
export interface ShortFeatureGroup {
  readonly group: string
  readonly has: DurationMs
}

export interface TrainingProgress {
  readonly request: TrainingRequest
  readonly startedAt: TimestampMs
  /** 0 to 1. */
  readonly share: number
  readonly text: string
  readonly left?: DurationMs | undefined
}

export type TrainingEnd =
  | { readonly kind: 'trained'; readonly request: TrainingRequest; readonly model: ModelRegistration }
  | { readonly kind: 'cancelled'; readonly request: TrainingRequest }
  | { readonly kind: 'failed'; readonly request: TrainingRequest; readonly reason: string }
  /** Found once the data were read: nothing was fitted, and a reason to train all the same would be taken. */
  | {
      readonly kind: 'too-little-data'
      readonly request: TrainingRequest
      readonly groups: readonly ShortFeatureGroup[]
    }

/** Training in a process of its own, one at a time. */
export interface Trainer {
  start(request: TrainingRequest): Promise<TrainingStarted>
  /** Undefined while nothing runs. */
  progress(): Promise<TrainingProgress | undefined>
  /** False where nothing runs. */
  cancel(): Promise<boolean>
  /** How the last training ended, until `settle` has been called for it. */
  ended(): Promise<TrainingEnd | undefined>
  /** What `ended` says is on record. */
  settle(): Promise<void>
}
