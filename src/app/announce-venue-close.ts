import type { Card } from '../domain/card.ts'
import type { Fill, Order } from '../domain/execution/order.ts'
import { formatPercent, formatPrice, formatQuantity } from '../domain/format.ts'
import type { Asset } from '../domain/market/tick.ts'
import { type BaseQty, baseQty, type Price, price } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { announce } from './announce.ts'
import { type Holding, readHolding } from './book.ts'
import type { Ports } from './ports.ts'
import { assetOf, venueIdOf } from './venues.ts'

/** What closed a part of the hedge without anybody's approval on the day: our stop that rested there, or the venue. */
type VenueClose = Order & { readonly kind: 'stop' | 'liquidation' | 'deleveraging' }

const ACTION: Readonly<Record<VenueClose['kind'], string>> = {
  stop: 'stop.triggered',
  liquidation: 'venue.liquidated',
  deleveraging: 'venue.deleveraged',
}

/**
 * Puts on record and tells the desk that the venue has closed a part of the hedge, in the transaction that books its fills. More
 * fills of the same stop edit the same card.
 *
 * @param order - the stop, or the first of the orders that the venue made at once
 * @param booked - the fills that are new
 */
export async function announceVenueClose(
  tx: Store,
  ports: Ports,
  { order, booked }: { order: Order; booked: readonly Fill[] },
): Promise<void> {
  if (!isVenueClose(order)) return
  const at = ports.clock.now()
  const asset = assetOf(order.instrumentId)
  const holding = await readHolding({ ...ports, store: tx }, asset)
  await tx.audit.append({
    at,
    actor: 'system',
    action: ACTION[order.kind],
    subject: order.instrumentId,
    details: {
      clientOrderId: order.clientOrderId,
      fills: booked.map(({ tradeId, side, quantity, fillPrice }) => ({ tradeId, side, quantity, fillPrice })),
      hedgeAfter: holding.hedge,
      hedgeRatioAfter: holding.hedgeRatio,
    },
  })
  const closed =
    order.kind === 'stop'
      ? { quantity: order.filledQuantity, fillPrice: order.averageFillPrice }
      : {
          quantity: sumOf(booked, () => 1),
          fillPrice: price(sumOf(booked, (fill) => fill.fillPrice) / sumOf(booked, () => 1)),
        }
  const card = venueCloseCard(order, { closed, asset, holding })
  await announce(tx, ports, { cardKey: `venue-close:${order.clientOrderId}`, at, urgency: 'urgent', card })
}

const isVenueClose = (order: Order): order is VenueClose => order.kind !== 'child'

const sumOf = (fills: readonly Fill[], of: (fill: Fill) => number): BaseQty =>
  baseQty(fills.reduce((sum, fill) => sum + fill.quantity * of(fill), 0))

/** @param holding - with all that is closed in it */
export function venueCloseCard(
  { kind, side, limitPrice, instrumentId }: VenueClose,
  {
    closed,
    asset,
    holding,
  }: { closed: { quantity: BaseQty; fillPrice: Price | undefined }; asset: Asset; holding: Holding },
): Card {
  const signed = side === 'buy' ? closed.quantity : -closed.quantity
  const before = holding.exposure > 0 ? (holding.hedge + signed) / holding.exposure : 0
  const at = closed.fillPrice === undefined ? '' : ` at ${formatPrice(closed.fillPrice)}`
  const verb = side === 'buy' ? 'bought back' : 'sold'
  const done = `${venueIdOf(instrumentId)} ${verb} ${formatQuantity(closed.quantity, asset)}${at}: the hedge went from ${formatPercent(before, 0)} to ${formatPercent(holding.hedgeRatio, 0)}.`
  const next = 'A new hedge will be proposed as soon as the risk engine lets it.'
  switch (kind) {
    case 'stop':
      return {
        tone: 'critical',
        title: `Protective stop triggered: ${asset}`,
        text: `The ${asset} mark reached ${formatPrice(limitPrice)}. ${done}\n\nThis was our own order. Only what is left of the hedge protects the spot now.`,
      }
    case 'liquidation':
      return {
        tone: 'critical',
        title: `Hedge liquidated: ${asset}`,
        text: `The venue liquidated our position. ${done}\n\n${next}`,
      }
    case 'deleveraging':
      return {
        tone: 'critical',
        title: `Hedge deleveraged: ${asset}`,
        text: `The venue closed a part of our position against a bankrupt trader's (auto-deleveraging). ${done}\n\n${next}`,
      }
  }
}
