import type { Fill, Order } from '../domain/execution/order.ts'
import { VenueUnreachableError } from '../domain/execution/venue-unreachable.ts'
import { baseQty, type DurationMs, duration, later, MINUTE, SECOND } from '../domain/units.ts'
import type { OrderRef, SubmitOutcome, Venue, VenueFill, VenueOrder } from '../ports.ts'
import { type Heard, hearOrder, quantityOf, toFill } from './hear-order.ts'
import type { Ports } from './ports.ts'

/**
 * `settled`: what the venue says of the order is booked, and it may rest on: its state tells. `unresolved`: its fate, or a part
 * of its fills, is not known yet; nothing may be concluded from it.
 */
export type Resolution =
  | ({ readonly kind: 'settled' } & Heard)
  /** `CODE name=value …` or what kept the venue from answering. */
  | ({ readonly kind: 'unresolved'; readonly reason: string } & Heard)

/** How long past its validity a request may still come in: little where the venue refuses late ones, else a slow wire's worth. */
const LATENESS: { readonly refused: DurationMs; readonly taken: DurationMs } = {
  refused: duration(5 * SECOND),
  taken: MINUTE,
}
/** Clocks of ours and the venue's may differ by so much. */
const CLOCK_SKEW = MINUTE
const DUST = 1e-9

/** An order with this id was there already; whether it is this one only the venue can say. */
const DUPLICATE = /^DUPLICATE_CLIENT_ORDER_ID\b/

export const refOf = ({ clientOrderId, instrumentId, venueOrderId }: Order): OrderRef => ({
  clientOrderId,
  instrumentId,
  ...(venueOrderId !== undefined && { venueOrderId }),
})

/**
 * Asks the venue for an order and its fills and books what it says.
 *
 * When the venue has no such order nothing follows while it might still take the request. Afterwards, and only when neither its
 * open orders nor its fills since the order was made show it, it never arrived; nothing is sent again here.
 */
export async function resolveOrder(ports: Ports, order: Order, venue: Venue): Promise<Resolution> {
  try {
    const known = await venue.find(refOf(order))
    return known ? await bookKnown(ports, order, { venue, known }) : await bookMissing(ports, order, venue)
  } catch (error) {
    if (!(error instanceof VenueUnreachableError)) throw error
    return { kind: 'unresolved', order, booked: [], reason: `VENUE_UNREACHABLE ${error.message}` }
  }
}

/**
 * Books the answer to one submission. After `accepted` an immediate-or-cancel order is asked for once, for it has ended by then;
 * `unknown` is left to be asked about.
 */
export async function settleSubmission(
  ports: Ports,
  order: Order,
  venue: Venue,
  outcome: SubmitOutcome,
): Promise<Resolution> {
  switch (outcome.kind) {
    case 'rejected': {
      if (order.kind === 'child' && DUPLICATE.test(outcome.reason)) {
        const { order: asked } = await hearOrder(ports, order.clientOrderId, {
          event: { kind: 'unknown', reason: outcome.reason },
        })
        return resolveOrder(ports, asked, venue)
      }
      const heard = await hearOrder(ports, order.clientOrderId, { event: outcome })
      return { kind: 'settled', ...heard }
    }
    case 'unknown': {
      const heard = await hearOrder(ports, order.clientOrderId, { event: outcome })
      return { kind: 'unresolved', ...heard, reason: outcome.reason }
    }
    case 'accepted': {
      const heard = await hearOrder(ports, order.clientOrderId, {
        event: {
          kind: 'reported',
          state: 'accepted',
          venueOrderId: outcome.venueOrderId,
          filledQuantity: baseQty(0),
        },
      })
      return order.timeInForce === 'ioc' ? resolveOrder(ports, heard.order, venue) : { kind: 'settled', ...heard }
    }
  }
}

/** What the venue tells of one of our orders, with the fills that go with it. */
async function bookKnown(
  ports: Ports,
  order: Order,
  { venue, known }: { venue: Venue; known: VenueOrder },
): Promise<Resolution> {
  const { listsFills } = venue.capabilities
  const fills = listsFills ? await venue.fills({ ...refOf(order), venueOrderId: known.venueOrderId }) : []
  return book(ports, order, { known, fills: fills.map((fill) => toFill(fill, order.clientOrderId)), listsFills })
}

async function book(
  ports: Ports,
  order: Order,
  {
    known,
    fills,
    listsFills,
  }: {
    known: Pick<VenueOrder, 'state' | 'filledQuantity' | 'averageFillPrice' | 'reason'> & { venueOrderId?: string }
    fills: readonly Fill[]
    listsFills: boolean
  },
): Promise<Resolution> {
  // Asked one after the other, the fills may already say more than the order did.
  const filledQuantity = baseQty(Math.max(known.filledQuantity, quantityOf(fills)))
  const heard = await hearOrder(ports, order.clientOrderId, {
    event: {
      kind: 'reported',
      state: known.state,
      venueOrderId: known.venueOrderId,
      filledQuantity,
      averageFillPrice: known.averageFillPrice,
      reason: known.reason,
    },
    fills,
    fillsFromOrder: !listsFills,
  })
  const missing = listsFills ? heard.order.filledQuantity - quantityOf(fills) : 0
  return missing > DUST
    ? { kind: 'unresolved', ...heard, reason: `FILLS_MISSING quantity=${Number(missing.toFixed(9))}` }
    : { kind: 'settled', ...heard }
}

async function bookMissing(ports: Ports, order: Order, venue: Venue): Promise<Resolution> {
  const { capabilities } = venue
  const unresolved = (reason: string): Resolution => ({ kind: 'unresolved', order, booked: [], reason })
  const until = later(
    order.validUntil ?? later(order.createdAt, ports.settings.execution.orderValidity),
    capabilities.refusesLateRequests ? LATENESS.refused : LATENESS.taken,
  )
  if (ports.clock.now() <= until) return unresolved(`NOT_FOUND_YET until=${new Date(until).toISOString()}`)
  const isNameable = capabilities.findsByClientOrderId || capabilities.namesClientOrderId
  if (!isNameable && order.venueOrderId === undefined) return unresolved(`NOT_NAMED_BY_VENUE venue=${venue.venueId}`)

  const resting = (await venue.openOrders(order.instrumentId)).find((open) => isOf(order, open))
  if (resting) return bookKnown(ports, order, { venue, known: resting })
  const fills = (await venue.fillsSince(order.instrumentId, later(order.createdAt, -CLOCK_SKEW)))
    .filter((fill) => isOf(order, fill))
    .map((fill) => toFill(fill, order.clientOrderId))
  if (fills.length > 0 || order.venueOrderId !== undefined || order.filledQuantity > 0) {
    // It was there once and rests no longer: whatever it has filled is all there will be.
    const known = { state: 'canceled', filledQuantity: quantityOf(fills), reason: 'NO_LONGER_KNOWN' } as const
    return book(ports, order, { known, fills, listsFills: capabilities.listsFills })
  }
  return { kind: 'settled', ...(await hearOrder(ports, order.clientOrderId, { event: { kind: 'never-arrived' } })) }
}

const isOf = (order: Order, theirs: Pick<VenueOrder | VenueFill, 'clientOrderId' | 'venueOrderId'>): boolean =>
  theirs.clientOrderId === order.clientOrderId ||
  (theirs.clientOrderId === undefined && theirs.venueOrderId === order.venueOrderId)
