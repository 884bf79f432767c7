import type { Selectable } from 'kysely'
import type { Fill, Order } from '../domain/execution/order.ts'
import { present, storable } from './json.ts'
import type { Tables } from './tables.ts'

export type OrderRow = Selectable<Tables['orders']>

/** A row as it is first written; what is booked counts from nothing. */
export const toOrderRow = (order: Order) => ({
  client_order_id: order.clientOrderId,
  kind: order.kind,
  proposal_id: order.proposalId ?? null,
  instrument_id: order.instrumentId,
  leg: order.leg,
  slice: order.slice,
  attempt: order.attempt,
  side: order.side,
  quantity_base: order.quantity,
  limit_price_usd: order.limitPrice,
  time_in_force: order.timeInForce,
  post_only: order.postOnly,
  reduce_only: order.reduceOnly,
  state: order.state,
  venue_order_id: order.venueOrderId ?? null,
  filled_quantity_base: order.filledQuantity,
  average_fill_price_usd: order.averageFillPrice ?? null,
  arrival_mid_usd: order.arrivalMid ?? null,
  reason: order.reason === undefined ? null : storable(order.reason),
  valid_until: order.validUntil ?? null,
  created_at: order.createdAt,
  updated_at: order.updatedAt,
})

export const toOrder = (row: OrderRow): Order =>
  present({
    clientOrderId: row.client_order_id,
    kind: row.kind,
    proposalId: row.proposal_id,
    instrumentId: row.instrument_id,
    leg: row.leg,
    slice: row.slice,
    attempt: row.attempt,
    side: row.side,
    quantity: row.quantity_base,
    limitPrice: row.limit_price_usd,
    timeInForce: row.time_in_force,
    postOnly: row.post_only,
    reduceOnly: row.reduce_only,
    state: row.state,
    venueOrderId: row.venue_order_id,
    filledQuantity: row.filled_quantity_base,
    averageFillPrice: row.average_fill_price_usd,
    arrivalMid: row.arrival_mid_usd,
    reason: row.reason,
    validUntil: row.valid_until,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  } as { [K in keyof Order]: Order[K] | null })

export const toFill = (row: Selectable<Tables['fills']>): Fill =>
  present({
    tradeId: row.trade_id,
    clientOrderId: row.client_order_id,
    instrumentId: row.instrument_id,
    side: row.side,
    quantity: row.quantity_base,
    fillPrice: row.fill_price_usd,
    fee: row.fee_usd,
    filledAt: row.filled_at,
    liquidity: row.liquidity,
  } as { [K in keyof Fill]: Fill[K] | null })
