/**
 * How a venue is added: `<venue>.ts` beside this file exports a `TradingExchange` (a function that makes one, where it keeps
 * anything), the tests give it an exchange on loopback that speaks its format (`VenueFormat`), and the suite of venues is run
 * over the two.
 *
 * @module
 */
import type { ClientOrderId, VenueOrderState } from '../../domain/execution/order.ts'
import type { Asset, VenueId } from '../../domain/market/tick.ts'
import type { TimestampMs } from '../../domain/units.ts'
import type { KeyRights, VenueCapabilities, VenueStatus } from '../../ports/venue.ts'
import type { ContractMarket } from './contracts.ts'
import type { Answered } from './failures.ts'
import type { ClientIds } from './ids.ts'
import type { TradingClient } from './trading-client.ts'

/**
 * What one venue does differently from the others: how it is asked and what its answers mean. Mapping only. Sending once,
 * deadlines, limits, conversion of contracts, judging what an error means for an order and reconnecting are in
 * `ccxt-venue.ts` and its parts, once for all.
 *
 * Every method that asks throws what ccxt throws, or `UnreadableError` for an answer that makes no sense.
 */
export interface TradingExchange {
  readonly venueId: VenueId
  /** File of ccxt.pro, without `.js`. */
  readonly module: string
  /** ccxt's options of the exchange; what ccxt would do on its own account (fees, prefixes, extra requests) is off here. */
  readonly options: Readonly<Record<string, unknown>>
  readonly marketParams?: Readonly<Record<string, unknown>>
  readonly capabilities: VenueCapabilities
  readonly limits: RequestLimits
  readonly ids: ClientIds
  /** ccxt's symbol of the perpetual. */
  symbolOf(asset: Asset): string
  /** Addresses of the venue's practice exchange; ccxt's `setSandboxMode(true)` where it is left out. */
  useSandbox?(client: TradingClient): void
  /** Once after the markets are loaded: what must be known of the account before anything is sent. */
  prepare?(session: Session): Promise<void>
  /** Contract size and steps; from what ccxt loaded (`marketFrom` in contracts.ts) unless the venue needs its own. */
  market?(client: TradingClient, asset: Asset): ContractMarket
  /** The venue's clock in ms; left out where its requests carry no time. */
  serverTime?(client: TradingClient): Promise<number>

  /** @returns the venue's id of the order */
  submit(session: Session, order: WireOrder): Promise<string>
  /** Left out without `protectiveStops`. */
  submitStop?(session: Session, stop: WireStop): Promise<string>
  /** Returns when the venue says that it cancelled; throws where it says that there is nothing to cancel. */
  cancel(session: Session, ref: WireRef): Promise<void>
  /** Undefined, or an error judged `not-found`: the venue has no such order. */
  find(session: Session, ref: WireRef): Promise<RawOrder | undefined>
  openOrders(session: Session, market: ContractMarket): Promise<readonly RawOrder[]>
  fills(session: Session, ref: WireRef): Promise<readonly RawFill[]>
  /** Everything from `since` on, page after page; `since` is in the venue's time. */
  fillsSince(session: Session, market: ContractMarket, since: number): Promise<readonly RawFill[]>
  /** Flat ones may be among them; they are dropped. */
  positions(session: Session): Promise<readonly RawPosition[]>
  account(session: Session): Promise<RawAccount>
  status(session: Session, market: ContractMarket): Promise<VenueStatus>
  keyRights(session: Session): Promise<KeyRights>
  /** USD per coin of a currency that fees are paid in and that is no stablecoin; left out where there is none such. */
  priceOf?(session: Session, currency: string): Promise<number>
  /** `undefined` disarms. Left out where `countdownCancel` is `none`. */
  countdown?(session: Session, ttlMs: number | undefined): Promise<void>

  /** Before listening starts, and again after each cut: what ccxt remembers of the last time and must not use again. */
  forget?(session: Session): void
  /** What is kept listening to: each is called again and again, and rejects when its connection is cut. */
  listen?(session: Session): readonly (() => Promise<unknown>)[]
  /** How many messages `confirms` must see before it is listening; 0: an open socket is enough. */
  readonly confirmations?: number
  confirms?(message: unknown): boolean
  /** Orders and fills in one raw message of the venue; `reconnect` when it says that the stream will go silent. */
  read?(session: Session, message: unknown): readonly RawEvent[]

  /** What an answer that is an error means for the request that it answers. */
  judge(answer: Answered): Judgement
}

/**
 * - `refused`: the venue said no and has not taken it.
 * - `not-found`: it has no such order, or none that is open.
 * - `duplicate`: it has an order under this id already.
 * - `clock`: our time is not the venue's; it has not taken it.
 * - `busy`: too many requests; it has not taken it, and wants to be left alone for `retryAfterMs`.
 * - `uncertain`: it may have taken it.
 */
export type Judgement =
  | { readonly kind: 'refused' | 'not-found' | 'duplicate' | 'clock' | 'uncertain'; readonly reason: string }
  | { readonly kind: 'busy'; readonly reason: string; readonly retryAfterMs: number }

/** Our own limiter: request weight in a window, and orders in another. */
export interface RequestLimits {
  readonly weight: number
  readonly weightWindowMs: number
  readonly orders: number
  readonly ordersWindowMs: number
  /** What a question costs where it is more than 1. */
  readonly weights: Readonly<Partial<Record<Question, number>>>
}

export type Question =
  | 'find'
  | 'openOrders'
  | 'fills'
  | 'fillsSince'
  | 'positions'
  | 'account'
  | 'status'
  | 'keyRights'
  | 'countdown'

/** The open connection as a venue's mapping sees it. */
export interface Session {
  readonly client: TradingClient
  readonly ids: ClientIds
  /** @throws {RangeError} when the venue has no perpetual of it */
  marketOf(asset: Asset): ContractMarket
  /** Those that were asked for so far. */
  markets(): readonly ContractMarket[]
  /** Any perpetual that `symbolOf` would name, by the venue's own id or by ccxt's symbol. */
  knownMarket(idOrSymbol: string): ContractMarket | undefined
  /** ms, the venue's clock as far as we know it, never ahead of it. */
  venueNow(): number
}

/** An order as it leaves: contracts and ids are the venue's. */
export interface WireOrder {
  readonly market: ContractMarket
  readonly clientOrderId: ClientOrderId
  readonly clientId: string
  readonly side: 'buy' | 'sell'
  /** Decimal string, on the venue's step. */
  readonly contracts: string
  readonly limitPrice: string
  readonly timeInForce: 'gtc' | 'ioc'
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  readonly expiry: Expiry
}

export interface WireStop {
  readonly market: ContractMarket
  readonly clientOrderId: ClientOrderId
  readonly clientId: string
  readonly side: 'buy' | 'sell'
  readonly contracts: string
  readonly triggerPrice: string
  readonly expiry: Expiry
}

/** Both in the venue's time: what was signed at `signedAt` must not be taken after `validUntil`. */
export interface Expiry {
  readonly signedAt: number
  readonly validUntil: number
}

export interface WireRef {
  readonly market: ContractMarket
  readonly clientOrderId: ClientOrderId
  readonly clientId: string
  readonly venueOrderId?: string | undefined
}

/** Quantities are in the venue's contracts, as decimal strings; turned into base coins in one place. */
export interface RawOrder {
  readonly market: ContractMarket
  /** Ours as the venue carries it. */
  readonly clientId?: string | undefined
  readonly venueOrderId: string
  readonly kind: 'limit' | 'stop'
  readonly side: 'buy' | 'sell'
  readonly contracts: string
  readonly state: VenueOrderState
  readonly filledContracts: string
  readonly averagePrice?: string | undefined
  readonly reason?: string | undefined
}

export interface RawFill {
  readonly market: ContractMarket
  readonly tradeId: string
  readonly clientId?: string | undefined
  readonly venueOrderId: string
  readonly side: 'buy' | 'sell'
  readonly contracts: string
  readonly price: string
  /** In `feeCurrency`, positive is paid. */
  readonly fee: string
  readonly feeCurrency: string
  /** ms, the venue's time. */
  readonly at: number
  readonly liquidity?: 'maker' | 'taker' | undefined
  readonly cause: 'order' | 'liquidation' | 'deleveraging'
}

export interface RawPosition {
  readonly market: ContractMarket
  /** Signed. */
  readonly contracts: string
  readonly averageEntryPrice?: string | undefined
  readonly markPrice?: string | undefined
  readonly liquidationPrice?: string | undefined
  readonly leverage?: string | undefined
}

/** In USD. */
export interface RawAccount {
  readonly equity: string
  readonly initialMargin: string
  readonly maintenanceMargin: string
  readonly at?: TimestampMs | undefined
}

export type RawEvent =
  | { readonly kind: 'order'; readonly order: RawOrder }
  | { readonly kind: 'fill'; readonly fill: RawFill }
  | { readonly kind: 'reconnect'; readonly reason: string }
