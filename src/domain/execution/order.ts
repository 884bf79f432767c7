import type { InstrumentId } from '../instrument.ts'
import type { ProposalId } from '../proposal.ts'
import type { BaseQty, Price, TimestampMs, Usd } from '../units.ts'

/** Ours: 26 characters of Crockford base32 over a 128-bit hash of proposal, leg, slice and attempt. */
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

export interface Order {
  readonly clientOrderId: ClientOrderId
  readonly proposalId: ProposalId
  readonly instrumentId: InstrumentId
  readonly slice: number
  readonly attempt: number
  readonly side: 'buy' | 'sell'
  readonly quantity: BaseQty
  readonly limitPrice: Price
  readonly state: OrderState
  readonly filledQuantity: BaseQty
  readonly averageFillPrice?: Price
  readonly arrivalMid?: Price
  readonly reason?: string
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
}

export const isTerminal = (state: OrderState): boolean =>
  state === 'denied' || state === 'filled' || state === 'canceled' || state === 'expired' || state === 'rejected'
