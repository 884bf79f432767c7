/**
 * The record: what the app needs of a database, one group of verbs per kind of row.
 *
 * @module
 */
import type { Alert } from '../domain/alert.ts'
import type { Card } from '../domain/card.ts'
import type { ClientOrderId, Fill, Order } from '../domain/execution/order.ts'
import type { Cluster, Forecast, Horizon, ModelIdentity } from '../domain/forecast.ts'
import type { InstrumentId } from '../domain/instrument.ts'
import type { TierTable } from '../domain/liquidation/margin-tiers.ts'
import type { MapSnapshot } from '../domain/liquidation/snapshot.ts'
import type { Asset, FeedDeclaration, Tick } from '../domain/market/tick.ts'
import type { Identity, Member, Platform, Role } from '../domain/member.ts'
import type { Proposal, ProposalId, ProposalState } from '../domain/proposal.ts'
import type { TradingState } from '../domain/risk/trading-state.ts'
import type { DurationMs, TimestampMs } from '../domain/units.ts'

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

/** What was said of a cluster on a day, and what came of it. One cluster, day and horizon is one sample. */
export interface ClusterJudgement {
  readonly asset: Asset
  readonly clusterId: string
  /** 00:00 UTC of the day whose first forecast is judged. */
  readonly day: TimestampMs
  readonly horizon: Horizon
  readonly side: 'buy' | 'sell'
  readonly confidence: number
  readonly baseline: number
  /** Undefined where what was received does not tell. */
  readonly touched?: boolean
  readonly event?: boolean
  readonly calibratedOn: ModelIdentity['calibratedOn']
  readonly judgedAt: TimestampMs
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
    /** The first from `from` to `to`, both included. */
    first(
      asset: Asset,
      from: TimestampMs,
      to: TimestampMs,
    ): Promise<{ readonly forecast: Forecast; readonly clusters: readonly Cluster[] } | undefined>
    /**
     * Clusters whose id begins so, whatever the case, as they stood in the last forecast that had them: last seen first,
     * at most ten, none last seen before `since`.
     */
    findClusters(
      prefix: string,
      since: TimestampMs,
    ): Promise<readonly { readonly cluster: Cluster; readonly seenAt: TimestampMs }[]>
  }
  readonly maps: {
    /** One an asset and UTC hour: the first stands. False when there was one. */
    save(snapshot: MapSnapshot): Promise<boolean>
    latest(asset: Asset): Promise<MapSnapshot | undefined>
    /** Oldest first, both ends included. */
    between(asset: Asset, from: TimestampMs, to: TimestampMs): Promise<readonly MapSnapshot[]>
    /** Retention: deletes what was taken before; returns how many rows. */
    deleteBefore(at: TimestampMs): Promise<number>
  }
  readonly clusterOutcomes: {
    /** All or none. The first judgement of a (cluster, day, horizon) stands; returns how many were new. */
    save(judgements: readonly ClusterJudgement[]): Promise<number>
    /** Which days have any judgement, by horizon, from `since` on. */
    judgedDays(
      asset: Asset,
      since: TimestampMs,
    ): Promise<readonly { readonly day: TimestampMs; readonly horizon: Horizon }[]>
    /** In order of day, those not known included. */
    list(filter: { asset?: Asset; horizon: Horizon }): Promise<readonly ClusterJudgement[]>
  }
  readonly alerts: {
    /** False when this cluster already has an open alert. */
    raise(alert: Alert): Promise<boolean>
    /**
     * Writes how an open alert has moved on; false, and nothing written, when it has ended or stands further already.
     * Confidence and severity never fall.
     */
    advance(alert: Alert): Promise<boolean>
    open(asset?: Asset): Promise<readonly Alert[]>
    /** Newest first. */
    recent(limit: number): Promise<readonly Alert[]>
    lastEnded(asset: Asset, side: 'buy' | 'sell'): Promise<Alert | undefined>
    /** Raised later than `from`, ended or not. */
    countRaised(asset: Asset, from: TimestampMs): Promise<number>
    /** Those that stood at some time after `from`, oldest first. */
    standingSince(from: TimestampMs): Promise<readonly Alert[]>
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
  readonly marginTiers: {
    /**
     * Puts a venue's table in force from its `validFrom` and ends the one before; one that asks the same as the one in force
     * is not saved again. Said again, it is unchanged.
     */
    save(table: TierTable, loadedAt: TimestampMs): Promise<'first' | 'changed' | 'unchanged'>
    /** Every table there ever was, by venue, contract and time. */
    list(): Promise<readonly TierTable[]>
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
