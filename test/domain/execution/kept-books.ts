import {
  applyOrderEvent,
  type ClientOrderId,
  type Fill,
  isTerminal,
  type Order,
  type OrderEvent,
} from '../../../src/domain/execution/order.ts'
import { type Findings, reconcileInstrument } from '../../../src/domain/execution/reconciliation.ts'
import type { InstrumentId } from '../../../src/domain/instrument.ts'
import { baseQty, type TimestampMs, timestamp } from '../../../src/domain/units.ts'
import type { Venue, VenueEvent, VenueFill } from '../../../src/ports.ts'

const LATENESS_MS = 60_000

/** Books in memory that do with findings what the record does: each part whole or not at all, each fill once. */
export function keepBooks({ instrumentId, venue }: { instrumentId: InstrumentId; venue: Venue }) {
  const orders = new Map<ClientOrderId, Order>()
  const fills = new Map<string, Fill>()
  const foreignTrades = new Set<string>()
  let foreignQuantity = 0

  const hear = (clientOrderId: ClientOrderId, event: OrderEvent, heard: readonly Fill[], at: TimestampMs): void => {
    for (const fill of heard) if (!fills.has(fill.tradeId)) fills.set(fill.tradeId, fill)
    const booked = quantityOf([...fills.values()].filter((fill) => fill.clientOrderId === clientOrderId))
    const said = applyOrderEvent(orders.get(clientOrderId)!, event, at)
    const summed = { kind: 'reported', state: 'accepted', filledQuantity: baseQty(booked) } as const
    orders.set(clientOrderId, booked > said.filledQuantity + 1e-9 ? applyOrderEvent(said, summed, at) : said)
  }
  const bookVenueMade = ({ venueMade, foreignFills }: Findings, at: TimestampMs): void => {
    for (const { order, fill, foreignQuantity: rest } of venueMade) {
      if (foreignTrades.has(fill.tradeId)) continue
      foreignTrades.add(fill.tradeId)
      foreignQuantity += rest
      if (!orders.has(order.clientOrderId)) orders.set(order.clientOrderId, order)
      const event = { kind: 'reported', state: 'filled', filledQuantity: fill.quantity } as const
      hear(order.clientOrderId, event, [fill], at)
    }
    for (const fill of foreignFills) {
      if (foreignTrades.has(fill.tradeId)) continue
      foreignTrades.add(fill.tradeId)
      foreignQuantity += fill.side === 'buy' ? fill.quantity : -fill.quantity
    }
  }
  const ask = async (clientOrderId: ClientOrderId, at: TimestampMs): Promise<void> => {
    const order = orders.get(clientOrderId)!
    const known = await venue.find({ clientOrderId, instrumentId, venueOrderId: order.venueOrderId })
    if (known) {
      const theirs = await venue.fills({ clientOrderId, instrumentId, venueOrderId: known.venueOrderId })
      hear(clientOrderId, { ...known, kind: 'reported' }, theirs.map(toFill(clientOrderId)), at)
    } else if (at > order.validUntil! + LATENESS_MS) hear(clientOrderId, { kind: 'never-arrived' }, [], at)
  }
  const find = async (): Promise<Findings> =>
    reconcileInstrument(
      {
        instrumentId,
        ours: { orders: [...orders.values()], fills: [...fills.values()] },
        theirs: {
          openOrders: await venue.openOrders(instrumentId),
          fills: await venue.fillsSince(instrumentId, timestamp(0)),
          namesOurs: venue.capabilities.namesClientOrderId,
        },
      },
      { at: timestamp(0) },
    )

  return {
    orders,
    fills,
    hear,
    foreign: () => Number(foreignQuantity.toFixed(9)),
    ours: () => quantityOf([...fills.values()].map((fill) => ({ quantity: signed(fill) }))),
    save: (order: Order) => void orders.set(order.clientOrderId, order),

    /** What is there at first contact is other hands'. */
    async meet(): Promise<void> {
      for (const { tradeId } of await venue.fillsSince(instrumentId, timestamp(0))) foreignTrades.add(tradeId)
      foreignQuantity = (await venue.positions())[0]?.quantity ?? 0
    },

    /** @param diesAfter - so many parts are done, and the rest is not */
    async reconcile(at: TimestampMs, diesAfter = Number.POSITIVE_INFINITY): Promise<Findings> {
      const findings = await find()
      const parts: (() => Promise<void> | void)[] = [
        ...findings.news.map((one) => () => hear(one.clientOrderId, one.event, one.fills, at)),
        () => bookVenueMade(findings, at),
        ...findings.toAsk.map((id) => () => ask(id, at)),
      ]
      for (const part of parts.slice(0, diesAfter)) await part()
      return findings
    },

    /** What one pushed event alone tells. */
    push(event: VenueEvent, at: TimestampMs): void {
      if (event.kind === 'reconnected') return
      const said = event.kind === 'order' ? event.order : event.fill
      const order =
        orders.get(said.clientOrderId!) ??
        [...orders.values()].find((one) => one.venueOrderId === said.venueOrderId && !isTerminal(one.state))
      if (!order) return
      if (event.kind === 'order') hear(order.clientOrderId, { ...event.order, kind: 'reported' }, [], at)
      if (event.kind === 'order' || event.fill.cause !== 'order') return
      const ours = { orders: [order], fills: [...fills.values()] }
      const theirs = { openOrders: [], fills: [event.fill], namesOurs: true }
      const { news } = reconcileInstrument({ instrumentId, ours, theirs }, { at })
      for (const one of news) hear(one.clientOrderId, one.event, one.fills, at)
    },
  }
}

const toFill =
  (clientOrderId: ClientOrderId) =>
  ({ cause: _, venueOrderId: __, ...fill }: VenueFill): Fill => ({ ...fill, clientOrderId })
const quantityOf = (fills: readonly { readonly quantity: number }[]): number =>
  Number(fills.reduce((sum, { quantity }) => sum + quantity, 0).toFixed(9))
const signed = ({ side, quantity }: Pick<Fill, 'side' | 'quantity'>): number => (side === 'buy' ? quantity : -quantity)
