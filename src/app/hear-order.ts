import type { ClientOrderId, Fill, Order, OrderEvent } from '../domain/execution/order.ts'
import type { InstrumentId } from '../domain/instrument.ts'
import { type BaseQty, baseQty, bpsToFraction, price, usd } from '../domain/units.ts'
import type { Store, VenueFill } from '../ports.ts'
import { announceVenueClose } from './announce-venue-close.ts'
import type { Ports } from './ports.ts'

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
    if (booked.length > 0 && order.kind !== 'child') await announceVenueClose(tx, ports, { order, booked })
    return { order, booked }
  })
  if (heard.booked.length > 0) await wakeStops(ports, heard.order.instrumentId)
  return heard
}

/** The position of an instrument has changed. */
export async function wakeStops({ queue, settings }: Pick<Ports, 'queue' | 'settings'>, instrumentId: InstrumentId) {
  if (!settings.stops.enabled) return
  await queue.add({
    name: 'tend-stops',
    data: { instrumentId },
    jobId: `tend-stops-${instrumentId.replaceAll(/[^A-Za-z0-9-]/g, '-')}`,
  })
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
  const all = order.proposalId ? tx.orders.fills(order.proposalId) : tx.orders.allFills(order.instrumentId)
  const booked = (await all).filter(({ clientOrderId }) => clientOrderId === order.clientOrderId)
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
