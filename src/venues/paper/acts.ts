import { Decimal } from 'decimal.js'
import type { InstrumentId } from '../../domain/instrument.ts'
import type { VenueId } from '../../domain/market/tick.ts'
import type { OrderRef, VenueEvent } from '../../ports.ts'
import { type RestingOrder, venueOrderIdOf } from './book.ts'
import type { Exchange } from './exchange.ts'
import { findPaperInstrument } from './instruments.ts'
import { collared, placeForced, placeLimit } from './settle.ts'
import type { Turn } from './turn.ts'

export interface OtherHandOrder {
  readonly instrumentId: InstrumentId
  readonly side: 'buy' | 'sell'
  /** Base coins, as a decimal string. */
  readonly quantity: string
  /** Rests there; undefined: at the market, and gone. */
  readonly limitPrice?: string
}

/**
 * What a venue does without being asked by the desk: for simulation and tests. All of it is written to the books like any order.
 *
 * Its methods throw `RangeError` where there is nothing to act on.
 */
export interface VenueActs {
  /** Closes so much of the position, at the touch, with the taker fee. */
  liquidate(instrumentId: InstrumentId, quantity: string): Promise<void>
  /** Closes so much of the position, at the mark, without a fee. */
  deleverage(instrumentId: InstrumentId, quantity: string): Promise<void>
  /** An order of another hand on the same account. */
  otherHand(order: OtherHandOrder): Promise<{ readonly venueOrderId: string }>
  /** Somebody trades so much with an order that rests, at its limit. */
  fillResting(order: OrderRef, quantity: string): Promise<void>
  /** Tells listeners that something may have been missed. */
  interrupt(): void
}

export function createActs({
  venueId,
  exchange,
  tell,
}: {
  readonly venueId: VenueId
  readonly exchange: Exchange
  readonly tell: (event: VenueEvent) => void
}): VenueActs {
  const instrumentOf = (instrumentId: InstrumentId) => {
    const instrument = findPaperInstrument(instrumentId, venueId)
    if (!instrument) throw new RangeError(`Expected an instrument of ${venueId}, was ${instrumentId}`)
    return instrument
  }
  const force = async (instrumentId: InstrumentId, quantity: string, cause: 'liquidation' | 'deleveraging') => {
    await exchange.turn(instrumentOf(instrumentId), (turn, moment, number) =>
      placeForced(turn, moment, { number, quantity, cause }),
    )
  }
  return {
    liquidate: (instrumentId, quantity) => force(instrumentId, quantity, 'liquidation'),
    deleverage: (instrumentId, quantity) => force(instrumentId, quantity, 'deleveraging'),

    async otherHand({ instrumentId, side, quantity, limitPrice }) {
      const done = await exchange.turn(instrumentOf(instrumentId), (turn, moment, number) => {
        if (!moment.quote) throw new RangeError(`Expected a quote of ${instrumentId}, was none`)
        placeLimit(turn, moment, {
          number,
          kind: 'limit',
          side,
          quantity,
          price: limitPrice ?? collared(moment, side),
          timeInForce: limitPrice === undefined ? 'ioc' : 'gtc',
          postOnly: false,
          reduceOnly: false,
        })
        return venueOrderIdOf(venueId, number)
      })
      if (done.kind !== 'changed') throw new Error('Expected no client order id to be in use, was one')
      return { venueOrderId: done.answer }
    },

    async fillResting(ref, quantity) {
      await exchange.turn(instrumentOf(ref.instrumentId), (turn) => {
        const order = findOpen(turn, ref, venueId)
        if (!order || order.kind === 'stop' || !isWithin(quantity, order.open)) {
          throw new RangeError(`Expected a resting order with ${quantity} or more open, was ${order?.open ?? 'none'}`)
        }
        turn.make(order.number, quantity)
        turn.tidy()
      })
    },

    interrupt: () => tell({ kind: 'reconnected' }),
  }
}

/** The open order that is meant: by the venue's own id where that is known, else by the desk's. */
export const findOpen = (turn: Pick<Turn, 'book'>, ref: OrderRef, venueId: VenueId): RestingOrder | undefined =>
  turn.book.orders.find((order) =>
    ref.venueOrderId === undefined
      ? order.clientOrderId === ref.clientOrderId
      : venueOrderIdOf(venueId, order.number) === ref.venueOrderId,
  )

const isWithin = (quantity: string, open: string): boolean =>
  new Decimal(quantity).gt(0) && new Decimal(quantity).lte(open)
