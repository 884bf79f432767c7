import type { Fill } from './order.ts'

/** What fills add up to. */
export interface Position {
  /** Signed base coins: negative is short. */
  readonly quantity: number
  /** USD, of what is open; of no account where nothing is. */
  readonly averagePrice: number
  /** USD, of what was closed, before fees. */
  readonly realized: number
  /** USD. */
  readonly fees: number
}

export const FLAT: Position = { quantity: 0, averagePrice: 0, realized: 0, fees: 0 }

/** Signed quantity, average entry of what is open, realised P&L of what was closed: the standard average-cost fold. */
export const positionOf = (fills: readonly Fill[]): Position => fills.reduce(withFill, FLAT)

/** The position after one more fill. */
export function withFill(position: Position, fill: Pick<Fill, 'side' | 'quantity' | 'fillPrice' | 'fee'>): Position {
  const signed = fill.side === 'buy' ? fill.quantity : -fill.quantity
  const fees = position.fees + fill.fee
  if (position.quantity === 0 || Math.sign(position.quantity) === Math.sign(signed)) {
    const quantity = position.quantity + signed
    const averagePrice = (position.averagePrice * position.quantity + fill.fillPrice * signed) / quantity
    return { quantity: cleanQuantity(quantity), averagePrice, realized: position.realized, fees }
  }
  const closed = Math.min(Math.abs(signed), Math.abs(position.quantity)) * Math.sign(position.quantity)
  const realized = position.realized + closed * (fill.fillPrice - position.averagePrice)
  const quantity = cleanQuantity(position.quantity + signed)
  const flipped = Math.sign(quantity) === Math.sign(signed) && quantity !== 0
  return { quantity, averagePrice: flipped ? fill.fillPrice : position.averagePrice, realized, fees }
}

/** Sums of decimal lots leave dust like 1e-17; below a billionth of a coin it is zero. */
export const cleanQuantity = (quantity: number): number => (Math.abs(quantity) < 1e-9 ? 0 : Number(quantity.toFixed(9)))
