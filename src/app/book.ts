import type { Fill } from '../domain/execution/order.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Asset } from '../domain/market/tick.ts'
import { type BaseQty, baseQty, type Fraction, fraction, type Price, price, type Usd, usd } from '../domain/units.ts'
import type { Ports } from './ports.ts'
import { type Leg, legsOf } from './venues.ts'

/** What our own fills on one venue add up to. */
export interface HoldingLeg extends Leg {
  /** Signed: negative is short. What other hands hold on the same account is not in it. */
  readonly position: BaseQty
  readonly averageEntryPrice?: Price
  readonly realizedPnl: Usd
  readonly fees: Usd
}

/** What the book holds in one asset: the spot that was configured and the hedge that our own fills add up to, over all venues. */
export interface Holding {
  readonly asset: Asset
  /** Of the first venue: the contract by which proposals go. */
  readonly instrument: Instrument
  readonly exposure: BaseQty
  /** Coins short, positive = short; negative would be a long perp. */
  readonly hedge: BaseQty
  readonly hedgeRatio: Fraction
  /** Of all legs together, by quantity; undefined without a hedge. */
  readonly averageEntryPrice?: Price
  readonly realizedPnl: Usd
  readonly fees: Usd
  /** In the order of the venues, those without a position included. */
  readonly legs: readonly HoldingLeg[]
}

export async function readHolding(
  { store, venues, settings }: Pick<Ports, 'store' | 'venues' | 'settings'>,
  asset: Asset,
): Promise<Holding> {
  const legs = await legsOf({ venues }, asset)
  const read = async (leg: Leg) => ({ ...leg, fills: await store.orders.allFills(leg.instrument.instrumentId) })
  return holdingOf({ settings, legs: await Promise.all(legs.map(read)) }, asset)
}

/** @param legs - the first venue's first, each with every fill there ever was of its instrument, oldest first */
export function holdingOf(
  {
    settings,
    legs: given,
  }: { settings: Ports['settings']; legs: readonly (Leg & { readonly fills: readonly Fill[] })[] },
  asset: Asset,
): Holding {
  const exposure = settings.book.exposures[asset] ?? baseQty(0)
  const legs = given.map(toHoldingLeg)
  const position = clean(legs.reduce((sum, leg) => sum + leg.position, 0))
  const hedge = baseQty(0 - position) // not −position: a flat one would be minus zero
  const entryValue = legs.reduce((sum, leg) => sum + leg.position * (leg.averageEntryPrice ?? 0), 0)
  return {
    asset,
    instrument: legs[0]!.instrument,
    exposure,
    hedge,
    hedgeRatio: fraction(exposure > 0 ? hedge / exposure : 0),
    ...(position === 0 ? {} : { averageEntryPrice: price(entryValue / position) }),
    realizedPnl: usd(legs.reduce((sum, leg) => sum + leg.realizedPnl, 0)),
    fees: usd(legs.reduce((sum, leg) => sum + leg.fees, 0)),
    legs,
  }
}

function toHoldingLeg({ fills, ...leg }: Leg & { readonly fills: readonly Fill[] }): HoldingLeg {
  const { quantity, averagePrice, realized, fees } = positionOf(fills)
  return {
    ...leg,
    position: baseQty(quantity),
    ...(quantity === 0 ? {} : { averageEntryPrice: price(averagePrice) }),
    realizedPnl: usd(realized),
    fees: usd(fees),
  }
}

/** What closing every leg at this price would bring, before fees. */
export const unrealizedPnlOf = ({ legs }: Holding, mark: Price): Usd =>
  usd(legs.reduce((sum, leg) => sum + leg.position * (mark - (leg.averageEntryPrice ?? mark)), 0))

/** Protective: with this order filled, the book's |net delta| is smaller. */
export function isProtectiveOrder(
  { exposure, hedge }: Holding,
  order: { readonly side: 'buy' | 'sell'; readonly quantity: BaseQty },
): boolean {
  const hedgeAfter = hedge + (order.side === 'sell' ? order.quantity : -order.quantity)
  return Math.abs(exposure - hedgeAfter) < Math.abs(exposure - hedge)
}

/** Signed quantity, average entry of what is open, realised P&L of what was closed: the standard average-cost fold. */
export function positionOf(fills: readonly Fill[]): {
  quantity: number
  averagePrice: number
  realized: number
  fees: number
} {
  return fills.reduce(
    (position, fill) => {
      const signed = fill.side === 'buy' ? fill.quantity : -fill.quantity
      const fees = position.fees + fill.fee
      if (position.quantity === 0 || Math.sign(position.quantity) === Math.sign(signed)) {
        const quantity = position.quantity + signed
        const averagePrice = (position.averagePrice * position.quantity + fill.fillPrice * signed) / quantity
        return { quantity: clean(quantity), averagePrice, realized: position.realized, fees }
      }
      const closed = Math.min(Math.abs(signed), Math.abs(position.quantity)) * Math.sign(position.quantity)
      const realized = position.realized + closed * (fill.fillPrice - position.averagePrice)
      const quantity = clean(position.quantity + signed)
      const flipped = Math.sign(quantity) === Math.sign(signed) && quantity !== 0
      return { quantity, averagePrice: flipped ? fill.fillPrice : position.averagePrice, realized, fees }
    },
    { quantity: 0, averagePrice: 0, realized: 0, fees: 0 },
  )
}

/** Sums of decimal lots leave dust like 1e-17; below a billionth of a coin it is zero. */
const clean = (quantity: number): number => (Math.abs(quantity) < 1e-9 ? 0 : Number(quantity.toFixed(9)))
