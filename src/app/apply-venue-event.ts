import type { ClientOrderId } from '../domain/execution/order.ts'
import { isTerminal, type Order } from '../domain/execution/order.ts'
import { reconcileInstrument } from '../domain/execution/reconciliation.ts'
import type { InstrumentId } from '../domain/instrument.ts'
import type { Venue, VenueEvent, VenueFill, VenueOrder } from '../ports.ts'
import { type Heard, hearOrder } from './hear-order.ts'
import type { Ports } from './ports.ts'
import { resolveOrder } from './resolve-order.ts'
import { findVenue } from './venues.ts'
import { wakeNow } from './wake-execution.ts'

export type VenueEventOutcome =
  /** `matters`: to whoever works on the order. That more of it is filled while it rests on is for its own next look. */
  | ({ readonly kind: 'booked'; readonly matters: boolean } & Heard)
  /** Said before, or no news. */
  | { readonly kind: 'nothing-new' }
  /** Not ours as far as one event tells, or made by the venue: the next look at everything decides, which has been asked for. */
  | { readonly kind: 'left-to-reconcile' }

/**
 * Books what a venue pushes on the same path as what it answers, and wakes whoever works on the order where that matters to them.
 * What one event cannot decide, and whatever was missed while the connection was down, is reconciled.
 */
export const createApplyVenueEvent =
  (ports: Ports) =>
  async (event: VenueEvent): Promise<VenueEventOutcome> => {
    const heard = await hear(ports, event)
    if (heard.kind === 'left-to-reconcile')
      await ports.queue.add({ name: 'reconcile', data: {}, jobId: 'reconcile-on-event' })
    if (heard.kind === 'booked' && heard.matters && heard.order.proposalId !== undefined) {
      const proposal = await ports.store.proposals.find(heard.order.proposalId)
      if (proposal?.state === 'executing') await wakeNow(ports, proposal)
    }
    return heard
  }

async function hear(ports: Ports, event: VenueEvent): Promise<VenueEventOutcome> {
  if (event.kind === 'reconnected') return { kind: 'left-to-reconcile' }
  const said = event.kind === 'order' ? event.order : event.fill
  const venue = findVenue(ports, said.instrumentId)
  const order = venue && (await ownerOf(ports, said))
  if (!venue || !order) return { kind: 'left-to-reconcile' }
  return event.kind === 'order'
    ? hearOfOrder(ports, order, { said: event.order, venue })
    : hearFill(ports, order, event.fill)
}

async function hearOfOrder(
  ports: Ports,
  order: Order,
  { said, venue }: { said: VenueOrder; venue: Venue },
): Promise<VenueEventOutcome> {
  const heard = await hearOrder(ports, order.clientOrderId, {
    event: {
      kind: 'reported',
      state: said.state,
      venueOrderId: said.venueOrderId,
      filledQuantity: said.filledQuantity,
      averageFillPrice: said.averageFillPrice,
      reason: said.reason,
    },
    fillsFromOrder: !venue.capabilities.listsFills,
  })
  const changed = outcomeOf(order, heard)
  // Its fills may have been pushed before it, or not at all: an order that has ended is asked for them.
  if (!isTerminal(heard.order.state) || heard.order.filledQuantity === 0) return changed
  const asked = await resolveOrder(ports, heard.order, venue)
  return outcomeOf(order, { order: asked.order, booked: [...heard.booked, ...asked.booked] })
}

async function hearFill(ports: Ports, order: Order, fill: VenueFill): Promise<VenueEventOutcome> {
  if (fill.cause !== 'order') return { kind: 'left-to-reconcile' }
  const { instrumentId } = fill
  const booked = await ports.store.orders.booked(instrumentId, {
    clientOrderIds: [order.clientOrderId],
    tradeIds: [fill.tradeId],
  })
  const { news } = reconcileInstrument(
    {
      instrumentId,
      ours: { orders: [order], ...booked },
      theirs: { openOrders: [], fills: [fill], namesOurs: true },
    },
    { at: ports.clock.now() },
  )
  const [found] = news
  if (!found) return { kind: 'nothing-new' }
  return outcomeOf(order, await hearOrder(ports, order.clientOrderId, found))
}

const outcomeOf = (before: Order, heard: Heard): VenueEventOutcome =>
  heard.booked.length > 0 || heard.order.state !== before.state || heard.order.filledQuantity !== before.filledQuantity
    ? { kind: 'booked', ...heard, matters: !(isResting(before) && isResting(heard.order)) }
    : { kind: 'nothing-new' }

const isResting = ({ state }: Order): boolean => state === 'accepted' || state === 'partially-filled'

/** By our id where it is named, else by the venue's own among the orders that have not ended. */
async function ownerOf(
  { store }: Ports,
  {
    clientOrderId,
    venueOrderId,
    instrumentId,
  }: { clientOrderId?: ClientOrderId | undefined; venueOrderId: string; instrumentId: InstrumentId },
): Promise<Order | undefined> {
  const named = clientOrderId && (await store.orders.find(clientOrderId))
  if (named) return named
  return (await store.orders.unresolved(instrumentId)).find((order) => order.venueOrderId === venueOrderId)
}
