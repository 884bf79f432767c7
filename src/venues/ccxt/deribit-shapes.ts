import type { VenueOrderState } from '../../domain/execution/order.ts'
import type { ContractMarket } from './contracts.ts'
import type { RawFill, RawOrder } from './exchange.ts'
import { UnreadableError } from './failures.ts'
import { decimalText, field, idText, instant, list, oneOf, optionalDecimal } from './readings.ts'

const SIDES = { buy: 'buy', sell: 'sell' } as const
const LIQUIDITY = { M: 'maker', T: 'taker' } as const
/** `triggered`: a stop that has become an order of its own, under the same label; see `orderUnder`. */
const STATES: Readonly<Record<string, VenueOrderState>> = {
  open: 'accepted',
  untriggered: 'accepted',
  triggered: 'accepted',
  filled: 'filled',
  cancelled: 'canceled',
  rejected: 'rejected',
}

/** What came back, without JSON-RPC's wrapping. @throws {UnreadableError} when there is none */
export function resultOf(answer: unknown): unknown {
  const result = field(answer, 'result')
  if (result !== undefined && result !== null) return result
  throw new UnreadableError(`Expected a result, was ${(JSON.stringify(answer) ?? 'undefined').slice(0, 100)}`)
}

export const sideFrom = (value: unknown): 'buy' | 'sell' => oneOf(value, SIDES, 'direction')

/** `order_id` of the order itself. */
export const orderIdOf = (order: unknown): string => idText(field(order, 'order_id'), 'order id')
/** Of the stop that made it, on an order that came of one. */
export function stopIdOf(order: unknown): string | undefined {
  const id = field(order, 'trigger_order_id')
  return typeof id === 'string' && id !== '' ? id : undefined
}
const isStop = (order: unknown): boolean =>
  stopIdOf(order) !== undefined || field(order, 'order_type') === 'stop_market'

/**
 * An order that came of a stop keeps the stop's id, which is the one that was given out for it.
 *
 * @throws {UnreadableError} when it makes no sense
 */
export function toRawOrder(order: unknown, market: ContractMarket): RawOrder {
  const filled = decimalText(field(order, 'filled_amount') ?? 0, 'filled amount')
  const state = oneOf(field(order, 'order_state'), STATES, 'order state')
  const reason = field(order, 'cancel_reason') ?? field(order, 'reject_reason')
  return {
    market,
    clientId: labelOf(order),
    venueOrderId: stopIdOf(order) ?? orderIdOf(order),
    kind: isStop(order) ? 'stop' : 'limit',
    side: sideFrom(field(order, 'direction')),
    contracts: decimalText(field(order, 'amount'), 'amount'),
    state: state === 'accepted' && Number(filled) > 0 ? 'partially-filled' : state,
    filledContracts: filled,
    averagePrice: optionalDecimal(field(order, 'average_price'), 'average price'),
    ...(typeof reason === 'string' && { reason }),
  }
}

/**
 * The one among the orders under one label that is meant. Deribit keeps labels for its clients and refuses none that is used
 * already; a stop that was triggered and the order that it became share theirs too.
 *
 * @param venueOrderId - names one of several; without it the oldest is meant
 */
export function orderUnder(rows: readonly unknown[], venueOrderId: string | undefined): unknown {
  const byAge = [...rows].sort((a, b) => madeAt(a) - madeAt(b))
  const meant =
    byAge.find((row) => orderIdOf(row) === venueOrderId) ?? byAge.find((row) => stopIdOf(row) === undefined) ?? byAge[0]
  const stopId = meant === undefined ? undefined : orderIdOf(meant)
  return byAge.find((row) => stopIdOf(row) === stopId && stopId !== undefined) ?? meant
}

export const madeAt = (order: unknown): number => instant(field(order, 'creation_timestamp'), 'time of an order')

/** Orders and trades of another hand have no label. */
function labelOf(row: unknown): string | undefined {
  const label = field(row, 'label')
  return typeof label === 'string' && label !== '' ? label : undefined
}

/** @throws {UnreadableError} when it makes no sense */
export function toRawFill(trade: unknown, market: ContractMarket): RawFill {
  const liquidity = oneOf(field(trade, 'liquidity'), LIQUIDITY, 'liquidity')
  // Which sides of the trade were under liquidation: "M", "T" or both; ours is one of them.
  const underLiquidation = String(field(trade, 'liquidation') ?? '')
  return {
    market,
    tradeId: idText(field(trade, 'trade_id'), 'trade id'),
    clientId: labelOf(trade),
    venueOrderId: orderIdOf(trade),
    side: sideFrom(field(trade, 'direction')),
    contracts: decimalText(field(trade, 'amount'), 'amount'),
    price: decimalText(field(trade, 'price'), 'price'),
    fee: decimalText(field(trade, 'fee') ?? 0, 'fee'),
    feeCurrency: String(field(trade, 'fee_currency')),
    at: instant(field(trade, 'timestamp'), 'time of a trade'),
    liquidity,
    cause: underLiquidation.includes(liquidity === 'maker' ? 'M' : 'T') ? 'liquidation' : 'order',
  }
}

/** Trades of one answer, and whether there are more. */
export function tradesOf(answer: unknown): { readonly trades: readonly unknown[]; readonly hasMore: boolean } {
  const result = resultOf(answer)
  if (Array.isArray(result)) return { trades: result, hasMore: false }
  return { trades: list(field(result, 'trades'), 'trades'), hasMore: field(result, 'has_more') === true }
}
