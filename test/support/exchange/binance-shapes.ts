import type { CoreFill, CoreInstrument, CoreOrder, CorePosition, ExchangeCore } from './core.ts'

export const symbolOf = (asset: string): string => `${asset}USDT`
const side = (order: { readonly side: 'buy' | 'sell' }): string => order.side.toUpperCase()

export function exchangeInfo(core: ExchangeCore): unknown {
  return {
    timezone: 'UTC',
    serverTime: core.now(),
    rateLimits: [],
    exchangeFilters: [],
    assets: [{ asset: 'USDT', marginAvailable: true, autoAssetExchange: '-10000' }],
    symbols: core.instruments.map((instrument) => symbolInfo(instrument, core.halted(instrument.asset))),
  }
}

const symbolInfo = ({ asset, lotSize, tickSize, minNotional }: CoreInstrument, isHalted: boolean): unknown => ({
  symbol: symbolOf(asset),
  pair: symbolOf(asset),
  contractType: 'PERPETUAL',
  deliveryDate: 4133404800000,
  onboardDate: 1569398400000,
  status: isHalted ? 'SETTLING' : 'TRADING',
  baseAsset: asset,
  quoteAsset: 'USDT',
  marginAsset: 'USDT',
  pricePrecision: 2,
  quantityPrecision: 3,
  baseAssetPrecision: 8,
  quotePrecision: 8,
  underlyingType: 'COIN',
  underlyingSubType: ['PoW'],
  triggerProtect: '0.0500',
  liquidationFee: '0.012500',
  marketTakeBound: '0.05',
  filters: [
    { filterType: 'PRICE_FILTER', minPrice: tickSize, maxPrice: '1000000', tickSize },
    { filterType: 'LOT_SIZE', minQty: lotSize, maxQty: '100000', stepSize: lotSize },
    { filterType: 'MARKET_LOT_SIZE', minQty: lotSize, maxQty: '100000', stepSize: lotSize },
    { filterType: 'MIN_NOTIONAL', notional: String(minNotional) },
  ],
  orderTypes: ['LIMIT', 'MARKET', 'STOP', 'STOP_MARKET', 'TAKE_PROFIT', 'TAKE_PROFIT_MARKET', 'TRAILING_STOP_MARKET'],
  timeInForce: ['GTC', 'IOC', 'FOK', 'GTX', 'GTD'],
})

/** What of an order is gone for good is EXPIRED where it was immediate, CANCELED where somebody cancelled it. */
export function statusOf(order: CoreOrder): string {
  switch (order.state) {
    case 'open':
      return order.filled > 0 ? 'PARTIALLY_FILLED' : 'NEW'
    case 'filled':
      return 'FILLED'
    case 'canceled':
      return 'CANCELED'
    case 'expired':
    case 'triggered':
      return 'EXPIRED'
  }
}

export const averageOf = (order: CoreOrder): string =>
  order.filled > 0 ? (order.filledNotional / order.filled).toFixed(5) : '0.00000'

export const orderBody = (order: CoreOrder): Record<string, unknown> => ({
  orderId: order.orderId,
  symbol: symbolOf(order.asset),
  status: statusOf(order),
  clientOrderId: order.clientId ?? `web_${order.orderId}`,
  price: String(order.limitPrice ?? 0),
  avgPrice: averageOf(order),
  origQty: String(order.quantity),
  executedQty: String(order.filled),
  cumQuote: order.filledNotional.toFixed(5),
  timeInForce: order.postOnly ? 'GTX' : order.timeInForce.toUpperCase(),
  type: order.kind === 'market' ? 'MARKET' : 'LIMIT',
  reduceOnly: order.reduceOnly,
  closePosition: false,
  side: side(order),
  positionSide: 'BOTH',
  stopPrice: '0',
  workingType: 'CONTRACT_PRICE',
  priceProtect: false,
  origType: order.kind === 'market' ? 'MARKET' : 'LIMIT',
  priceMatch: 'NONE',
  selfTradePreventionMode: 'EXPIRE_MAKER',
  goodTillDate: 0,
  time: order.createdAt,
  updateTime: order.updatedAt,
})

export function algoStatusOf(stop: CoreOrder, core: ExchangeCore): string {
  if (stop.state === 'triggered') return core.order(stop.childId!)?.state === 'open' ? 'TRIGGERED' : 'FINISHED'
  return { open: 'NEW', canceled: 'CANCELED', expired: 'EXPIRED', filled: 'FINISHED' }[stop.state]
}

export const algoBody = (stop: CoreOrder, core: ExchangeCore): Record<string, unknown> => ({
  algoId: stop.orderId,
  clientAlgoId: stop.clientId ?? `web_${stop.orderId}`,
  algoType: 'CONDITIONAL',
  orderType: 'STOP_MARKET',
  symbol: symbolOf(stop.asset),
  side: side(stop),
  positionSide: 'BOTH',
  timeInForce: 'GTC',
  quantity: String(stop.quantity),
  algoStatus: algoStatusOf(stop, core),
  actualOrderId: stop.childId === undefined ? '' : String(stop.childId),
  actualPrice: '0.00000',
  triggerPrice: String(stop.triggerPrice),
  price: '0.00',
  icebergQuantity: null,
  selfTradePreventionMode: 'EXPIRE_MAKER',
  workingType: 'MARK_PRICE',
  priceMatch: 'NONE',
  closePosition: false,
  priceProtect: false,
  reduceOnly: true,
  createTime: stop.createdAt,
  updateTime: stop.updatedAt,
  triggerTime: stop.state === 'triggered' ? stop.updatedAt : 0,
  goodTillDate: 0,
})

/** Amount and coin of a fee, which may be paid in BNB. */
export const feeOf = ({ fee }: CoreFill, bnbPrice: number | undefined): readonly [amount: string, coin: string] =>
  bnbPrice === undefined ? [fee.toFixed(8), 'USDT'] : [(fee / bnbPrice).toFixed(8), 'BNB']

export const tradeBody = (fill: CoreFill, bnbPrice: number | undefined): Record<string, unknown> => ({
  symbol: symbolOf(fill.asset),
  id: fill.tradeId,
  orderId: fill.orderId,
  side: side(fill),
  price: String(fill.price),
  qty: String(fill.quantity),
  realizedPnl: fill.realizedPnl.toFixed(8),
  quoteQty: (fill.price * fill.quantity).toFixed(5),
  commission: feeOf(fill, bnbPrice)[0],
  commissionAsset: feeOf(fill, bnbPrice)[1],
  time: fill.at,
  positionSide: 'BOTH',
  maker: fill.liquidity === 'maker',
  buyer: fill.side === 'buy',
})

export const positionBody = (position: CorePosition, at: number): Record<string, unknown> => {
  const notional = position.quantity * position.markPrice
  const margin = (Math.abs(notional) / position.leverage).toFixed(8)
  return {
    symbol: symbolOf(position.asset),
    positionSide: 'BOTH',
    positionAmt: String(position.quantity),
    entryPrice: position.entryPrice.toFixed(8),
    breakEvenPrice: position.entryPrice.toFixed(8),
    markPrice: position.markPrice.toFixed(8),
    unRealizedProfit: position.unrealizedPnl.toFixed(8),
    liquidationPrice: (position.liquidationPrice ?? 0).toFixed(8),
    isolatedMargin: '0',
    notional: notional.toFixed(8),
    marginAsset: 'USDT',
    isolatedWallet: '0',
    initialMargin: margin,
    maintMargin: (Math.abs(notional) * 0.005).toFixed(8),
    positionInitialMargin: margin,
    openOrderInitialMargin: '0',
    adl: 2,
    bidNotional: '0',
    askNotional: '0',
    updateTime: at,
  }
}
