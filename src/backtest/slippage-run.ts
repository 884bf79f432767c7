import { type ChildInputs, decideChild } from '../domain/execution/child.ts'
import type { ClientOrderId, Order } from '../domain/execution/order.ts'
import { dueQuantity, filledOutside, planSchedule, sliceAt } from '../domain/execution/plan.ts'
import type { ScheduleChoice } from '../domain/execution/schedule.ts'
import { type Shortfall, type ShortfallFill, shortfall } from '../domain/execution/shortfall.ts'
import type { Instrument } from '../domain/instrument.ts'
import { createRandom } from '../domain/random.ts'
import {
  baseQty,
  bps,
  type DurationMs,
  fraction,
  later,
  type Price,
  price,
  type TimestampMs,
  usd,
} from '../domain/units.ts'
import { type BookTerms, createOwnBook, type OwnBook, STEP } from './slippage-market.ts'

/** Fees, spread and the rules of the desk under which every schedule runs. */
export interface StudyTerms {
  readonly makerFee: number
  readonly takerFee: number
  /** Whole spread, in bps. */
  readonly spread: number
  readonly duration: DurationMs
  readonly maxClip: number
  readonly passiveWait: DurationMs
}

/** One parent order: the same for every schedule. */
export interface Parent {
  readonly quantity: number
  readonly startAt: TimestampMs
  readonly prices: Float64Array
  readonly volumes: Float64Array
  readonly seed: number
  readonly instrument: Instrument
  readonly volumeProfile: readonly number[]
  readonly book: Omit<BookTerms, 'side' | 'spread'>
}

export interface RunInputs {
  readonly parent: Parent
  readonly side: 'buy' | 'sell'
  readonly terms: StudyTerms
}

/** Of what trades through a resting order's price in five seconds, what it gets at most. */
const RESTING_SHARE = 0.1
/** Wide enough that limits bind as seldom as they do in the sweep, which has none. */
const MAX_SLIPPAGE = bps(1_000)
const PRICE_COLLAR = bps(50)

/** One market order for everything, at once: the benchmark. */
export function runSweep({ parent, side, terms }: RunInputs): Shortfall {
  const { prices, quantity } = parent
  const book = createOwnBook(prices, { ...parent.book, side, spread: terms.spread / 1e4 })
  const arrivalMid = price(prices[0]!)
  const { average } = book.take(quantity, 0)
  const fee = usd((quantity * average * terms.takerFee) / 1e4)
  return shortfall({
    side,
    quantity: baseQty(quantity),
    arrivalMid,
    closeMid: arrivalMid,
    fills: [{ quantity: baseQty(quantity), fillPrice: price(average), fee, orderMid: arrivalMid, liquidity: 'taker' }],
  })
}

/** The same parent by a schedule, each child living as `decideChild` says. */
export function runSchedule(inputs: RunInputs, choice: ScheduleChoice): Shortfall {
  const { parent, side, terms } = inputs
  const { prices, volumes, startAt, instrument } = parent
  const book = createOwnBook(prices, { ...parent.book, side, spread: terms.spread / 1e4 })
  const arrivalMid = price(prices[0]!)
  const plan = planSchedule({
    choice,
    quantity: baseQty(parent.quantity),
    referencePrice: arrivalMid,
    startAt,
    maxClip: usd(terms.maxClip),
    instrument,
    random: createRandom(parent.seed),
    dailyVolatility: fraction(parent.book.dailyVolatility),
    dailyVolumeNotional: usd(parent.book.dailyVolume * arrivalMid),
    volumeProfile: parent.volumeProfile,
  })
  const desk = createDesk(inputs, book)
  const volumeUntil = cumulative(volumes)
  const stepOf = (at: TimestampMs): number => Math.floor((at - startAt) / STEP)
  const last = Math.min(prices.length - 1, Math.ceil((plan.closesAt - startAt) / STEP))
  let wakeAt = startAt
  for (let step = 0; step <= last; step++) {
    const now = later(startAt, step * STEP)
    if (step > 0) {
      book.pass()
      desk.fillResting(step, now)
    }
    while (now >= wakeAt) {
      const slice = sliceAt(plan, now)
      const open = desk.open()
      if (open && open.slice !== slice?.slice) {
        desk.cancel(open, now)
        continue
      }
      if (!slice) {
        wakeAt = Number.POSITIVE_INFINITY as TimestampMs
        break
      }
      const before = plan.slices[slice.slice - 1]?.at ?? startAt
      const due = dueQuantity(plan, now, {
        filled: filledOutside(slice.slice, desk.orders),
        volumeSince: baseQty(volumeUntil[step]!),
        volumeOfInterval: baseQty(volumeUntil[step]! - volumeUntil[Math.max(0, stepOf(before))]!),
      })
      const begun = desk.orders.find((order) => order.slice === slice.slice)
      const quote = desk.quote(step)
      const decision = decideChild({
        ...desk.rules,
        slice: slice.slice,
        quantity: begun?.quantity ?? due,
        startsAt: slice.at,
        endsAt: slice.endsAt,
        now,
        orders: desk.orders,
        quote,
        urgency: choice.urgency,
      })
      if (decision.kind === 'wait') wakeAt = decision.until
      else if (decision.kind === 'done') wakeAt = slice.endsAt
      else if (decision.kind === 'cancel') desk.cancel(decision.order, now)
      else desk.place({ ...decision, slice: slice.slice, step, now })
    }
    if (desk.filled() >= plan.quantity - 1e-9) break
  }
  return shortfall({
    side,
    quantity: baseQty(parent.quantity),
    arrivalMid,
    closeMid: price(book.midAt(last)),
    fills: desk.fills,
  })
}

function createDesk({ parent, side, terms }: RunInputs, book: OwnBook) {
  const { instrument, prices, volumes } = parent
  const sign = side === 'buy' ? 1 : -1
  const tick = Number(instrument.tickSize)
  const orders: Order[] = []
  const fills: ShortfallFill[] = []
  let filled = 0
  const change = (order: Order, over: Partial<Order>): void => {
    orders[orders.indexOf(order)] = { ...order, ...over }
  }
  const record = (order: Order, quantity: number, at: { fillPrice: number; liquidity: 'maker' | 'taker' }): void => {
    const fee = usd((quantity * at.fillPrice * (at.liquidity === 'maker' ? terms.makerFee : terms.takerFee)) / 1e4)
    fills.push({
      quantity: baseQty(quantity),
      fillPrice: price(at.fillPrice),
      fee,
      orderMid: order.arrivalMid,
      liquidity: at.liquidity,
    })
    filled += quantity
  }
  const open = (): Order | undefined => orders.find(({ state }) => state === 'accepted')
  const rules = {
    leg: 0,
    side,
    instrument,
    passiveWait: terms.passiveWait,
    arrivalMid: price(prices[0]!),
    maxSlippage: MAX_SLIPPAGE,
    priceCollar: PRICE_COLLAR,
    mayCross: true,
  } satisfies Partial<ChildInputs>

  return {
    orders: orders as readonly Order[],
    fills: fills as readonly ShortfallFill[],
    rules,
    open,
    filled: () => filled,
    quote(step: number) {
      const mid = book.midAt(step)
      const half = terms.spread / 2e4
      return {
        bestBid: price(mid * (1 - half)),
        bestAsk: price(mid * (1 + half)),
        dailyVolatility: parent.book.dailyVolatility,
      }
    },
    cancel(order: Order, now: TimestampMs): void {
      change(order, { state: 'canceled', updatedAt: now })
    },
    place(placed: {
      slice: number
      attempt: number
      style: 'passive' | 'cross'
      quantity: number
      limitPrice: Price
      step: number
      now: TimestampMs
    }): void {
      const { slice, attempt, style, quantity, limitPrice, step, now } = placed
      const isCross = style === 'cross'
      const order: Order = {
        clientOrderId: `${slice}/${attempt}` as ClientOrderId,
        kind: 'child',
        instrumentId: instrument.instrumentId,
        leg: 0,
        slice,
        attempt,
        side,
        quantity: baseQty(quantity),
        limitPrice,
        timeInForce: isCross ? 'ioc' : 'gtc',
        postOnly: !isCross,
        reduceOnly: false,
        state: isCross ? 'canceled' : 'accepted',
        filledQuantity: baseQty(0),
        arrivalMid: price(book.midAt(step)),
        createdAt: now,
        updatedAt: now,
      }
      orders.push(order)
      if (!isCross) return
      const lot = Number(instrument.lotSize)
      const taken = book.take(quantity, step, limitPrice)
      const whole = Math.min(quantity, Math.floor(taken.quantity / lot + 1e-6) * lot)
      if (whole <= 0) return
      record(order, whole, { fillPrice: taken.average, liquidity: 'taker' })
      change(order, { filledQuantity: baseQty(whole) })
    },
    /** A resting order is last in its queue: it fills only once the market has traded past its price, by a tick. */
    fillResting(step: number, now: TimestampMs): void {
      const order = open()
      if (!order) return
      // The recorded prices are trades; ours move with the impact of what we have filled.
      const traded = book.midAt(step)
      if (sign * (order.limitPrice - traded) < tick) return
      const left = order.quantity - order.filledQuantity
      const lot = Number(instrument.lotSize)
      const got = Math.min(left, Math.floor((RESTING_SHARE * volumes[step]!) / lot) * lot)
      if (got <= 0) return
      book.rest(got)
      record(order, got, { fillPrice: order.limitPrice, liquidity: 'maker' })
      const filledQuantity = baseQty(order.filledQuantity + got)
      const isWhole = filledQuantity >= order.quantity - lot / 2
      change(order, { filledQuantity, updatedAt: now, ...(isWhole && { state: 'filled' as const }) })
    },
  }
}

function cumulative(values: Float64Array): Float64Array {
  const sums = new Float64Array(values.length)
  for (let i = 1; i < values.length; i++) sums[i] = sums[i - 1]! + values[i]!
  return sums
}
