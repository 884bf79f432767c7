import { Decimal } from 'decimal.js'
import { NotOnStep } from './requests.ts'

/** Prices have at most this many significant figures, and with the size's decimals at most six decimals; whole ones are always good. */
const FIGURES = 5
const DECIMALS = 6

/** The tick holds up to this much of the price at which it was chosen. */
const HEADROOM = 2

/**
 * One tick for an instrument whose ticks grow with its price: that of twice the price, so that every multiple of it is a price
 * that Hyperliquid takes up to there, stops above included. Finer ones that it would take below are given up.
 *
 * @param price - USD per base coin, now
 * @param szDecimals - decimals of a size, as the venue says
 * @throws {RangeError} when there is no price
 */
export function tickAt(price: string, szDecimals: number): string {
  const highest = new Decimal(price).mul(HEADROOM)
  if (!highest.gt(0)) throw new RangeError(`Expected a price to choose a tick by, was ${price}`)
  const decimals = Math.min(DECIMALS - szDecimals, FIGURES - 1 - highest.log(10).floor().toNumber())
  return new Decimal(10).pow(-Math.max(0, decimals)).toFixed()
}

/** As it is signed: Hyperliquid reads a number and signs for what it would write, without zeros at the end. */
export const asSigned = (text: string): string => new Decimal(text).toFixed()

/** The price as it is signed. @throws {NotOnStep} when it has more figures than Hyperliquid takes: nothing was sent */
export function priceAsSigned(text: string, szDecimals: number): string {
  const price = new Decimal(text)
  if (price.isInteger() || (price.precision() <= FIGURES && price.decimalPlaces() <= DECIMALS - szDecimals))
    return price.toFixed()
  throw new NotOnStep(`PRICE_NOT_ON_TICK price=${text} figures=${FIGURES} decimals=${DECIMALS - szDecimals}`)
}

/**
 * The worst price at which an order at the market may fill, so far through the reference.
 *
 * @param through - as a fraction
 */
export function worstPrice(
  reference: string,
  {
    side,
    through,
    szDecimals,
  }: { readonly side: 'buy' | 'sell'; readonly through: number; readonly szDecimals: number },
): string {
  const rounding = side === 'buy' ? Decimal.ROUND_UP : Decimal.ROUND_DOWN
  return new Decimal(reference)
    .mul(side === 'buy' ? 1 + through : 1 - through)
    .toSignificantDigits(FIGURES, rounding)
    .toDecimalPlaces(Math.max(0, DECIMALS - szDecimals), rounding)
    .toFixed()
}
