/**
 * What the app needs from outside. Types only: adapters live in venues/, store/, queue/, chat/ and models/.
 *
 * @module
 */
import type { Alert } from './domain/alert.ts'
import type { Card } from './domain/card.ts'
import type { ClientOrderId, Fill, Order, OrderState } from './domain/execution/order.ts'
import type { Cluster, Forecast, ModelIdentity, Prediction } from './domain/forecast.ts'
import type { Instrument, InstrumentId } from './domain/instrument.ts'
import type { Panel } from './domain/market/panel.ts'
import type { Asset, FeedDeclaration, Tick, VenueId } from './domain/market/tick.ts'
import type { Identity, Member, Platform, Role } from './domain/member.ts'
import type { Proposal, ProposalId, ProposalState } from './domain/proposal.ts'
import type { TradingState } from './domain/risk/trading-state.ts'
import type { BaseQty, DurationMs, Price, TimestampMs, Usd } from './domain/units.ts'

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
  /** What a venue would trade at, at this instant; undefined when it does not know (no paper fill is invented). */
  quoteAt(asset: Asset, at: TimestampMs): Quote | undefined
  close(): Promise<void>
}

export interface Quote {
  readonly at: TimestampMs
  readonly bestBid: Price
  readonly bestAsk: Price
  /** Resting within 1 % of mid, each side; undefined where unknown. */
  readonly depthNotional?: Usd
  /** Traded per day, for impact. */
  readonly dailyVolumeNotional?: Usd
  readonly dailyVolatility?: number
}

// ---------------------------------------------------------------- trading venue

export interface OrderRequest {
  readonly clientOrderId: ClientOrderId
  readonly instrumentId: InstrumentId
  readonly side: 'buy' | 'sell'
  /** Decimal strings, rounded toward safety. */
  readonly quantity: string
  readonly limitPrice: string
  readonly timeInForce: 'ioc'
  readonly reduceOnly: boolean
}

export type SubmitOutcome =
  | { readonly kind: 'accepted'; readonly venueOrderId: string }
  | { readonly kind: 'rejected'; readonly reason: string }
  /** Timed out, cut off, unreadable: may or may not have happened. Resolved by asking, never by a new id. */
  | { readonly kind: 'unknown'; readonly reason: string }

export interface VenueOrder {
  readonly clientOrderId: ClientOrderId
  readonly venueOrderId: string
  readonly state: Extract<OrderState, 'accepted' | 'partially-filled' | 'filled' | 'canceled' | 'expired' | 'rejected'>
  readonly filledQuantity: BaseQty
  readonly averageFillPrice?: Price
}

export interface Venue {
  readonly venueId: VenueId
  readonly supports: { readonly reduceOnly: boolean; readonly findByClientOrderId: boolean }
  instrument(asset: Asset): Promise<Instrument>
  quote(asset: Asset): Promise<Quote | undefined>
  submit(order: OrderRequest): Promise<SubmitOutcome>
  find(clientOrderId: ClientOrderId): Promise<VenueOrder | undefined>
  fills(clientOrderId: ClientOrderId): Promise<readonly Fill[]>
  /** Signed: negative is short. */
  position(instrumentId: InstrumentId): Promise<BaseQty>
  close(): Promise<void>
}

// ---------------------------------------------------------------- forecaster

export interface Forecaster {
  readonly model: ModelCardFacts | undefined
  /** Answers `undetermined` when its inputs are stale or too thin; throws only on a fault of machinery. */
  predict(panel: Panel, asset: Asset, at: TimestampMs, feeds: readonly FeedDeclaration[]): Promise<Prediction>
}

export interface ModelCardFacts extends ModelIdentity {
  readonly architecture: string
  /** `tfjs-node`, `wasm` or `cpu`. */
  readonly engine: string
  readonly trainedAt: string
  readonly trainedOn: string
  /** Held-out figures by name, e.g. `brierSkill`, `averagePrecision`, beside the baseline's. */
  readonly metrics: Readonly<
    Record<string, { readonly model: number; readonly baseline: number; readonly base: number }>
  >
}

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
  post(channel: string, card: Card): Promise<{ readonly messageId: string }>
  edit(channel: string, messageId: string, card: Card): Promise<void>
}

// ---------------------------------------------------------------- store

/** Outcome of a compare-and-set on a proposal: the row as it now is, and whether this call changed it. */
export interface Transition {
  readonly changed: boolean
  readonly proposal: Proposal
}

export interface ProposalPatch {
  readonly decidedBy?: string
  readonly decidedAt?: TimestampMs
  readonly reason?: string
  readonly executionStartedAt?: TimestampMs
  readonly executionEndsAt?: TimestampMs
  readonly finishedAt?: TimestampMs
}

export interface OutboxMessage {
  readonly messageKey: string
  /** What the card is about (`proposal:7K3M9QX2TB`, `alert:…`): a later card under the same key edits the earlier post. */
  readonly cardKey: string
  readonly platform: Platform
  readonly channel: string
  readonly card: Card
  readonly createdAt: TimestampMs
  readonly attempts: number
}

export interface AuditEntry {
  readonly at: TimestampMs
  /** A member id, or `system`. */
  readonly actor: string
  /** `proposal.approved`, `command.forbidden`, `trading-state.halted` … */
  readonly action: string
  readonly subject: string
  readonly details: Readonly<Record<string, unknown>>
}

export type AuditVerdict =
  | { readonly kind: 'intact'; readonly rows: number; readonly lastHash: string }
  | { readonly kind: 'broken'; readonly rows: number; readonly brokenAt: number; readonly why: string }

export interface RunFigures {
  readonly bars: number
  readonly forecasts: number
  readonly undetermined: number
  readonly alerts: number
  readonly shareOfTimeUnderAlert: number
  readonly proposals: number
  readonly approved: number
  readonly orders: number
  readonly fills: number
  readonly denied: number
  readonly forbidden: number
  readonly missingFeeds: readonly string[]
}

/** The record. Every verb is one statement or one transaction. */
export interface Store {
  /** Runs `work` on the same verbs inside one transaction; a throw rolls everything back. */
  transaction<T>(work: (tx: Store) => Promise<T>): Promise<T>

  readonly observations: {
    /** Appends; the same (feed, event, receipt) twice is one row. */
    append(ticks: readonly Tick[]): Promise<void>
    /** In order of receipt. */
    since(receivedAfter: TimestampMs): AsyncIterable<Tick>
    lastReceivedAt(): Promise<TimestampMs | undefined>
    /** Retention: deletes what was received before; returns how many rows. */
    deleteBefore(receivedBefore: TimestampMs): Promise<number>
    declareFeeds(feeds: readonly FeedDeclaration[]): Promise<void>
    declaredFeeds(): Promise<readonly FeedDeclaration[]>
  }
  readonly forecasts: {
    /** The forecast and its clusters as of the same instant. Again for the same (asset, at): replaced, not doubled. */
    save(forecast: Forecast, clusters: readonly Cluster[]): Promise<void>
    latest(asset: Asset): Promise<{ readonly forecast: Forecast; readonly clusters: readonly Cluster[] } | undefined>
    /** Oldest first. */
    between(asset: Asset, from: TimestampMs, to: TimestampMs): Promise<readonly Forecast[]>
  }
  readonly alerts: {
    /** False when this cluster already has an open alert. */
    raise(alert: Alert): Promise<boolean>
    follow(alertId: string, peakConfidence: number): Promise<void>
    end(alertId: string, at: TimestampMs, reason: NonNullable<Alert['endReason']>): Promise<boolean>
    open(asset?: Asset): Promise<readonly Alert[]>
    /** Newest first. */
    recent(limit: number): Promise<readonly Alert[]>
    lastEnded(asset: Asset, side: 'buy' | 'sell'): Promise<Alert | undefined>
  }
  readonly proposals: {
    /** Inserts as pending; pending ones of the same book and asset become superseded and are returned. Throws on a duplicate id. */
    open(proposal: Proposal): Promise<readonly Proposal[]>
    find(proposalId: ProposalId): Promise<Proposal | undefined>
    /** Newest first. */
    list(filter: {
      book?: string
      asset?: Asset
      states?: readonly ProposalState[]
      limit: number
    }): Promise<readonly Proposal[]>
    /** Adds one member's approval to a pending proposal (once per member). */
    addApproval(proposalId: ProposalId, memberId: string, at: TimestampMs): Promise<Transition>
    /** Compare-and-set: moves only from one of `from`. */
    move(
      proposalId: ProposalId,
      from: readonly ProposalState[],
      to: ProposalState,
      patch: ProposalPatch,
    ): Promise<Transition>
    /**
     * Takes the right to execute for `holder` and raises the fencing number, unless a live holder has it, even the same.
     * A holder is live while its lease has not run out (database time) and its process still holds its instance lock.
     */
    takeLease(proposalId: ProposalId, holder: string, ttl: DurationMs): Promise<number | undefined>
    releaseLease(proposalId: ProposalId, lease: number): Promise<void>
  }
  readonly orders: {
    /** Intent, before sending. Throws `StaleLeaseError` when `lease` is no longer the proposal's. */
    save(order: Order, lease: number): Promise<void>
    update(
      clientOrderId: ClientOrderId,
      patch: Partial<Pick<Order, 'state' | 'filledQuantity' | 'averageFillPrice' | 'reason' | 'updatedAt'>>,
      lease: number,
    ): Promise<void>
    forProposal(proposalId: ProposalId): Promise<readonly Order[]>
    unresolved(): Promise<readonly Order[]>
    /** Orders sent since, for the order-rate limit. */
    countSince(at: TimestampMs): Promise<number>
    /** Books a fill once by trade id; false when it already was. */
    bookFill(fill: Fill): Promise<boolean>
    fills(proposalId: ProposalId): Promise<readonly Fill[]>
    allFills(instrumentId?: InstrumentId): Promise<readonly Fill[]>
  }
  readonly members: {
    /** Creates or updates by member id, identities included. */
    put(member: Member): Promise<void>
    find(memberId: string): Promise<Member | undefined>
    findByIdentity(identity: Identity): Promise<Member | undefined>
    list(): Promise<readonly Member[]>
    withRole(role: Role): Promise<readonly Member[]>
  }
  readonly settings: {
    tradingState(): Promise<{
      readonly state: TradingState
      readonly by: string
      readonly at: TimestampMs
      readonly reason: string
    }>
    setTradingState(state: TradingState, by: string, at: TimestampMs, reason: string): Promise<void>
    get(key: string): Promise<string | undefined>
    set(key: string, value: string): Promise<void>
  }
  readonly outbox: {
    /** Once per message key. */
    add(message: Omit<OutboxMessage, 'attempts'>): Promise<void>
    /** Due and undelivered, oldest first; claims them for `claimFor` so that two workers never send the same one. */
    claim(limit: number, at: TimestampMs, claimFor: DurationMs): Promise<readonly OutboxMessage[]>
    delivered(messageKey: string, messageId: string, at: TimestampMs): Promise<void>
    /** Tried and failed; due again at `retryAt`, or given up when undefined. */
    failed(messageKey: string, error: string, retryAt: TimestampMs | undefined): Promise<void>
    /** Where the newest delivered post of a card stands, to edit it. */
    postedAt(cardKey: string, platform: Platform, channel: string): Promise<string | undefined>
    undelivered(): Promise<number>
    /** The earliest instant at which something undelivered is due. */
    nextDueAt(): Promise<TimestampMs | undefined>
  }
  readonly audit: {
    append(entry: AuditEntry): Promise<void>
    verify(): Promise<AuditVerdict>
    count(action: string): Promise<number>
    recent(limit: number): Promise<readonly AuditEntry[]>
  }
  readonly commands: {
    /** Remembers a platform's interaction id; false when it was seen before (redelivered). */
    firstSeen(platform: Platform, interactionId: string, at: TimestampMs): Promise<boolean>
  }
  readonly figures: {
    /** Everything counted by SQL over the window of the run. */
    run(from: TimestampMs, to: TimestampMs): Promise<RunFigures>
  }
}
