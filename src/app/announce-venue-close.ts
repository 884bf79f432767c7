import type { Card } from '../domain/card.ts'
import type { Fill, Order } from '../domain/execution/order.ts'
import { formatPercent, formatPrice, formatQuantity } from '../domain/format.ts'
import type { Asset } from '../domain/market/tick.ts'
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
 * fills of the same order edit the same card.
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
  const card = venueCloseCard(order, asset, holding)
  await announce(tx, ports, { cardKey: `venue-close:${order.clientOrderId}`, at, urgency: 'urgent', card })
}

const isVenueClose = (order: Order): order is VenueClose => order.kind !== 'child'

/** @param holding - with all of the order's fills in it */
export function venueCloseCard(order: VenueClose, asset: Asset, holding: Holding): Card {
  const closed = order.side === 'buy' ? order.filledQuantity : -order.filledQuantity
  const before = holding.exposure > 0 ? (holding.hedge + closed) / holding.exposure : 0
  const at = order.averageFillPrice === undefined ? '' : ` at ${formatPrice(order.averageFillPrice)}`
  const verb = order.side === 'buy' ? 'bought back' : 'sold'
  const venue = venueIdOf(order.instrumentId)
  const done = `${venue} ${verb} ${formatQuantity(order.filledQuantity, asset)}${at}: the hedge went from ${formatPercent(before, 0)} to ${formatPercent(holding.hedgeRatio, 0)}.`
  switch (order.kind) {
    case 'stop':
      return {
        tone: 'critical',
        title: `Protective stop triggered: ${asset}`,
        text: `The ${asset} mark reached ${formatPrice(order.limitPrice)}. ${done}\n\nThis was our own order. The spot is now protected by what is left of the hedge only.`,
      }
    case 'liquidation':
      return {
        tone: 'critical',
        title: `Hedge liquidated: ${asset}`,
        text: `The venue liquidated our position. ${done}\n\nA new hedge will be proposed as soon as the risk engine lets it.`,
      }
    case 'deleveraging':
      return {
        tone: 'critical',
        title: `Hedge deleveraged: ${asset}`,
        text: `The venue closed a part of our position against a bankrupt trader's (auto-deleveraging). ${done}\n\nA new hedge will be proposed as soon as the risk engine lets it.`,
      }
  }
}
