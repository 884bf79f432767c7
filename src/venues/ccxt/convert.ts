import { instrumentIdOf } from '../../domain/instrument.ts'
import { baseQty, price, timestamp, type Usd, usd } from '../../domain/units.ts'
import type { VenueFill, VenueOrder, VenuePosition } from '../../ports/venue.ts'
import { toBase } from './contracts.ts'
import type { RawFill, RawOrder, RawPosition, TradingExchange } from './exchange.ts'

/** What the venue's own shapes become: base coins, USD, our ids, our clock. */
export interface Conversion {
  readonly exchange: Pick<TradingExchange, 'venueId' | 'ids'>
  /** How far the venue's clock is ahead, ms. */
  readonly offsetMs: () => number
  /** USD per coin; undefined where it is not known. */
  readonly priceOf: (currency: string) => number | undefined
}

/** As good as USD for a fee. */
const STABLE = new Set(['USD', 'USDT', 'USDC', 'BUSD', 'FDUSD', 'USDE', 'BNFCR', 'BFUSD'])

export const isStable = (currency: string): boolean => STABLE.has(currency)

export function toVenueOrder(raw: RawOrder, { exchange }: Conversion): VenueOrder {
  const { market, clientId } = raw
  return {
    clientOrderId: clientId === undefined ? undefined : exchange.ids.fromVenue(clientId),
    venueOrderId: raw.venueOrderId,
    instrumentId: instrumentIdOf(market.asset, exchange.venueId),
    kind: raw.kind,
    side: raw.side,
    quantity: toBase(raw.contracts, market),
    state: raw.state,
    filledQuantity: toBase(raw.filledContracts, market),
    averageFillPrice: raw.averagePrice === undefined ? undefined : price(Number(raw.averagePrice)),
    reason: raw.reason,
  }
}

export function toVenueFill(raw: RawFill, conversion: Conversion): VenueFill {
  const { exchange, offsetMs } = conversion
  const { market, clientId } = raw
  return {
    tradeId: raw.tradeId,
    clientOrderId: clientId === undefined ? undefined : exchange.ids.fromVenue(clientId),
    venueOrderId: raw.venueOrderId,
    instrumentId: instrumentIdOf(market.asset, exchange.venueId),
    side: raw.side,
    quantity: toBase(raw.contracts, market),
    fillPrice: price(Number(raw.price)),
    fee: feeInUsd(raw, conversion),
    filledAt: timestamp(raw.at - offsetMs()),
    liquidity: raw.liquidity,
    cause: raw.cause,
  }
}

/**
 * @throws {RangeError} when the fee is in a coin whose price nobody knows: it is not guessed
 */
function feeInUsd({ fee, feeCurrency, market, price: fillPrice }: RawFill, { priceOf }: Conversion): Usd {
  const paid = Number(fee)
  if (paid === 0 || isStable(feeCurrency)) return usd(paid)
  const rate = feeCurrency === market.asset ? Number(fillPrice) : priceOf(feeCurrency)
  if (rate === undefined) throw new RangeError(`Expected a price of ${feeCurrency}, in which a fee of ${fee} was paid`)
  return usd(paid * rate)
}

/** Undefined for a flat one. */
export function toVenuePosition(raw: RawPosition, { exchange }: Conversion): VenuePosition | undefined {
  const { market } = raw
  const quantity = toBase(raw.contracts, market)
  if (quantity === 0) return undefined
  const optionalPrice = (text: string | undefined) => (text === undefined ? undefined : price(Number(text)))
  return {
    instrumentId: instrumentIdOf(market.asset, exchange.venueId),
    quantity: baseQty(quantity),
    averageEntryPrice: optionalPrice(raw.averageEntryPrice),
    markPrice: optionalPrice(raw.markPrice),
    liquidationPrice: optionalPrice(raw.liquidationPrice),
    leverage: raw.leverage === undefined ? undefined : Number(raw.leverage),
  }
}
