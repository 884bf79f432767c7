/**
 * A place to trade, whichever it is: paper, the synthetic market, or a live exchange.
 *
 * @module
 */
import type { ClientOrderId, VenueOrderState } from '../domain/execution/order.ts'
import type { Instrument, InstrumentId } from '../domain/instrument.ts'
import type { Asset, VenueId } from '../domain/market/tick.ts'
import type { BaseQty, DurationMs, Price, TimestampMs, Usd } from '../domain/units.ts'
import type { Quote } from './quote.ts'

/** What a venue can do. Whoever relies on one asks for it here, and says so where it is missing. */
export interface VenueCapabilities {
  readonly reduceOnly: boolean
  readonly postOnly: boolean
  /** An order can be asked for by our id, also after it has ended. */
  readonly findsByClientOrderId: boolean
  /** What it lists and pushes names our id; otherwise only the venue's own is there. */
  readonly namesClientOrderId: boolean
  /** Trades can be listed with their ids; otherwise what is filled is read from the orders. */
  readonly listsFills: boolean
  /** A request that arrives after its `validUntil` is refused. */
  readonly refusesLateRequests: boolean
  /** Stops by mark price rest at the venue and outlive us. */
  readonly protectiveStops: boolean
  /** Cancels what rests when it no longer hears from us. */
  readonly countdownCancel: 'spares-stops' | 'takes-stops' | 'none'
  /** Tells what a key may do. */
  readonly tellsKeyRights: boolean
  readonly tellsLiquidationPrice: boolean
  /** Pushes orders and fills as they happen. */
  readonly pushesOrders: boolean
}

export interface OrderRequest {
  readonly clientOrderId: ClientOrderId
  readonly instrumentId: InstrumentId
  readonly side: 'buy' | 'sell'
  /** Decimal strings in base coins and USD, rounded toward safety. */
  readonly quantity: string
  readonly limitPrice: string
  /** `gtc` rests, `ioc` takes what is there and is gone. */
  readonly timeInForce: 'gtc' | 'ioc'
  /** Refused by the venue, rather than filled, where it would take liquidity. */
  readonly postOnly: boolean
  readonly reduceOnly: boolean
  /** The adapter signs nothing after it, and venues that can refuse what arrives later are told to. */
  readonly validUntil: TimestampMs
}

/** Closes a position at the market once the mark price has reached the trigger; reduce-only by its nature. */
export interface StopRequest {
  readonly clientOrderId: ClientOrderId
  readonly instrumentId: InstrumentId
  /** Of the closing order: `buy` protects a short. */
  readonly side: 'buy' | 'sell'
  readonly quantity: string
  readonly triggerPrice: string
  readonly validUntil: TimestampMs
}

export type SubmitOutcome =
  | { readonly kind: 'accepted'; readonly venueOrderId: string }
  /** `reason` is `CODE name=value …` or the venue's own words. */
  | { readonly kind: 'rejected'; readonly reason: string }
  /** Timed out, cut off, unreadable: may or may not have happened. Resolved by asking, never by a new id. */
  | { readonly kind: 'unknown'; readonly reason: string }

export type CancelOutcome =
  | { readonly kind: 'canceled' }
  /** It had ended, or was never there: ask. */
  | { readonly kind: 'not-open' }
  | { readonly kind: 'unknown'; readonly reason: string }

/** How to name one order to a venue: some know ours, some only theirs. */
export interface OrderRef {
  readonly clientOrderId: ClientOrderId
  readonly instrumentId: InstrumentId
  readonly venueOrderId?: string | undefined
}

export interface VenueOrder {
  /** Undefined: the venue does not name it, or it is not one that we could have made. */
  readonly clientOrderId?: ClientOrderId | undefined
  readonly venueOrderId: string
  readonly instrumentId: InstrumentId
  readonly kind: 'limit' | 'stop'
  readonly side: 'buy' | 'sell'
  readonly quantity: BaseQty
  readonly state: VenueOrderState
  readonly filledQuantity: BaseQty
  readonly averageFillPrice?: Price | undefined
  readonly reason?: string | undefined
}

export interface VenueFill {
  readonly tradeId: string
  readonly clientOrderId?: ClientOrderId | undefined
  readonly venueOrderId: string
  readonly instrumentId: InstrumentId
  readonly side: 'buy' | 'sell'
  readonly quantity: BaseQty
  readonly fillPrice: Price
  readonly fee: Usd
  readonly filledAt: TimestampMs
  readonly liquidity?: 'maker' | 'taker' | undefined
  /** `liquidation` and `deleveraging`: the venue itself closed a part of the position. */
  readonly cause: 'order' | 'liquidation' | 'deleveraging'
}

export interface VenuePosition {
  readonly instrumentId: InstrumentId
  /** Signed: negative is short. Everything on the account, whoever traded it. */
  readonly quantity: BaseQty
  readonly averageEntryPrice?: Price | undefined
  readonly markPrice?: Price | undefined
  readonly liquidationPrice?: Price | undefined
  readonly leverage?: number | undefined
}

export interface VenueAccount {
  readonly equity: Usd
  /** In use by positions and orders. */
  readonly initialMargin: Usd
  readonly maintenanceMargin: Usd
  readonly at: TimestampMs
}

export type VenueStatus = { readonly kind: 'trading' } | { readonly kind: 'halted'; readonly reason: string }

/** What is heard without asking. Nothing is concluded from silence. */
export type VenueEvent =
  | { readonly kind: 'order'; readonly order: VenueOrder }
  | { readonly kind: 'fill'; readonly fill: VenueFill }
  /** What came before it may have been missed: ask. */
  | { readonly kind: 'reconnected' }

export interface KeyRights {
  readonly canTrade: boolean
  /** Undefined: the venue does not tell. */
  readonly canWithdraw?: boolean | undefined
  /** Only usable from the addresses that were named for it. */
  readonly boundToAddresses?: boolean | undefined
}

/**
 * Verbs that change something answer with an outcome and do not throw for what a venue or a wire can do; questions throw
 * `VenueUnreachableError` when there is no answer, so that "no" is never taken for "I don't know".
 */
export interface Venue {
  readonly venueId: VenueId
  readonly capabilities: VenueCapabilities
  /** @throws {RangeError} when the venue has no perpetual of it */
  instrument(asset: Asset): Promise<Instrument>
  /** Undefined when no price is known that is fit to trade on. */
  quote(asset: Asset): Promise<Quote | undefined>

  /** Sends once. Nothing is ever retried inside. */
  submit(order: OrderRequest): Promise<SubmitOutcome>
  /** Rejected with `STOPS_UNSUPPORTED` where the capability is missing. */
  submitStop(stop: StopRequest): Promise<SubmitOutcome>
  cancel(order: OrderRef): Promise<CancelOutcome>

  /** Undefined: the venue says that it has no such order. */
  find(order: OrderRef): Promise<VenueOrder | undefined>
  /** Everything that rests, stops included, whoever made it. */
  openOrders(instrumentId: InstrumentId): Promise<readonly VenueOrder[]>
  /** Fills of one order, oldest first. */
  fills(order: OrderRef): Promise<readonly VenueFill[]>
  /** Every fill on the account from `since` on (included), whoever traded it, oldest first. */
  fillsSince(instrumentId: InstrumentId, since: TimestampMs): Promise<readonly VenueFill[]>
  /** Only of the instruments that are not flat. */
  positions(): Promise<readonly VenuePosition[]>
  account(): Promise<VenueAccount>
  status(asset: Asset): Promise<VenueStatus>
  keyRights(): Promise<KeyRights>

  /**
   * Arms or renews the countdown after which everything that rests is cancelled; undefined disarms it.
   *
   * @throws {RangeError} when it is armed where the capability is missing: nobody may believe in it
   */
  countdown(ttl: DurationMs | undefined): Promise<void>
  /** Calls back until the signal; reconnects by itself. Resolves once it listens. */
  watch(listener: (event: VenueEvent) => void, signal: AbortSignal): Promise<void>
  close(): Promise<void>
}
