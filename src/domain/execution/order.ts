import type { InstrumentId } from '../instrument.ts'
import type { ProposalId } from '../proposal.ts'
import type { BaseQty, Price, TimestampMs, Usd } from '../units.ts'

/** Ours: 26 characters of Crockford base32 over a 128-bit hash of what the order is for, leg, slice and attempt. */
export type ClientOrderId = string & { readonly id: 'client order' }

export const ORDER_STATES = [
  'initialized',
  'denied',
  'submitted',
  'accepted',
  'partially-filled',
  'filled',
  'canceled',
  'expired',
  'rejected',
  'unknown',
] as const
export type OrderState = (typeof ORDER_STATES)[number]

/**
 * What an order is for: a `child` carries out a proposal, a `stop` rests on the venue to close a leg, and `liquidation` and
 * `deleveraging` are orders that the venue itself made against our position, put on record so that their fills belong to one.
 */
export const ORDER_KINDS = ['child', 'stop', 'liquidation', 'deleveraging'] as const
export type OrderKind = (typeof ORDER_KINDS)[number]

export interface Order {
  readonly clientOrderId: ClientOrderId
  readonly kind: OrderKind
  /** Of a child; a stop belongs to a position, whichever proposals built it. */
  readonly proposalId?: ProposalId
  readonly instrumentId: InstrumentId
  /** Which venue of the split, by its place in the list of venues. */
  readonly leg: number
  readonly slice: number
  readonly attempt: number
  readonly side: 'buy' | 'sell'
  readonly quantity: BaseQty
  /** Of a stop: the mark price that triggers it. */
  readonly limitPrice: Price
  readonly timeInForce: 'gtc' | 'ioc'
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  readonly state: OrderState
  readonly venueOrderId?: string
  readonly filledQuantity: BaseQty
  readonly averageFillPrice?: Price
  readonly arrivalMid?: Price
  readonly reason?: string | undefined
  /** The venue takes the request until then and not later; only afterwards may "not found" mean "never arrived". */
  readonly validUntil?: TimestampMs
  readonly createdAt: TimestampMs
  readonly updatedAt: TimestampMs
}

export interface Fill {
  /** The venue's id of the trade: a fill is booked once. */
  readonly tradeId: string
  readonly clientOrderId: ClientOrderId
  readonly instrumentId: InstrumentId
  readonly side: 'buy' | 'sell'
  readonly quantity: BaseQty
  readonly fillPrice: Price
  readonly fee: Usd
  readonly filledAt: TimestampMs
  readonly liquidity?: 'maker' | 'taker' | undefined
}

export const isTerminal = (state: OrderState): boolean =>
  state === 'denied' || state === 'filled' || state === 'canceled' || state === 'expired' || state === 'rejected'

/** What is heard of an order, from whichever door: an answer, a question asked later, a pushed event. */
export type OrderEvent =
  | { readonly kind: 'denied'; readonly reason: string }
  | { readonly kind: 'submitted' }
  | { readonly kind: 'unknown'; readonly reason: string }
  | { readonly kind: 'rejected'; readonly reason: string }
  /** The venue does not know it, and would no longer take it. */
  | { readonly kind: 'never-arrived' }
  | {
      readonly kind: 'reported'
      readonly state: VenueOrderState
      readonly venueOrderId?: string | undefined
      readonly filledQuantity: BaseQty
      readonly averageFillPrice?: Price | undefined
      readonly reason?: string | undefined
    }

export type VenueOrderState = Extract<
  OrderState,
  'accepted' | 'partially-filled' | 'filled' | 'canceled' | 'expired' | 'rejected'
>

const DUST = 1e-9

/** How sure a state is: one that says less never replaces one that says more, in whatever order news arrives. */
const STANDING: Readonly<Record<OrderState, number>> = {
  initialized: 0,
  submitted: 1,
  unknown: 2,
  accepted: 3,
  'partially-filled': 4,
  rejected: 6,
  expired: 7,
  canceled: 8,
  denied: 9,
  filled: 10,
}

/** What we conclude from a venue's not knowing an order is worth less than whatever the venue says of it. */
const NEVER_ARRIVED = 'NEVER_ARRIVED'
const STANDING_OF_NEVER_ARRIVED = 2.5

const standingOf = ({ state, reason }: Pick<Order, 'state' | 'reason'>): number =>
  state === 'expired' && reason === NEVER_ARRIVED ? STANDING_OF_NEVER_ARRIVED : STANDING[state]

/**
 * One order after one more piece of news. Any order of the same news, any number of times, ends in the same state: the filled
 * quantity never falls, an order that has ended stays ended, and whatever has filled whole is filled.
 *
 * @throws {RangeError} when more is said to be filled than was ordered: that is another order, or another unit
 */
export function applyOrderEvent(order: Order, event: OrderEvent, at: TimestampMs): Order {
  switch (event.kind) {
    case 'denied':
    case 'rejected':
      return moveTo(order, event.kind, at, { reason: event.reason })
    case 'unknown':
      return moveTo(order, 'unknown', at, { reason: event.reason })
    case 'submitted':
      return moveTo(order, 'submitted', at, {})
    case 'never-arrived':
      return moveTo(order, 'expired', at, { reason: NEVER_ARRIVED })
    case 'reported':
      return report(order, event, at)
  }
}

function report(order: Order, event: Extract<OrderEvent, { kind: 'reported' }>, at: TimestampMs): Order {
  if (event.filledQuantity > order.quantity * (1 + 1e-6) + DUST) {
    throw new RangeError(
      `Expected at most ${order.quantity} filled of order ${order.clientOrderId}, was ${event.filledQuantity}`,
    )
  }
  const more = event.filledQuantity > order.filledQuantity + DUST
  const filledQuantity = more ? event.filledQuantity : order.filledQuantity
  const isWhole = filledQuantity >= order.quantity - DUST && order.quantity > 0
  const heard: OrderState = isWhole
    ? 'filled'
    : filledQuantity > DUST && event.state === 'accepted'
      ? 'partially-filled'
      : event.state
  return moveTo(order, heard, at, {
    filledQuantity,
    ...(more && event.averageFillPrice !== undefined && { averageFillPrice: event.averageFillPrice }),
    ...(order.venueOrderId === undefined && event.venueOrderId !== undefined && { venueOrderId: event.venueOrderId }),
    ...(event.reason !== undefined && { reason: event.reason }),
  })
}

function moveTo(order: Order, state: OrderState, at: TimestampMs, heard: Partial<Order>): Order {
  const { reason, ...facts } = heard
  const wins = standingOf({ state, ...(reason !== undefined && { reason }) }) > standingOf(order)
  // A fill that comes after the end still counts; what has ended does not open again.
  const next: Order = { ...order, ...facts, ...(wins && { state, reason }) }
  // The venue's own word for an end replaces our conclusion of the same name.
  const changed = wins || next.filledQuantity !== order.filledQuantity
  return changed || next.venueOrderId !== order.venueOrderId ? { ...next, updatedAt: at } : order
}
