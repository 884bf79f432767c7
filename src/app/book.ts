import type { Fill } from '../domain/execution/order.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Asset } from '../domain/market/tick.ts'
import { type BaseQty, baseQty, type Fraction, fraction, type Price, type Usd, usd } from '../domain/units.ts'
import type { Store, Venue } from '../ports.ts'
import type { Settings } from './settings.ts'

/** What the book holds in one asset: the spot that was configured and the hedge that our own fills add up to. */
export interface Holding {
  readonly asset: Asset
  readonly instrument: Instrument
  readonly exposure: BaseQty
  /** Coins short, positive = short; negative would be a long perp. */
  readonly hedge: BaseQty
  readonly hedgeRatio: Fraction
  readonly averageEntryPrice?: Price
  readonly realizedPnl: Usd
  readonly fees: Usd
}

export async function readHolding(
  { store, venue, settings }: { store: Store; venue: Venue; settings: Settings },
  asset: Asset,
): Promise<Holding> {
  const instrument = await venue.instrument(asset)
  return holdingOf({ settings, instrument, fills: await store.orders.allFills(instrument.instrumentId) }, asset)
}

/** @param fills - every fill there ever was of the instrument, oldest first */
export function holdingOf(
  { settings, instrument, fills }: { settings: Settings; instrument: Instrument; fills: readonly Fill[] },
  asset: Asset,
): Holding {
  const exposure = settings.book.exposures[asset] ?? baseQty(0)
  const position = positionOf(fills)
  const hedge = baseQty(0 - position.quantity) // not −quantity: a flat position would be minus zero
  return {
    asset,
    instrument,
    exposure,
    hedge,
    hedgeRatio: fraction(exposure > 0 ? hedge / exposure : 0),
    ...(position.quantity === 0 ? {} : { averageEntryPrice: position.averagePrice as Price }),
    realizedPnl: usd(position.realized),
    fees: usd(position.fees),
  }
}

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
