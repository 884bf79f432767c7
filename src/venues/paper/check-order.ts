import { Decimal } from 'decimal.js'
import type { Instrument } from '../../domain/instrument.ts'
import type { TimestampMs } from '../../domain/units.ts'
import type { OrderRequest, Quote, StopRequest } from '../../ports.ts'
import { type Book, closable } from './book.ts'

const DECIMAL = /^\d{1,15}(\.\d{1,15})?$/
const CLIENT_ORDER_ID = /^[A-Za-z0-9_-]{1,36}$/

/** Why a venue would refuse this order before looking at its book: a code and the numbers; undefined when it would not. */
export function checkOrder(order: OrderRequest, instrument: Instrument, quote: Quote): string | undefined {
  const { quantity, limitPrice, clientOrderId } = order
  const malformed = checkClientOrderId(clientOrderId)
  if (malformed) return malformed
  if (!isMultiple(quantity, instrument.lotSize)) {
    return `QUANTITY_NOT_ON_LOT quantity=${quantity} lotSize=${instrument.lotSize}`
  }
  if (!isMultiple(limitPrice, instrument.tickSize)) {
    return `PRICE_NOT_ON_TICK limitPrice=${limitPrice} tickSize=${instrument.tickSize}`
  }
  if (order.postOnly && order.timeInForce === 'ioc') return 'POST_ONLY_NEVER_RESTS timeInForce=ioc'
  const notional = new Decimal(quantity).mul(midOf(quote))
  if (!order.reduceOnly && notional.lt(instrument.minNotional)) {
    return `NOTIONAL_BELOW_MIN notional=${notional.toFixed(2)} min=${instrument.minNotional}`
  }
  return undefined
}

/** The same of a stop; like every order that only closes it has no smallest notional. */
export function checkStop(stop: StopRequest, instrument: Instrument): string | undefined {
  const malformed = checkClientOrderId(stop.clientOrderId)
  if (malformed) return malformed
  if (!isMultiple(stop.quantity, instrument.lotSize)) {
    return `QUANTITY_NOT_ON_LOT quantity=${stop.quantity} lotSize=${instrument.lotSize}`
  }
  if (!isMultiple(stop.triggerPrice, instrument.tickSize)) {
    return `PRICE_NOT_ON_TICK triggerPrice=${stop.triggerPrice} tickSize=${instrument.tickSize}`
  }
  return undefined
}

/** Why a request is refused for the hour at which it arrives. */
export function checkTime({ validUntil }: Pick<OrderRequest, 'validUntil'>, at: TimestampMs): string | undefined {
  return at > validUntil ? `REQUEST_EXPIRED validUntil=${toIso(validUntil)} at=${toIso(at)}` : undefined
}

/** Why a reduce-only order is refused at this position: it may bring it nearer to zero, not past it. */
export function checkReduceOnly(order: OrderRequest, book: Pick<Book, 'position'>): string | undefined {
  if (!order.reduceOnly || new Decimal(order.quantity).lte(closable(book, order.side))) return undefined
  return `REDUCE_ONLY_WOULD_INCREASE side=${order.side} quantity=${order.quantity} position=${book.position}`
}

export const midOf = (quote: Quote): number => (quote.bestBid + quote.bestAsk) / 2

const toIso = (at: TimestampMs): string => new Date(at).toISOString()

const checkClientOrderId = (clientOrderId: string): string | undefined =>
  CLIENT_ORDER_ID.test(clientOrderId)
    ? undefined
    : `CLIENT_ORDER_ID_MALFORMED clientOrderId=${clientOrderId} expected=${CLIENT_ORDER_ID.source}`

/** Only a positive decimal without sign or exponent is a number here: "NaN", "1e3" and "-1" are not. */
function isMultiple(value: string, step: string): boolean {
  if (!DECIMAL.test(value)) return false
  const decimal = new Decimal(value)
  return decimal.gt(0) && decimal.mod(step).isZero()
}
