import type { OrderNames } from './binance-fills.ts'
import type { RawEvent, Session } from './exchange.ts'
import { accountOf } from './hyperliquid-actions.ts'
import { cloidOf, marketOfCoin, oidOf, toRawFill, toRawOrder } from './hyperliquid-shapes.ts'
import { field, list } from './readings.ts'

const SUBSCRIPTIONS = new Set(['orderUpdates', 'userFills'])

/** Hyperliquid repeats each subscription that it took. */
export const confirmsSubscription = (message: unknown): boolean =>
  field(message, 'channel') === 'subscriptionResponse' &&
  SUBSCRIPTIONS.has(String(field(field(field(message, 'data'), 'subscription'), 'type')))

/** What pushed messages leave out. */
export interface Remembered {
  /** Our id by the venue's: fills are pushed without it at times. */
  readonly names: OrderNames
  /** `stop` by our id: orders are pushed without their type. */
  readonly kinds: OrderNames
}

/** `orderUpdates` and `userFills`; what is about other things, and the past that a subscription begins with, is no event. */
export function readHyperliquid(session: Session, message: unknown, remembered: Remembered): readonly RawEvent[] {
  const data = field(message, 'data')
  switch (field(message, 'channel')) {
    case 'orderUpdates':
      return list(data, 'order updates').flatMap((update) => readOrder(session, update, remembered))
    case 'userFills':
      if (field(data, 'isSnapshot') === true) return []
      return list(field(data, 'fills'), 'fills').flatMap((fill) => readFill(session, fill, remembered))
    default:
      return []
  }
}

function readOrder(session: Session, update: unknown, { names, kinds }: Remembered): readonly RawEvent[] {
  const order = field(update, 'order')
  const market = marketOfCoin(session, field(order, 'coin'))
  if (!market) return []
  const cloid = cloidOf(order)
  if (cloid !== undefined) names.set(oidOf(order), cloid)
  const isStop = cloid !== undefined && kinds.get(cloid) === 'stop'
  return [{ kind: 'order', order: toRawOrder(order, { market, status: field(update, 'status'), isStop }) }]
}

function readFill(session: Session, fill: unknown, { names }: Remembered): readonly RawEvent[] {
  const market = marketOfCoin(session, field(fill, 'coin'))
  if (!market) return []
  const common = { market, account: accountOf(session), clientId: names.get(oidOf(fill)) }
  return [{ kind: 'fill', fill: toRawFill(fill, common) }]
}
