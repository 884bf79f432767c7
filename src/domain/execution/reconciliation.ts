import { base32Hash } from '../hash.ts'
import type { InstrumentId } from '../instrument.ts'
import { type BaseQty, baseQty, type Price, type TimestampMs, timestamp, type Usd, usd } from '../units.ts'
import {
  type ClientOrderId,
  type Fill,
  isTerminal,
  type Order,
  type OrderEvent,
  type VenueOrderState,
} from './order.ts'

/** A fill as a venue lists or pushes it. */
export interface ReportedFill {
  readonly tradeId: string
  readonly clientOrderId?: ClientOrderId | undefined
  readonly venueOrderId: string
  readonly instrumentId: InstrumentId
  readonly side: 'buy' | 'sell'
  readonly quantity: BaseQty
  readonly fillPrice: Price
  readonly fee: Usd
  readonly filledAt: TimestampMs
  readonly liquidity?: 'maker' | 'taker' | undefined
  readonly cause: 'order' | 'liquidation' | 'deleveraging'
}

/** An order as a venue lists or pushes it. */
export interface ReportedOrder {
  readonly clientOrderId?: ClientOrderId | undefined
  readonly venueOrderId: string
  readonly side: 'buy' | 'sell'
  readonly quantity: BaseQty
  readonly state: VenueOrderState
  readonly filledQuantity: BaseQty
  readonly averageFillPrice?: Price | undefined
  readonly reason?: string | undefined
}

export interface OurRecords {
  /** Every order of ours that may be meant: named by the venue, not ended, or ended lately. */
  readonly orders: readonly Order[]
  /** Every fill booked on the instrument; with `position`, those of `orders` and those that the venue shows are enough. */
  readonly fills: readonly Fill[]
  /** What every fill booked on the instrument adds up to, signed; Σ `fills` by default. */
  readonly position?: BaseQty | undefined
}

export interface TheirRecords {
  readonly openOrders: readonly ReportedOrder[]
  readonly fills: readonly ReportedFill[]
  /** Whether the venue names our ids: if so, what it does not name is not ours. */
  readonly namesOurs: boolean
}

export interface OrderNews {
  readonly clientOrderId: ClientOrderId
  readonly event: OrderEvent
  /** Not booked yet. */
  readonly fills: readonly Fill[]
}

/** A close by the venue, as an order on record with its one fill. */
export interface VenueMade {
  readonly order: Order
  readonly fill: Fill
  /** Signed: what it closed beyond what we held, of other hands. */
  readonly foreignQuantity: BaseQty
}

/** What follows from what a venue shows. */
export interface Findings {
  readonly news: readonly OrderNews[]
  /** Parts of our position that the venue itself closed: whose they were is decided once, by trade id. */
  readonly venueMade: readonly VenueMade[]
  /** Rest there and are not ours: shown, never touched. */
  readonly foreignOrders: readonly ReportedOrder[]
  readonly foreignFills: readonly ReportedFill[]
  /** May belong to an order of ours of which the venue's id is not known yet: looked at again once that is settled. */
  readonly undecided: readonly ReportedFill[]
  /** Name an order of ours and cannot be its: not booked, so that they stay unexplained until someone has looked. */
  readonly disputed: readonly { readonly fill: ReportedFill; readonly reason: string }[]
  /** Orders of ours that the venue has to be asked about one by one. */
  readonly toAsk: readonly ClientOrderId[]
  /** Every fill up to here is decided. */
  readonly fillsUntil: TimestampMs
}

const DUST = 1e-9

/**
 * Holds what a venue shows of one instrument against our records. Ours is what the venue names by our id or what stands under a
 * venue order id that an order of ours has; a time or a size never makes anything ours.
 *
 * Said again, in any order and in any parts, the same follows for every fill: what is booked is not found a second time.
 *
 * @returns nothing is changed here; `applyOrderEvent` and the record do that
 */
export function reconcileInstrument(
  { instrumentId, ours, theirs }: { instrumentId: InstrumentId; ours: OurRecords; theirs: TheirRecords },
  { at }: { at: TimestampMs },
): Findings {
  const owner = ownerFinder(ours.orders)
  const before = filledBy(ours.fills)
  const sorted = sortFills(theirs.fills, {
    owner,
    mayBeOurs: theirs.namesOurs ? () => false : mayBeOf(ours.orders),
    booked: ours.fills,
    position: ours.position ?? ours.fills.reduce((sum, fill) => sum + signed(fill), 0),
    instrumentId,
  })
  const after = filledBy([...ours.fills, ...sorted.ours])
  const [ownOpen, foreignOrders] = partition(theirs.openOrders, (open) => owner(open) !== undefined)
  const open = new Map(ownOpen.map((one) => [owner(one)!.clientOrderId, one]))
  const fillsBy = Map.groupBy(sorted.ours, ({ clientOrderId }) => clientOrderId)
  const news = ours.orders.flatMap((order) => {
    const fills = fillsBy.get(order.clientOrderId) ?? []
    const shown = open.get(order.clientOrderId)
    return fills.length > 0 || shown
      ? [newsOf(order, { shown, fills, booked: before.get(order.clientOrderId) ?? 0, reports: theirs.fills })]
      : []
  })
  return {
    ...sorted,
    news,
    foreignOrders,
    toAsk: ours.orders
      .filter((order) => needsAsking(order, open.get(order.clientOrderId), after.get(order.clientOrderId) ?? 0))
      .map(({ clientOrderId }) => clientOrderId),
    fillsUntil: timestamp(Math.min(at, ...sorted.undecided.map(({ filledAt }) => filledAt))),
  }
}

interface Sorted extends Pick<Findings, 'venueMade' | 'foreignFills' | 'undecided' | 'disputed'> {
  readonly ours: readonly Fill[]
}

/** Each fill that is new, once, oldest first, to whom it belongs. */
function sortFills(
  reported: readonly ReportedFill[],
  of: {
    readonly owner: (reported: Pick<ReportedFill, 'clientOrderId' | 'venueOrderId'>) => Order | undefined
    readonly mayBeOurs: (fill: ReportedFill) => boolean
    readonly booked: readonly Fill[]
    readonly position: number
    readonly instrumentId: InstrumentId
  },
): Sorted {
  const ours: Fill[] = []
  const venueMade: VenueMade[] = []
  const foreignFills: ReportedFill[] = []
  const undecided: ReportedFill[] = []
  const disputed: { fill: ReportedFill; reason: string }[] = []
  const known = new Map(of.booked.map((fill) => [fill.tradeId, fill]))
  const listed = new Set(reported.map(({ tradeId }) => tradeId))
  // What is booked and not listed was before; so whose a close is does not depend on what we have booked by now.
  let position = of.booked.reduce((held, fill) => held - (listed.has(fill.tradeId) ? signed(fill) : 0), of.position)
  const filled = filledBy(of.booked)
  const seen = new Set<string>()
  for (const fill of reported.toSorted((a, b) => a.filledAt - b.filledAt)) {
    if (fill.instrumentId !== of.instrumentId || seen.has(fill.tradeId)) continue
    seen.add(fill.tradeId)
    const booked = known.get(fill.tradeId)
    if (booked) {
      position += signed(booked)
      continue
    }
    const order = of.owner(fill)
    if (fill.cause !== 'order') {
      const made = venueMadeOf(fill, fill.cause, position)
      if (made) venueMade.push(made)
      else foreignFills.push(fill)
      position += made ? signed(made.fill) : 0
    } else if (order) {
      const filledAfter = (filled.get(order.clientOrderId) ?? 0) + fill.quantity
      const reason = whyNotOf(order, fill, filledAfter)
      if (reason === undefined) {
        filled.set(order.clientOrderId, filledAfter)
        ours.push(toOwnFill(fill, order.clientOrderId))
        position += signed(fill)
      } else disputed.push({ fill, reason })
    } else if (of.mayBeOurs(fill)) undecided.push(fill)
    else foreignFills.push(fill)
  }
  return { ours, venueMade, foreignFills, undecided, disputed }
}

/** The id of the order that stands for one trade which the venue made against us. */
export const venueMadeOrderId = (instrumentId: InstrumentId, tradeId: string): ClientOrderId =>
  base32Hash(`venue-made/${instrumentId}/${tradeId}`, 128) as ClientOrderId

/** What a close by the venue takes of ours: never more than we hold. Undefined when that is nothing. */
function venueMadeOf(
  fill: ReportedFill,
  kind: 'liquidation' | 'deleveraging',
  position: number,
): VenueMade | undefined {
  const closable = Math.max(0, fill.side === 'buy' ? -position : position)
  const own = fill.quantity - closable <= DUST ? fill.quantity : baseQty(Number(closable.toFixed(9)))
  if (own <= DUST) return undefined
  const clientOrderId = venueMadeOrderId(fill.instrumentId, fill.tradeId)
  const part = { ...fill, quantity: own, fee: usd((fill.fee * own) / fill.quantity) }
  return {
    fill: toOwnFill(part, clientOrderId),
    foreignQuantity: baseQty((fill.side === 'buy' ? 1 : -1) * Number((fill.quantity - own).toFixed(9))),
    order: {
      clientOrderId,
      kind,
      instrumentId: fill.instrumentId,
      leg: 0,
      slice: 0,
      attempt: 0,
      side: fill.side,
      quantity: own,
      limitPrice: fill.fillPrice,
      timeInForce: 'ioc',
      postOnly: false,
      reduceOnly: true,
      state: 'accepted',
      venueOrderId: fill.venueOrderId,
      filledQuantity: baseQty(0),
      createdAt: fill.filledAt,
      updatedAt: fill.filledAt,
    },
  }
}

function newsOf(
  order: Order,
  {
    shown,
    fills,
    booked,
    reports,
  }: {
    shown: ReportedOrder | undefined
    fills: readonly Fill[]
    booked: number
    reports: readonly ReportedFill[]
  },
): OrderNews {
  const filled = Math.min(order.quantity, booked + sum(fills))
  const tradeIds = new Set(fills.map(({ tradeId }) => tradeId))
  const venueOrderId = shown?.venueOrderId ?? reports.find(({ tradeId }) => tradeIds.has(tradeId))?.venueOrderId
  return {
    clientOrderId: order.clientOrderId,
    fills,
    event: {
      kind: 'reported',
      state: shown?.state ?? 'partially-filled',
      venueOrderId,
      filledQuantity: baseQty(Math.max(filled, shown?.filledQuantity ?? 0)),
      averageFillPrice: shown?.averageFillPrice,
      reason: shown?.reason,
    },
  }
}

/** Whoever has not ended must be seen resting; and what is said to be filled must be booked. */
function needsAsking(order: Order, shown: ReportedOrder | undefined, bookedAfter: number): boolean {
  const filled = Math.max(order.filledQuantity, shown?.filledQuantity ?? 0)
  if (filled > bookedAfter + DUST) return true
  return !isTerminal(order.state) && !shown && bookedAfter < order.quantity - DUST
}

/** By our id where the venue names it, else by the venue's own where an order of ours has it. */
function ownerFinder(orders: readonly Order[]) {
  const byClientId = new Map(orders.map((order) => [order.clientOrderId, order]))
  const byVenueId = new Map(orders.flatMap((order) => (order.venueOrderId ? [[order.venueOrderId, order]] : [])))
  return ({ clientOrderId, venueOrderId }: Pick<ReportedFill, 'clientOrderId' | 'venueOrderId'>): Order | undefined =>
    (clientOrderId === undefined ? undefined : byClientId.get(clientOrderId)) ?? byVenueId.get(venueOrderId)
}

/** Where the venue names no ids of ours, a fill may be of any order that it has not told its own id of. */
function mayBeOf(orders: readonly Order[]): (fill: ReportedFill) => boolean {
  const unnamed = orders.filter(({ state, venueOrderId }) => venueOrderId === undefined && !isTerminal(state))
  return (fill) => unnamed.some(({ side }) => side === fill.side)
}

function whyNotOf(order: Order, fill: ReportedFill, filled: number): string | undefined {
  if (order.instrumentId !== fill.instrumentId) return `INSTRUMENT_DIFFERS order=${order.instrumentId}`
  if (order.side !== fill.side) return `SIDE_DIFFERS order=${order.side} fill=${fill.side}`
  if (filled > order.quantity * (1 + 1e-6) + DUST) return `MORE_THAN_ORDERED ordered=${order.quantity} filled=${filled}`
  return undefined
}

const toOwnFill = (
  { tradeId, instrumentId, side, quantity, fillPrice, fee, filledAt, liquidity }: ReportedFill,
  clientOrderId: ClientOrderId,
): Fill => ({
  tradeId,
  clientOrderId,
  instrumentId,
  side,
  quantity,
  fillPrice,
  fee,
  filledAt,
  ...(liquidity !== undefined && { liquidity }),
})

/**
 * What may have traded of orders whose fate is not known, or of which the venue has told more than is booked.
 *
 * @returns both positive
 */
export function inFlightOf({ orders, fills }: Pick<OurRecords, 'orders' | 'fills'>): {
  readonly buy: BaseQty
  readonly sell: BaseQty
} {
  const booked = filledBy(fills)
  const mayHaveTraded = (side: 'buy' | 'sell'): BaseQty =>
    baseQty(
      orders
        .filter((order) => order.side === side)
        .reduce((all, order) => all + unbooked(order, booked.get(order.clientOrderId) ?? 0), 0),
    )
  return { buy: mayHaveTraded('buy'), sell: mayHaveTraded('sell') }
}

function unbooked(order: Order, booked: number): number {
  const isUnheard = order.state === 'initialized' || order.state === 'submitted' || order.state === 'unknown'
  return Math.max(0, (isUnheard ? order.quantity : order.filledQuantity) - booked)
}

/** Σ of each order's fills. */
function filledBy(fills: readonly Fill[]): Map<ClientOrderId, number> {
  const filled = new Map<ClientOrderId, number>()
  for (const { clientOrderId, quantity } of fills)
    filled.set(clientOrderId, (filled.get(clientOrderId) ?? 0) + quantity)
  return filled
}

const sum = (fills: readonly Pick<Fill, 'quantity'>[]): number => fills.reduce((all, { quantity }) => all + quantity, 0)
const signed = ({ side, quantity }: Pick<Fill, 'side' | 'quantity'>): number => (side === 'buy' ? quantity : -quantity)

function partition<T>(items: readonly T[], isFirst: (item: T) => boolean): [readonly T[], readonly T[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))]
}
