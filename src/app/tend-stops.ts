import { isTerminal, type Order } from '../domain/execution/order.ts'
import { stopOrderIdFor } from '../domain/execution/origin.ts'
import { describeStop, isSameStop, type ProtectiveStop, protectiveStop } from '../domain/execution/protective-stop.ts'
import { VenueUnreachableError } from '../domain/execution/venue-unreachable.ts'
import { type InstrumentId, toPriceString, toQuantityString } from '../domain/instrument.ts'
import type { Asset } from '../domain/market/tick.ts'
import { baseQty, duration, later, MINUTE, SECOND } from '../domain/units.ts'
import { announce, wakeDelivery } from './announce.ts'
import { type HoldingLeg, readHolding } from './book.ts'
import { wakeStops } from './hear-order.ts'
import { legLiquidation } from './hedge-liquidation.ts'
import { readTierTables } from './load-margin-tiers.ts'
import type { Ports } from './ports.ts'
import { refOf, resolveOrder, settleSubmission } from './resolve-order.ts'
import { assetOf, findVenue } from './venues.ts'

export type StopOutcome =
  | { readonly kind: 'placed'; readonly order: Order; readonly canceled: number }
  /** Nothing is to be protected, or nothing that a stop could: what rested was cancelled where the position is flat. */
  | {
      readonly kind: 'none'
      readonly reason: Extract<ProtectiveStop, { kind: 'none' }>['reason']
      readonly canceled: number
    }
  | { readonly kind: 'unchanged'; readonly order: Order; readonly canceled: number }
  | { readonly kind: 'rejected'; readonly order: Order; readonly reason: string }
  /** An order's fate is not known yet; asked again soon. */
  | { readonly kind: 'unresolved'; readonly reason: string }
  /** The venue keeps no stops: said once. */
  | { readonly kind: 'unsupported' }
  /** Another process tends them just now, stops are switched off, or the venue is not one of ours. */
  | { readonly kind: 'busy' | 'disabled' | 'not-ours' }

/** Under which lease the stops of an instrument are placed and moved. */
export const stopsLease = (instrumentId: InstrumentId): string => `stops/${instrumentId}`

const LEASE_TTL = duration(MINUTE)
const RETRY_AFTER = 5 * SECOND
const REJECTED_RETRY_AFTER = 10 * MINUTE
const REJECTED_SEARCHED = 20

/**
 * Brings the protective stop of one leg to where its position is. The new one is placed before the old one is cancelled: both only
 * reduce, so that two are harmless and none is not.
 *
 * The lease's fencing number is the stop's version and its id is derived from it, so what a process sent before it died is found
 * again and never sent twice.
 */
export const createTendStops =
  (ports: Ports) =>
  async ({ instrumentId }: { instrumentId: InstrumentId }): Promise<StopOutcome> => {
    const { settings } = ports
    const venue = findVenue(ports, instrumentId)
    if (!venue) return { kind: 'not-ours' }
    if (!settings.stops.enabled) return { kind: 'disabled' }
    const leg = await readLeg(ports, instrumentId)
    if (!leg) return { kind: 'not-ours' }
    if (!venue.capabilities.protectiveStops) {
      if (leg.position !== 0) await noteUnsupported(ports, leg)
      return { kind: 'unsupported' }
    }
    const outcome = await tend(ports, leg)
    if (outcome.kind === 'unresolved') await wakeStops(ports, instrumentId, later(ports.clock.now(), RETRY_AFTER))
    return outcome
  }

async function tend(ports: Ports, leg: HoldingLeg): Promise<StopOutcome> {
  const { store, instanceId } = ports
  const name = stopsLease(leg.instrument.instrumentId)
  try {
    const seen = await look(ports, leg)
    if ('kind' in seen) return seen
    // Looking needs no lease, and most looks change nothing: so the version only rises when a stop is placed or taken away.
    if (seen.surplus.length === 0 && (seen.wanted.kind === 'none' || seen.kept)) return asItRests(seen)
    const lease = await store.leases.take(name, instanceId, LEASE_TTL)
    if (lease === undefined) return { kind: 'busy' }
    try {
      const held = await look(ports, leg)
      return 'kind' in held ? held : await change(ports, leg, { seen: held, lease })
    } finally {
      await store.leases.release(name, lease)
    }
  } catch (error) {
    if (!(error instanceof VenueUnreachableError)) throw error
    return { kind: 'unresolved', reason: error.message }
  }
}

interface Seen {
  readonly wanted: ProtectiveStop
  /** Rests and does what is wanted. */
  readonly kept: Order | undefined
  /** Rests and is to go once what is wanted is there. */
  readonly surplus: readonly Order[]
}

async function look(ports: Ports, leg: HoldingLeg): Promise<Seen | Extract<StopOutcome, { kind: 'unresolved' }>> {
  const { venue, instrument } = leg
  const resting: Order[] = []
  for (const order of await ports.store.orders.unresolved(instrument.instrumentId)) {
    if (order.kind !== 'stop') continue
    const asked = await resolveOrder(ports, order, venue)
    if (asked.kind === 'unresolved') return { kind: 'unresolved', reason: asked.reason }
    if (!isTerminal(asked.order.state)) resting.push(asked.order)
  }
  // Asking may have booked what a stop has closed: where the position is now counts.
  const wanted = await stopFor(ports, (await readLeg(ports, instrument.instrumentId)) ?? leg)
  if (wanted.kind === 'none') return { wanted, kept: undefined, surplus: wanted.reason === 'FLAT' ? resting : [] }
  const kept = resting.find((order) => isSameStop({ ...order, triggerPrice: order.limitPrice }, wanted, instrument))
  return { wanted, kept, surplus: resting.filter((order) => order !== kept) }
}

const asItRests = ({ wanted, kept }: Seen): StopOutcome =>
  wanted.kind === 'none' ? { ...wanted, canceled: 0 } : { kind: 'unchanged', order: kept!, canceled: 0 }

async function change(
  ports: Ports,
  leg: HoldingLeg,
  { seen: { wanted, kept, surplus }, lease }: { seen: Seen; lease: number },
): Promise<StopOutcome> {
  if (wanted.kind === 'none') return { ...wanted, canceled: await cancelAll(ports, leg, surplus) }
  if (kept) return { kind: 'unchanged', order: kept, canceled: await cancelAll(ports, leg, surplus) }
  const refused = await lastRejected(ports, leg, wanted)
  if (refused) return { kind: 'rejected', order: refused, reason: refused.reason ?? 'no reason given' }
  const placed = await place(ports, leg, { wanted, lease })
  return placed.kind === 'placed' ? { ...placed, canceled: await cancelAll(ports, leg, surplus) } : placed
}

/** The same stop that the venue has refused a moment ago: it would refuse it again. */
async function lastRejected(
  { store, clock }: Ports,
  { instrument }: HoldingLeg,
  wanted: Extract<ProtectiveStop, { kind: 'stop' }>,
): Promise<Order | undefined> {
  const rejected = await store.orders.recent(REJECTED_SEARCHED, 'rejected')
  return rejected.find(
    (order) =>
      order.kind === 'stop' &&
      order.instrumentId === instrument.instrumentId &&
      // An id of a life before this record is no fault of the stop: the next version has another.
      !order.reason?.startsWith('DUPLICATE_CLIENT_ORDER_ID') &&
      later(order.createdAt, REJECTED_RETRY_AFTER) > clock.now() &&
      isSameStop({ ...order, triggerPrice: order.limitPrice }, wanted, instrument),
  )
}

async function place(
  ports: Ports,
  { venue, instrument, leg }: HoldingLeg,
  { wanted, lease }: { wanted: Extract<ProtectiveStop, { kind: 'stop' }>; lease: number },
): Promise<StopOutcome> {
  const { store, clock, settings } = ports
  const { instrumentId, asset } = instrument
  const at = clock.now()
  const order: Order = {
    clientOrderId: stopOrderIdFor(instrumentId, lease),
    kind: 'stop',
    instrumentId,
    leg,
    slice: lease,
    attempt: 0,
    side: wanted.side,
    quantity: wanted.quantity,
    limitPrice: wanted.triggerPrice,
    timeInForce: 'gtc',
    postOnly: false,
    reduceOnly: true,
    state: 'submitted',
    filledQuantity: baseQty(0),
    validUntil: later(at, settings.execution.orderValidity),
    createdAt: at,
    updatedAt: at,
  }
  const { exposure, hedge } = await readHolding(ports, asset)
  await store.transaction(async (tx) => {
    await tx.orders.save(order, lease)
    await tx.audit.append({
      at,
      actor: 'system',
      action: 'stop.placed',
      subject: instrumentId,
      details: {
        clientOrderId: order.clientOrderId,
        quantity: order.quantity,
        triggerPrice: order.limitPrice,
        effect: describeStop(wanted, { asset, exposure, hedge }),
      },
    })
  })
  const outcome = await venue.submitStop({
    clientOrderId: order.clientOrderId,
    instrumentId,
    side: order.side,
    quantity: toQuantityString(order.quantity, instrument),
    triggerPrice: toPriceString(order.limitPrice, order.side, instrument),
    validUntil: order.validUntil!,
  })
  const settled = await settleSubmission(ports, order, venue, outcome)
  if (settled.kind === 'unresolved') return { kind: 'unresolved', reason: settled.reason }
  if (settled.order.state !== 'rejected') return { kind: 'placed', order: settled.order, canceled: 0 }
  const reason = settled.order.reason ?? 'no reason given'
  await warn(ports, instrumentId, {
    title: `Protective stop rejected: ${asset}`,
    text: `${venue.venueId} rejected the stop that would protect our ${asset} position (${reason}). What rested there before stays.`,
  })
  return { kind: 'rejected', order: settled.order, reason }
}

async function cancelAll(ports: Ports, { venue }: HoldingLeg, orders: readonly Order[]): Promise<number> {
  let canceled = 0
  for (const order of orders) {
    await venue.cancel(refOf(order))
    // Whatever came of it, the order itself says how it ended: it may have triggered just before.
    const asked = await resolveOrder(ports, order, venue)
    if (asked.order.state === 'canceled') canceled++
  }
  return canceled
}

async function stopFor(ports: Ports, leg: HoldingLeg): Promise<ProtectiveStop> {
  const { settings, clock, store } = ports
  const { instrument, venue, position, averageEntryPrice } = leg
  const held = (await venue.positions()).find(({ instrumentId }) => instrumentId === instrument.instrumentId)
  const reckoned = legLiquidation(instrument.asset, leg, {
    mark: held?.markPrice,
    tables: await readTierTables({ store }),
    leverage: settings.hedgeLeverage,
    at: clock.now(),
  })
  const assumed = reckoned?.found.kind === 'at' ? reckoned.found.price : undefined
  return protectiveStop({
    position,
    entryPrice: averageEntryPrice,
    liquidationPrice: held?.liquidationPrice ?? assumed,
    markPrice: held?.markPrice,
    atShare: settings.stops.atShare,
    instrument,
    onAccount: held?.quantity ?? baseQty(0),
  })
}

/** What rests on the venues to protect the hedge of an asset, in words, or why nothing does. */
export async function describeStops(ports: Ports, asset: Asset): Promise<readonly string[]> {
  const holding = await readHolding(ports, asset)
  const lines: string[] = []
  for (const { venue, instrument, position } of holding.legs) {
    if (position === 0) continue
    if (!ports.settings.stops.enabled) lines.push(`No protective stop on ${venue.venueId}: stops are switched off.`)
    else if (!venue.capabilities.protectiveStops) lines.push(`No protective stop on ${venue.venueId}: it keeps none.`)
    else {
      const open = await ports.store.orders.unresolved(instrument.instrumentId)
      const stop = open.findLast(({ kind, state }) => kind === 'stop' && state === 'accepted')
      const text = stop && describeStop({ ...stop, triggerPrice: stop.limitPrice }, holding)
      lines.push(text ? `${venue.venueId}: ${text}` : `No protective stop rests on ${venue.venueId}.`)
    }
  }
  return lines
}

async function readLeg(ports: Ports, instrumentId: InstrumentId): Promise<HoldingLeg | undefined> {
  const { legs } = await readHolding(ports, assetOf(instrumentId))
  return legs.find(({ instrument }) => instrument.instrumentId === instrumentId)
}

async function noteUnsupported(ports: Ports, { venue, instrument }: HoldingLeg): Promise<void> {
  const { store, clock } = ports
  const key = `stops-unsupported/${instrument.instrumentId}`
  if ((await store.settings.get(key)) !== undefined) return
  const at = clock.now()
  await store.transaction(async (tx) => {
    await tx.settings.set(key, String(at))
    await tx.audit.append({
      at,
      actor: 'system',
      action: 'stop.unsupported',
      subject: instrument.instrumentId,
      details: { venue: venue.venueId },
    })
  })
  await warn(ports, instrument.instrumentId, {
    title: `No protective stop: ${instrument.asset} on ${venue.venueId}`,
    text: `${venue.venueId} keeps no stops by mark price. If this desk stops working, nothing there closes our ${instrument.asset} position before the venue liquidates it.`,
  })
}

async function warn(ports: Ports, instrumentId: InstrumentId, card: { title: string; text: string }): Promise<void> {
  const cardKey = `stops:${instrumentId}`
  await announce(ports.store, ports, {
    cardKey,
    at: ports.clock.now(),
    urgency: 'normal',
    card: { tone: 'warning', ...card },
  })
  await wakeDelivery(ports.queue)
}
