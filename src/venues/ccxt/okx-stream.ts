import type { OrderNames } from './binance-fills.ts'
import type { RawEvent, Session } from './exchange.ts'
import { childIdOf, clientIdOf, toPushedFill, toRawOrder, toRawStop } from './okx-shapes.ts'
import { field, list } from './readings.ts'

/** "The connection will soon be closed for a service upgrade." */
const GOING = '64008'

/** The channels `orders` and `orders-algo`; what is about other things is no event. */
export function readOkx(session: Session, message: unknown, names: OrderNames): readonly RawEvent[] {
  if (field(message, 'event') === 'notice' && String(field(message, 'code')) === GOING) {
    return [{ kind: 'reconnect', reason: String(field(message, 'msg') ?? '') }]
  }
  const channel = field(field(message, 'arg'), 'channel')
  const isAlgo = channel === 'orders-algo'
  if ((channel !== 'orders' && !isAlgo) || field(message, 'data') === undefined) return []
  return list(field(message, 'data'), 'pushed orders').flatMap((order): RawEvent[] => {
    const market = session.knownMarket(String(field(order, 'instId')))
    if (!market) return []
    if (isAlgo) {
      const childId = childIdOf(order)
      if (childId !== undefined) names.set(childId, String(field(order, 'algoClOrdId') ?? ''))
      // What becomes of it is told of the order that it placed.
      const hasTakenEffect = /effective$/.test(String(field(order, 'state')))
      return hasTakenEffect ? [] : [{ kind: 'order', order: toRawStop(order, market) }]
    }
    names.set(String(field(order, 'ordId')), clientIdOf(order))
    const fill = toPushedFill(order, market)
    const news: RawEvent = { kind: 'order', order: toRawOrder(order, market) }
    return fill ? [{ kind: 'fill', fill }, news] : [news]
  })
}

/** Both channels are asked for, each on a connection of its own. */
export const confirmsOkx = (message: unknown): boolean => field(message, 'event') === 'subscribe'
