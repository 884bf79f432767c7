import { Decimal } from 'decimal.js'
import type { VenueOrderState } from '../../domain/execution/order.ts'
import type { ContractMarket } from './contracts.ts'
import type { RawFill, RawOrder } from './exchange.ts'
import { UnreadableError } from './failures.ts'
import { decimalText, field, idText, oneOf } from './readings.ts'

/** Kinds of orders on the chain: `short` lives in the nodes' memories until a block, `long` on the chain until a time. */
export const FLAGS = { short: 0, long: 64 } as const
export type Flags = (typeof FLAGS)[keyof typeof FLAGS]

/** All positions are margined across; `subaccountNumber` 0 is where ccxt trades. */
export const SUBACCOUNT = 0

const SIDES = { BUY: 'buy', SELL: 'sell' } as const
/**
 * "Best effort" is what one node saw: an order that it opened may be unknown to the others, and one that it took from its book may
 * still be filled by them until its block has passed.
 */
const STATES: Readonly<Record<string, VenueOrderState>> = {
  OPEN: 'accepted',
  UNTRIGGERED: 'accepted',
  BEST_EFFORT_OPENED: 'accepted',
  BEST_EFFORT_CANCELED: 'accepted',
  FILLED: 'filled',
  CANCELED: 'canceled',
}
/** What rests; in the order in which the indexer names them. */
export const RESTING = ['OPEN', 'UNTRIGGERED', 'BEST_EFFORT_OPENED'] as const

const LIQUIDITY = { TAKER: 'taker', MAKER: 'maker' } as const
/** `LIQUIDATION` is the other side of somebody's; `OFFSETTING` is that of somebody who went bankrupt, taken from a winner. */
const CAUSES: Readonly<Record<string, RawFill['cause']>> = {
  LIMIT: 'order',
  MARKET: 'order',
  LIQUIDATION: 'order',
  TWAP_SUBORDER: 'order',
  LIQUIDATED: 'liquidation',
  DELEVERAGED: 'deleveraging',
  OFFSETTING: 'deleveraging',
}

/** @throws {UnreadableError} when it is no order of the indexer, over HTTP or pushed */
export function toRawOrder(order: unknown, market: ContractMarket): RawOrder {
  const contracts = decimalText(field(order, 'size'), 'size')
  // Left out, or null, of what has only just been placed.
  const filledContracts = decimalText(field(order, 'totalFilled') ?? '0', 'filled size')
  const state = oneOf(field(order, 'status'), STATES, 'order status')
  const reason = field(order, 'removalReason')
  return {
    market,
    clientId: idText(field(order, 'clientId'), 'client id'),
    venueOrderId: idText(field(order, 'id'), 'order id'),
    kind: field(order, 'type') === 'LIMIT' ? 'limit' : 'stop',
    side: oneOf(field(order, 'side'), SIDES, 'side'),
    contracts,
    state: state === 'accepted' && Number(filledContracts) > 0 ? 'partially-filled' : state,
    filledContracts,
    ...(typeof reason === 'string' && { reason }),
  }
}

export const isEnded = ({ state }: RawOrder): boolean => state !== 'accepted' && state !== 'partially-filled'

/** The same after its block has passed: nothing more can happen to it. */
export const asPassed = (order: RawOrder): RawOrder =>
  isEnded(order)
    ? order
    : { ...order, state: new Decimal(order.filledContracts).gte(order.contracts) ? 'filled' : 'canceled' }

/** The block that an order is good till; undefined for one that lives until a time. */
export function goodTilBlockOf(order: unknown): number | undefined {
  const block = field(order, 'goodTilBlock')
  return block === undefined || block === null ? undefined : heightOf(block)
}

/** @throws {UnreadableError} when it is no fill of the indexer */
export function toRawFill(fill: unknown, market: ContractMarket, clientId: string | undefined): RawFill {
  const tradeId = idText(field(fill, 'id'), 'fill id')
  return {
    market,
    tradeId,
    clientId,
    // What the venue closes by force has no order.
    venueOrderId: orderIdOf(fill) ?? tradeId,
    side: oneOf(field(fill, 'side'), SIDES, 'side'),
    contracts: decimalText(field(fill, 'size'), 'size'),
    price: decimalText(field(fill, 'price'), 'price'),
    fee: decimalText(field(fill, 'fee'), 'fee'),
    feeCurrency: 'USDC',
    at: momentOf(field(fill, 'createdAt')),
    liquidity: oneOf(field(fill, 'liquidity'), LIQUIDITY, 'liquidity'),
    cause: oneOf(field(fill, 'type'), CAUSES, 'kind of fill'),
  }
}

export function orderIdOf(fill: unknown): string | undefined {
  const id = field(fill, 'orderId')
  return typeof id === 'string' && id !== '' ? id : undefined
}

/** ms. @throws {UnreadableError} when it is no ISO instant */
export function momentOf(value: unknown): number {
  const at = typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isFinite(at)) return at
  throw new UnreadableError(`Expected an ISO time, was ${JSON.stringify(value)}`)
}

/** @throws {UnreadableError} when it is no height of a block */
export function heightOf(value: unknown): number {
  const height = Number(value)
  if (Number.isSafeInteger(height) && height > 0) return height
  throw new UnreadableError(`Expected the height of a block, was ${JSON.stringify(value)}`)
}

export const contractsIn = (fills: readonly Pick<RawFill, 'contracts'>[]): Decimal =>
  fills.reduce((sum, { contracts }) => sum.plus(contracts), new Decimal(0))

/** Volume-weighted, of the fills that are given; undefined of none. */
export function averageOf(fills: readonly Pick<RawFill, 'contracts' | 'price'>[]): string | undefined {
  const contracts = contractsIn(fills)
  if (contracts.isZero()) return undefined
  const paid = fills.reduce((sum, { contracts, price }) => sum.plus(new Decimal(contracts).mul(price)), new Decimal(0))
  return paid.div(contracts).toFixed()
}
