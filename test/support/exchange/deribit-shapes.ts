import type { CoreFill, CoreInstrument, CoreOrder, CorePosition, ExchangeCore } from './core.ts'

/** As its perpetual is: no notional is too small. */
export const DERIBIT_INSTRUMENTS: readonly CoreInstrument[] = [
  { asset: 'ETH', lotSize: '0.001', tickSize: '0.05', minNotional: 0 },
]

/** Deribit's ETH contract is this many coins; amounts are in coins all the same. */
const CONTRACT_SIZES: Readonly<Record<string, number>> = { BTC: 0.0001, ETH: 0.001, SOL: 0.1 }

export const nameOf = (asset: string): string => `${asset}_USDC-PERPETUAL`
export const contractSizeOf = (asset: string): number => CONTRACT_SIZES[asset] ?? 1
const contractsOf = (asset: string, amount: number): number => Math.round(amount / contractSizeOf(asset))

export const instrumentBody = ({ asset, lotSize, tickSize }: CoreInstrument, isHalted: boolean): unknown => ({
  price_index: `${asset.toLowerCase()}_usdc`,
  kind: 'future',
  instrument_name: nameOf(asset),
  max_leverage: 50,
  maker_commission: 0.0002,
  taker_commission: 0.0005,
  instrument_type: 'linear',
  expiration_timestamp: 32503708800000,
  creation_timestamp: 1534167754000,
  is_active: !isHalted,
  tick_size: Number(tickSize),
  contract_size: contractSizeOf(asset),
  instrument_id: 124972,
  min_trade_amount: Number(lotSize),
  future_type: 'linear',
  max_liquidation_commission: 0.0075,
  block_trade_commission: 0.00025,
  settlement_currency: 'USDC',
  settlement_period: 'perpetual',
  base_currency: asset,
  counter_currency: 'USDC',
  quote_currency: 'USDC',
  tick_size_steps: [],
})

const stateOf = (order: CoreOrder): string => {
  if (order.state === 'open') return order.kind === 'stop' ? 'untriggered' : 'open'
  return { filled: 'filled', canceled: 'cancelled', expired: 'cancelled', triggered: 'triggered' }[order.state]
}

const labelOf = (order: { readonly clientId: string | undefined; readonly owner?: string }): string =>
  order.owner === 'client' ? (order.clientId ?? '') : ''

export const orderBody = (order: CoreOrder): Record<string, unknown> => ({
  label: labelOf(order),
  price: order.limitPrice ?? 'market_price',
  user_id: 96103,
  amount: order.quantity,
  direction: order.side,
  time_in_force: order.timeInForce === 'ioc' ? 'immediate_or_cancel' : 'good_til_cancelled',
  instrument_name: nameOf(order.asset),
  web: false,
  api: true,
  order_id: String(order.orderId),
  creation_timestamp: order.createdAt,
  replaced: false,
  filled_amount: order.filled,
  last_update_timestamp: order.updatedAt,
  post_only: order.postOnly,
  reduce_only: order.reduceOnly,
  average_price: order.filled > 0 ? order.filledNotional / order.filled : 0,
  mmp: false,
  contracts: contractsOf(order.asset, order.quantity),
  reject_post_only: order.postOnly,
  order_state: stateOf(order),
  order_type: order.kind === 'stop' ? 'stop_market' : order.kind,
  is_liquidation: order.owner === 'liquidation',
  risk_reducing: order.reduceOnly,
  ...(order.kind === 'stop' && { trigger: 'mark_price', trigger_price: order.triggerPrice, triggered: false }),
  ...(order.parentId !== undefined && { trigger_order_id: String(order.parentId), triggered: true }),
  ...(order.state === 'canceled' && { cancel_reason: 'user_request' }),
})

const FIRST_TRADE_ID = 500_000_000

/** Deribit counts the trades of each instrument. */
export const seqOf = ({ tradeId }: CoreFill): number => tradeId - FIRST_TRADE_ID

export const tradeIdOf = ({ asset, tradeId }: CoreFill): string => `${asset}_USDC-${tradeId}`

export const tradeBody = (fill: CoreFill, core: ExchangeCore): Record<string, unknown> => {
  const order = core.order(fill.orderId)!
  const side = fill.liquidity === 'maker' ? 'M' : 'T'
  return {
    trade_id: tradeIdOf(fill),
    trade_seq: seqOf(fill),
    timestamp: fill.at,
    tick_direction: 1,
    state: stateOf(order),
    self_trade: false,
    reduce_only: order.reduceOnly,
    profit_loss: fill.realizedPnl,
    price: fill.price,
    post_only: order.postOnly,
    order_type: order.kind === 'limit' ? 'limit' : 'market',
    order_id: String(fill.orderId),
    mmp: false,
    matching_id: null,
    mark_price: core.mark(fill.asset),
    liquidity: side,
    ...(labelOf(order) !== '' && { label: labelOf(order) }),
    instrument_name: nameOf(fill.asset),
    index_price: core.mark(fill.asset),
    fee_currency: 'USDC',
    fee: fill.fee,
    direction: fill.side,
    contracts: contractsOf(fill.asset, fill.quantity),
    api: true,
    amount: fill.quantity,
    ...(fill.cause === 'liquidation' && { liquidation: side }),
  }
}

export const positionBody = ({ asset, quantity, ...position }: CorePosition): Record<string, unknown> => {
  const notional = Math.abs(quantity) * position.markPrice
  return {
    instrument_name: nameOf(asset),
    kind: 'future',
    direction: quantity === 0 ? 'zero' : quantity > 0 ? 'buy' : 'sell',
    size: quantity,
    size_currency: quantity,
    delta: quantity,
    average_price: position.entryPrice,
    mark_price: position.markPrice,
    index_price: position.markPrice,
    settlement_price: position.markPrice,
    estimated_liquidation_price: position.liquidationPrice ?? null,
    leverage: position.leverage,
    initial_margin: notional / position.leverage,
    maintenance_margin: notional * 0.005,
    open_orders_margin: 0,
    floating_profit_loss: position.unrealizedPnl,
    realized_profit_loss: 0,
    total_profit_loss: position.unrealizedPnl,
  }
}

export function summaryBody(core: ExchangeCore, isCross: boolean): Record<string, unknown> {
  const { walletBalance, equity, initialMargin, maintenanceMargin } = core.account()
  return {
    currency: 'USDC',
    balance: walletBalance,
    // Of one coin among several, where they are collateral together.
    equity: isCross ? equity / 2 : equity,
    margin_balance: equity,
    initial_margin: isCross ? initialMargin / 2 : initialMargin,
    maintenance_margin: isCross ? maintenanceMargin / 2 : maintenanceMargin,
    available_funds: equity - initialMargin,
    cross_collateral_enabled: isCross,
    margin_model: isCross ? 'cross_sm' : 'segregated_sm',
    portfolio_margining_enabled: false,
    ...(isCross && {
      total_equity_usd: equity,
      total_initial_margin_usd: initialMargin,
      total_maintenance_margin_usd: maintenanceMargin,
    }),
  }
}
