import { type ClientOrderId, isTerminal, type Order } from '../domain/execution/order.ts'
import { type Findings, inFlightOf, reconcileInstrument } from '../domain/execution/reconciliation.ts'
import {
  firstStanding,
  judgePosition,
  type PositionVerdict,
  type VenueStanding,
} from '../domain/execution/venue-standing.ts'
import { VenueUnreachableError } from '../domain/execution/venue-unreachable.ts'
import type { InstrumentId } from '../domain/instrument.ts'
import {
  type BaseQty,
  baseQty,
  duration,
  later,
  MINUTE,
  type Price,
  price,
  SECOND,
  type TimestampMs,
} from '../domain/units.ts'
import type { Venue, VenueFill, VenueOrder, VenuePosition } from '../ports.ts'
import { adoptOrphans } from './adopt-orphans.ts'
import { bookVenueMade, hearOrder } from './hear-order.ts'
import type { Ports } from './ports.ts'
import { refOf, resolveOrder } from './resolve-order.ts'
import type { Leg } from './venues.ts'

/** What one look at one instrument of one venue has found. */
export type LegReconciliation = { readonly instrumentId: InstrumentId } & (
  | {
      readonly kind: 'checked'
      readonly verdict: PositionVerdict
      readonly standing: VenueStanding
      /** Σ of our fills, and everything on the account: signed. */
      readonly ours: BaseQty
      readonly theirs: BaseQty
      /** Fills that were new to us, ours and those the venue made. */
      readonly booked: number
      readonly venueMade: number
      readonly unresolved: readonly { readonly clientOrderId: ClientOrderId; readonly reason: string }[]
      /** Rest there and are not ours; nobody here touches them. */
      readonly foreignOrders: readonly VenueOrder[]
      readonly disputed: Findings['disputed']
    }
  /** Another process looks at it just now. */
  | { readonly kind: 'busy' }
  /** The first look met orders or trades under way: what is other hands' cannot be told yet. */
  | { readonly kind: 'not-yet'; readonly reason: string }
  | { readonly kind: 'unreachable'; readonly reason: string }
)

/** Venues may list a trade late, and their clocks are not ours. */
const OVERLAP = duration(10 * MINUTE)
/** Orders that ended so lately may still be named by a fill. */
const RECENT_ORDERS = 200
/** A venue's own books may lag so long: two looks within it are one. */
const POLL_SPACING = duration(5 * SECOND)
/** Longer than any look takes; a process that dies loses it at once. */
const DUST = 1e-9
const LEASE_TTL = duration(2 * MINUTE)

interface Look {
  readonly openOrders: readonly VenueOrder[]
  readonly fills: readonly VenueFill[]
  readonly position: BaseQty
  readonly markPrice?: Price | undefined
}

interface Applied {
  readonly look: Look
  readonly findings: Findings
  readonly booked: number
  readonly unresolved: readonly { readonly clientOrderId: ClientOrderId; readonly reason: string }[]
}

/** Holds one instrument of one venue against our records, books what is ours and judges what remains. */
export async function reconcileLeg(ports: Ports, leg: Leg): Promise<LegReconciliation> {
  const { store, instanceId } = ports
  const { instrumentId } = leg.instrument
  const name = `reconcile/${instrumentId}`
  const lease = await store.leases.take(name, instanceId, LEASE_TTL)
  if (lease === undefined) return { kind: 'busy', instrumentId }
  try {
    const standing = await store.standings.read(instrumentId)
    return standing ? await check(ports, leg, standing) : await meet(ports, leg)
  } catch (error) {
    if (!(error instanceof VenueUnreachableError)) throw error
    return { kind: 'unreachable', instrumentId, reason: error.message }
  } finally {
    await store.leases.release(name, lease)
  }
}

/** First contact: what is there already is other hands', as long as nothing moves while we look. */
async function meet(ports: Ports, leg: Leg): Promise<LegReconciliation> {
  const { store, clock } = ports
  const { instrumentId } = leg.instrument
  const at = clock.now()
  const since = later(at, -OVERLAP)
  const earlier = await listFills(leg.venue, instrumentId, since)
  const applied = await apply(ports, leg, { since, foreign: 'ignored' })
  const known = new Set(earlier.map(({ tradeId }) => tradeId))
  const reason =
    applied.unresolved.length > 0
      ? `${applied.unresolved.length} orders unresolved`
      : applied.findings.undecided.length > 0
        ? 'fills that may be ours'
        : applied.look.fills.some(({ tradeId }) => !known.has(tradeId))
          ? 'traded while we looked'
          : undefined
  if (reason !== undefined) return { kind: 'not-yet', instrumentId, reason }
  const hasTraded = (await store.orders.positions([instrumentId])).length > 0
  const first = firstStanding(instrumentId, { theirs: applied.look.position, hasTraded, at })
  await store.transaction(async (tx) => {
    // In the position already: not to be added when they are listed again.
    for (const { tradeId } of applied.findings.foreignFills) await tx.standings.noteForeign(instrumentId, tradeId, at)
    await tx.standings.write(first)
    await tx.audit.append({
      at,
      actor: 'system',
      action: 'venue.first-contact',
      subject: instrumentId,
      details: { foreignQuantity: first.foreignQuantity, openOrders: applied.findings.foreignOrders.length },
    })
  })
  return judge(ports, leg, { standing: first, applied })
}

async function check(ports: Ports, leg: Leg, before: VenueStanding): Promise<LegReconciliation> {
  const since = later(before.fillsUntil, -OVERLAP)
  const applied = await apply(ports, leg, { since, foreign: 'noted' })
  const found = await judge(ports, leg, { standing: await readStanding(ports, before), applied })
  if (found.kind !== 'checked' || found.verdict !== 'dirty') return found
  // A trade between two questions looks like a difference: look once more before it counts.
  const again = await apply(ports, leg, { since, foreign: 'noted' })
  const sum = { ...again, booked: applied.booked + again.booked }
  return judge(ports, leg, { standing: { ...(await readStanding(ports, before)), ...countsOf(before) }, applied: sum })
}

const countsOf = ({
  dirtyPolls,
  cleanPolls,
  checkedAt,
}: VenueStanding): Pick<VenueStanding, 'dirtyPolls' | 'cleanPolls' | 'checkedAt'> => ({
  dirtyPolls,
  cleanPolls,
  checkedAt,
})

const readStanding = async ({ store }: Ports, before: VenueStanding): Promise<VenueStanding> =>
  (await store.standings.read(before.instrumentId)) ?? before

/** Everything but the verdict on the position: each part is booked for itself and found done when it is found again. */
async function apply(
  ports: Ports,
  leg: Leg,
  { since, foreign }: { since: TimestampMs; foreign: 'noted' | 'ignored' },
): Promise<Applied> {
  const { store, clock } = ports
  const { venue, instrument } = leg
  const { instrumentId } = instrument
  const seen = await lookAt(venue, instrumentId, since)
  const { orders, waiting } = await ordersMeant(ports, leg, seen)
  const look = withoutWaiting(seen, waiting)
  const findings = reconcileInstrument(
    {
      instrumentId,
      ours: {
        orders,
        ...(await store.orders.booked(instrumentId, {
          clientOrderIds: orders.map(({ clientOrderId }) => clientOrderId),
          tradeIds: look.fills.map(({ tradeId }) => tradeId),
        })),
      },
      theirs: { ...look, namesOurs: venue.capabilities.namesClientOrderId },
    },
    { at: clock.now() },
  )
  let booked = 0
  for (const { clientOrderId, event, fills } of findings.news)
    booked += (await hearOrder(ports, clientOrderId, { event, fills })).booked.length
  booked += await bookVenueMade(ports, findings.venueMade, async (tx, closed) => {
    if (foreign === 'ignored') return
    let quantity = closed
    for (const fill of findings.foreignFills)
      if (await tx.standings.noteForeign(instrumentId, fill.tradeId, fill.filledAt))
        quantity += fill.side === 'buy' ? fill.quantity : -fill.quantity
    const standing = (await tx.standings.read(instrumentId))!
    const foreignQuantity = baseQty(Number((standing.foreignQuantity + quantity).toFixed(9)))
    await tx.standings.write({ ...standing, foreignQuantity, fillsUntil: findings.fillsUntil })
  })
  const unresolved: { clientOrderId: ClientOrderId; reason: string }[] = [...waiting].map((clientOrderId) => ({
    clientOrderId,
    reason: 'NOT_ADOPTED_YET',
  }))
  for (const order of await store.orders.findMany(findings.toAsk)) {
    const resolution = await resolveOrder(ports, order, venue)
    booked += resolution.booked.length
    if (resolution.kind === 'unresolved')
      unresolved.push({ clientOrderId: order.clientOrderId, reason: resolution.reason })
  }
  await cancelStrays(ports, venue, orders)
  return { look, findings, booked, unresolved }
}

async function judge(
  ports: Ports,
  { instrument: { instrumentId, lotSize, asset }, venue }: Leg,
  { standing, applied: { look, findings, booked, unresolved } }: { standing: VenueStanding; applied: Applied },
): Promise<LegReconciliation> {
  const { store, clock } = ports
  const unresolvedOrders = await store.orders.unresolved(instrumentId)
  const { position: ours, fills } = await store.orders.booked(instrumentId, {
    clientOrderIds: unresolvedOrders.map(({ clientOrderId }) => clientOrderId),
    tradeIds: [],
  })
  const theirs = await positionExplaining(venue, instrumentId, {
    seen: look.position,
    expected: ours + standing.foreignQuantity,
  })
  const { verdict, standing: judged } = judgePosition(
    standing,
    {
      ours,
      foreign: standing.foreignQuantity,
      theirs,
      inFlight: inFlightOf({ orders: unresolvedOrders, fills }),
      markPrice: look.markPrice ?? (await midOf(venue, asset)),
      lotSize,
    },
    // Bars of a virtual clock may stand still between two looks.
    { at: clock.now(), spacing: clock.kind === 'wall' ? POLL_SPACING : duration(0) },
  )
  await store.standings.write(judged)
  return {
    kind: 'checked',
    instrumentId,
    verdict,
    standing: judged,
    ours,
    theirs,
    booked,
    venueMade: findings.venueMade.length,
    unresolved,
    foreignOrders: findings.foreignOrders as readonly VenueOrder[],
    disputed: findings.disputed,
  }
}

/**
 * Of where the position stood from the look until now, what is nearest to what we expect: what traded while we looked, and is booked
 * or not, is no difference. Where nothing trades it is what was seen.
 */
async function positionExplaining(
  venue: Venue,
  instrumentId: InstrumentId,
  { seen, expected }: { readonly seen: BaseQty; readonly expected: number },
): Promise<BaseQty> {
  if (Math.abs(seen - expected) <= DUST) return seen
  const now = (await heldAt(venue, instrumentId))?.quantity ?? 0
  return baseQty(Math.min(Math.max(expected, Math.min(seen, now)), Math.max(seen, now)))
}

const heldAt = async (venue: Venue, instrumentId: InstrumentId): Promise<VenuePosition | undefined> =>
  (await venue.positions()).find((position) => position.instrumentId === instrumentId)

/** The position before the fills: what it holds they then list. */
async function lookAt(venue: Venue, instrumentId: InstrumentId, since: TimestampMs): Promise<Look> {
  const held = await heldAt(venue, instrumentId)
  return {
    position: held?.quantity ?? baseQty(0),
    markPrice: held?.markPrice,
    openOrders: await venue.openOrders(instrumentId),
    fills: await listFills(venue, instrumentId, since),
  }
}

/** Where trades are not listed they are read from the orders, one by one. */
const listFills = async (
  venue: Venue,
  instrumentId: InstrumentId,
  since: TimestampMs,
): Promise<readonly VenueFill[]> => (venue.capabilities.listsFills ? venue.fillsSince(instrumentId, since) : [])

/** Every order of ours that the venue may mean: what has not ended, what it names, what ended lately, and orphans. */
async function ordersMeant(
  ports: Ports,
  leg: Leg,
  look: Look,
): Promise<{ readonly orders: readonly Order[]; readonly waiting: ReadonlySet<ClientOrderId> }> {
  const { store } = ports
  const { instrumentId } = leg.instrument
  const named = [...look.openOrders, ...look.fills].flatMap(({ clientOrderId }) => clientOrderId ?? [])
  const ids = [...new Set(named)]
  const known = await store.orders.findMany(ids)
  const unknown = ids.filter((id) => !known.some(({ clientOrderId }) => clientOrderId === id))
  const recent = leg.venue.capabilities.namesClientOrderId ? [] : await store.orders.recent(RECENT_ORDERS)
  const { adopted, waiting } = await adoptOrphans(ports, leg, unknown)
  const all = [...(await store.orders.unresolved(instrumentId)), ...known, ...recent, ...adopted].filter(
    (order) => order.instrumentId === instrumentId,
  )
  return { orders: [...new Map(all.map((order) => [order.clientOrderId, order])).values()], waiting }
}

/** What waits to be adopted is nobody's in this look; the overlap lists it again in the next. */
const withoutWaiting = (look: Look, waiting: ReadonlySet<ClientOrderId>): Look => {
  const isDecided = ({ clientOrderId }: { readonly clientOrderId?: ClientOrderId | undefined }): boolean =>
    clientOrderId === undefined || !waiting.has(clientOrderId)
  return { ...look, openOrders: look.openOrders.filter(isDecided), fills: look.fills.filter(isDecided) }
}

/** Orders of ours that rest on although nobody works on their proposal any more. */
async function cancelStrays(ports: Ports, venue: Venue, orders: readonly Order[]): Promise<void> {
  for (const { clientOrderId } of orders) {
    const order = await ports.store.orders.find(clientOrderId)
    if (!order?.proposalId || order.venueOrderId === undefined || isTerminal(order.state)) continue
    const proposal = await ports.store.proposals.find(order.proposalId)
    if (proposal?.state === 'approved' || proposal?.state === 'executing') continue
    await venue.cancel(refOf(order))
    await resolveOrder(ports, order, venue)
  }
}

async function midOf(venue: Venue, asset: string): Promise<Price | undefined> {
  const quote = await venue.quote(asset)
  return quote && price((quote.bestBid + quote.bestAsk) / 2)
}
