/**
 * What the app needs from outside. Types only: adapters live in venues/, store/, queue/, chat/ and models/.
 *
 * @module
 */
import type { Card } from './domain/card.ts'
import type { Urgency } from './domain/delivery.ts'
import type { Horizon, ModelIdentity, Prediction } from './domain/forecast.ts'
import type { InstrumentId } from './domain/instrument.ts'
import type { Panel } from './domain/market/panel.ts'
import type { Asset, FeedDeclaration, Tick, VenueId } from './domain/market/tick.ts'
import type { Platform } from './domain/member.ts'
import type { DriftReference } from './domain/model/drift.ts'
import type { ProposalId } from './domain/proposal.ts'
import type { DurationMs, TimestampMs } from './domain/units.ts'
import type { Quote } from './ports/quote.ts'

// ---------------------------------------------------------------- clock, ids, randomness

/** The product's time. Under `virtual` the market drives it, and the next bar waits until due work is done. */
export interface Clock {
  readonly kind: 'wall' | 'virtual'
  now(): TimestampMs
}

export interface VirtualClock extends Clock {
  readonly kind: 'virtual'
  /** Moves forward; moving back throws RangeError. */
  advanceTo(at: TimestampMs): void
}

export interface Ids {
  proposalId(): ProposalId
  /** Any other row's id: 16 lower-case base32 characters. */
  rowId(): string
}

/** Uniform in [0, 1), seeded. */
export type Random = () => number

// ---------------------------------------------------------------- market

export interface MarketStep {
  /** The clock reads this when the step's ticks have been received. */
  readonly at: TimestampMs
  readonly ticks: readonly Tick[]
  /** History before the window opens: folded and stored, but nothing is forecast or proposed on it. */
  readonly warmup: boolean
}

/** Where observations come from: the synthetic market, recorded history or live venues. */
export interface MarketSource {
  readonly name: string
  readonly assets: readonly Asset[]
  readonly clock: 'wall' | 'virtual'
  /** First instant after warm-up, and the last (undefined: endless). */
  readonly from: TimestampMs
  readonly to?: TimestampMs
  /** What it promises to publish. What is not here is missing. */
  readonly feeds: readonly FeedDeclaration[]
  /**
   * Steps in order of `at`. With `after`, only steps later than it (a restart continues from what was stored).
   * Wall-clock sources end when `signal` aborts.
   */
  steps(options?: { after?: TimestampMs; signal?: AbortSignal }): AsyncIterable<MarketStep>
  /** Input it could not read: file, line, column, why. Counted and shown, never guessed at. */
  problems(): readonly string[]
  /**
   * What a venue would trade at, at this instant; undefined when it does not know (no paper fill is invented).
   *
   * @param venue - whose book; the first that has a fresh one where it is left out
   */
  quoteAt(asset: Asset, at: TimestampMs, venue?: VenueId): Quote | undefined
  close(): Promise<void>
}

// ---------------------------------------------------------------- forecaster

export interface Forecaster {
  /** As of the last forecast or refresh. */
  readonly model: ModelCardFacts | undefined
  /** Looks on record who is in force and who is in shadow, and loads them; a forecast does so by itself. */
  refresh?(): Promise<void>
  /** Answers `undetermined` when its inputs are stale or too thin; throws only on a fault of machinery. */
  predict(panel: Panel, asset: Asset, at: TimestampMs, feeds: readonly FeedDeclaration[]): Promise<Prediction>
  /** What the model reads of an asset at an instant; NaN where it is not known. Absent where nothing is loaded. */
  lastRow?(
    panel: Panel,
    asset: Asset,
    at: TimestampMs,
    feeds: readonly FeedDeclaration[],
  ): { readonly names: readonly string[]; readonly values: readonly number[] }
  /** What the model was fitted on, to hold later rows against; undefined where its artifact says nothing of it. */
  readonly drift?: DriftReference | undefined
  /** Challengers: asked beside it, and nobody acts on what they say. */
  readonly shadow?: readonly Forecaster[]
}

export interface ModelCardFacts extends ModelIdentity {
  readonly architecture: string
  /** `tfjs-node`, `wasm` or `cpu`. */
  readonly engine: string
  readonly trainedAt: string
  readonly trainedOn: string
  /** Held-out figures by head and name, e.g. `cascade-down-24h.brierSkill`, beside the baseline's. */
  readonly metrics: Readonly<
    Record<string, { readonly model: number; readonly baseline: number; readonly base: number }>
  >
  /** Whether each head passed the calibration gate (§2.5) with every feed there. */
  readonly gates: Readonly<Record<string, boolean>>
  /** Why it was trained on less data than is asked for. */
  readonly override?: string
}

// ---------------------------------------------------------------- confidence of clusters

/** Forecasts of nearly the same probability, and the rate at which they came true, with its 90 % interval. */
export interface ConfidenceBin {
  readonly meanProbability: number
  readonly rate: number
  readonly low: number
  readonly high: number
  readonly count: number
}

/** How the confidence that is loaded did on held-out data, within one horizon. */
export interface ConfidenceFacts {
  /** One cluster and day is one. */
  readonly samples: number
  readonly days: number
  readonly events: number
  readonly ece: number
  /** 1 − Brier/Brier of the base rate: above 0 is better than climatology. */
  readonly brierSkill: number
  /** The same of distance and volatility alone. */
  readonly baselineBrierSkill: number
  /** 1 − Brier/Brier of distance and volatility alone, with its 95 % interval. */
  readonly skillOverBaseline?: { readonly value: number; readonly low: number; readonly high: number }
  /** Days and sides with an event: the number that counts for significance. */
  readonly episodes?: number
  readonly reliability: readonly ConfidenceBin[]
  readonly baselineReliability?: readonly ConfidenceBin[]
  readonly calibratedOn: ModelIdentity['calibratedOn']
  /** Market, assets, dates, seeds, in words. */
  readonly trainedOn: string
}

/** By horizon; missing where nothing is claimed. */
export type ConfidenceReport = Readonly<Partial<Record<Horizon, ConfidenceFacts>>>

// ---------------------------------------------------------------- queue

export interface JobData {
  'refresh-forecasts': { readonly at: TimestampMs }
  'propose-hedges': { readonly at: TimestampMs }
  /** `lease` as it stood when the wake-up was added: if it has moved on, another chain of wake-ups has taken over. */
  'execute-proposal': { readonly proposalId: ProposalId; readonly lease: number }
  'expire-proposal': { readonly proposalId: ProposalId }
  'remind-approvers': { readonly proposalId: ProposalId }
  'deliver-messages': Record<string, never>
  reconcile: Record<string, never>
  'apply-retention': Record<string, never>
  'refresh-margin-tiers': Record<string, never>
  'retrain-models': Record<string, never>
  'tend-training': Record<string, never>
  'judge-clusters': { readonly at: TimestampMs }
  'record-model-forecasts': { readonly at: TimestampMs }
  'measure-model-health': { readonly at: TimestampMs }
  'escalate-alert': { readonly alertId: string; readonly step: number }
  'send-digests': Record<string, never>
  'check-reach': Record<string, never>
  /** Judges every rail on the facts of this moment. */
  'watch-risk': Record<string, never>
  /** Brings the protective stops of one leg to where its position is. */
  'tend-stops': { readonly instrumentId: InstrumentId }
  'expire-request': { readonly requestId: string }
}
export type JobName = keyof JobData

export interface JobRequest<N extends JobName = JobName> {
  readonly name: N
  readonly data: JobData[N]
  /** Deduplicates while the job is waiting or running; letters, digits, `-`; never an integer, never with ":". */
  readonly jobId: string
  /** Clock time; undefined or past = at once. */
  readonly at?: TimestampMs
}

export type JobHandlers = {
  readonly [N in JobName]: {
    readonly run: (data: JobData[N]) => Promise<void>
    readonly attempts: number
    readonly timeout: DurationMs
  }
}

/** Transport only: a job is a wake-up, not a lock, and everything it carries can be rebuilt from rows. */
export interface Queue {
  add<N extends JobName>(request: JobRequest<N>): Promise<void>
  /** Takes jobs of the names given; others stay for another process. */
  start(handlers: Partial<JobHandlers>): Promise<void>
  /** Virtual clock only: when the next held job is due. */
  nextDueAt(): TimestampMs | undefined
  /** Virtual clock only: hands over every held job whose time has come. */
  releaseDue(): Promise<void>
  /** Resolves when nothing that was handed over is waiting, running or about to be retried. */
  settled(): Promise<void>
  /** Stops taking jobs and waits for running ones. */
  close(): Promise<void>
}

// ---------------------------------------------------------------- chat

export interface Notifier {
  readonly platform: Platform
  /** Where desk-wide cards go. */
  readonly channels: readonly string[]
  /**
   * @param channel - a channel of the desk, or `user:<numeric id>` for someone's private chat
   * @throws {DeliveryRefusedError} when no further try will help until a person does something
   */
  post(channel: string, card: Card, options?: { urgency?: Urgency }): Promise<{ readonly messageId: string }>
  /** Where the card stands afterwards: a platform may have to send it anew, or go on in a further message. */
  edit(
    channel: string,
    messageId: string,
    card: Card,
    options?: { urgency?: Urgency },
  ): Promise<{ readonly messageId: string }>
  /** ms of wall-clock time until the platform's limits let something this urgent through to the channel; 0 = now. */
  readyIn(channel: string, urgency: Urgency): number
  /** Whether a message would arrive there, as far as the platform tells without one being sent. Never throws. */
  probe(channel: string): Promise<{ readonly works: true } | { readonly works: false; readonly reason: string }>
}

/** The last resort for a critical alert that nobody acknowledges: ntfy, PagerDuty or any address that takes JSON. */
export interface Pager {
  readonly name: string
  /** The same `key` again is the same incident. Throws when it was not taken. */
  page(incident: {
    readonly key: string
    readonly title: string
    readonly text: string
    readonly severity: 'warning' | 'critical'
  }): Promise<void>
}

/** Tells whoever watches from outside that we are alive; a silence is theirs to notice. */
export interface Heartbeat {
  /** Throws when it was not taken. */
  beat(facts: { readonly state: string; readonly at: TimestampMs }): Promise<void>
}

// ---------------------------------------------------------------- store

export type * from './ports/execution-store.ts'
export type * from './ports/margin-tiers.ts'
export type * from './ports/models.ts'
export type * from './ports/quote.ts'
export type * from './ports/risk-rows.ts'
export type * from './ports/rows.ts'
export type * from './ports/store.ts'
export type * from './ports/venue.ts'
