import { Decimal } from 'decimal.js'
import { type Instrument, instrumentIdOf } from '../../domain/instrument.ts'
import type { Asset, VenueId } from '../../domain/market/tick.ts'
import { type BaseQty, baseQty, usd } from '../../domain/units.ts'

/** One perpetual of a venue, and the only place that knows what its contracts are worth. Linear contracts only. */
export interface ContractMarket {
  readonly asset: Asset
  /** The venue's own id, and ccxt's symbol. */
  readonly marketId: string
  readonly symbol: string
  /** Base coins in one contract, as a decimal string: 1 at Binance, 0.1 for ETH at OKX. */
  readonly contractSize: string
  /** Smallest step of a quantity in contracts. */
  readonly contractStep: string
  readonly tickSize: string
  /** USD. */
  readonly minNotional: number
}

/**
 * A quantity in base coins as the number of contracts that leaves for the venue.
 *
 * @param quantity - decimal string, positive
 * @throws {RangeError} when it is not a whole number of the venue's steps: nothing is rounded here
 */
export function toContracts(quantity: string, market: ContractMarket): string {
  const base = decimal(quantity, 'quantity in base coins')
  const contracts = base.div(market.contractSize)
  if (!base.gt(0) || !contracts.mod(market.contractStep).isZero()) {
    throw new RangeError(`Expected a quantity on the lot of ${lotSizeOf(market)} ${market.asset}, was ${quantity}`)
  }
  return contracts.toFixed()
}

/**
 * What the venue calls so many contracts, in base coins; signed as it came.
 *
 * @throws {RangeError} when it is no decimal number
 */
export const toBase = (contracts: string, market: ContractMarket): BaseQty =>
  baseQty(decimal(contracts, 'number of contracts').mul(market.contractSize).toNumber())

/** The smallest step in base coins. */
export const lotSizeOf = (market: ContractMarket): string =>
  new Decimal(market.contractStep).mul(market.contractSize).toFixed()

export const toInstrument = (market: ContractMarket, venue: VenueId): Instrument => ({
  instrumentId: instrumentIdOf(market.asset, venue),
  asset: market.asset,
  venue,
  lotSize: lotSizeOf(market),
  tickSize: market.tickSize,
  minNotional: usd(market.minNotional),
})

/** The part of a ccxt market that is read. */
export interface RawMarket {
  readonly id: string
  readonly symbol: string
  readonly base?: string
  readonly linear?: boolean
  readonly swap?: boolean
  readonly contractSize?: number
  readonly precision: { readonly amount?: number; readonly price?: number }
  readonly limits: { readonly cost?: { readonly min?: number }; readonly amount?: { readonly min?: number } }
  readonly info: unknown
}

/**
 * From what ccxt says of a market, where it gives steps (precision mode TICK_SIZE).
 *
 * @throws {RangeError} when it is not a linear perpetual, or a step is missing
 */
export function marketFrom(asset: Asset, raw: RawMarket): ContractMarket {
  const { contractSize, precision, limits } = raw
  if (raw.swap !== true || raw.linear !== true) throw new RangeError(`Expected a linear perpetual, was ${raw.symbol}`)
  return {
    asset,
    marketId: raw.id,
    symbol: raw.symbol,
    contractSize: step(contractSize, 'contract size', raw.symbol),
    contractStep: step(precision.amount, 'step of quantities', raw.symbol),
    tickSize: step(precision.price, 'step of prices', raw.symbol),
    minNotional: limits.cost?.min ?? 0,
  }
}

function step(value: number | undefined, what: string, symbol: string): string {
  if (value !== undefined && value > 0 && Number.isFinite(value)) return new Decimal(value).toFixed()
  throw new RangeError(`Expected a ${what} of ${symbol}, was ${value}`)
}

function decimal(text: string, what: string): Decimal {
  if (/^-?\d+(\.\d+)?$/.test(text)) return new Decimal(text)
  throw new RangeError(`Expected a ${what}, was ${text}`)
}
