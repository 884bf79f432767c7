import type { ClientOrderId, Fill, Order, OrderEvent } from '../domain/execution/order.ts'
import type { Findings } from '../domain/execution/reconciliation.ts'
import type { InstrumentId } from '../domain/instrument.ts'
import { type BaseQty, baseQty, bpsToFraction, price, type TimestampMs, usd } from '../domain/units.ts'
import type { Store, VenueFill } from '../ports.ts'
import { announceVenueClose } from './announce-venue-close.ts'
import type { Ports } from './ports.ts'
import { wakeRiskWatch } from './wake-risk-watch.ts'

const DUST = 1e-9

export interface News {
  readonly event: OrderEvent
  readonly fills?: readonly Fill[]
  /** The venue lists no trades: what its order says beyond what is booked becomes a fill. */
  readonly fillsFromOrder?: boolean
}

export interface Heard {
  readonly order: Order
  /** Those that were new. */
  readonly booked: readonly Fill[]
}

/**
 * Books what a venue says of an order: the one way in for answers, questions asked later, and what is pushed. In the same
 * transaction goes the word of it when the fills came from a protective stop or from the venue itself; stops follow every change
 * of the position.
 */
export async function hearOrder(ports: Ports, clientOrderId: ClientOrderId, news: News): Promise<Heard> {
  const at = ports.clock.now()
  const heard = await ports.store.transaction(async (tx): Promise<Heard> => {
    const first = await tx.orders.hear(clientOrderId, news.event, { at, fills: news.fills ?? [] })
    // The order's row is held from here on, so nobody books the same difference twice.
    const rest = news.fillsFromOrder ? await missingFill(tx, ports, first.order) : undefined
    const second = rest && (await tx.orders.hear(clientOrderId, news.event, { at, fills: [rest] }))
    const { order } = second ?? first
    const booked = [...first.booked, ...(second?.booked ?? [])]
    if (booked.length > 0 && order.kind === 'stop') await announceVenueClose(tx, ports, { order, booked })
    return { order, booked }
  })
  if (heard.booked.length > 0) {
    await wakeStops(ports, heard.order.instrumentId)
    await wakeRiskWatch(ports.queue)
  }
  return heard
}

/**
 * Books what the venue itself closed of our position, each trade as an order on record with its one fill, tells the desk once for
 * all of them, and has a new hedge sized. Whose a close was is decided once: a trade that was decided before is left alone.
 *
 * @param alongside - what belongs into the same transaction, told what the closes took of other hands' positions (signed)
 * @returns how many fills were new
 */
export async function bookVenueMade(
  ports: Ports,
  found: Findings['venueMade'],
  alongside: (tx: Store, foreignQuantity: number) => Promise<void>,
): Promise<number> {
  const { store, queue, clock } = ports
  const at = clock.now()
  const booked = await store.transaction(async (tx) => {
    const fresh: { order: Order; booked: readonly Fill[] }[] = []
    let foreign = 0
    for (const { order, fill, foreignQuantity } of found) {
      if (!(await tx.standings.noteForeign(fill.instrumentId, fill.tradeId, at))) continue
      foreign += foreignQuantity
      await tx.orders.record(order)
      const event = { kind: 'reported', state: 'filled', filledQuantity: fill.quantity } as const
      const heard = await tx.orders.hear(order.clientOrderId, event, { at, fills: [fill] })
      if (heard.booked.length > 0) fresh.push(heard)
    }
    for (const alike of Map.groupBy(fresh, ({ order }) => `${order.kind} ${order.side}`).values()) {
      const [{ order }] = alike as [(typeof alike)[number]]
      await announceVenueClose(tx, ports, { order, booked: alike.flatMap((one) => one.booked) })
    }
    await alongside(tx, foreign)
    return fresh
  })
  for (const instrumentId of new Set(booked.map(({ order }) => order.instrumentId))) {
    await wakeStops(ports, instrumentId)
    await wakeRiskWatch(ports.queue)
    await queue.add({ name: 'propose-hedges', data: { at }, jobId: `propose-hedges-${at}` })
  }
  return booked.length
}

/** Has the stops of an instrument brought to where its position is, at once or later. */
export async function wakeStops(
  { queue, settings }: Pick<Ports, 'queue' | 'settings'>,
  instrumentId: InstrumentId,
  at?: TimestampMs,
): Promise<void> {
  if (!settings.stops.enabled) return
  const name = instrumentId.replaceAll(/[^A-Za-z0-9-]/g, '-')
  await queue.add({ name: 'tend-stops', data: { instrumentId }, jobId: `tend-stops-${name}${at ? '-again' : ''}`, at })
}

/** @param clientOrderId - the order of ours it belongs to, which the venue may not name */
export const toFill = (fill: VenueFill, clientOrderId: ClientOrderId): Fill => ({
  tradeId: fill.tradeId,
  clientOrderId,
  instrumentId: fill.instrumentId,
  side: fill.side,
  quantity: fill.quantity,
  fillPrice: fill.fillPrice,
  fee: fill.fee,
  filledAt: fill.filledAt,
  ...(fill.liquidity !== undefined && { liquidity: fill.liquidity }),
})

export const quantityOf = (fills: readonly Pick<Fill, 'quantity'>[]): BaseQty =>
  baseQty(fills.reduce((sum, { quantity }) => sum + quantity, 0))

/**
 * What the order says is filled beyond its booked fills, as one fill at the price that makes the average come out right. Its id
 * holds how much was filled by then, and its fee is reckoned as a taker's, for the venue tells neither.
 */
async function missingFill(tx: Store, { settings }: Ports, order: Order): Promise<Fill | undefined> {
  const { fills: booked } = await tx.orders.booked(order.instrumentId, {
    clientOrderIds: [order.clientOrderId],
    tradeIds: [],
  })
  const quantity = order.filledQuantity - quantityOf(booked)
  if (quantity <= DUST) return undefined
  const paid = booked.reduce((sum, fill) => sum + fill.quantity * fill.fillPrice, 0)
  const average = order.averageFillPrice ?? order.limitPrice
  const fillPrice = price((average * order.filledQuantity - paid) / quantity)
  return {
    tradeId: `${order.clientOrderId}-${Number(order.filledQuantity.toFixed(9))}`,
    clientOrderId: order.clientOrderId,
    instrumentId: order.instrumentId,
    side: order.side,
    quantity: baseQty(quantity),
    fillPrice,
    fee: usd(quantity * fillPrice * bpsToFraction(settings.sizing.takerFee)),
    filledAt: order.updatedAt,
  }
}
