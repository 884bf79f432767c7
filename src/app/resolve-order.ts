import type { Order } from '../domain/execution/order.ts'
import { type Instrument, toPriceString, toQuantityString } from '../domain/instrument.ts'
import type { SubmitOutcome } from '../ports.ts'
import { isProtectiveOrder, readHolding } from './book.ts'
import type { Ports } from './ports.ts'

/**
 * Books what the venue answered to one submission: `rejected` closes the order, `unknown` leaves it to be asked about, and
 * `accepted` is followed by the venue's own account of the order and its fills.
 */
export async function settleOrder(
  ports: Ports,
  order: Order,
  outcome: SubmitOutcome,
  lease: number,
): Promise<'settled' | 'unresolved'> {
  const updatedAt = ports.clock.now()
  switch (outcome.kind) {
    case 'rejected':
      await ports.store.orders.update(
        order.clientOrderId,
        { state: 'rejected', reason: outcome.reason, updatedAt },
        lease,
      )
      return 'settled'
    case 'unknown':
      await ports.store.orders.update(
        order.clientOrderId,
        { state: 'unknown', reason: outcome.reason, updatedAt },
        lease,
      )
      return 'unresolved'
    case 'accepted':
      return (await bookFromVenue(ports, order, lease)) ? 'settled' : 'unresolved'
  }
}

/**
 * Resolves an order whose fate we do not know, by asking for its client order id. If the venue never saw it, the very same
 * intent is sent again under the same id; a new id is never made.
 */
export async function resolveOrder(
  ports: Ports,
  order: Order,
  instrument: Instrument,
  lease: number,
): Promise<'settled' | 'unresolved'> {
  if (await bookFromVenue(ports, order, lease)) return 'settled'
  if (!(await mayBeSent(ports, order, instrument))) return 'unresolved'
  const outcome = await ports.venue.submit({
    clientOrderId: order.clientOrderId,
    instrumentId: order.instrumentId,
    side: order.side,
    quantity: toQuantityString(order.quantity, instrument),
    limitPrice: toPriceString(order.limitPrice, order.side, instrument),
    timeInForce: 'ioc',
    reduceOnly: false,
  })
  return settleOrder(ports, order, outcome, lease)
}

/** The trading state binds an order that never arrived as it binds a new one; it waits until it may go or is found. */
async function mayBeSent(ports: Ports, order: Order, { asset }: Instrument): Promise<boolean> {
  const { state } = await ports.store.settings.tradingState()
  if (state !== 'reducing') return state === 'active'
  return isProtectiveOrder(await readHolding(ports, asset), order)
}

/** True when the venue knows the order: its state and every fill are then booked, each fill once by its trade id. */
async function bookFromVenue({ venue, store, clock }: Ports, order: Order, lease: number): Promise<boolean> {
  const known = await venue.find(order.clientOrderId)
  if (!known) return false
  const fills = await venue.fills(order.clientOrderId)
  await store.transaction(async (tx) => {
    for (const fill of fills) await tx.orders.bookFill(fill)
    await tx.orders.update(
      order.clientOrderId,
      {
        state: known.state,
        filledQuantity: known.filledQuantity,
        averageFillPrice: known.averageFillPrice,
        updatedAt: clock.now(),
      },
      lease,
    )
  })
  return true
}
