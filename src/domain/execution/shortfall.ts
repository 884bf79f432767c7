import { type BaseQty, type Bps, bps, type Fraction, fraction, type Price } from '../units.ts'
import type { Fill, Order } from './order.ts'

export interface ShortfallInputs {
  readonly side: 'buy' | 'sell'
  /** What was to be traded. */
  readonly quantity: BaseQty
  /** Mid when execution began. */
  readonly arrivalMid: Price
  /** Mid when it ended: what is unfilled counts at it. */
  readonly closeMid: Price
  readonly fills: readonly ShortfallFill[]
}

export interface ShortfallFill extends Pick<Fill, 'quantity' | 'fillPrice' | 'fee' | 'liquidity'> {
  /** Mid when its order was sent; undefined = not known. */
  readonly orderMid?: Price | undefined
}

/** All in basis points of the whole at the arrival mid; positive = cost. The parts sum to the total. */
export interface Shortfall {
  readonly total: Bps
  /** What mid did between arrival and the sending of what filled. */
  readonly delay: Bps
  /** What was paid against mid at sending: spread and impact, less what resting earned. */
  readonly spreadAndImpact: Bps
  readonly fees: Bps
  /** What the unfilled part has run away. */
  readonly opportunity: Bps
  readonly filledShare: Fraction
  /** Of what is filled; undefined where nothing is filled or no fill says. */
  readonly makerShare?: Fraction | undefined
}

/**
 * Implementation shortfall against the mid on arrival:
 *
 *     IS = [side·(avgFill − arrivalMid)·filled/Q + side·(closeMid − arrivalMid)·unfilled/Q] / arrivalMid · 1e4 + fees
 *
 * @throws {RangeError} when nothing was to be traded or there is no arrival mid
 * @see Perold (1988), "The implementation shortfall: paper versus reality"; specification §5
 */
export function shortfall({ side, quantity, arrivalMid, closeMid, fills }: ShortfallInputs): Shortfall {
  if (!(quantity > 0 && arrivalMid > 0)) {
    throw new RangeError(`Expected a quantity and an arrival mid above 0, were ${quantity} and ${arrivalMid}`)
  }
  const sign = side === 'buy' ? 1 : -1
  const scale = 1e4 / (quantity * arrivalMid)
  let [filled, delay, paid, fees, maker, told] = [0, 0, 0, 0, 0, 0]
  for (const fill of fills) {
    const sentAt = fill.orderMid ?? arrivalMid
    filled += fill.quantity
    delay += sign * (sentAt - arrivalMid) * fill.quantity
    paid += sign * (fill.fillPrice - sentAt) * fill.quantity
    fees += fill.fee
    if (fill.liquidity !== undefined) told += fill.quantity
    if (fill.liquidity === 'maker') maker += fill.quantity
  }
  const missed = sign * (closeMid - arrivalMid) * Math.max(0, quantity - filled)
  return {
    total: bps((delay + paid + fees + missed) * scale),
    delay: bps(delay * scale),
    spreadAndImpact: bps(paid * scale),
    fees: bps(fees * scale),
    opportunity: bps(missed * scale),
    filledShare: fraction(filled / quantity),
    makerShare: told > 0 ? fraction(maker / told) : undefined,
  }
}

/** Fills with the mid at which their order was sent. */
export function withOrderMids(orders: readonly Order[], fills: readonly Fill[]): readonly ShortfallFill[] {
  const mids = new Map(orders.map(({ clientOrderId, arrivalMid }) => [clientOrderId, arrivalMid]))
  return fills.map((fill) => ({ ...fill, orderMid: mids.get(fill.clientOrderId) }))
}
