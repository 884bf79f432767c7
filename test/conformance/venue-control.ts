/**
 * The other side of the wire, as the suite of venues steers it: one implementation for every venue that is to be tested.
 *
 * @module
 */
import type { TestContext } from 'node:test'
import type { ClientOrderId } from '../../src/domain/execution/order.ts'
import type { Clock, KeyRights, Venue } from '../../src/ports.ts'

/** Everything is about this asset's perpetual. */
export const ASSET = 'ETH'

export interface ControlledQuote {
  readonly bestBid: number
  readonly bestAsk: number
  /** Base coins on offer at the touch, each side; what lies behind is the venue's affair. Default 30. */
  readonly size?: number
}

/** What a request is for. `question` is any that changes nothing. */
export type RequestKind = 'submit' | 'cancel' | 'question'

export interface OtherHandOrder {
  readonly side: 'buy' | 'sell'
  /** Base coins, as a decimal string. */
  readonly quantity: string
  /** Rests there; undefined: trades at once at the touch. */
  readonly limitPrice?: string
}

/** All quantities are base coins, all prices USD per base coin, whatever the venue itself counts in. */
export interface VenueControl {
  /** The clock that the adapter was given; `validUntil` is counted from it. */
  readonly clock: Clock

  /** What is on offer from now on; undefined: no price. The mark follows the mid until `setMark` says otherwise. */
  setQuote(quote: ControlledQuote | undefined): Promise<void>
  /** The mark price from now on; stops that it reaches are triggered and close at the market. */
  setMark(mark: number): Promise<void>
  /** Somebody trades with our resting order: so much of it fills at its limit, as a maker. */
  fillResting(clientOrderId: ClientOrderId, quantity: string): Promise<void>
  /** Another hand on the same account, without a client order id of ours. */
  otherHand(order: OtherHandOrder): Promise<{ readonly venueOrderId: string }>
  /** `count` trades of one lot each by other hands, bought; several of them within the same millisecond. */
  otherTrades(count: number): Promise<void>
  /** The venue closes so much of the position by force. */
  liquidate(quantity: string): Promise<void>
  deleverage(quantity: string): Promise<void>
  setHalted(halted: boolean): Promise<void>

  /** Time goes by, for the adapter's clock and the venue's alike. */
  pass(ms: number): Promise<void>
  /** From now on the venue's clock is this far ahead of the adapter's (negative: behind). */
  skew(ms: number): Promise<void>

  /** The next request of that kind does not arrive, or is dealt with and never answered. */
  loseNext(what: 'request' | 'answer', of: RequestKind): void
  /** The next submit spends so much of the venue's time on its way that it arrives that much later. */
  delayNextSubmit(ms: number): void
  /** The next request of that kind is refused unread for too many requests (HTTP 429 or the venue's own form). */
  rateLimitNext(of: RequestKind): void
  /** The next submit is answered with a server error (HTTP 503 or the like), `taken`: having been dealt with. */
  failNextSubmit(how: { readonly taken: boolean }): void
  /** The whole wire: while down, no request arrives and sockets are closed. */
  setReachable(reachable: boolean): Promise<void>

  /** Cuts the sockets of `watch` once; new ones are let in. */
  dropSockets(): Promise<void>
  /** Keeps back what `watch` would hear until it is let go, in the order given and each of it as often as said. */
  holdEvents(): void
  releaseEvents(how?: { readonly reversed?: boolean; readonly times?: number }): Promise<void>

  /** How often the venue's own books say that they accepted this id. */
  acceptances(clientOrderId: ClientOrderId): Promise<number>
  /** The position by the venue's own books, signed. */
  position(): Promise<number>
}

/** What the venue's semantics allow to be concluded; the suite holds the adapter to it exactly. */
export interface VenueSemantics {
  /** A rate limit is known to come before the order is read, or not. */
  readonly rateLimited: 'rejected' | 'unknown'
  readonly serverError: 'unknown'
  /** An id is refused while its order is open, or always once it was used, or not at all. */
  readonly duplicateIds: 'refused-while-open' | 'refused-for-ever' | 'taken'
  /** Fills in one page of the list of trades: as few as the other side can be told to give. */
  readonly fillsPerPage: number
  /** Equity before anything is traded, USD. */
  readonly startingEquity: number
  readonly keyRights: KeyRights
  /** The venue takes no position from those who win: what its fund cannot bear is shared out in cash. */
  readonly neverDeleverages?: boolean
}

export interface OpenVenue {
  readonly venue: Venue
  readonly control: VenueControl
  readonly semantics: VenueSemantics
}

/**
 * A venue with an empty account, quoting 2999.5 to 3000.5, with a taker fee of 5 bps and a maker fee of 2 bps.
 *
 * `t.after` closes what it opened. The adapter's own timeouts should be short (a second at most): some answers never come.
 */
export type OpenForConformance = (t: TestContext) => Promise<OpenVenue>
