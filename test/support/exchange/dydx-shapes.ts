import { createHash } from 'node:crypto'
import { Decimal } from 'decimal.js'
import type { CoreFill, CoreInstrument, CoreOrder, CorePosition, ExchangeCore } from './core.ts'

export const DYDX_INSTRUMENTS: readonly CoreInstrument[] = [
  { asset: 'BTC', lotSize: '0.0001', tickSize: '1', minNotional: 0 },
  { asset: 'ETH', lotSize: '0.001', tickSize: '0.1', minNotional: 0 },
  { asset: 'SOL', lotSize: '0.1', tickSize: '0.01', minNotional: 0 },
  { asset: 'SHIB', lotSize: '1000000', tickSize: '0.000001', minNotional: 0 },
]
/** By asset: number of its market, and how its sizes are scaled. */
const MARKETS: Readonly<Record<string, { readonly clobPair: number; readonly resolution: number }>> = {
  BTC: { clobPair: 0, resolution: -10 },
  ETH: { clobPair: 1, resolution: -9 },
  SOL: { clobPair: 5, resolution: -7 },
  SHIB: { clobPair: 7, resolution: 0 },
}
const EXPONENT = -9
const INITIAL_MARGIN = '0.1'
const MAINTENANCE_MARGIN = '0.005'
const NAMESPACE = '0f9da948-a6fb-4c45-9edc-4685c3f3317d'

export const tickerOf = (asset: string): string => `${asset}-USD`
export const clobPairOf = (asset: string): number => MARKETS[asset]!.clobPair
export const assetOfPair = (clobPair: number): string | undefined =>
  Object.keys(MARKETS).find((asset) => MARKETS[asset]!.clobPair === clobPair)

/** Decimal strings of what the chain counts in. */
export const fromQuantums = (asset: string, quantums: string): string =>
  new Decimal(quantums).mul(new Decimal(10).pow(MARKETS[asset]!.resolution)).toFixed()
export const fromSubticks = (asset: string, subticks: string): string =>
  new Decimal(subticks).mul(new Decimal(10).pow(EXPONENT - 6 - MARKETS[asset]!.resolution)).toFixed()

export const marketsBody = (core: ExchangeCore): unknown => ({
  markets: Object.fromEntries(
    core.instruments.map((instrument) => [tickerOf(instrument.asset), market(instrument, core)]),
  ),
})

function market({ asset, lotSize, tickSize }: CoreInstrument, core: ExchangeCore): unknown {
  const { clobPair, resolution } = MARKETS[asset]!
  const oraclePrice = core.mark(asset) ?? 0
  return {
    clobPairId: String(clobPair),
    ticker: tickerOf(asset),
    status: core.halted(asset) ? 'PAUSED' : 'ACTIVE',
    oraclePrice: String(oraclePrice),
    priceChange24H: '97.236805',
    volume24H: '59598032.8897',
    trades24H: 22916,
    nextFundingRate: '0.00000125',
    initialMarginFraction: INITIAL_MARGIN,
    maintenanceMarginFraction: MAINTENANCE_MARGIN,
    openInterest: '7457.108',
    atomicResolution: resolution,
    quantumConversionExponent: EXPONENT,
    tickSize,
    stepSize: lotSize,
    stepBaseQuantums: new Decimal(lotSize).mul(new Decimal(10).pow(-resolution)).toNumber(),
    subticksPerTick: new Decimal(tickSize).mul(new Decimal(10).pow(resolution - EXPONENT + 6)).toNumber(),
    marketType: 'CROSS',
    openInterestLowerCap: '0',
    openInterestUpperCap: '0',
    baseOpenInterest: '782.0931',
    defaultFundingRate1H: '0',
  }
}

/** A UUID of version 5, as the indexer makes its ids. */
export function uuid5(name: string, namespace = NAMESPACE): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
    .subarray(0, 16)
  hash[6] = (hash[6]! & 0x0f) | 0x50
  hash[8] = (hash[8]! & 0x3f) | 0x80
  return hash.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}
export const subaccountIdOf = (address: string): string => uuid5(`${address}-0`)
export const orderUuid = (address: string, number: number, flags: number, clobPair: number): string =>
  uuid5(`${subaccountIdOf(address)}-${number}-${clobPair}-${flags}`)

/** Of an order that a client sent: what is immediate is short-term. */
export const venueIdOf = (order: CoreOrder, address: string): string =>
  orderUuid(address, Number(order.clientId), order.timeInForce === 'ioc' ? 0 : 64, clobPairOf(order.asset))
export const tradeIdOf = ({ tradeId }: CoreFill): string => uuid5(`fill ${tradeId}`)

/** What the indexer keeps of an order besides what the core knows. */
export interface Placement {
  readonly id: string
  readonly number: number
  readonly flags: number
  readonly goodTilBlock: number | undefined
  readonly goodTilBlockTime: number | undefined
  readonly height: number
}

/** What one node saw of an immediate order stays "best effort" until a task of the indexer's comes by. */
export function statusOf(order: Pick<CoreOrder, 'state'>, { flags }: Placement): string {
  switch (order.state) {
    case 'open':
      return flags === 0 ? 'BEST_EFFORT_OPENED' : 'OPEN'
    case 'filled':
      return 'FILLED'
    default:
      return flags === 0 ? 'BEST_EFFORT_CANCELED' : 'CANCELED'
  }
}

export const orderBody = (order: CoreOrder, placement: Placement, address: string): Record<string, unknown> => ({
  id: placement.id,
  subaccountId: subaccountIdOf(address),
  clientId: String(placement.number),
  clobPairId: String(clobPairOf(order.asset)),
  side: order.side.toUpperCase(),
  size: String(order.quantity),
  totalFilled: String(order.filled),
  price: String(order.limitPrice ?? 0),
  type: 'LIMIT',
  status: statusOf(order, placement),
  timeInForce: placement.flags === 0 ? 'IOC' : 'GTT',
  reduceOnly: order.reduceOnly,
  orderFlags: String(placement.flags),
  ...(placement.goodTilBlock !== undefined && { goodTilBlock: String(placement.goodTilBlock) }),
  ...(placement.goodTilBlockTime !== undefined && {
    goodTilBlockTime: new Date(placement.goodTilBlockTime * 1000).toISOString(),
  }),
  createdAtHeight: String(placement.height),
  clientMetadata: '0',
  updatedAt: new Date(order.updatedAt).toISOString(),
  updatedAtHeight: String(placement.height),
  orderRouterAddress: '',
  postOnly: order.postOnly,
})

const FILL_TYPES = { order: 'LIMIT', liquidation: 'LIQUIDATED', deleveraging: 'DELEVERAGED' } as const

export const fillBody = (fill: CoreFill, at: { readonly height: number; readonly orderId?: string }): unknown => ({
  id: tradeIdOf(fill),
  side: fill.side.toUpperCase(),
  liquidity: fill.liquidity.toUpperCase(),
  type: FILL_TYPES[fill.cause],
  market: tickerOf(fill.asset),
  marketType: 'PERPETUAL',
  price: String(fill.price),
  size: String(fill.quantity),
  fee: fill.fee.toFixed(6),
  affiliateRevShare: '0',
  createdAt: new Date(fill.at).toISOString(),
  createdAtHeight: String(at.height),
  // What is closed by force has no order.
  ...(at.orderId !== undefined && fill.cause === 'order' && { orderId: at.orderId }),
  clientMetadata: '0',
  subaccountNumber: 0,
})

export const positionBody = ({
  asset,
  quantity,
  entryPrice,
  unrealizedPnl,
}: CorePosition): Record<string, unknown> => ({
  market: tickerOf(asset),
  status: 'OPEN',
  side: quantity < 0 ? 'SHORT' : 'LONG',
  size: String(quantity),
  maxSize: String(quantity),
  entryPrice: String(entryPrice),
  exitPrice: null,
  realizedPnl: '0',
  unrealizedPnl: unrealizedPnl.toFixed(6),
  createdAt: '2026-01-05T00:00:00.000Z',
  createdAtHeight: '60000000',
  closedAt: null,
  sumOpen: String(Math.abs(quantity)),
  sumClose: '0',
  netFunding: '0',
  subaccountNumber: 0,
})
