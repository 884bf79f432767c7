export type Side = 'buy' | 'sell'

export interface CoreInstrument {
  readonly asset: string
  /** Base coins and USD, as decimal strings. */
  readonly lotSize: string
  readonly tickSize: string
  readonly minNotional: number
}

export interface CoreQuote {
  readonly bestBid: number
  readonly bestAsk: number
  /** Base coins at the touch and at every level behind it, each side. */
  readonly size: number
}

/** Whose order it is; `liquidation` and `deleveraging` are the exchange's own. */
export type Owner = 'client' | 'other-hand' | 'liquidation' | 'deleveraging'

/** A stop that was triggered lives on in the market order that it became, `childId`. */
export type CoreState = 'open' | 'filled' | 'canceled' | 'expired' | 'triggered'

export interface CoreOrder {
  readonly orderId: number
  readonly clientId: string | undefined
  readonly asset: string
  readonly kind: 'limit' | 'market' | 'stop'
  readonly owner: Owner
  readonly side: Side
  /** Base coins. */
  readonly quantity: number
  readonly limitPrice: number | undefined
  readonly triggerPrice: number | undefined
  readonly timeInForce: 'gtc' | 'ioc'
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  readonly createdAt: number
  state: CoreState
  filled: number
  /** Sum of price × quantity of its fills. */
  filledNotional: number
  updatedAt: number
  reason: string | undefined
  childId: number | undefined
  readonly parentId: number | undefined
}

export interface CoreFill {
  readonly tradeId: number
  readonly orderId: number
  readonly clientId: string | undefined
  readonly asset: string
  readonly side: Side
  readonly quantity: number
  readonly price: number
  /** USD. */
  readonly fee: number
  readonly liquidity: 'maker' | 'taker'
  readonly realizedPnl: number
  readonly at: number
  readonly cause: 'order' | 'liquidation' | 'deleveraging'
}

export interface CorePosition {
  readonly asset: string
  /** Signed. */
  readonly quantity: number
  readonly entryPrice: number
  readonly markPrice: number
  readonly liquidationPrice: number | undefined
  readonly leverage: number
  readonly unrealizedPnl: number
}

export interface CoreAccount {
  readonly walletBalance: number
  readonly equity: number
  readonly initialMargin: number
  readonly maintenanceMargin: number
}

export interface OrderEntry {
  readonly clientId?: string | undefined
  readonly asset: string
  readonly side: Side
  /** Decimal strings, base coins and USD. */
  readonly quantity: string
  /** Undefined: at the market. */
  readonly limitPrice?: string | undefined
  readonly timeInForce?: 'gtc' | 'ioc'
  readonly postOnly?: boolean
  readonly reduceOnly?: boolean
  readonly owner?: Owner
}

export interface StopEntry {
  readonly clientId?: string | undefined
  readonly asset: string
  readonly side: Side
  readonly quantity: string
  readonly triggerPrice: string
}

export type RefusalCode =
  | 'unknown-instrument'
  | 'halted'
  | 'no-price'
  | 'off-lot'
  | 'off-tick'
  | 'below-min-notional'
  | 'insufficient-margin'
  | 'would-take'
  | 'reduce-only'
  | 'duplicate-id'
  | 'would-trigger'

export type Taken = { readonly kind: 'taken'; readonly order: CoreOrder }
export type Refused = { readonly kind: 'refused'; readonly code: RefusalCode }

export type CoreEvent =
  /** `change`: what happened to it just now. */
  | {
      readonly kind: 'order'
      readonly order: Readonly<CoreOrder>
      readonly change: 'new' | 'trade' | 'ended' | 'triggered'
    }
  | { readonly kind: 'fill'; readonly order: Readonly<CoreOrder>; readonly fill: CoreFill }

/** One line of the books; nothing is ever taken out of them. */
export interface LedgerLine {
  readonly at: number
  readonly what: 'taken' | 'refused' | 'filled' | 'ended' | 'triggered'
  readonly orderId: number | undefined
  readonly clientId: string | undefined
  readonly detail: string
}

export interface CoreSettings {
  /** ms; the exchange's clock is this plus its skew. */
  readonly now: () => number
  readonly instruments?: readonly CoreInstrument[]
  readonly takerFeeBps?: number
  readonly makerFeeBps?: number
  readonly startingEquity?: number
  readonly leverage?: number
  /** When an id is refused that was used before. */
  readonly duplicateIds?: 'refused-while-open' | 'refused-for-ever' | 'taken'
  readonly countdown?: 'spares-stops' | 'takes-stops'
}
