import { type Instrument, roundToLot, toPriceString } from '../instrument.ts'
import {
  type BaseQty,
  type Bps,
  baseQty,
  bpsToFraction,
  DAY,
  type DurationMs,
  duration,
  later,
  MINUTE,
  type Price,
  price,
  SECOND,
  type TimestampMs,
} from '../units.ts'
import { isTerminal, type Order } from './order.ts'
import type { ExecutionUrgency } from './schedule.ts'

const WAIT_SHARE = 1 / 3
/** Of a slice, what may go by before it crosses: the rest is for the crossing. */
const PATIENCE_SHARE = 0.9
const MIN_CROSS_BEYOND_MID = bpsToFraction(3 as Bps)
const UNRESOLVED_RETRY = 5 * SECOND
const NO_QUOTE_RETRY = 5 * SECOND
const REFUSED_RETRY = 2 * SECOND
/** Where the volatility is not known: crosses at the 3 bps of the rule. */
const UNKNOWN_VOLATILITY = 0
const DUST = 1e-12

/** How often a child is put at the touch, first and repriced, before it crosses. */
const PASSIVE_ATTEMPTS: Readonly<Record<ExecutionUrgency, number>> = { passive: 4, normal: 4, urgent: 1, panic: 0 }

export interface ChildInputs {
  readonly leg: number
  readonly slice: number
  readonly side: 'buy' | 'sell'
  /** This leg's part of the slice. */
  readonly quantity: BaseQty
  /** From when to when the slice runs: `sliceAt(plan, now)`. */
  readonly startsAt: TimestampMs
  readonly endsAt: TimestampMs
  readonly now: TimestampMs
  /** All that is on record of the proposal; those of other slices, legs and kinds are passed over. */
  readonly orders: readonly Order[]
  /** Undefined: no price that is fit to trade on. */
  readonly quote:
    | { readonly bestBid: Price; readonly bestAsk: Price; readonly dailyVolatility?: number | undefined }
    | undefined
  readonly instrument: Instrument
  readonly urgency: ExecutionUrgency
  readonly passiveWait: DurationMs
  /** Of the whole proposal: mid when its execution began. */
  readonly arrivalMid: Price
  /** Worst price past the arrival mid. */
  readonly maxSlippage: Bps
  /** Furthest that a limit may lie from the market. */
  readonly priceCollar: Bps
  /** False in a cascade that the order would go with, and where the guard says to slow down. */
  readonly mayCross: boolean
  /** Why nothing may be sent now: what rests is taken back. Undefined = nothing holds it. */
  readonly hold?: string | undefined
  /** Largest single order. */
  readonly maxQuantity?: BaseQty | undefined
}

export type ChildDecision =
  | {
      readonly kind: 'place'
      /** `passive` rests at the touch, post-only; `cross` takes, immediate or cancel. */
      readonly style: 'passive' | 'cross'
      readonly attempt: number
      readonly quantity: BaseQty
      readonly limitPrice: Price
    }
  | { readonly kind: 'cancel'; readonly order: Order; readonly reason: string }
  | { readonly kind: 'wait'; readonly until: TimestampMs; readonly reason: string }
  /** Nothing more in this slice; what is left rolls into the next. */
  | { readonly kind: 'done'; readonly filled: BaseQty; readonly left: BaseQty; readonly reason: string }

/**
 * The next step in the life of one child order: post at the touch; wait; put it anew when mid has moved by more than a tick, at
 * most three times; then cross with a limit; what is left rolls into the next slice.
 *
 * It sees only what is on record, so it decides the same after a crash at any line. An order that is not settled is waited for,
 * and nothing is placed while another one of the slice and leg might still be open. Its attempts are numbered on, so that each
 * has an id of its own: at most five, the last of which crosses.
 *
 * @see specification §5
 */
export function decideChild(inputs: ChildInputs): ChildDecision {
  const { now, endsAt } = inputs
  const orders = inputs.orders
    .filter(({ kind, leg, slice }) => kind === 'child' && leg === inputs.leg && slice === inputs.slice)
    .sort((a, b) => a.attempt - b.attempt)
  const open = orders.filter(({ state }) => !isTerminal(state))
  const unsettled = open.find(({ state }) => state === 'initialized' || state === 'submitted' || state === 'unknown')
  if (unsettled) {
    return { kind: 'wait', until: later(now, UNRESOLVED_RETRY), reason: `order ${unsettled.state}: to be resolved` }
  }
  if (open.length > 1) return { kind: 'cancel', order: open[0]!, reason: 'a later one is open' }

  const life = lifeOf(inputs, orders)
  if (open[0]) return decideOpen(inputs, open[0], life)
  const { filled, left } = life
  const done = (reason: string): ChildDecision => ({ kind: 'done', filled, left, reason })
  if (now >= endsAt) return done(left > 0 ? 'the slice is over' : 'filled')
  if (orders.some(crosses)) return done(left > 0 ? 'crossed, the rest rolls on' : 'filled')
  const refused = orders.at(-1)
  if (refused && (refused.state === 'rejected' || refused.state === 'denied')) {
    const retryAt = later(refused.updatedAt, REFUSED_RETRY)
    if (now < retryAt) return waitInSlice(inputs, retryAt - now, `order ${refused.state}: tried anew on a newer price`)
  }
  if (inputs.hold !== undefined) return waitInSlice(inputs, NO_QUOTE_RETRY, inputs.hold)
  if (!inputs.quote) return waitInSlice(inputs, NO_QUOTE_RETRY, 'no price to trade on')
  if (left <= 0 || left * midOf(inputs.quote) < inputs.instrument.minNotional) {
    return done(left > 0 ? 'the rest is below the minimum of the venue' : 'filled')
  }
  return place(inputs, inputs.quote, life)
}

interface Life {
  readonly filled: BaseQty
  readonly left: BaseQty
  readonly nextAttempt: number
  readonly passiveTries: number
  /** How long one attempt rests. */
  readonly wait: DurationMs
  /** When it has rested long enough. */
  readonly patienceEndsAt: TimestampMs
}

function lifeOf(inputs: ChildInputs, orders: readonly Order[]): Life {
  const { startsAt, endsAt, now, urgency } = inputs
  const length = Math.max(0, endsAt - startsAt)
  const wait = duration(Math.max(1, Math.round(Math.min(inputs.passiveWait, length * WAIT_SHARE))))
  const filled = baseQty(orders.reduce((sum, order) => sum + order.filledQuantity, 0))
  const firstAt = orders[0]?.createdAt ?? now
  return {
    filled,
    left: roundToLot(baseQty(Math.max(0, inputs.quantity - filled)), inputs.instrument),
    nextAttempt: (orders.at(-1)?.attempt ?? -1) + 1,
    passiveTries: orders.filter((order) => !crosses(order)).length,
    wait,
    patienceEndsAt: later(
      startsAt,
      Math.round(Math.min(length * PATIENCE_SHARE, firstAt - startsAt + PASSIVE_ATTEMPTS[urgency] * wait)),
    ),
  }
}

const crosses = (order: Order): boolean => order.timeInForce === 'ioc'

function decideOpen(inputs: ChildInputs, order: Order, life: Life): ChildDecision {
  const { now, endsAt, hold, quote, mayCross, instrument } = inputs
  const cancel = (reason: string): ChildDecision => ({ kind: 'cancel', order, reason })
  if (now >= endsAt) return cancel('the slice is over')
  if (crosses(order)) {
    // The venue owes an end of it at once; one that stays open is taken back.
    const until = later(order.createdAt, life.wait)
    return now < until ? { kind: 'wait', until, reason: 'crossing' } : cancel('still open after it crossed')
  }
  if (hold !== undefined) return cancel(hold)
  const mayStillCross = mayCross && !(quote && isPastCollar(inputs, quote))
  if (now >= life.patienceEndsAt && mayStillCross) return cancel('rested long enough: crosses')
  const restedUntil = later(order.createdAt, life.wait)
  if (now < restedUntil) {
    const until = mayStillCross ? Math.min(restedUntil, life.patienceEndsAt) : restedUntil
    return { kind: 'wait', until: Math.min(until, endsAt) as TimestampMs, reason: 'rests at the touch' }
  }
  if (life.passiveTries >= PASSIVE_ATTEMPTS[inputs.urgency]) {
    return mayStillCross
      ? cancel('rested long enough: crosses')
      : waitInSlice(inputs, life.wait, 'rests at the touch; may not cross now')
  }
  if (quote && hasMoved(order, quote, instrument) && !isPastCollar(inputs, quote)) {
    return cancel('mid has moved: put anew')
  }
  const next = later(now, life.wait)
  const until = mayStillCross ? Math.min(next, life.patienceEndsAt, endsAt) : Math.min(next, endsAt)
  return { kind: 'wait', until: until as TimestampMs, reason: 'rests at the touch' }
}

function place(
  inputs: ChildInputs,
  quote: NonNullable<ChildInputs['quote']>,
  { left, nextAttempt: attempt, passiveTries, patienceEndsAt, wait }: Life,
): ChildDecision {
  const { now, urgency, mayCross, side, instrument } = inputs
  const quantity = roundToLot(baseQty(Math.min(left, inputs.maxQuantity ?? left)), instrument)
  if (quantity * midOf(quote) < instrument.minNotional) {
    return waitInSlice(inputs, wait, 'the largest order allowed is below the minimum of the venue')
  }
  if (isPastCollar(inputs, quote)) {
    return waitInSlice(inputs, NO_QUOTE_RETRY, 'the market is past the worst price allowed')
  }
  const tries = PASSIVE_ATTEMPTS[urgency]
  const isPatient = passiveTries < tries && now < patienceEndsAt
  if (isPatient || (!mayCross && passiveTries < PASSIVE_ATTEMPTS.passive)) {
    const touch = side === 'buy' ? quote.bestBid : quote.bestAsk
    return { kind: 'place', style: 'passive', attempt, quantity, limitPrice: toTick(touch, inputs) }
  }
  if (!mayCross) return waitInSlice(inputs, wait, 'may not cross now')
  return { kind: 'place', style: 'cross', attempt, quantity, limitPrice: toTick(crossingLimit(inputs, quote), inputs) }
}

const midOf = ({ bestBid, bestAsk }: { bestBid: Price; bestAsk: Price }): number => (bestBid + bestAsk) / 2

/** A touch that is on the grid but for binary dust stays where it is. */
const toTick = (limit: number, { side, instrument }: ChildInputs): Price =>
  price(Number(toPriceString(price(limit * (side === 'buy' ? 1 + DUST : 1 - DUST)), side, instrument)))

/** mid ± max(3 bps, 1σ of a minute), within what may be paid at most. */
function crossingLimit(inputs: ChildInputs, quote: NonNullable<ChildInputs['quote']>): number {
  const sign = inputs.side === 'buy' ? 1 : -1
  const minuteVolatility = (quote.dailyVolatility ?? UNKNOWN_VOLATILITY) / Math.sqrt(DAY / MINUTE)
  const wanted = midOf(quote) * (1 + sign * Math.max(MIN_CROSS_BEYOND_MID, minuteVolatility))
  const worst = worstPrice(inputs, quote)
  return sign > 0 ? Math.min(wanted, worst) : Math.max(wanted, worst)
}

/** No further than the slippage allowed past the arrival mid, nor than the collar from the market. */
function worstPrice(
  { side, arrivalMid, maxSlippage, priceCollar }: ChildInputs,
  quote: { bestBid: Price; bestAsk: Price },
) {
  const sign = side === 'buy' ? 1 : -1
  const bySlippage = arrivalMid * (1 + sign * bpsToFraction(maxSlippage))
  const byCollar = midOf(quote) * (1 + sign * bpsToFraction(priceCollar))
  return sign > 0 ? Math.min(bySlippage, byCollar) : Math.max(bySlippage, byCollar)
}

/** Whether not even the touch on the other side is within the worst price. */
function isPastCollar(inputs: ChildInputs, quote: { bestBid: Price; bestAsk: Price }): boolean {
  const worst = worstPrice(inputs, quote)
  return inputs.side === 'buy' ? quote.bestAsk > worst : quote.bestBid < worst
}

function hasMoved(order: Order, quote: { bestBid: Price; bestAsk: Price }, { tickSize }: Instrument): boolean {
  const tick = Number(tickSize) * (1 + 1e-9)
  if (order.arrivalMid !== undefined) return Math.abs(midOf(quote) - order.arrivalMid) > tick
  const touch = order.side === 'buy' ? quote.bestBid : quote.bestAsk
  return Math.abs(touch - order.limitPrice) > tick
}

const waitInSlice = ({ now, endsAt }: ChildInputs, by: number, reason: string): ChildDecision => ({
  kind: 'wait',
  until: Math.min(later(now, by), endsAt) as TimestampMs,
  reason,
})
