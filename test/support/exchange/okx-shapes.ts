import { Decimal } from 'decimal.js'
import type { CoreEvent, CoreFill, CoreInstrument, CoreOrder, CorePosition, ExchangeCore } from './core.ts'

/** Base coins in one contract. */
export const CONTRACT_SIZES: Readonly<Record<string, string>> = { BTC: '0.01', ETH: '0.1', SOL: '1' }
/** A hundredth of a contract is the lot. */
export const OKX_INSTRUMENTS: readonly CoreInstrument[] = [
  { asset: 'BTC', lotSize: '0.0001', tickSize: '0.1', minNotional: 0 },
  { asset: 'ETH', lotSize: '0.001', tickSize: '0.01', minNotional: 0 },
  { asset: 'SOL', lotSize: '0.01', tickSize: '0.01', minNotional: 0 },
]

export const instIdOf = (asset: string): string => `${asset}-USDT-SWAP`
export const toContracts = (quantity: number | string, asset: string): string =>
  new Decimal(quantity).div(CONTRACT_SIZES[asset]!).toFixed()
export const toBase = (contracts: string, asset: string): string =>
  /^\d+(\.\d+)?$/.test(contracts) ? new Decimal(contracts).mul(CONTRACT_SIZES[asset]!).toFixed() : ''

export const instrumentBody = (
  { asset, lotSize, tickSize }: CoreInstrument,
  isHalted: boolean,
): Record<string, unknown> => ({
  ...{ alias: '', auctionEndTime: '', baseCcy: '', category: '1', contTdSwTime: '', ctMult: '1', ctType: 'linear' },
  ...{ ctVal: CONTRACT_SIZES[asset], ctValCcy: asset, expTime: '', futureSettlement: false },
  ...{ instFamily: `${asset}-USDT`, instId: instIdOf(asset), instIdCode: 10461, instType: 'SWAP', lever: '100' },
  ...{ listTime: '1573557408000', lotSz: toContracts(lotSize, asset), minSz: toContracts(lotSize, asset) },
  ...{ maxLmtAmt: '20000000', maxLmtSz: '100000000', maxMktAmt: '', maxMktSz: '20000', maxStopSz: '20000' },
  ...{ openType: '', optType: '', quoteCcy: '', ruleType: 'normal', settleCcy: 'USDT' },
  ...{ state: isHalted ? 'suspend' : 'live', stk: '', tickSz: tickSize, uly: `${asset}-USDT` },
})

const CATEGORIES: Readonly<Record<CoreOrder['owner'], string>> = {
  client: 'normal',
  'other-hand': 'normal',
  liquidation: 'full_liquidation',
  deleveraging: 'adl',
}

/** Empty for what the venue or another hand sent, and for what a stop placed. */
export const clOrdIdOf = ({ owner, clientId, parentId }: CoreOrder): string =>
  owner === 'client' && parentId === undefined ? (clientId ?? '') : ''

const stateOf = ({ state, filled }: CoreOrder): string =>
  state === 'open' ? (filled > 0 ? 'partially_filled' : 'live') : state === 'filled' ? 'filled' : 'canceled'

function ordTypeOf({ kind, postOnly, timeInForce }: CoreOrder): string {
  if (kind === 'market') return 'market'
  return postOnly ? 'post_only' : timeInForce === 'ioc' ? 'ioc' : 'limit'
}

const cancelSourceOf = ({ state, reason }: CoreOrder): string =>
  state === 'expired' ? '14' : state !== 'canceled' ? '' : reason === 'countdown' ? '20' : '1'

export function orderBody(order: CoreOrder, core: ExchangeCore): Record<string, unknown> {
  const { asset } = order
  const stop = order.parentId === undefined ? undefined : core.order(order.parentId)
  return {
    accFillSz: toContracts(order.filled, asset),
    algoClOrdId: stop?.clientId ?? '',
    algoId: stop === undefined ? '' : String(stop.orderId),
    attachAlgoOrds: [],
    avgPx: order.filled > 0 ? (order.filledNotional / order.filled).toFixed(5) : '',
    cTime: String(order.createdAt),
    cancelSource: cancelSourceOf(order),
    cancelSourceReason: '',
    category: CATEGORIES[order.owner],
    ccy: '',
    clOrdId: clOrdIdOf(order),
    fee: '0',
    feeCcy: 'USDT',
    fillPx: '',
    fillSz: '0',
    fillTime: '',
    instId: instIdOf(asset),
    instType: 'SWAP',
    lever: '10',
    ordId: String(order.orderId),
    ordType: ordTypeOf(order),
    pnl: '0',
    posSide: 'net',
    px: order.limitPrice === undefined ? '' : String(order.limitPrice),
    rebate: '0',
    rebateCcy: 'USDT',
    reduceOnly: String(order.reduceOnly),
    side: order.side,
    source: stop === undefined ? '' : '7',
    state: stateOf(order),
    stpMode: 'cancel_maker',
    sz: toContracts(order.quantity, asset),
    tag: '',
    tdMode: 'cross',
    tradeId: '',
    uTime: String(order.updatedAt),
  }
}

export function algoBody(stop: CoreOrder): Record<string, unknown> {
  const states = {
    open: 'live',
    triggered: 'effective',
    filled: 'effective',
    canceled: 'canceled',
    expired: 'order_failed',
  }
  return {
    algoId: String(stop.orderId),
    algoClOrdId: stop.clientId ?? '',
    actualPx: '',
    actualSide: stop.childId === undefined ? '' : 'sl',
    actualSz: '0',
    cTime: String(stop.createdAt),
    clOrdId: '',
    closeFraction: '',
    failCode: stop.state === 'expired' ? '51169' : '',
    instId: instIdOf(stop.asset),
    instType: 'SWAP',
    lever: '10',
    ordId: stop.childId === undefined ? '' : String(stop.childId),
    ordIdList: stop.childId === undefined ? [] : [String(stop.childId)],
    ordType: 'conditional',
    posSide: 'net',
    reduceOnly: 'true',
    side: stop.side,
    slOrdPx: '-1',
    slTriggerPx: String(stop.triggerPrice),
    slTriggerPxType: 'mark',
    state: states[stop.state],
    sz: toContracts(stop.quantity, stop.asset),
    tag: '',
    tdMode: 'cross',
    triggerTime: stop.state === 'triggered' ? String(stop.updatedAt) : '',
    uTime: String(stop.updatedAt),
  }
}

/** Of what was done by force it is negative. */
const tradeIdOf = ({ cause, tradeId }: CoreFill): string => String(cause === 'order' ? tradeId : -tradeId)
const execTypeOf = ({ cause, liquidity }: CoreFill): string =>
  cause === 'order' ? (liquidity === 'maker' ? 'M' : 'T') : ''
const SUB_TYPES = {
  order: { buy: '1', sell: '2' },
  liquidation: { buy: '106', sell: '107' },
  deleveraging: { buy: '127', sell: '128' },
} as const

export function fillBody(fill: CoreFill, core: ExchangeCore): Record<string, unknown> {
  return {
    instType: 'SWAP',
    instId: instIdOf(fill.asset),
    tradeId: tradeIdOf(fill),
    ordId: String(fill.orderId),
    clOrdId: clOrdIdOf(core.order(fill.orderId)!),
    // Of the bills, which are numbered as the trades are.
    billId: String(fill.tradeId),
    subType: SUB_TYPES[fill.cause][fill.side],
    tag: '',
    fillPx: String(fill.price),
    fillSz: toContracts(fill.quantity, fill.asset),
    fillIdxPx: '',
    fillPnl: fill.realizedPnl.toFixed(8),
    side: fill.side,
    posSide: 'net',
    execType: execTypeOf(fill),
    feeCcy: 'USDT',
    fee: (-fill.fee).toFixed(8),
    ts: String(fill.at + 3),
    fillTime: String(fill.at),
  }
}

export const positionBody = (position: CorePosition, { posSide }: { posSide: string }): unknown => ({
  ...{ instId: instIdOf(position.asset), instType: 'SWAP', mgnMode: 'cross', posId: '12345', posSide },
  pos: `${position.quantity < 0 ? '-' : ''}${toContracts(Math.abs(position.quantity), position.asset)}`,
  ...{ ccy: 'USDT', lever: String(position.leverage), last: position.markPrice.toFixed(2) },
  avgPx: position.entryPrice.toFixed(8),
  markPx: position.markPrice.toFixed(8),
  liqPx: position.liquidationPrice === undefined ? '' : position.liquidationPrice.toFixed(8),
  ...{ upl: position.unrealizedPnl.toFixed(8), margin: '', mgnRatio: '', adl: '1', uTime: '1622559930237' },
})

/** What the two channels say of an event. */
export function tellOkx(
  event: CoreEvent,
  core: ExchangeCore,
): readonly [channel: 'orders' | 'orders-algo', data: Record<string, unknown>] {
  const { order } = event
  if (order.kind === 'stop') return ['orders-algo', algoBody(order)]
  const body = orderBody(order, core)
  if (event.kind === 'order') return ['orders', body]
  const { fill } = event
  return [
    'orders',
    {
      ...body,
      ...{ tradeId: tradeIdOf(fill), fillPx: String(fill.price), fillSz: toContracts(fill.quantity, fill.asset) },
      ...{ fillTime: String(fill.at), fillFee: (-fill.fee).toFixed(8), fillFeeCcy: 'USDT', execType: execTypeOf(fill) },
      // Of the whole order so far; nothing that one trade may be told by.
      fee: '-999',
    },
  ]
}
