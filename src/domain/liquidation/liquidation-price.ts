import { type BaseQty, type Fraction, type Price, price } from '../units.ts'
import type { ContractTerms } from './contract-terms.ts'
import type { MarginTier, TierTable } from './margin-tiers.ts'

/** An isolated position. `quantity` is signed: positive is long. */
export interface IsolatedPosition {
  /** `linear`: margin in the quote currency, quantity in base coins. `inverse`: margin in coins, quantity in USD contracts. */
  readonly contract: 'linear' | 'inverse'
  readonly quantity: number
  readonly entryPrice: Price
  /** Initial margin is 1/leverage of the entry notional. */
  readonly leverage: number
  readonly maintenanceRate: Fraction
  /** Margin added beyond the initial, in the margin currency. */
  readonly extraMargin?: number
  /** The tier's maintenance deduction, in the margin currency. */
  readonly deduction?: number
  /** What maintenance is charged on; `entry` is the rule of older Bybit contracts. Default `mark`. */
  readonly maintenanceOn?: 'mark' | 'entry'
}

/**
 * The mark price at which an isolated position is liquidated (taker fees ignored).
 *
 *     linear, on mark    long [E(1 − 1/L) − (X + ded)/q]/(1 − m)     short [E(1 + 1/L) + (X + ded)/q]/(1 + m)
 *     linear, on entry   long  E(1 − 1/L + m) − (X + ded)/q          short  E(1 + 1/L − m) + (X + ded)/q
 *     inverse, on mark   Q(1 ± m)/(Q/E ± Q/(E·L) ± (X + ded))        + long, − short
 *     inverse, on entry  Q/(Q/E ± (Q/(E·L) − m·Q/E + X + ded))
 *
 * @returns undefined when no positive, finite price liquidates it (a linear long or an inverse short at 1x)
 * @throws {RangeError} on a zero quantity, a leverage below 1, a price that is not positive or a maintenance rate outside [0, 1)
 * @see specification §1.1
 */
export function liquidationPrice(position: IsolatedPosition): Price | undefined {
  const { contract, quantity, entryPrice, leverage, maintenanceRate: m, maintenanceOn = 'mark' } = position
  checkPosition(position)
  const side = Math.sign(quantity)
  const size = Math.abs(quantity)
  const cushion = (position.extraMargin ?? 0) + (position.deduction ?? 0)
  let level: number
  if (contract === 'linear') {
    const atEntry = entryPrice * (1 - side / leverage) - (side * cushion) / size
    level = maintenanceOn === 'mark' ? atEntry / (1 - side * m) : atEntry + side * entryPrice * m
  } else {
    const value = size / entryPrice
    const margin = value / leverage + cushion
    level =
      maintenanceOn === 'mark'
        ? (size * (1 + side * m)) / (value + side * margin)
        : size / (value + side * (margin - m * value))
  }
  return level > 0 && Number.isFinite(level) ? price(level) : undefined
}

/**
 * The price at which the margin of an isolated position is used up (no maintenance): later than liquidation.
 *
 * @returns undefined when there is none
 * @throws {RangeError} as `liquidationPrice`
 */
export const bankruptcyPrice = (position: IsolatedPosition): Price | undefined =>
  liquidationPrice({ ...position, maintenanceRate: 0 as Fraction, deduction: 0 })

/** What an account with one linear position is liquidated at; margin tiers decide rate and deduction. */
export type AccountLiquidation =
  | {
      readonly kind: 'at'
      readonly price: Price /** Row of the table that applies there, from 0. */
      readonly tier: number
    }
  | { readonly kind: 'never' }
  /** The position would be larger than the last tier allows. */
  | { readonly kind: 'beyond-tiers'; readonly notional: number; readonly maxNotional: number }

/**
 * Liquidation price from a wallet balance, with the tier found that contains the notional at that very price.
 *
 *     P = (WB + ded − q·E) / (|q|·(m − s))        s = sign of q
 *
 * With WB = |q|·E/L it is the isolated linear price.
 *
 * @param account - `walletBalance` in quote currency; `quantity` signed, base coins
 * @throws {RangeError} on a zero quantity or an entry price that is not positive
 * @see specification §1.1 (account form)
 */
export function accountLiquidationPrice(
  account: { readonly walletBalance: number; readonly quantity: BaseQty; readonly entryPrice: Price },
  { tiers }: Pick<TierTable, 'tiers'>,
): AccountLiquidation {
  const { walletBalance, quantity, entryPrice } = account
  if (quantity === 0 || !Number.isFinite(quantity)) throw new RangeError(`Expected a quantity, was ${quantity}`)
  if (!(entryPrice > 0)) throw new RangeError(`Expected a positive entry price, was ${entryPrice}`)
  const size = Math.abs(quantity)
  let notional = 0
  for (const [tier, { cap, maintenanceRate, deduction }] of tiers.entries()) {
    const level = (walletBalance + deduction - quantity * entryPrice) / (size * (maintenanceRate - Math.sign(quantity)))
    if (!(level > 0)) return { kind: 'never' }
    notional = size * level
    // Maintenance is continuous in notional (the deductions see to it), so the first tier that fits is the only one.
    if (notional <= cap) return { kind: 'at', price: price(level), tier }
  }
  return { kind: 'beyond-tiers', notional, maxNotional: tiers.at(-1)!.cap }
}

/** What is held of a contract; isolated. */
export interface HeldContract {
  /** Signed: positive is long. Coins (linear) or USD contracts (inverse). */
  readonly quantity: number
  readonly entryPrice: Price
  readonly leverage: number
  /** Margin added beyond the initial, in the margin currency. */
  readonly extraMargin?: number
}

/**
 * The mark price at which an isolated position is liquidated under a venue's own rules: the tier is the one that holds at
 * that very price (maintenance on mark), or at entry (maintenance on entry); a venue that charges the whole position at its
 * tier's rate takes no deduction.
 *
 * @param table - the contract's; where the venue counts coins, at any reference price
 * @returns `tier` counts from 0
 * @throws {RangeError} as `liquidationPrice`; where tiers count coins and the table has no reference price
 * @see specification §1.1
 */
export function contractLiquidationPrice(
  position: HeldContract,
  terms: Pick<ContractTerms, 'kind' | 'maintenanceOn' | 'chargedOn' | 'sizedIn'>,
  table: Pick<TierTable, 'tiers' | 'referencePrice'>,
): AccountLiquidation {
  const { kind, maintenanceOn, sizedIn } = terms
  const inCoins = sizedIn === 'coins' || kind === 'inverse'
  if (inCoins && table.referencePrice === undefined) {
    throw new RangeError('Expected a reference price beside tiers that count coins, was none')
  }
  const perUnit = sizedIn === 'coins' ? table.referencePrice! : 1
  const quantity = Math.abs(position.quantity)
  const coinsAt = (level: number): number => (kind === 'linear' ? quantity : quantity / level)
  const sizeAt = (level: number): number => (sizedIn === 'coins' ? coinsAt(level) : coinsAt(level) * level)
  const maintenanceOf = (tier: MarginTier): { maintenanceRate: Fraction; deduction: number } => {
    if (terms.chargedOn === 'whole') return { maintenanceRate: tier.maintenanceRate, deduction: 0 }
    // Tables are in dollars, the margin of an inverse contract is in coins: back at the price the table was converted at.
    const deduction = kind === 'inverse' ? tier.deduction / table.referencePrice! : tier.deduction
    return { maintenanceRate: tier.maintenanceRate, deduction }
  }
  let size = 0
  for (const [tier, row] of table.tiers.entries()) {
    const level = liquidationPrice({ ...position, contract: kind, maintenanceOn, ...maintenanceOf(row) })
    size = sizeAt(maintenanceOn === 'entry' ? position.entryPrice : (level ?? position.entryPrice))
    if (size > row.cap / perUnit) continue
    return level === undefined ? { kind: 'never' } : { kind: 'at', price: level, tier }
  }
  return { kind: 'beyond-tiers', notional: size * perUnit, maxNotional: table.tiers.at(-1)!.cap }
}

function checkPosition({ quantity, entryPrice, leverage, maintenanceRate }: IsolatedPosition): void {
  if (quantity === 0 || !Number.isFinite(quantity)) throw new RangeError(`Expected a quantity, was ${quantity}`)
  if (!(entryPrice > 0)) throw new RangeError(`Expected a positive entry price, was ${entryPrice}`)
  if (!(leverage >= 1)) throw new RangeError(`Expected a leverage of at least 1, was ${leverage}`)
  if (!(maintenanceRate >= 0 && maintenanceRate < 1)) {
    throw new RangeError(`Expected a maintenance rate in [0, 1), was ${maintenanceRate}`)
  }
}
