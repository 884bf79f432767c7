import { Decimal } from 'decimal.js'
import type { OrderRequest, SubmitOutcome, VenueFill } from '../../ports.ts'
import { closable, type RestingOrder, venueOrderIdOf } from './book.ts'
import { type Moment, type NewOrder, type Turn, touchOf } from './turn.ts'

/** An order at the market goes no further than this beyond the touch, as venues collar them. */
const COLLAR = 0.1

/**
 * Matches what rests with the quote of this moment; whoever asks or tells the venue anything does so after it.
 *
 * First a countdown that has run out, then limit orders in order of arrival: one that the other side's touch has reached fills
 * whole, at its limit, as a maker. Then the stops whose trigger the mark has reached: each closes at the market as much of its
 * quantity as there is to close. What a quote does not reach does not fill.
 *
 * @param countdownLapsesAt - when what rests is cancelled, stops spared; undefined: never
 */
export function settle(turn: Turn, moment: Moment, countdownLapsesAt: number | undefined): void {
  const numbers = (kind: RestingOrder['kind']): number[] =>
    turn.book.orders.flatMap((order) => (order.kind === kind ? [order.number] : []))

  if (countdownLapsesAt !== undefined && moment.at >= countdownLapsesAt) {
    for (const number of numbers('limit')) {
      if (turn.find(number)!.acceptedAt < countdownLapsesAt) turn.end(number, 'COUNTDOWN_LAPSED')
    }
  }
  const { quote, mark } = moment
  if (!quote) return
  for (const number of numbers('limit')) {
    const order = turn.find(number)
    // A trade before it may have left it nothing to reduce.
    if (!order || !isReached(order, touchOf(quote, order.side))) continue
    if (order.spent?.at === quote.at && order.spent.touch === touchOf(quote, order.side)) continue
    turn.make(number, order.open)
    turn.tidy()
  }
  if (mark === undefined) return
  for (const number of numbers('stop')) {
    const order = turn.find(number)!
    if (!isTriggered(order, mark)) continue
    turn.trigger(number)
    const open = Decimal.min(order.open, closable(turn.book, order.side))
    if (open.gt(0)) {
      turn.take(number, { side: order.side, open: open.toFixed(), price: collared(moment, order.side) })
    }
    turn.end(number, open.gt(0) ? 'MARKET_TOO_THIN' : 'REDUCE_ONLY_NOTHING_LEFT position=0')
    turn.tidy()
  }
}

/** An order that passed every check: it takes what is within its limit, and what is left rests or is gone. */
export function placeLimit(turn: Turn, moment: Moment, order: NewOrder): SubmitOutcome {
  const touch = touchOf(moment.quote!, order.side)
  if (order.postOnly && isReached(order, touch)) {
    return rejected(
      `POST_ONLY_WOULD_TAKE side=${order.side} limitPrice=${order.price} ${order.side === 'buy' ? 'bestAsk' : 'bestBid'}=${touch}`,
    )
  }
  turn.accept(order)
  if (!order.postOnly) turn.take(order.number, { ...order, open: order.quantity })
  if (order.timeInForce === 'ioc') turn.end(order.number, 'IMMEDIATE_OR_CANCEL')
  else if (isReached(order, touch)) turn.spend(order.number)
  turn.tidy()
  return { kind: 'accepted', venueOrderId: venueOrderIdOf(moment.venueId, order.number) }
}

/** A stop rests until the mark reaches it; one that is reached already is refused, as large venues do. */
export function placeStop(turn: Turn, moment: Moment, order: NewOrder): SubmitOutcome {
  if (moment.mark !== undefined && isTriggered(order, moment.mark)) {
    return rejected(`STOP_WOULD_TRIGGER side=${order.side} triggerPrice=${order.price} mark=${moment.mark}`)
  }
  turn.accept(order)
  return { kind: 'accepted', venueOrderId: venueOrderIdOf(moment.venueId, order.number) }
}

/**
 * The venue closes a part of the position by force: a liquidation at the touch with the taker fee, deleveraging at the mark
 * without one.
 *
 * @throws {RangeError} when there is less to close, or no price
 */
export function placeForced(
  turn: Turn,
  moment: Moment,
  order: { readonly number: number; readonly quantity: string; readonly cause: Exclude<VenueFill['cause'], 'order'> },
): void {
  const { quote, mark, instrument } = moment
  const side = Number(turn.book.position) > 0 ? 'sell' : 'buy'
  const most = closable(turn.book, side)
  const quantity = new Decimal(order.quantity)
  if (!quantity.gt(0) || quantity.gt(most)) {
    throw new RangeError(`Expected a quantity above 0 and up to ${most.toFixed()} to close, was ${order.quantity}`)
  }
  if (!quote || mark === undefined)
    throw new RangeError(`Expected a price of ${instrument.asset} to close at, was none`)
  const isLiquidation = order.cause === 'liquidation'
  const ticks = new Decimal(isLiquidation ? touchOf(quote, side) : mark).div(instrument.tickSize)
  const fillPrice = ticks.round().mul(instrument.tickSize)
  const fee = isLiquidation ? quantity.mul(fillPrice).mul(moment.takerFee).div(10_000) : new Decimal(0)
  const price = fillPrice.toFixed()
  turn.accept({
    number: order.number,
    kind: order.cause,
    side,
    quantity: quantity.toFixed(),
    price,
    timeInForce: 'ioc',
    postOnly: false,
    reduceOnly: true,
  })
  turn.trade(
    order.number,
    { quantity: quantity.toFixed(), fillPrice: price, feeUsd: fee.toFixed(8) },
    { liquidity: 'taker', cause: order.cause },
  )
  turn.end(order.number)
  turn.tidy()
}

/** The limit behind an order "at the market". */
export function collared({ quote, instrument }: Moment, side: 'buy' | 'sell'): string {
  const ticks = new Decimal(touchOf(quote!, side))
    .mul(side === 'buy' ? 1 + COLLAR : 1 - COLLAR)
    .div(instrument.tickSize)
  return ticks.round().mul(instrument.tickSize).toFixed()
}

export const toNewOrder = (order: OrderRequest, number: number): NewOrder => ({
  number,
  clientOrderId: order.clientOrderId,
  kind: 'limit',
  side: order.side,
  quantity: order.quantity,
  price: order.limitPrice,
  timeInForce: order.timeInForce,
  postOnly: order.postOnly,
  reduceOnly: order.reduceOnly,
})

const rejected = (reason: string): SubmitOutcome => ({ kind: 'rejected', reason })

/** The other side's touch is at the limit or through it. */
const isReached = (order: Pick<RestingOrder, 'side' | 'price'>, touch: number): boolean =>
  order.side === 'buy' ? touch <= Number(order.price) : touch >= Number(order.price)

const isTriggered = (order: Pick<RestingOrder, 'side' | 'price'>, mark: number): boolean =>
  order.side === 'buy' ? mark >= Number(order.price) : mark <= Number(order.price)
