import type { CoreEvent, CoreFill, CoreInstrument, CoreOrder, CorePosition, ExchangeCore } from './core.ts'

export const BYBIT_INSTRUMENTS: readonly CoreInstrument[] = [
  { asset: 'BTC', lotSize: '0.001', tickSize: '0.1', minNotional: 5 },
  { asset: 'ETH', lotSize: '0.01', tickSize: '0.01', minNotional: 5 },
  { asset: 'SOL', lotSize: '0.1', tickSize: '0.01', minNotional: 5 },
]
const EXEC_TYPES = { order: 'Trade', liquidation: 'BustTrade', deleveraging: 'AdlTrade' } as const

export const symbolOf = (asset: string): string => `${asset}USDT`
const sideOf = ({ side }: { readonly side: 'buy' | 'sell' }): string => (side === 'buy' ? 'Buy' : 'Sell')

export const instrumentBody = (
  { asset, lotSize, tickSize, minNotional }: CoreInstrument,
  isHalted: boolean,
): Record<string, unknown> => ({
  symbol: symbolOf(asset),
  contractType: 'LinearPerpetual',
  status: isHalted ? 'Settling' : 'Trading',
  baseCoin: asset,
  quoteCoin: 'USDT',
  launchTime: '1585526400000',
  deliveryTime: '0',
  deliveryFeeRate: '',
  priceScale: '2',
  leverageFilter: { minLeverage: '1', maxLeverage: '100.00', leverageStep: '0.01' },
  priceFilter: { minPrice: tickSize, maxPrice: '1999999.80', tickSize },
  lotSizeFilter: {
    maxOrderQty: '100000.000',
    minOrderQty: lotSize,
    qtyStep: lotSize,
    postOnlyMaxOrderQty: '100000.000',
    maxMktOrderQty: '100000.000',
    minNotionalValue: String(minNotional),
  },
  unifiedMarginTrade: true,
  fundingInterval: 480,
  settleCoin: 'USDT',
  copyTrading: 'both',
  upperFundingRate: '0.00375',
  lowerFundingRate: '-0.00375',
})

/** A stop goes by one id before and after: what it became is not shown by itself. */
export const shownOf = (order: CoreOrder, core: ExchangeCore): CoreOrder =>
  order.parentId === undefined ? order : core.order(order.parentId)!

/** Bybit names none of its own orders, nor those of other hands. */
export const linkOf = ({ owner, clientId }: CoreOrder): string => (owner === 'client' ? (clientId ?? '') : '')

function statusOf(order: CoreOrder, child: CoreOrder | undefined): string {
  if (order.kind === 'stop') {
    if (order.state === 'open') return 'Untriggered'
    if (order.state !== 'triggered') return 'Deactivated'
    return child === undefined ? 'Triggered' : statusOf(child, undefined)
  }
  if (order.state === 'open') return order.filled > 0 ? 'PartiallyFilled' : 'New'
  return order.state === 'filled' ? 'Filled' : 'Cancelled'
}

export function orderBody(order: CoreOrder, core: ExchangeCore): Record<string, unknown> {
  const child = order.childId === undefined ? undefined : core.order(order.childId)
  const { filled, filledNotional, state } = child ?? order
  return {
    orderId: String(order.orderId),
    orderLinkId: linkOf(order),
    blockTradeId: '',
    symbol: symbolOf(order.asset),
    price: order.limitPrice === undefined ? '0' : String(order.limitPrice),
    qty: String(order.quantity),
    side: sideOf(order),
    isLeverage: '',
    positionIdx: 0,
    orderStatus: statusOf(order, child),
    cancelType: state === 'canceled' ? 'CancelByUser' : 'UNKNOWN',
    rejectReason: state === 'expired' ? 'EC_NoImmediateQtyToFill' : 'EC_NoError',
    avgPrice: filled > 0 ? (filledNotional / filled).toFixed(5) : '',
    leavesQty: String(Number((order.quantity - filled).toFixed(8))),
    leavesValue: '0',
    cumExecQty: String(filled),
    cumExecValue: filledNotional.toFixed(5),
    cumExecFee: '0',
    timeInForce: order.postOnly ? 'PostOnly' : order.kind === 'limit' ? order.timeInForce.toUpperCase() : 'IOC',
    orderType: order.kind === 'limit' ? 'Limit' : 'Market',
    stopOrderType: order.kind === 'stop' ? 'Stop' : '',
    orderIv: '',
    triggerPrice: order.triggerPrice === undefined ? '' : String(order.triggerPrice),
    takeProfit: '',
    stopLoss: '',
    tpTriggerBy: '',
    slTriggerBy: '',
    triggerDirection: order.kind === 'stop' ? (order.side === 'buy' ? 1 : 2) : 0,
    triggerBy: order.kind === 'stop' ? 'MarkPrice' : '',
    lastPriceOnCreated: '',
    reduceOnly: order.reduceOnly,
    closeOnTrigger: order.kind === 'stop',
    createType: order.owner === 'liquidation' ? 'CreateByLiq' : 'CreateByUser',
    smpType: 'None',
    smpGroup: 0,
    smpOrderId: '',
    tpslMode: '',
    tpLimitPrice: '',
    slLimitPrice: '',
    placeType: '',
    createdTime: String(order.createdAt),
    updatedTime: String(order.updatedAt),
  }
}

export function executionBody(fill: CoreFill, core: ExchangeCore, mntPrice?: number): Record<string, unknown> {
  const order = shownOf(core.order(fill.orderId)!, core)
  return {
    symbol: symbolOf(fill.asset),
    orderId: String(order.orderId),
    orderLinkId: linkOf(order),
    side: sideOf(fill),
    orderPrice: String(order.limitPrice ?? 0),
    orderQty: String(order.quantity),
    leavesQty: '0',
    createType: 'CreateByUser',
    orderType: order.kind === 'limit' ? 'Limit' : 'Market',
    stopOrderType: order.kind === 'stop' ? 'Stop' : 'UNKNOWN',
    execFee: (mntPrice === undefined ? fill.fee : fill.fee / mntPrice).toFixed(8),
    execId: execIdOf(fill),
    execPrice: String(fill.price),
    execQty: String(fill.quantity),
    execType: EXEC_TYPES[fill.cause],
    execValue: (fill.price * fill.quantity).toFixed(5),
    execTime: String(fill.at),
    feeCurrency: mntPrice === undefined ? '' : 'MNT',
    isMaker: fill.liquidity === 'maker',
    feeRate: '0.0005',
    tradeIv: '',
    markIv: '',
    markPrice: String(core.mark(fill.asset) ?? ''),
    indexPrice: '',
    underlyingPrice: '',
    blockTradeId: '',
    closedSize: '',
    extraFees: '',
    seq: fill.tradeId,
  }
}

/** As Bybit's are: of letters, digits and dashes. */
export const execIdOf = ({ tradeId }: CoreFill): string =>
  `0ab1bdf7-4219-438b-b30a-${tradeId.toString(16).padStart(12, '0')}`

/** The payment of funding, which Bybit lists among the executions. */
export const fundingBody = (asset: string, at: number): Record<string, unknown> => ({
  ...{ symbol: symbolOf(asset), orderId: '1b2c3d4e', orderLinkId: '', side: 'Sell', orderPrice: '0', orderQty: '0' },
  ...{ leavesQty: '0', orderType: 'UNKNOWN', stopOrderType: 'UNKNOWN', execFee: '0.01', execId: `funding-${at}` },
  ...{ execPrice: '3000', execQty: '1.5', execType: 'Funding', execValue: '4500', execTime: String(at) },
  ...{ feeCurrency: '', isMaker: false, feeRate: '0.0001', closedSize: '', seq: 1 },
})

export const positionBody = (position: CorePosition, { positionIdx }: { positionIdx: number }): unknown => {
  const value = Math.abs(position.quantity) * position.markPrice
  return {
    positionIdx,
    riskId: 1,
    riskLimitValue: '900000000',
    symbol: symbolOf(position.asset),
    side: position.quantity > 0 ? 'Buy' : 'Sell',
    size: String(Math.abs(position.quantity)),
    avgPrice: position.entryPrice.toFixed(8),
    positionValue: value.toFixed(8),
    tradeMode: 0,
    positionStatus: 'Normal',
    autoAddMargin: 0,
    adlRankIndicator: 2,
    leverage: String(position.leverage),
    positionBalance: '0',
    markPrice: position.markPrice.toFixed(2),
    liqPrice: position.liquidationPrice === undefined ? '' : position.liquidationPrice.toFixed(2),
    bustPrice: '',
    positionMM: (value * 0.005).toFixed(8),
    positionIM: (value / position.leverage).toFixed(8),
    tpslMode: 'Full',
    takeProfit: '',
    stopLoss: '',
    trailingStop: '0',
    unrealisedPnl: position.unrealizedPnl.toFixed(8),
    curRealisedPnl: '0',
    cumRealisedPnl: '0',
    seq: 1,
    isReduceOnly: false,
    createdTime: '1676538056258',
    updatedTime: '1697673600012',
  }
}

/** What the topics of the private stream say of an event, by topic. */
export function tellBybit(
  event: CoreEvent,
  { core, mntPrice }: { core: ExchangeCore; mntPrice: number | undefined },
): readonly (readonly [topic: string, data: Record<string, unknown>])[] {
  const order = orderBody(shownOf(event.order, core), core)
  if (event.kind === 'order') return [['order', order]]
  return [
    ['execution', executionBody(event.fill, core, mntPrice)],
    ['order', order],
  ]
}
