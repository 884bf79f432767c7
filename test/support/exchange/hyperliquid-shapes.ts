import type { CoreFill, CoreInstrument, CoreOrder, CorePosition, ExchangeCore } from './core.ts'

/** By their place in the universe. ETH's tick at 3000 is 0.1; the exchange itself knows none. */
export const HYPERLIQUID_INSTRUMENTS: readonly CoreInstrument[] = [
  { asset: 'BTC', lotSize: '0.00001', tickSize: '0.1', minNotional: 10 },
  { asset: 'ETH', lotSize: '0.0001', tickSize: '0.01', minNotional: 10 },
]

/** As they stand in the universe; an order names its perpetual by that place. */
const SIZE_DECIMALS: Readonly<Record<string, number>> = { BTC: 5, ETH: 4, SOL: 2 }

export const universe = (core: ExchangeCore): readonly unknown[] =>
  core.instruments.map(({ asset }: CoreInstrument) => ({
    name: asset,
    szDecimals: SIZE_DECIMALS[asset] ?? 4,
    maxLeverage: 25,
    marginTableId: 50,
    ...(core.halted(asset) && { isDelisted: true }),
  }))

export const contexts = (core: ExchangeCore): readonly unknown[] =>
  core.instruments.map(({ asset }) => {
    const mark = String(core.mark(asset) ?? 3000)
    return { markPx: mark, midPx: mark, oraclePx: mark, prevDayPx: mark, funding: '0.0000125', openInterest: '1.0' }
  })

const CLOID = /^0x[0-9a-f]{32}$/
const sideOf = ({ side }: { readonly side: 'buy' | 'sell' }): 'B' | 'A' => (side === 'buy' ? 'B' : 'A')
/** A stop that was triggered goes on under its own id. */
export const oidOf = (order: CoreOrder): number => order.parentId ?? order.orderId
const cloidOf = (order: CoreOrder): string | null =>
  order.clientId !== undefined && CLOID.test(order.clientId) ? order.clientId : null
/** What became of it: a stop's is that of the order that it turned into. */
const carrierOf = (order: CoreOrder, core: ExchangeCore): CoreOrder =>
  order.childId === undefined ? order : (core.order(order.childId) ?? order)

export function statusOf(order: CoreOrder, core: ExchangeCore): string {
  const carrier = carrierOf(order, core)
  switch (carrier.state) {
    case 'open':
      return carrier === order && order.parentId === undefined ? 'open' : 'triggered'
    case 'expired':
      if (order.reason === 'reduce-only' || carrier !== order) return 'reduceOnlyCanceled'
      return carrier.filled === 0 && order.timeInForce === 'ioc' ? 'iocCancelRejected' : 'canceled'
    case 'canceled':
      return order.reason === 'countdown' ? 'scheduledCancel' : 'canceled'
    case 'triggered':
      return 'triggered'
    case 'filled':
      return 'filled'
  }
}

/** Of the stream: neither type nor trigger. */
export function basicOrder(order: CoreOrder, core: ExchangeCore): Record<string, unknown> {
  const carrier = carrierOf(order, core)
  const cloid = cloidOf(order)
  return {
    coin: order.asset,
    side: sideOf(order),
    limitPx: String(order.limitPrice ?? order.triggerPrice ?? 0),
    sz: String(Number((order.quantity - carrier.filled).toFixed(8))),
    oid: oidOf(order),
    timestamp: order.createdAt,
    origSz: String(order.quantity),
    ...(cloid !== null && { cloid }),
  }
}

export const frontendOrder = (order: CoreOrder, core: ExchangeCore): Record<string, unknown> => ({
  ...basicOrder(order, core),
  triggerCondition:
    order.kind === 'stop' ? `Price ${order.side === 'sell' ? 'below' : 'above'} ${order.triggerPrice}` : 'N/A',
  isTrigger: order.kind === 'stop',
  triggerPx: String(order.triggerPrice ?? '0.0'),
  children: [],
  isPositionTpsl: false,
  reduceOnly: order.reduceOnly,
  orderType: order.kind === 'stop' ? 'Stop Market' : 'Limit',
  tif: order.kind === 'stop' ? null : order.postOnly ? 'Alo' : order.timeInForce === 'ioc' ? 'Ioc' : 'Gtc',
  cloid: cloidOf(order),
})

/** A hash of fifty bits, not a count. */
const tidOf = ({ tradeId }: CoreFill): number => (tradeId * 1_103_515_245) % 2 ** 50
/** What names one for good. */
export const tradeIdOf = (fill: CoreFill): string => `${fill.asset}-${fill.at}-${tidOf(fill)}`

const DIRECTIONS = { deleveraging: 'Auto-Deleveraging', liquidation: 'Liquidated Cross Short' } as const

export function fillBody(
  fill: CoreFill,
  { core, account, namesCloid = true }: { core: ExchangeCore; account: string; namesCloid?: boolean },
): Record<string, unknown> {
  const order = core.order(fill.orderId)!
  return {
    coin: fill.asset,
    px: String(fill.price),
    sz: String(fill.quantity),
    side: sideOf(fill),
    time: fill.at,
    startPosition: '0.0',
    dir: fill.cause === 'order' ? (fill.side === 'buy' ? 'Open Long' : 'Open Short') : DIRECTIONS[fill.cause],
    closedPnl: fill.realizedPnl.toFixed(6),
    hash: '0xe29fd267b4d2c6f0e41904231bbec90000daea4d4fd5e5c286687dba73d6a0db',
    oid: oidOf(order),
    crossed: fill.liquidity === 'taker',
    fee: fill.fee.toFixed(6),
    tid: tidOf(fill),
    ...(namesCloid && cloidOf(order) !== null && { cloid: cloidOf(order) }),
    ...(fill.cause === 'liquidation' && {
      liquidation: { liquidatedUser: account, markPx: String(core.mark(fill.asset)), method: 'market' },
    }),
    feeToken: 'USDC',
    twapId: null,
  }
}

const positionBody = ({ asset, quantity, ...position }: CorePosition): unknown => {
  const notional = Math.abs(quantity) * position.markPrice
  return {
    type: 'oneWay',
    position: {
      coin: asset,
      szi: String(quantity),
      leverage: { type: 'cross', value: position.leverage },
      entryPx: position.entryPrice.toFixed(5),
      positionValue: notional.toFixed(6),
      unrealizedPnl: position.unrealizedPnl.toFixed(6),
      returnOnEquity: '0.0',
      liquidationPx: position.liquidationPrice?.toFixed(6) ?? null,
      marginUsed: (notional / position.leverage).toFixed(6),
      maxLeverage: 25,
    },
  }
}

export function clearinghouseState(core: ExchangeCore): unknown {
  const { equity, initialMargin, maintenanceMargin } = core.account()
  const summary = {
    accountValue: equity.toFixed(6),
    totalNtlPos: '0.0',
    totalRawUsd: equity.toFixed(6),
    totalMarginUsed: initialMargin.toFixed(6),
  }
  return {
    marginSummary: summary,
    crossMarginSummary: summary,
    crossMaintenanceMarginUsed: maintenanceMargin.toFixed(6),
    withdrawable: (equity - initialMargin).toFixed(6),
    assetPositions: core.positions().map(positionBody),
    time: core.now(),
  }
}
