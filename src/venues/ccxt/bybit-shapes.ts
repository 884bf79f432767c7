import type { VenueOrderState } from '../../domain/execution/order.ts'
import type { ContractMarket } from './contracts.ts'
import type { RawFill, RawOrder } from './exchange.ts'
import { decimalText, field, idText, instant, oneOf, optionalDecimal } from './readings.ts'

const SIDES = { Buy: 'buy', Sell: 'sell' } as const
const STATES: Readonly<Record<string, VenueOrderState>> = {
  New: 'accepted',
  Untriggered: 'accepted',
  Triggered: 'accepted',
  PartiallyFilled: 'partially-filled',
  Filled: 'filled',
  Cancelled: 'canceled',
  PartiallyFilledCanceled: 'canceled',
  Deactivated: 'canceled',
  Rejected: 'rejected',
}
/** `Funding`, `Settle` and the like are no trades, though Bybit lists them among them. */
const CAUSES: Readonly<Record<string, RawFill['cause']>> = {
  Trade: 'order',
  BlockTrade: 'order',
  MovePosition: 'order',
  FutureSpread: 'order',
  AdlTrade: 'deleveraging',
  BustTrade: 'liquidation',
}
/** Why Bybit ended an order of its own accord, where the desk tells it apart. */
const NAMED_REASONS: Readonly<Record<string, string>> = {
  EC_PostOnlyWillTakeLiquidity: 'POST_ONLY_WOULD_TAKE',
}
const NO_REASON = new Set(['', 'EC_NoError', 'EC_PerCancelRequest'])

export const toSide = (side: 'buy' | 'sell'): string => (side === 'buy' ? 'Buy' : 'Sell')
/** @throws {UnreadableError} when it is neither */
export const sideFrom = (value: unknown): 'buy' | 'sell' => oneOf(value, SIDES, 'side')

/** One order as Bybit lists and pushes it; a stop that was triggered is the same order still. */
export function toRawOrder(order: unknown, market: ContractMarket): RawOrder {
  const stopType = String(field(order, 'stopOrderType') ?? '')
  const filledContracts = decimalText(field(order, 'cumExecQty') || '0', 'filled quantity')
  const reason = reasonFrom(field(order, 'rejectReason'))
  return {
    market,
    clientId: String(field(order, 'orderLinkId') ?? ''),
    venueOrderId: idText(field(order, 'orderId'), 'order id'),
    kind: stopType === '' || stopType === 'UNKNOWN' ? 'limit' : 'stop',
    side: sideFrom(field(order, 'side')),
    contracts: decimalText(field(order, 'qty'), 'quantity'),
    state: stateFrom(field(order, 'orderStatus'), { reason, filledContracts }),
    filledContracts,
    averagePrice: optionalDecimal(field(order, 'avgPrice'), 'average price'),
    ...(reason !== undefined && { reason }),
  }
}

/**
 * Bybit takes an order first and reads it afterwards: what it then does not let through is cancelled or rejected, under the
 * reason. Post-only that would take is a refusal, and what has traded is none.
 */
function stateFrom(
  value: unknown,
  { reason, filledContracts }: { reason: string | undefined; filledContracts: string },
): VenueOrderState {
  const state = oneOf(value, STATES, 'order status')
  if (state === 'canceled' && reason?.startsWith('POST_ONLY_WOULD_TAKE')) return 'rejected'
  return state === 'rejected' && Number(filledContracts) > 0 ? 'canceled' : state
}

function reasonFrom(value: unknown): string | undefined {
  const reason = String(value ?? '')
  if (NO_REASON.has(reason)) return undefined
  const name = NAMED_REASONS[reason]
  return name === undefined ? reason : `${name} ${reason}`
}

/** Undefined for what is no trade, such as the payment of funding. */
export function toRawFill(row: unknown, market: ContractMarket): RawFill | undefined {
  const type = String(field(row, 'execType'))
  const cause = Object.hasOwn(CAUSES, type) ? CAUSES[type] : undefined
  if (cause === undefined) return undefined
  return {
    market,
    tradeId: idText(field(row, 'execId'), 'execution id'),
    clientId: String(field(row, 'orderLinkId') ?? ''),
    venueOrderId: idText(field(row, 'orderId'), 'order id'),
    side: sideFrom(field(row, 'side')),
    contracts: decimalText(field(row, 'execQty'), 'quantity'),
    price: decimalText(field(row, 'execPrice'), 'price'),
    fee: decimalText(field(row, 'execFee') || '0', 'fee'),
    // Left empty where it is the currency that the contract settles in.
    feeCurrency: String(field(row, 'feeCurrency') || 'USDT'),
    at: instant(field(row, 'execTime'), 'time of a trade'),
    liquidity: field(row, 'isMaker') === true ? 'maker' : 'taker',
    cause,
  }
}
