import type { Fill } from '../domain/execution/order.ts'
import { cleanQuantity, FLAT, type Position, positionOf } from '../domain/execution/position.ts'
import type { Instrument, InstrumentId } from '../domain/instrument.ts'
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

export async function readHolding(ports: Pick<Ports, 'store' | 'venues' | 'settings'>, asset: Asset): Promise<Holding> {
  return (await readHoldings(ports, [asset]))[0]!
}

/** The same of several assets, in one question to the record. */
export async function readHoldings(
  { store, venues, settings }: Pick<Ports, 'store' | 'venues' | 'settings'>,
  assets: readonly Asset[],
): Promise<readonly Holding[]> {
  const legs = await Promise.all(assets.map((asset) => legsOf({ venues }, asset)))
  const booked = await store.orders.positions(legs.flat().map(({ instrument }) => instrument.instrumentId))
  const positionFor = (instrumentId: InstrumentId): Position =>
    booked.find((one) => one.instrumentId === instrumentId) ?? FLAT
  return assets.map((asset, i) => {
    const held = legs[i]!.map((leg) => ({ ...leg, held: positionFor(leg.instrument.instrumentId) }))
    return sumUp({ settings, legs: held }, asset)
  })
}

/** @param legs - the first venue's first, each with every fill there ever was of its instrument, oldest first */
export const holdingOf = (
  { settings, legs }: { settings: Ports['settings']; legs: readonly (Leg & { readonly fills: readonly Fill[] })[] },
  asset: Asset,
): Holding => sumUp({ settings, legs: legs.map(({ fills, ...leg }) => ({ ...leg, held: positionOf(fills) })) }, asset)

function sumUp(
  { settings, legs: given }: { settings: Ports['settings']; legs: readonly (Leg & { readonly held: Position })[] },
  asset: Asset,
): Holding {
  const exposure = settings.book.exposures[asset] ?? baseQty(0)
  const legs = given.map(toHoldingLeg)
  const position = cleanQuantity(legs.reduce((sum, leg) => sum + leg.position, 0))
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

function toHoldingLeg({ held, ...leg }: Leg & { readonly held: Position }): HoldingLeg {
  return {
    ...leg,
    position: baseQty(held.quantity),
    ...(held.quantity === 0 ? {} : { averageEntryPrice: price(held.averagePrice) }),
    realizedPnl: usd(held.realized),
    fees: usd(held.fees),
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
