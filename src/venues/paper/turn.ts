import { Decimal } from 'decimal.js'
import type { ClientOrderId } from '../../domain/execution/order.ts'
import type { Instrument } from '../../domain/instrument.ts'
import type { VenueId } from '../../domain/market/tick.ts'
import { type Bps, bpsToFraction, type TimestampMs } from '../../domain/units.ts'
import type { Quote, VenueEvent, VenueFill } from '../../ports.ts'
import {
  type AcceptanceRow,
  applyTrade,
  type Book,
  type ChangeRow,
  closable,
  type FillRow,
  type LedgerRows,
  type RestingOrder,
  toVenueFill,
  toVenueOrder,
  venueOrderIdOf,
} from './book.ts'
import type { Match, Matching } from './matching.ts'

/** The world as the venue sees it in one instant. */
export interface Moment {
  readonly venueId: VenueId
  readonly instrument: Instrument
  readonly at: TimestampMs
  /** Undefined: nothing trades. */
  readonly quote: Quote | undefined
  readonly mark: number | undefined
  readonly match: Matching
  readonly takerFee: Bps
  readonly makerFee: Bps
}

/** What changed: the book as it is now, the rows to add, and what is to be told. */
export interface Turned {
  readonly book: Book
  readonly rows: LedgerRows
  readonly events: readonly VenueEvent[]
}

export interface NewOrder extends Pick<RestingOrder, 'side' | 'quantity' | 'price' | 'reduceOnly'> {
  readonly number: number
  readonly clientOrderId?: ClientOrderId | undefined
  readonly kind: AcceptanceRow['kind']
  readonly timeInForce: 'gtc' | 'ioc'
  readonly postOnly: boolean
}

export type Turn = ReturnType<typeof openTurn>

/**
 * One turn of the book of one instrument: trades, endings and reductions are added one by one, each with its row and its event,
 * and a reduce-only order never stands larger than what there is to close. Nothing outside is touched.
 */
export function openTurn(start: Book, moment: Moment) {
  const { venueId, at } = moment
  const { instrumentId } = moment.instrument
  let book = start
  const acceptances: AcceptanceRow[] = []
  const fills: FillRow[] = []
  const changes: ChangeRow[] = []
  const events: VenueEvent[] = []

  const find = (number: number): RestingOrder | undefined => book.orders.find((order) => order.number === number)
  const keep = (order: RestingOrder): void => {
    book = { ...book, orders: book.orders.map((other) => (other.number === order.number ? order : other)) }
  }
  const change = (order: RestingOrder, what: ChangeRow['change'], more: { open?: string; reason?: string } = {}) =>
    changes.push({
      acceptance: order.number,
      venue_id: venueId,
      change: what,
      open_quantity: more.open ?? null,
      reason: more.reason ?? null,
      changed_at_ms: at,
    })
  const tell = (order: RestingOrder, state: 'accepted' | 'partially-filled' | 'filled' | 'canceled', reason?: string) =>
    events.push({ kind: 'order', order: toVenueOrder(order, state, { venueId, instrumentId, reason }) })

  /** Takes the order off the book: filled when all that was sent has traded, cancelled otherwise. */
  const end = (number: number, reason?: string): void => {
    const order = find(number)
    if (!order) return
    const whole = new Decimal(order.filled).gte(order.quantity)
    const why = whole ? undefined : reason
    book = { ...book, orders: book.orders.filter((other) => other.number !== number) }
    change(order, whole ? 'filled' : 'canceled', why === undefined ? {} : { reason: why })
    tell(order, whole ? 'filled' : 'canceled', why)
  }

  const shrinkReduceOnly = (): void => {
    for (const { number } of book.orders) {
      const order = find(number)
      if (!order?.reduceOnly || order.kind === 'stop') continue
      const most = closable(book, order.side)
      if (new Decimal(order.open).lte(most)) continue
      if (most.isZero()) {
        end(number, 'REDUCE_ONLY_NOTHING_LEFT position=0')
        continue
      }
      const open = most.toFixed()
      keep({ ...order, open })
      change(order, 'reduced', { open, reason: `REDUCE_ONLY_SHRUNK position=${book.position}` })
    }
  }

  const trade = (
    number: number,
    match: Match,
    how: Pick<FillRow, 'liquidity' | 'cause'> = { liquidity: 'taker', cause: 'order' },
  ): void => {
    const order = find(number)!
    const row: FillRow = {
      trade_id: `${venueOrderIdOf(venueId, number)}-${order.trades + 1}`,
      acceptance: number,
      venue_id: venueId,
      client_order_id: order.clientOrderId ?? null,
      instrument_id: instrumentId,
      side: order.side,
      quantity: match.quantity,
      fill_price: match.fillPrice,
      fee_usd: match.feeUsd,
      filled_at_ms: at,
      ...how,
    }
    fills.push(row)
    book = applyTrade(book, row)
    const filled = new Decimal(order.filled).plus(match.quantity)
    const after: RestingOrder = {
      ...order,
      open: new Decimal(order.open).minus(match.quantity).toFixed(),
      filled: filled.toFixed(),
      paid: new Decimal(order.paid).plus(new Decimal(match.quantity).mul(match.fillPrice)).toFixed(),
      trades: order.trades + 1,
    }
    keep(after)
    events.push({ kind: 'fill', fill: toVenueFill(row) })
    if (filled.lt(order.quantity)) tell(after, 'partially-filled')
  }

  return {
    get book(): Book {
      return book
    },
    find,
    end,

    /** Puts an order on record and on the book; what it does there is up to the caller. */
    accept(order: NewOrder): void {
      const isStop = order.kind === 'stop'
      const forced = order.kind === 'liquidation' || order.kind === 'deleveraging'
      acceptances.push({
        sequence: order.number,
        venue_id: venueId,
        client_order_id: order.clientOrderId ?? null,
        instrument_id: instrumentId,
        kind: order.kind,
        side: order.side,
        quantity: order.quantity,
        limit_price: isStop ? null : order.price,
        trigger_price: isStop ? order.price : null,
        time_in_force: order.timeInForce,
        post_only: order.postOnly,
        reduce_only: order.reduceOnly,
        accepted_at_ms: at,
      })
      const resting: RestingOrder = {
        number: order.number,
        ...(order.clientOrderId !== undefined && { clientOrderId: order.clientOrderId }),
        kind: isStop ? 'stop' : 'limit',
        side: order.side,
        quantity: order.quantity,
        open: order.quantity,
        filled: '0',
        paid: '0',
        trades: 0,
        price: order.price,
        reduceOnly: order.reduceOnly,
        acceptedAt: at,
      }
      book = { ...book, orders: [...book.orders, resting] }
      if (!forced) tell(resting, 'accepted')
    },

    /** Trades with the market now, within the limit. */
    take(number: number, order: Pick<RestingOrder, 'side' | 'open' | 'price'>, cause: VenueFill['cause'] = 'order') {
      const { instrument, quote, takerFee } = moment
      if (!quote) return
      const wanted = { side: order.side, quantity: order.open, limitPrice: order.price }
      for (const match of moment.match(wanted, { instrument, quote, takerFee })) {
        trade(number, match, { liquidity: 'taker', cause })
      }
    },

    /** Somebody takes so much of a resting order at its limit. */
    make(number: number, quantity: string): void {
      const order = find(number)!
      const fee = new Decimal(quantity).mul(order.price).mul(bpsToFraction(moment.makerFee))
      trade(
        number,
        { quantity, fillPrice: order.price, feeUsd: fee.toFixed(8) },
        { liquidity: 'maker', cause: 'order' },
      )
    },

    trade,

    /** The stop was reached: from here on it is an order at the market. */
    trigger(number: number): void {
      change(find(number)!, 'triggered', { reason: `MARK_REACHED mark=${moment.mark}` })
    },

    /** It has had what this quote gives within its limit. */
    spend(number: number): void {
      const order = find(number)
      const { quote } = moment
      if (order && quote) keep({ ...order, spent: { at: quote.at, touch: touchOf(quote, order.side) } })
    },

    /** Ends what has nothing left to fill, and brings reduce-only orders to the position. */
    tidy(): void {
      for (const { number, open } of book.orders) if (new Decimal(open).isZero()) end(number, 'REDUCE_ONLY_SHRUNK')
      shrinkReduceOnly()
    },

    result: (): Turned => ({ book, rows: { acceptances, fills, changes }, events }),
  }
}

/** Where an order of this side would trade at once. */
export const touchOf = (quote: Quote, side: 'buy' | 'sell'): number => (side === 'buy' ? quote.bestAsk : quote.bestBid)

export const changesAnything = ({ rows }: Turned): boolean =>
  rows.acceptances.length + rows.fills.length + rows.changes.length > 0
