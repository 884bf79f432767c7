import { algoStatusOf, averageOf, feeOf, statusOf, symbolOf } from './binance-shapes.ts'
import type { CoreEvent, CoreFill, CoreOrder, ExchangeCore } from './core.ts'

/** What the user data stream says of an event. */
export function tellBinance(
  event: CoreEvent,
  { core, bnbPrice }: { core: ExchangeCore; bnbPrice: number | undefined },
): readonly unknown[] {
  const { order } = event
  if (order.kind === 'stop') return [algoUpdate(order, core)]
  if (event.kind === 'fill') {
    const said: unknown[] = [orderUpdate(order, core.now(), { fill: event.fill, fee: feeOf(event.fill, bnbPrice) })]
    // The stop that it came from has ended with it.
    const stop = order.parentId === undefined ? undefined : core.order(order.parentId)
    if (stop && order.state === 'filled') said.push(algoUpdate(stop, core))
    return said
  }
  return [orderUpdate(order, core.now())]
}

const execution = (order: CoreOrder, fill: CoreFill | undefined): string => {
  if (fill) return fill.cause === 'order' ? 'TRADE' : 'CALCULATED'
  const status = statusOf(order)
  return status === 'CANCELED' || status === 'EXPIRED' ? status : 'NEW'
}

const orderUpdate = (
  order: CoreOrder,
  at: number,
  { fill, fee }: { fill?: CoreFill; fee?: readonly [amount: string, coin: string] } = {},
): unknown => ({
  e: 'ORDER_TRADE_UPDATE',
  T: at,
  E: at,
  o: {
    s: symbolOf(order.asset),
    c: order.clientId ?? `web_${order.orderId}`,
    S: order.side.toUpperCase(),
    o: order.kind === 'market' ? 'MARKET' : 'LIMIT',
    f: order.postOnly ? 'GTX' : order.timeInForce.toUpperCase(),
    q: String(order.quantity),
    p: String(order.limitPrice ?? 0),
    ap: averageOf(order),
    sp: '0',
    x: execution(order, fill),
    X: statusOf(order),
    i: order.orderId,
    l: String(fill?.quantity ?? 0),
    z: String(order.filled),
    L: String(fill?.price ?? 0),
    // Not pushed where nothing was charged.
    ...(fee && { N: fee[1], n: fee[0] }),
    T: at,
    t: fill?.tradeId ?? 0,
    b: '0',
    a: '0',
    m: fill?.liquidity === 'maker',
    R: order.reduceOnly,
    wt: 'CONTRACT_PRICE',
    ot: order.kind === 'market' ? 'MARKET' : 'LIMIT',
    ps: 'BOTH',
    cp: false,
    rp: (fill?.realizedPnl ?? 0).toFixed(8),
    pP: false,
    si: 0,
    ss: 0,
    V: 'EXPIRE_MAKER',
    pm: 'NONE',
    gtd: 0,
  },
})

const algoUpdate = (stop: CoreOrder, core: ExchangeCore): unknown => {
  const child = stop.childId === undefined ? undefined : core.order(stop.childId)
  return {
    e: 'ALGO_UPDATE',
    T: core.now(),
    E: core.now(),
    o: {
      caid: stop.clientId ?? `web_${stop.orderId}`,
      aid: stop.orderId,
      at: 'CONDITIONAL',
      o: 'STOP_MARKET',
      s: symbolOf(stop.asset),
      S: stop.side.toUpperCase(),
      ps: 'BOTH',
      f: 'GTC',
      q: String(stop.quantity),
      X: stop.state === 'triggered' && child === undefined ? 'TRIGGERING' : algoStatusOf(stop, core),
      ai: child === undefined ? '' : String(child.orderId),
      ap: child === undefined ? '0.00000' : averageOf(child),
      aq: child === undefined ? '0.00000' : String(child.filled),
      act: child === undefined ? '0' : 'MARKET',
      tp: String(stop.triggerPrice),
      p: '0.00',
      V: 'EXPIRE_MAKER',
      wt: 'MARK_PRICE',
      pm: 'NONE',
      cp: false,
      pP: false,
      R: true,
      tt: stop.state === 'triggered' ? stop.updatedAt : 0,
      gtd: 0,
    },
  }
}
