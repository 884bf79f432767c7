import type { ClientOrderId, Order } from '../domain/execution/order.ts'
import { type Origin, originFinder } from '../domain/execution/origin.ts'
import type { Instrument } from '../domain/instrument.ts'
import type { Proposal } from '../domain/proposal.ts'
import { baseQty, type Price, price } from '../domain/units.ts'
import type { VenueOrder } from '../ports.ts'
import type { Ports } from './ports.ts'
import { stopsLease } from './tend-stops.ts'
import type { Leg } from './venues.ts'

/** Proposals and stops of long ago have no orders under way. */
const PROPOSALS_SEARCHED = 30
const PROPOSAL_STATES = ['approved', 'executing', 'executed', 'failed'] as const

export interface Adoption {
  readonly adopted: readonly Order[]
  readonly waiting: ReadonlySet<ClientOrderId>
}

const NOTHING: Adoption = { adopted: [], waiting: new Set() }

/**
 * Puts orders on record that the venue names and we do not know, where their ids follow from our own records: what is left after
 * the record was restored from a copy. Everything else under an unknown id stays other hands'.
 *
 * @returns the orders as they were put on record, and those that are ours and wait for the next look because their execution is
 *   being worked on just now: neither ours nor other hands' until then
 */
export async function adoptOrphans(
  ports: Ports,
  { venue, instrument, leg }: Leg,
  unknown: readonly ClientOrderId[],
): Promise<Adoption> {
  if (unknown.length === 0) return NOTHING
  const proposals = await ports.store.proposals.list({
    asset: instrument.asset,
    states: PROPOSAL_STATES,
    limit: PROPOSALS_SEARCHED,
  })
  const originOf = originFinder({
    proposalIds: proposals.map(({ proposalId }) => proposalId),
    legs: ports.venues.length,
    instrumentId: instrument.instrumentId,
  })
  const adopted: Order[] = []
  const waiting = new Set<ClientOrderId>()
  for (const clientOrderId of unknown) {
    const origin = originOf(clientOrderId)
    const found = origin && (await venue.find({ clientOrderId, instrumentId: instrument.instrumentId }))
    if (!origin || !found) continue
    const quote = await venue.quote(instrument.asset)
    if (!quote) {
      waiting.add(clientOrderId)
      continue
    }
    const mid = price((quote.bestBid + quote.bestAsk) / 2)
    const proposal = proposals.find(({ proposalId }) => origin.kind === 'child' && proposalId === origin.proposalId)
    const order = await save(ports, orderOf(ports, { clientOrderId, found, origin, proposal, instrument, leg, mid }))
    if (order) adopted.push(order)
    else waiting.add(clientOrderId)
  }
  return { adopted, waiting }
}

function orderOf(
  { clock }: Ports,
  {
    clientOrderId,
    found,
    origin,
    proposal,
    instrument,
    leg,
    mid,
  }: {
    clientOrderId: ClientOrderId
    found: VenueOrder
    origin: Origin
    proposal: Proposal | undefined
    instrument: Instrument
    leg: number
    mid: Price
  },
): Order {
  const at = clock.now()
  return {
    clientOrderId,
    ...(origin.kind === 'child'
      ? { kind: 'child', proposalId: origin.proposalId, leg: origin.leg, slice: origin.slice, attempt: origin.attempt }
      : { kind: 'stop', leg, slice: origin.version, attempt: 0 }),
    instrumentId: instrument.instrumentId,
    side: found.side,
    quantity: found.quantity,
    // The venue does not say what it was limited to; a stop at the market is one to be replaced.
    limitPrice: found.averageFillPrice ?? proposal?.referencePrice ?? mid,
    timeInForce: origin.kind === 'stop' || found.state === 'accepted' ? 'gtc' : 'ioc',
    postOnly: false,
    reduceOnly: origin.kind === 'stop',
    state: 'submitted',
    venueOrderId: found.venueOrderId,
    filledQuantity: baseQty(0),
    createdAt: at,
    updatedAt: at,
  }
}

async function save(ports: Ports, order: Order): Promise<Order | undefined> {
  const { store, settings, instanceId, clock } = ports
  const { leases, proposals } = store
  const { proposalId } = order
  const name = stopsLease(order.instrumentId)
  const ttl = settings.execution.leaseTtl
  const lease = proposalId
    ? await proposals.takeLease(proposalId, instanceId, ttl)
    : await leases.take(name, instanceId, ttl)
  if (lease === undefined) return undefined
  try {
    await store.transaction(async (tx) => {
      await tx.orders.save(order, lease)
      await tx.audit.append({
        at: clock.now(),
        actor: 'system',
        action: 'order.adopted',
        subject: order.clientOrderId,
        details: {
          kind: order.kind,
          proposalId,
          instrumentId: order.instrumentId,
          side: order.side,
          quantity: order.quantity,
        },
      })
    })
  } finally {
    await (proposalId ? proposals.releaseLease(proposalId, lease) : leases.release(name, lease))
  }
  return order
}
