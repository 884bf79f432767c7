import { Decimal } from 'decimal.js'
import type { Instrument } from '../../domain/instrument.ts'
import type { BaseQty } from '../../domain/units.ts'
import type { OrderRequest, Quote } from '../../ports.ts'

const DECIMAL = /^\d{1,15}(\.\d{1,15})?$/
const CLIENT_ORDER_ID = /^[A-Za-z0-9_-]{1,36}$/

/** Why a venue would refuse this order before looking at its book: a code and the numbers; undefined when it would not. */
export function checkOrder(order: OrderRequest, instrument: Instrument, quote: Quote): string | undefined {
  const { quantity, limitPrice, clientOrderId } = order
  if (!CLIENT_ORDER_ID.test(clientOrderId)) {
    return `CLIENT_ORDER_ID_MALFORMED clientOrderId=${clientOrderId} expected=${CLIENT_ORDER_ID.source}`
  }
  if (order.timeInForce !== 'ioc') return `TIME_IN_FORCE_UNSUPPORTED timeInForce=${order.timeInForce} expected=ioc`
  if (!isMultiple(quantity, instrument.lotSize)) {
    return `QUANTITY_NOT_ON_LOT quantity=${quantity} lotSize=${instrument.lotSize}`
  }
  if (!isMultiple(limitPrice, instrument.tickSize)) {
    return `PRICE_NOT_ON_TICK limitPrice=${limitPrice} tickSize=${instrument.tickSize}`
  }
  const notional = new Decimal(quantity).mul(midOf(quote))
  if (!order.reduceOnly && notional.lt(instrument.minNotional)) {
    return `NOTIONAL_BELOW_MIN notional=${notional.toFixed(2)} min=${instrument.minNotional}`
  }
  return undefined
}

/** Why a reduce-only order is refused at this position: it may bring it nearer to zero, not past it. */
export function checkReduceOnly(order: OrderRequest, position: BaseQty): string | undefined {
  if (!order.reduceOnly) return undefined
  const closable = order.side === 'buy' ? -position : position
  if (new Decimal(order.quantity).lte(closable)) return undefined
  return `REDUCE_ONLY_WOULD_INCREASE side=${order.side} quantity=${order.quantity} position=${position}`
}

export const midOf = (quote: Quote): number => (quote.bestBid + quote.bestAsk) / 2

/** Only a positive decimal without sign or exponent is a number here: "NaN", "1e3" and "-1" are not. */
function isMultiple(value: string, step: string): boolean {
  if (!DECIMAL.test(value)) return false
  const decimal = new Decimal(value)
  return decimal.gt(0) && decimal.mod(step).isZero()
}
