import type { VenueOrderState } from '../../domain/execution/order.ts'
import { oneOf } from './readings.ts'

const SIDES = { BUY: 'buy', SELL: 'sell' } as const
/** `NEW_ADL` and `NEW_INSURANCE` are orders of the venue's own, which fill at once. */
const ORDER_STATES: Readonly<Record<string, VenueOrderState>> = {
  NEW: 'accepted',
  PARTIALLY_FILLED: 'partially-filled',
  FILLED: 'filled',
  CANCELED: 'canceled',
  EXPIRED: 'expired',
  EXPIRED_IN_MATCH: 'expired',
  REJECTED: 'rejected',
  NEW_ADL: 'accepted',
  NEW_INSURANCE: 'accepted',
}
/** A stop that has been triggered lives on as an order of the matching engine; `FINISHED` says no more than that that ended. */
const STOP_STATES: Readonly<Record<string, VenueOrderState | 'as-its-order'>> = {
  NEW: 'accepted',
  TRIGGERING: 'accepted',
  TRIGGERED: 'accepted',
  FINISHED: 'as-its-order',
  CANCELED: 'canceled',
  EXPIRED: 'expired',
  REJECTED: 'rejected',
}

export const toSide = (side: 'buy' | 'sell'): string => (side === 'buy' ? 'BUY' : 'SELL')
/** @throws {UnreadableError} when it is neither, as the others below */
export const sideFrom = (value: unknown): 'buy' | 'sell' => oneOf(value, SIDES, 'side')
export const orderStateFrom = (value: unknown): VenueOrderState => oneOf(value, ORDER_STATES, 'order status')
export const stopStateFrom = (value: unknown): VenueOrderState | 'as-its-order' =>
  oneOf(value, STOP_STATES, 'algo status')
