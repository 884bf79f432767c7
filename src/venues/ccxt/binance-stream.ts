import { causeOf, type OrderNames } from './binance-fills.ts'
import { orderStateFrom, sideFrom, stopStateFrom } from './binance-shapes.ts'
import type { RawEvent, RawFill, RawOrder, Session } from './exchange.ts'
import { decimalText, field, idText, instant, optionalDecimal } from './readings.ts'

/** `ORDER_TRADE_UPDATE` and `ALGO_UPDATE` of the user data stream; what is about other things is no event. */
export function readBinance(session: Session, message: unknown, names: OrderNames): readonly RawEvent[] {
  const order = field(message, 'o')
  switch (field(message, 'e')) {
    case 'ORDER_TRADE_UPDATE':
      return readOrder(session, order, names)
    case 'ALGO_UPDATE':
      return readStop(session, order, names)
    case 'listenKeyExpired':
      return [{ kind: 'reconnect', reason: 'listen key expired' }]
    default:
      return []
  }
}

function readOrder(session: Session, order: unknown, names: OrderNames): readonly RawEvent[] {
  const market = session.knownMarket(String(field(order, 's')))
  if (!market) return []
  const common = {
    market,
    venueOrderId: idText(field(order, 'i'), 'order id'),
    clientId: String(field(order, 'c') ?? ''),
    side: sideFrom(field(order, 'S')),
  }
  // A stop that we know under the order that it became keeps its own name.
  const clientId = names.get(common.venueOrderId) ?? common.clientId
  names.set(common.venueOrderId, clientId)
  const news: RawOrder = {
    ...common,
    clientId,
    kind: field(order, 'ot') === 'LIMIT' || field(order, 'o') === 'LIMIT' ? 'limit' : 'stop',
    contracts: decimalText(field(order, 'q'), 'quantity'),
    state: orderStateFrom(field(order, 'X')),
    filledContracts: decimalText(field(order, 'z'), 'filled quantity'),
    averagePrice: optionalDecimal(field(order, 'ap'), 'average price'),
  }
  const traded = decimalText(field(order, 'l'), 'traded quantity')
  if (Number(traded) === 0) return [{ kind: 'order', order: news }]
  const fill: RawFill = {
    ...common,
    clientId,
    tradeId: idText(field(order, 't'), 'trade id'),
    contracts: traded,
    price: decimalText(field(order, 'L'), 'price'),
    // Left out where nothing was charged.
    fee: decimalText(field(order, 'n') ?? '0', 'commission'),
    feeCurrency: String(field(order, 'N') ?? 'USDT'),
    at: instant(field(order, 'T'), 'time of a trade'),
    liquidity: field(order, 'm') === true ? 'maker' : 'taker',
    cause: causeOf(common.clientId),
  }
  return [
    { kind: 'fill', fill },
    { kind: 'order', order: news },
  ]
}

function readStop(session: Session, stop: unknown, names: OrderNames): readonly RawEvent[] {
  const market = session.knownMarket(String(field(stop, 's')))
  if (!market) return []
  const clientId = String(field(stop, 'caid') ?? '')
  const childId = field(stop, 'ai')
  if (typeof childId === 'string' && childId !== '') names.set(childId, clientId)
  const state = stopStateFrom(field(stop, 'X'))
  if (state === 'as-its-order') return []
  return [
    {
      kind: 'order',
      order: {
        market,
        clientId,
        venueOrderId: idText(field(stop, 'aid'), 'algo id'),
        kind: 'stop',
        side: sideFrom(field(stop, 'S')),
        contracts: decimalText(field(stop, 'q'), 'quantity'),
        state,
        filledContracts: decimalText(field(stop, 'aq') || '0', 'filled quantity'),
        averagePrice: optionalDecimal(field(stop, 'ap'), 'average price'),
        ...(state === 'rejected' && { reason: String(field(stop, 'rm') ?? '') }),
      },
    },
  ]
}
