import { stopIdOf, toRawFill, toRawOrder } from './deribit-shapes.ts'
import type { RawEvent, Session } from './exchange.ts'
import { field } from './readings.ts'

const ORDERS = 'user.orders.'
const TRADES = 'user.trades.'

/** Deribit answers each subscription with the channels that it took. */
export const confirmsSubscription = (message: unknown): boolean => {
  const channels = field(message, 'result')
  return Array.isArray(channels) && channels.some((channel) => String(channel).startsWith('user.'))
}

/** `user.orders.any.any.raw` and `user.trades.any.any.raw`; what is about other things is no event. */
export function readDeribit(session: Session, message: unknown): readonly RawEvent[] {
  const params = field(message, 'params')
  const channel = String(field(params, 'channel') ?? '')
  const data = field(params, 'data')
  // One order is not in a list, several are.
  const rows: readonly unknown[] = Array.isArray(data) ? data : [data]
  if (channel.startsWith(ORDERS)) return rows.flatMap((row) => readOrder(session, row))
  if (channel.startsWith(TRADES)) return rows.flatMap((row) => readTrade(session, row))
  return []
}

function readOrder(session: Session, order: unknown): readonly RawEvent[] {
  const market = session.knownMarket(String(field(order, 'instrument_name')))
  // A stop that is triggered is told of by the order that it becomes.
  if (!market || (field(order, 'order_state') === 'triggered' && stopIdOf(order) === undefined)) return []
  return [{ kind: 'order', order: toRawOrder(order, market) }]
}

function readTrade(session: Session, trade: unknown): readonly RawEvent[] {
  const market = session.knownMarket(String(field(trade, 'instrument_name')))
  return market ? [{ kind: 'fill', fill: toRawFill(trade, market) }] : []
}
