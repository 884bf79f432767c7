import { toRawFill, toRawOrder } from './bybit-shapes.ts'
import type { RawEvent, Session } from './exchange.ts'
import { field, list } from './readings.ts'

/** The topics `order` and `execution` of the private stream; what is about other things is no event. */
export function readBybit(session: Session, message: unknown): readonly RawEvent[] {
  const topic = field(message, 'topic')
  if (topic !== 'order' && topic !== 'execution') return []
  return list(field(message, 'data'), 'pushed news').flatMap((news): RawEvent[] => {
    const market = field(news, 'category') === 'linear' && session.knownMarket(String(field(news, 'symbol')))
    if (!market) return []
    if (topic === 'order') return [{ kind: 'order', order: toRawOrder(news, market) }]
    const fill = toRawFill(news, market)
    return fill ? [{ kind: 'fill', fill }] : []
  })
}

/** Both topics are asked for, each on its own. */
export const confirmsBybit = (message: unknown): boolean =>
  field(message, 'op') === 'subscribe' && field(message, 'success') === true
