/**
 * The record of what is proposed and executed.
 *
 * @module
 */
import type { ClientOrderId, Fill, Order, OrderEvent, OrderState } from '../domain/execution/order.ts'
import type { InstrumentId } from '../domain/instrument.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { ExecutionControl, Proposal, ProposalId, ProposalState } from '../domain/proposal.ts'
import type { BaseQty, DurationMs, TimestampMs, Usd } from '../domain/units.ts'
import type { BookedPosition, ProposalPatch, Transition } from './rows.ts'

/** Proposals and what becomes of them, each move a compare-and-set. */
export interface ProposalStore {
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
  /** How many were made from `since` on and are in one of these states. */
  countSince(
    since: TimestampMs,
    filter: { readonly book?: string; readonly states: readonly ProposalState[] },
  ): Promise<number>
  /** Adds one member's approval to a pending proposal (once per member). */
  addApproval(proposalId: ProposalId, memberId: string, at: TimestampMs): Promise<Transition>
  /** Compare-and-set: moves only from one of `from`. */
  move(
    proposalId: ProposalId,
    from: readonly ProposalState[],
    to: ProposalState,
    patch: ProposalPatch,
  ): Promise<Transition>
  /** Notional of those that `by` let through from `since` on. */
  decidedSince(
    by: string,
    since: TimestampMs,
  ): Promise<readonly { readonly decidedAt: TimestampMs; readonly notional: Usd }[]>
  /**
   * Takes the right to execute for `holder` and raises the fencing number, unless a live holder has it, even the same.
   * A holder is live while its lease has not run out (database time) and its process still holds its instance lock.
   */
  takeLease(proposalId: ProposalId, holder: string, ttl: DurationMs): Promise<number | undefined>
  releaseLease(proposalId: ProposalId, lease: number): Promise<void>
  /** Compare-and-set of what people want of an execution: of a proposal that is approved or executing, and no other. */
  steer(
    proposalId: ProposalId,
    from: readonly ExecutionControl[],
    to: ExecutionControl,
    by: { readonly memberId: string; readonly at: TimestampMs },
  ): Promise<Transition>
}

/** Orders from intent to last fill; fills are booked once, by the venue's trade id. */
export interface OrderStore {
  /**
   * Intent, before sending. The same again is the same order, of which the later `validUntil` stands; a child is bound to the
   * lease of its proposal, a stop to the lease `stops/<instrument id>`.
   *
   * @throws {StaleLeaseError} when `lease` is no longer the current one
   */
  save(order: Order, lease: number): Promise<void>
  /** An order that the venue made itself, of which we hear when it has happened. Said again, nothing changes. */
  record(order: Order): Promise<void>
  /**
   * Folds news into an order and books its fills, each once by its trade id. Facts need no lease: whoever brings them, in
   * whatever order and however often, the outcome is the same. In a transaction the order is held from here to its end.
   *
   * @throws {RangeError} when there is no such order, more is filled than was ordered, or a fill belongs to another order
   */
  hear(
    clientOrderId: ClientOrderId,
    event: OrderEvent,
    heard: { readonly at: TimestampMs; readonly fills?: readonly Fill[] },
  ): Promise<{ readonly order: Order; readonly booked: readonly Fill[] }>
  find(clientOrderId: ClientOrderId): Promise<Order | undefined>
  findMany(clientOrderIds: readonly ClientOrderId[]): Promise<readonly Order[]>
  forProposal(proposalId: ProposalId): Promise<readonly Order[]>
  /** Children and stops that have not ended, or whose fills are not all booked. */
  unresolved(instrumentId?: InstrumentId): Promise<readonly Order[]>
  /** Newest first. */
  recent(limit: number, state?: OrderState): Promise<readonly Order[]>
  /** Children and stops sent since, for the order-rate limit, and what they have traded or, of children, still may. */
  sentSince(at: TimestampMs): Promise<{ readonly count: number; readonly notional: Usd }>
  fills(proposalId: ProposalId): Promise<readonly Fill[]>
  /** Of children only, oldest first: what our own decisions have traded from `at` on. */
  tradedSince(at: TimestampMs): Promise<readonly Fill[]>
  /** What every fill adds up to, in the order in which they were booked; of these instruments, or of all that were ever traded. */
  positions(instrumentIds?: readonly InstrumentId[]): Promise<readonly BookedPosition[]>
  /** Of one instrument: what all fills add up to (signed), and those of these orders or under these ids, as of the same instant. */
  booked(
    instrumentId: InstrumentId,
    of: { readonly clientOrderIds: readonly ClientOrderId[]; readonly tradeIds: readonly string[] },
  ): Promise<{ readonly position: BaseQty; readonly fills: readonly Fill[] }>
  /** Every fill there ever was, oldest first: for reports, and nothing that is asked often. */
  allFills(instrumentId?: InstrumentId): Promise<readonly Fill[]>
}
