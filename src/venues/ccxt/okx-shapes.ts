import type { VenueOrderState } from '../../domain/execution/order.ts'
import type { ContractMarket } from './contracts.ts'
import type { RawFill, RawOrder } from './exchange.ts'
import { decimalText, field, idText, instant, oneOf, optionalDecimal } from './readings.ts'

const SIDES = { buy: 'buy', sell: 'sell' } as const
const LIQUIDITY = { M: 'maker', T: 'taker' } as const
const ORDER_STATES: Readonly<Record<string, VenueOrderState>> = {
  live: 'accepted',
  partially_filled: 'partially-filled',
  filled: 'filled',
  canceled: 'canceled',
  mmp_canceled: 'canceled',
}
/** A stop that took effect lives on in the order that it placed. */
const ALGO_STATES: Readonly<Record<string, VenueOrderState | 'as-its-order'>> = {
  live: 'accepted',
  pause: 'accepted',
  partially_effective: 'as-its-order',
  effective: 'as-its-order',
  canceled: 'canceled',
  order_failed: 'rejected',
  partially_failed: 'rejected',
}
/** Why OKX ended an order, where it was not asked to; 31 comes instead of a refusal. */
const BY_USER = new Set(['', '1'])
const POST_ONLY = '31'
const LIQUIDATED = new Set(['full_liquidation', 'partial_liquidation'])

export const sideFrom = (value: unknown): 'buy' | 'sell' => oneOf(value, SIDES, 'side')
/** Empty for what the venue does by force. */
const liquidityFrom = (value: unknown): 'maker' | 'taker' | undefined =>
  value === undefined || value === '' ? undefined : oneOf(value, LIQUIDITY, 'liquidity')

/** Our id: that of the stop where it came from one. */
export const clientIdOf = (order: unknown): string =>
  String(field(order, 'algoClOrdId') || (field(order, 'clOrdId') ?? ''))

export function toRawOrder(order: unknown, market: ContractMarket): RawOrder {
  const source = String(field(order, 'cancelSource') ?? '')
  const state = oneOf(field(order, 'state'), ORDER_STATES, 'order state')
  const isRefused = state === 'canceled' && source === POST_ONLY
  const reason = isRefused
    ? `POST_ONLY_WOULD_TAKE cancelSource=${source}`
    : state === 'canceled' && !BY_USER.has(source)
      ? `cancelSource=${source} ${field(order, 'cancelSourceReason') ?? ''}`.trim()
      : undefined
  return {
    market,
    clientId: clientIdOf(order),
    venueOrderId: idText(field(order, 'ordId'), 'order id'),
    kind: field(order, 'algoId') ? 'stop' : 'limit',
    side: sideFrom(field(order, 'side')),
    contracts: decimalText(field(order, 'sz'), 'size'),
    state: isRefused ? 'rejected' : state,
    filledContracts: decimalText(field(order, 'accFillSz') || '0', 'filled size'),
    averagePrice: optionalDecimal(field(order, 'avgPx'), 'average price'),
    ...(reason !== undefined && { reason }),
  }
}

/** @param child - the order that it placed, where there is one */
export function toRawStop(algo: unknown, market: ContractMarket, child?: RawOrder): RawOrder {
  const state = oneOf(field(algo, 'state'), ALGO_STATES, 'algo state')
  return {
    market,
    clientId: String(field(algo, 'algoClOrdId') ?? ''),
    venueOrderId: idText(field(algo, 'algoId'), 'algo id'),
    kind: 'stop',
    side: sideFrom(field(algo, 'side')),
    // Empty where it closes as much as is held once it is triggered.
    contracts: decimalText(field(algo, 'sz') || '0', 'size'),
    // Between the two there is no order yet.
    state: child?.state ?? (state === 'as-its-order' ? 'accepted' : state),
    filledContracts: child?.filledContracts ?? '0',
    averagePrice: child?.averagePrice,
    ...(state === 'rejected' && { reason: `failCode=${field(algo, 'failCode') ?? ''}` }),
  }
}

/** Undefined until it took effect. */
export function childIdOf(algo: unknown): string | undefined {
  const id = field(field(algo, 'ordIdList'), 0) || field(algo, 'ordId')
  return id ? String(id) : undefined
}

/** One row of the list of fills. OKX shows what is paid as negative. */
export function toRawFill(row: unknown, market: ContractMarket, clientId: string): RawFill {
  return {
    market,
    // Negative for what the venue did by force.
    tradeId: idText(field(row, 'tradeId'), 'trade id'),
    clientId,
    venueOrderId: idText(field(row, 'ordId'), 'order id'),
    side: sideFrom(field(row, 'side')),
    contracts: decimalText(field(row, 'fillSz'), 'size'),
    price: decimalText(field(row, 'fillPx'), 'price'),
    fee: negated(field(row, 'fee')),
    feeCurrency: String(field(row, 'feeCcy') || 'USDT'),
    at: filledAtOf(row),
    liquidity: liquidityFrom(field(row, 'execType')),
    cause: causeFromSubType(Number(field(row, 'subType'))),
  }
}

export const filledAtOf = (row: unknown): number =>
  instant(field(row, 'fillTime') || field(row, 'ts'), 'time of a trade')

/** The trade that a pushed order tells of; undefined where it tells of none. */
export function toPushedFill(order: unknown, market: ContractMarket): RawFill | undefined {
  if (!field(order, 'tradeId') || !Number(field(order, 'fillSz'))) return undefined
  return {
    market,
    tradeId: idText(field(order, 'tradeId'), 'trade id'),
    clientId: clientIdOf(order),
    venueOrderId: idText(field(order, 'ordId'), 'order id'),
    side: sideFrom(field(order, 'side')),
    contracts: decimalText(field(order, 'fillSz'), 'size'),
    price: decimalText(field(order, 'fillPx'), 'price'),
    fee: negated(pushedFee(order)),
    feeCurrency: String(field(order, 'fillFeeCcy') || 'USDT'),
    at: filledAtOf(order),
    liquidity: liquidityFrom(field(order, 'execType')),
    cause: causeFromCategory(String(field(order, 'category'))),
  }
}

/** `fee` is that of the whole order: that of the trade where there has been no other. */
const pushedFee = (order: unknown): unknown =>
  field(order, 'fillFee') || (field(order, 'accFillSz') === field(order, 'fillSz') ? field(order, 'fee') : undefined)

const causeFromCategory = (category: string): RawFill['cause'] =>
  LIQUIDATED.has(category) ? 'liquidation' : category === 'adl' ? 'deleveraging' : 'order'

/** 100 to 107 liquidate a part or all of a position, 125 to 128 deleverage it. */
const causeFromSubType = (subType: number): RawFill['cause'] =>
  subType >= 100 && subType <= 107 ? 'liquidation' : subType >= 125 && subType <= 128 ? 'deleveraging' : 'order'

function negated(value: unknown): string {
  const text = decimalText(value, 'fee')
  return text.startsWith('-') ? text.slice(1) : Number(text) === 0 ? text : `-${text}`
}
