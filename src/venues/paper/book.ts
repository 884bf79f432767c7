import { Decimal } from 'decimal.js'
import type { ClientOrderId, VenueOrderState } from '../../domain/execution/order.ts'
import type { InstrumentId } from '../../domain/instrument.ts'
import type { VenueId } from '../../domain/market/tick.ts'
import { baseQty, price, type TimestampMs, timestamp, usd } from '../../domain/units.ts'
import type { VenueFill, VenueOrder } from '../../ports.ts'

/** What rests on one instrument and what is held of it; it can be made again from the rows. Amounts are decimal strings. */
export interface Book {
  /** Signed base coins. */
  readonly position: string
  /** Average entry price; `0` while flat. */
  readonly entry: string
  /** USD over the life of the account, without fees. */
  readonly realized: string
  readonly fees: string
  /** In order of arrival. */
  readonly orders: readonly RestingOrder[]
}

export interface RestingOrder {
  readonly number: number
  /** Undefined: another hand's. */
  readonly clientOrderId?: ClientOrderId
  readonly kind: 'limit' | 'stop'
  readonly side: 'buy' | 'sell'
  /** As it was sent. */
  readonly quantity: string
  /** What may still fill: less than is unfilled where a reduce-only order was shrunk. */
  readonly open: string
  readonly filled: string
  /** Σ of filled quantity × price. */
  readonly paid: string
  readonly trades: number
  /** Of a stop: its trigger. */
  readonly price: string
  readonly reduceOnly: boolean
  readonly acceptedAt: number
  /** The quote whose liquidity within the limit it took already: only another one fills it further. */
  readonly spent?: { readonly at: number; readonly touch: number }
}

/** The kinds of orders on record: ours and other hands', and those that the venue makes by force. */
export type AcceptanceKind = 'limit' | 'stop' | 'liquidation' | 'deleveraging'

/** Rows as the ledger keeps them; they are only ever added. */
export interface AcceptanceRow {
  readonly sequence: number
  readonly venue_id: VenueId
  readonly client_order_id: ClientOrderId | null
  readonly instrument_id: InstrumentId
  readonly kind: AcceptanceKind
  readonly side: 'buy' | 'sell'
  readonly quantity: string
  readonly limit_price: string | null
  readonly trigger_price: string | null
  readonly time_in_force: 'gtc' | 'ioc'
  readonly post_only: boolean
  readonly reduce_only: boolean
  readonly accepted_at_ms: number
}

export interface FillRow {
  readonly trade_id: string
  readonly acceptance: number
  readonly venue_id: VenueId
  readonly client_order_id: ClientOrderId | null
  readonly instrument_id: InstrumentId
  readonly side: 'buy' | 'sell'
  readonly quantity: string
  readonly fill_price: string
  readonly fee_usd: string
  readonly liquidity: 'maker' | 'taker'
  readonly cause: VenueFill['cause']
  readonly filled_at_ms: number
}

/** What became of an order after it was accepted, besides its fills. */
export interface ChangeRow {
  readonly acceptance: number
  readonly venue_id: VenueId
  readonly change: 'triggered' | 'reduced' | 'filled' | 'canceled'
  /** Of `reduced`: what may still fill. */
  readonly open_quantity: string | null
  readonly reason: string | null
  readonly changed_at_ms: number
}

export interface LedgerRows {
  readonly acceptances: readonly AcceptanceRow[]
  readonly fills: readonly FillRow[]
  readonly changes: readonly ChangeRow[]
}

export const EMPTY_BOOK: Book = { position: '0', entry: '0', realized: '0', fees: '0', orders: [] }

/** The book after one more trade: average cost, realised by what closes; a trade through zero opens anew at its own price. */
export function applyTrade(book: Book, trade: Pick<FillRow, 'side' | 'quantity' | 'fill_price' | 'fee_usd'>): Book {
  const held = new Decimal(book.position)
  const signed = new Decimal(trade.quantity).mul(trade.side === 'buy' ? 1 : -1)
  const position = held.plus(signed)
  const fees = new Decimal(book.fees).plus(trade.fee_usd).toFixed()
  if (held.isZero() || held.isPositive() === signed.isPositive()) {
    const cost = held.abs().mul(book.entry).plus(signed.abs().mul(trade.fill_price))
    return { ...book, position: position.toFixed(), entry: cost.div(position.abs()).toFixed(), fees }
  }
  const closed = Decimal.min(held.abs(), signed.abs())
  const gained = closed.mul(new Decimal(trade.fill_price).minus(book.entry)).mul(held.isPositive() ? 1 : -1)
  const passedZero = !position.isZero() && position.isPositive() !== held.isPositive()
  return {
    ...book,
    position: position.isZero() ? '0' : position.toFixed(),
    entry: position.isZero() ? '0' : passedZero ? trade.fill_price : book.entry,
    realized: new Decimal(book.realized).plus(gained).toFixed(),
    fees,
  }
}

/** How much an order of this side may trade before it would grow the position. */
export function closable(book: Pick<Book, 'position'>, side: 'buy' | 'sell'): Decimal {
  const held = new Decimal(book.position)
  return Decimal.max(0, side === 'buy' ? held.neg() : held)
}

export const venueOrderIdOf = (venueId: VenueId, number: number): string => `${venueId}-${number}`

/** An order as it rests. */
export const toRestingOrder = (order: RestingOrder, venueId: VenueId, instrumentId: InstrumentId): VenueOrder =>
  toVenueOrder(order, new Decimal(order.filled).gt(0) ? 'partially-filled' : 'accepted', { venueId, instrumentId })

export function toVenueOrder(
  order: Pick<RestingOrder, 'number' | 'clientOrderId' | 'kind' | 'side' | 'quantity' | 'filled' | 'paid'>,
  state: VenueOrderState,
  at: { readonly venueId: VenueId; readonly instrumentId: InstrumentId; readonly reason?: string | undefined },
): VenueOrder {
  const filled = new Decimal(order.filled)
  return {
    ...(order.clientOrderId !== undefined && { clientOrderId: order.clientOrderId }),
    venueOrderId: venueOrderIdOf(at.venueId, order.number),
    instrumentId: at.instrumentId,
    kind: order.kind,
    side: order.side,
    quantity: baseQty(Number(order.quantity)),
    state,
    filledQuantity: baseQty(filled.toNumber()),
    ...(filled.gt(0) && { averageFillPrice: price(new Decimal(order.paid).div(filled).toNumber()) }),
    ...(at.reason !== undefined && { reason: at.reason }),
  }
}

export const toVenueFill = (row: FillRow): VenueFill => ({
  tradeId: row.trade_id,
  ...(row.client_order_id !== null && { clientOrderId: row.client_order_id }),
  venueOrderId: venueOrderIdOf(row.venue_id, row.acceptance),
  instrumentId: row.instrument_id,
  side: row.side,
  quantity: baseQty(Number(row.quantity)),
  fillPrice: price(Number(row.fill_price)),
  fee: usd(Number(row.fee_usd)),
  filledAt: timestamp(Number(row.filled_at_ms)) as TimestampMs,
  liquidity: row.liquidity,
  cause: row.cause,
})
