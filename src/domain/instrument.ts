import { Decimal } from 'decimal.js'
import type { Asset, VenueId } from './market/tick.ts'
import { type BaseQty, baseQty, type Price, type Usd } from './units.ts'

/** `ETH-USDT-PERP.BINANCE`, `ETH-USDC-PERP.DERIBIT`: in which currency a perpetual is quoted and settled is its venue's. */
export type InstrumentId = string & { readonly id: 'instrument' }

export interface Instrument {
  readonly instrumentId: InstrumentId
  readonly asset: Asset
  readonly venue: VenueId
  /** Smallest step of a quantity, in base, as the venue writes it. */
  readonly lotSize: string
  readonly tickSize: string
  readonly minNotional: Usd
}

/** Where the perpetual that is traded is not one in USDT. */
const QUOTED_IN: ReadonlyMap<VenueId, string> = new Map([
  ['deribit', 'USDC'],
  ['hyperliquid', 'USDC'],
  ['dydx', 'USDC'],
])

export const instrumentIdOf = (asset: Asset, venue: VenueId): InstrumentId =>
  `${asset}-${QUOTED_IN.get(venue.toLowerCase()) ?? 'USDT'}-PERP.${venue.toUpperCase()}` as InstrumentId

/** A difference of sums of lots, such as 0.022 − 0.015, misses the whole lot by binary dust; that much is forgiven. */
const DUST_LOTS = 1e-6

const wholeLots = (quantity: number, lot: Decimal): Decimal =>
  new Decimal(Math.abs(quantity)).div(lot).plus(DUST_LOTS).floor()

/** Rounds a quantity toward zero to the lot: never more than was decided. */
export function roundToLot(quantity: BaseQty, instrument: Instrument): BaseQty {
  const lot = new Decimal(instrument.lotSize)
  return baseQty(wholeLots(quantity, lot).mul(lot).mul(Math.sign(quantity)).toNumber())
}

/** The decimal string that leaves for the venue: positive, rounded down to the lot, no exponent. */
export function toQuantityString(quantity: BaseQty, instrument: Instrument): string {
  const lot = new Decimal(instrument.lotSize)
  return wholeLots(quantity, lot).mul(lot).toFixed(lot.decimalPlaces())
}

/** A limit price rounded toward safety: a buy never pays more, a sell never takes less, than was decided. */
export function toPriceString(limit: Price, side: 'buy' | 'sell', instrument: Instrument): string {
  const tick = new Decimal(instrument.tickSize)
  const ticks = new Decimal(limit).div(tick)
  return (side === 'buy' ? ticks.floor() : ticks.ceil()).mul(tick).toFixed(tick.decimalPlaces())
}
