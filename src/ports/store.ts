/**
 * The record: what the app needs of a database, one group of verbs per kind of row.
 *
 * @module
 */
import type { Alert } from '../domain/alert.ts'
import type { DeliveryRecord, Reach, Urgency } from '../domain/delivery.ts'
import type { ClientOrderId } from '../domain/execution/order.ts'
import type { Cluster, Forecast, Horizon } from '../domain/forecast.ts'
import type { InstrumentId } from '../domain/instrument.ts'
import type { TierTable } from '../domain/liquidation/margin-tiers.ts'
import type { MapSnapshot } from '../domain/liquidation/snapshot.ts'
import type { Asset, FeedDeclaration, Tick, VenueId } from '../domain/market/tick.ts'
import type { Identity, Member, MemberRole, Platform, Role } from '../domain/member.ts'
import type { Preferences } from '../domain/preferences.ts'
import type { RailName } from '../domain/risk/rail.ts'
import type { TradingState } from '../domain/risk/trading-state.ts'
import type { Mute, Subscription } from '../domain/subscription.ts'
import type { DurationMs, TimestampMs, Usd } from '../domain/units.ts'
import type { OrderStore, ProposalStore } from './execution-store.ts'
import type { ModelForecastStore, ModelHealthStore, ModelStore } from './models.ts'
import type {
  AdminRequest,
  LimitOverride,
  LivePermission,
  RailRecord,
  RequestState,
  RiskDecision,
  VenueStanding,
} from './risk-rows.ts'
import type {
  AuditEntry,
  AuditVerdict,
  ClusterJudgement,
  Code,
  Heard,
  IssuedButton,
  OutboxMessage,
  PathPoint,
  Place,
  RunFigures,
  VenueFunding,
} from './rows.ts'

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
    /**
     * Price and funding at marks `every` apart, counted back from `to` (included) to `from`: of each the newest forecast in the
     * step before it. Marks without one are left out; oldest first.
     */
    path(
      asset: Asset,
      window: { readonly from: TimestampMs; readonly to: TimestampMs; readonly every: DurationMs },
    ): Promise<readonly PathPoint[]>
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
    find(alertId: string): Promise<Alert | undefined>
    /** The first to acknowledge stands; false when someone had, undefined when there is no such alert. */
    acknowledge(alertId: string, memberId: string, at: TimestampMs): Promise<boolean | undefined>
    /** Compare-and-set of how far an unacknowledged alert has been escalated (0 at first): false when it stands elsewhere. */
    escalate(alertId: string, from: number, to: number): Promise<boolean>
  }
  readonly proposals: ProposalStore
  readonly orders: OrderStore
  readonly leases: {
    /** Like a proposal's, by name: raises the fencing number, unless a live holder has it. */
    take(name: string, holder: string, ttl: DurationMs): Promise<number | undefined>
    release(name: string, lease: number): Promise<void>
  }
  readonly venueOrderIds: {
    /** The short id of an order at a venue whose ids are too small to be unique by themselves: the first candidate that is free, or the one it has. */
    reserve(venue: VenueId, clientOrderId: ClientOrderId, candidates: readonly number[]): Promise<number>
    clientOrderIdOf(venue: VenueId, shortId: number): Promise<ClientOrderId | undefined>
  }
  readonly standings: {
    /** What reconciling knows of an instrument; undefined before the first time. */
    read(instrumentId: InstrumentId): Promise<VenueStanding | undefined>
    write(standing: VenueStanding): Promise<void>
    /** Notes a fill of other hands, or of the venue's own making, once; false when it was. What they hold is the caller's to write. */
    noteForeign(instrumentId: InstrumentId, tradeId: string, at: TimestampMs): Promise<boolean>
  }
  readonly rails: {
    read(): Promise<RailRecord | undefined>
    write(record: RailRecord, decisions: readonly RiskDecision[]): Promise<void>
    /** Newest first. */
    decisions(filter: { readonly rail?: RailName; readonly limit: number }): Promise<readonly RiskDecision[]>
  }
  readonly limits: {
    overrides(): Promise<readonly LimitOverride[]>
    /** Replaces the one of the same key. */
    set(override: LimitOverride): Promise<void>
  }
  readonly requests: {
    open(request: AdminRequest): Promise<void>
    find(requestId: string): Promise<AdminRequest | undefined>
    /** Newest first. */
    list(filter: { readonly state?: RequestState; readonly limit: number }): Promise<readonly AdminRequest[]>
    /** One member's yes to a pending request, once a member; it is held from here to the end of a transaction. */
    addApproval(
      requestId: string,
      memberId: string,
      at: TimestampMs,
    ): Promise<{ readonly changed: boolean; readonly request: AdminRequest }>
    /** Compare-and-set from pending. */
    decide(
      requestId: string,
      to: Exclude<RequestState, 'pending'>,
      decided: { readonly by: string; readonly at: TimestampMs; readonly reason?: string },
    ): Promise<{ readonly changed: boolean; readonly request: AdminRequest }>
  }
  readonly live: {
    permission(): Promise<LivePermission>
    setPermission(permission: LivePermission): Promise<void>
  }
  readonly dayMarks: {
    /** The value of the hedged book at the start of a UTC day: the first that is given stands and is returned. */
    first(day: TimestampMs, value: Usd): Promise<Usd>
  }
  readonly members: {
    /** Creates or updates by member id, identities included. */
    put(member: Member): Promise<void>
    find(memberId: string): Promise<Member | undefined>
    findByIdentity(identity: Identity): Promise<Member | undefined>
    list(): Promise<readonly Member[]>
    withRole(role: Role): Promise<readonly Member[]>
    /**
     * For who is named in the settings: creates the member when there is none, adds identities that belong to nobody, and leaves
     * name and role as they stand on record, because what was decided in chat goes before. An admin is made admin again only
     * where the record holds no admin at all.
     */
    seed(member: Member): Promise<Member>
    /** `last-admin`: refused, for nobody could undo it. */
    setRole(memberId: string, role: MemberRole): Promise<'changed' | 'unchanged' | 'unknown' | 'last-admin'>
    addIdentity(memberId: string, identity: Identity): Promise<'added' | 'theirs' | 'taken' | 'unknown'>
    /** Defaults for whoever has none. */
    preferences(memberId: string): Promise<Preferences>
    setPreferences(memberId: string, preferences: Preferences): Promise<void>
    /** Of one member, or of all. */
    subscriptions(memberId?: string): Promise<readonly (Subscription & { readonly memberId: string })[]>
    /** Replaces the one for the same asset. */
    subscribe(memberId: string, subscription: Subscription): Promise<void>
    /** `*` ends them all. Returns how many ended. */
    unsubscribe(memberId: string, asset: Asset | '*'): Promise<number>
    /** Those that still hold at `at`. */
    mutes(at: TimestampMs): Promise<readonly (Mute & { readonly memberId: string })[]>
    /** Replaces the one for the same asset; one that ends at or before now ends it. */
    mute(memberId: string, mute: Mute): Promise<void>
    /** Whether each private chat works, as of the last try. */
    reach(): Promise<readonly Reach[]>
    noteReach(reach: Reach): Promise<void>
  }
  readonly codes: {
    create(code: Code): Promise<void>
    /** Uses it up; undefined when there is no such code, or it was used, or has run out. */
    redeem(codeHash: string, at: TimestampMs): Promise<Code | undefined>
  }
  readonly buttons: {
    /**
     * Ids for the commands of a card in one place, in their order. The same command under the same card and place keeps its id,
     * so that an edit of the card leaves its buttons valid.
     */
    issue(
      cardKey: string,
      place: Place,
      commands: readonly Pick<IssuedButton, 'command' | 'once' | 'asks'>[],
      made: { readonly newId: () => string; readonly at: TimestampMs },
    ): Promise<readonly string[]>
    find(buttonId: string): Promise<IssuedButton | undefined>
    /** Notes a member's press of a button that counts once: false when it was noted before for another interaction. */
    press(buttonId: string, memberId: string, interactionId: string, at: TimestampMs): Promise<boolean>
    /** Takes a press back whose command failed. */
    release(buttonId: string, memberId: string): Promise<void>
    /** Forgets those issued before; returns how many. */
    forgetBefore(at: TimestampMs): Promise<number>
  }
  readonly held: {
    /** An episode to be told to a member later, in a digest; once. */
    add(memberId: string, alertId: string, at: TimestampMs): Promise<void>
    /** Takes what is held for a member, oldest first. */
    take(memberId: string): Promise<readonly string[]>
    /** Who has something held. */
    members(): Promise<readonly string[]>
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
  readonly models: ModelStore
  readonly modelForecasts: ModelForecastStore
  readonly modelHealth: ModelHealthStore
  readonly settings: {
    tradingState(): Promise<{
      readonly state: TradingState
      readonly by: string
      readonly at: TimestampMs
      readonly reason: string
    }>
    /** Compare-and-set where `from` is given: false, and nothing written, when it stands elsewhere. */
    setTradingState(
      state: TradingState,
      change: { readonly by: string; readonly at: TimestampMs; readonly reason: string; readonly from?: TradingState },
    ): Promise<boolean>
    get(key: string): Promise<string | undefined>
    set(key: string, value: string): Promise<void>
  }
  readonly outbox: {
    /**
     * Puts a card on its way, unless the newest message of the same card in the same place says the same. It takes over urgency
     * and age of what it overtakes undelivered.
     */
    add(message: Omit<OutboxMessage, 'attempts' | 'waitingSince'>): Promise<void>
    /**
     * What to send next, at most one message a place: the most urgent card first, then the one that waits longest, in its newest
     * version. Left out: places in `except`, and cards that are on their way in other hands.
     */
    due(at: TimestampMs, options: { limit: number; except?: readonly Place[] }): Promise<readonly OutboxMessage[]>
    /** Takes one for `claimFor`, so that no second worker sends it; false when it was taken or overtaken meanwhile. */
    claim(messageKey: string, at: TimestampMs, claimFor: DurationMs): Promise<boolean>
    /** Also ends what it has overtaken. */
    delivered(messageKey: string, messageId: string, at: TimestampMs): Promise<void>
    /** Tried and failed; due again at `retryAt`, or given up when undefined. */
    failed(messageKey: string, error: string, retryAt: TimestampMs | undefined): Promise<void>
    /** Not tried after all: due again, now. */
    unclaim(messageKey: string): Promise<void>
    /** Where the newest delivered post of a card stands, to edit it. */
    postedAt(cardKey: string, platform: Platform, channel: string): Promise<string | undefined>
    /** What waits in a place, may be folded, is not urgent, and stands in no message of its own there yet: oldest first. */
    foldable(place: Place, at: TimestampMs, limit: number): Promise<readonly OutboxMessage[]>
    /** Ends messages as told in another card. */
    fold(messageKeys: readonly string[], into: string, at: TimestampMs): Promise<void>
    /** The cards that another one tells, in their newest version, oldest first; without those that have a message of their own by now. */
    foldedInto(cardKey: string): Promise<readonly OutboxMessage[]>
    /** The card into which something was folded last in a place, if that was after `since`. */
    lastFold(place: Place, since: TimestampMs): Promise<string | undefined>
    /** Every place to which this card was ever sent, or is on its way. */
    places(cardKey: string): Promise<readonly Place[]>
    undelivered(): Promise<number>
    /** The earliest instant at which something undelivered is due. */
    nextDueAt(): Promise<TimestampMs | undefined>
    /** Newest first. */
    log(filter: { cardKey?: string; urgency?: Urgency; limit: number }): Promise<readonly DeliveryRecord[]>
    /** Forgets delivered and given-up messages put on record before, but for the newest of each card and place. */
    forgetBefore(at: TimestampMs): Promise<number>
  }
  readonly audit: {
    append(entry: AuditEntry): Promise<void>
    verify(): Promise<AuditVerdict>
    count(action: string): Promise<number>
    /** Newest first; `action` is a prefix (`proposal.`). */
    recent(limit: number, filter?: { actor?: string; action?: string }): Promise<readonly AuditEntry[]>
  }
  readonly commands: {
    /**
     * Claims a platform's interaction for this process and looks up who sent it, in one statement. A claim whose process died
     * before it answered passes to whoever hears it again.
     */
    hear(
      heard: { readonly identity: Identity; readonly interactionId: string },
      holder: string,
      at: TimestampMs,
    ): Promise<Heard>
    /** Its answer is ready: heard again, it is not answered again. */
    answered(platform: Platform, interactionId: string, at: TimestampMs): Promise<void>
    /** Forgets interactions heard before; platforms repeat themselves for a day at most. */
    forgetBefore(at: TimestampMs): Promise<number>
  }
  readonly figures: {
    /** Everything counted by SQL over the window of the run. */
    run(from: TimestampMs, to: TimestampMs): Promise<RunFigures>
    /** Funding of each venue that declares it, as received by `to`, with the mean over the hours since `from`; by venue. */
    funding(asset: Asset, from: TimestampMs, to: TimestampMs): Promise<readonly VenueFunding[]>
  }
}
