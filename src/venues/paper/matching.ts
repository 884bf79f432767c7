import { Decimal } from 'decimal.js'
import type { Instrument } from '../../domain/instrument.ts'
import { type Bps, bpsToFraction } from '../../domain/units.ts'
import type { OrderRequest, Quote } from '../../ports.ts'

/** One trade that the matching decided on: decimal strings, positive. */
export interface Match {
  readonly quantity: string
  readonly fillPrice: string
  readonly feeUsd: string
}

/** What takes liquidity: base coins and USD per coin, as decimal strings. */
export type Taker = Pick<OrderRequest, 'side' | 'quantity' | 'limitPrice'>

export interface MatchOptions {
  readonly instrument: Instrument
  readonly quote: Quote
  readonly takerFee: Bps
}

/** Trades of an order that takes liquidity now; what becomes of what they leave over is not decided here. */
export type Matching = (order: Taker, options: MatchOptions) => readonly Match[]

/** Coefficient of the square-root law (specification §5: 0.5 to 1, default 0.7). */
const IMPACT = 0.7
/** Charged in full where the volume or volatility behind the law is unknown: better dear than free. */
const UNKNOWN_IMPACT = 10e-4
/** Levels of the simulated ladder within 1 % of mid. */
const LEVELS = 20
const LADDER = 0.01

/**
 * One fill at the quote plus square-root impact, never beyond the limit.
 *
 * The last coin moves the price by I = Y·σ·√(Q/ADV) from the touch, so on average ⅔ I is paid. Where I would pass the limit,
 * the quantity is cut to what the limit allows.
 *
 * @see specification §5
 */
export const matchAgainstQuote: Matching = (order, options) => {
  const { instrument, quote } = options
  const touch = order.side === 'buy' ? quote.bestAsk : quote.bestBid
  const room = roomTo(order, touch)
  if (room < 0) return []
  const wanted = new Decimal(order.quantity)
  const { dailyVolatility: volatility, dailyVolumeNotional: volume } = quote
  if (!(volatility && volume && volatility > 0 && volume > 0)) {
    return fillAt(order, options, {
      quantity: wanted,
      fillPrice: touch * (1 + sign(order) * Math.min(UNKNOWN_IMPACT, room)),
    })
  }
  const most = (volume * (room / (IMPACT * volatility)) ** 2) / touch
  const quantity = Decimal.min(wanted, toLot(most, instrument))
  const impact = IMPACT * volatility * Math.sqrt((quantity.toNumber() * touch) / volume)
  return fillAt(order, options, { quantity, fillPrice: touch * (1 + sign(order) * (2 / 3) * impact) })
}

/**
 * Walks a ladder of twenty equal levels from the touch to 1 % beyond, as deep as the quote says; one fill a level, at the
 * level's price, up to the limit. Without a known depth there is nothing to trade with.
 */
export const matchAgainstDepth: Matching = (order, options) => {
  const { instrument, quote } = options
  if (!(quote.depthNotional && quote.depthNotional > 0)) return []
  const touch = order.side === 'buy' ? quote.bestAsk : quote.bestBid
  const room = roomTo(order, touch)
  const matches: Match[] = []
  let left = new Decimal(order.quantity)
  for (let level = 0; level < LEVELS && left.gt(0); level++) {
    const distance = (LADDER * level) / LEVELS
    if (distance > room) break
    const fillPrice = touch * (1 + sign(order) * distance)
    const quantity = Decimal.min(left, toLot(quote.depthNotional / LEVELS / fillPrice, instrument))
    matches.push(...fillAt(order, options, { quantity, fillPrice }))
    left = left.minus(quantity)
  }
  return matches
}

const sign = (order: Taker): 1 | -1 => (order.side === 'buy' ? 1 : -1)

/** How far the price may move from the touch until the limit, as a fraction; negative when the limit does not reach it. */
const roomTo = (order: Taker, touch: number): number => sign(order) * (Number(order.limitPrice) / touch - 1)

const toLot = (quantity: number, { lotSize }: Instrument): Decimal =>
  new Decimal(quantity).div(lotSize).floor().mul(lotSize)

/** A fill rounded to the tick against the taker, but not past the limit. */
function fillAt(order: Taker, options: MatchOptions, at: { quantity: Decimal; fillPrice: number }): readonly Match[] {
  if (at.quantity.lte(0)) return []
  const ticks = new Decimal(at.fillPrice).div(options.instrument.tickSize)
  const buys = order.side === 'buy'
  const rounded = (buys ? ticks.ceil() : ticks.floor()).mul(options.instrument.tickSize)
  const fillPrice = buys ? Decimal.min(rounded, order.limitPrice) : Decimal.max(rounded, order.limitPrice)
  const fee = at.quantity.mul(fillPrice).mul(bpsToFraction(options.takerFee))
  return [{ quantity: at.quantity.toFixed(), fillPrice: fillPrice.toFixed(), feeUsd: fee.toFixed(8) }]
}
