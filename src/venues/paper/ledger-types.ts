import type { ClientOrderId } from '../../domain/execution/order.ts'
import type { InstrumentId } from '../../domain/instrument.ts'
import type { VenueId } from '../../domain/market/tick.ts'
import type { BaseQty, TimestampMs } from '../../domain/units.ts'
import type { VenueFill, VenueOrder } from '../../ports.ts'
import type { Book } from './book.ts'
import type { Turned } from './turn.ts'

/** A book as it is, and when its venue's countdown runs out. */
export interface BookState {
  readonly instrumentId: InstrumentId
  readonly book: Book
  readonly countdownLapsesAt: TimestampMs | undefined
}

export interface BookAddress {
  readonly venueId: VenueId
  readonly instrumentId: InstrumentId
  /** Taken for the length of the change, so that an order under it that is on its way elsewhere is seen. */
  readonly clientOrderId?: ClientOrderId
}

export type Changed<T> = { readonly kind: 'changed'; readonly answer: T } | { readonly kind: 'id-in-use' }

/** Works on the book alone; what it answers as `turned` is written whole or not at all. */
export type BookWork<T> = (
  state: BookState,
  /** The next order's. */
  number: number,
) => Promise<{ readonly turned: Turned | undefined; readonly answer: T }>

/**
 * The books of paper and simulated venues: the other side of the wire. Orders, fills and changes are only ever added.
 *
 * Its methods throw `VenueUnreachableError` when the books cannot be read or written.
 */
export interface VenueLedger {
  /** One change of one instrument's book at a time, over all processes. */
  change<T>(address: BookAddress, work: BookWork<T>): Promise<Changed<T>>
  /** The book as it was last written, without waiting for a change that is under way. */
  read(venueId: VenueId, instrumentId: InstrumentId): Promise<BookState>
  /** Every book that the venue has. */
  readAll(venueId: VenueId): Promise<readonly BookState[]>
  setCountdown(venueId: VenueId, lapsesAt: TimestampMs | undefined): Promise<void>

  /** The newest order under this id, or undefined when none was ever accepted. */
  find(venueId: VenueId, clientOrderId: ClientOrderId): Promise<VenueOrder | undefined>
  /** The order that the venue numbered so, whoever sent it. */
  findByVenueOrderId(venueId: VenueId, venueOrderId: string): Promise<VenueOrder | undefined>
  /** Every fill under this id, oldest first: also of an order that was sent twice. */
  fills(venueId: VenueId, clientOrderId: ClientOrderId): Promise<readonly VenueFill[]>
  /** Every fill on the account from `since` on, oldest first. */
  fillsSince(venueId: VenueId, instrumentId: InstrumentId, since: TimestampMs): Promise<readonly VenueFill[]>
  /** Σ of fills, signed. */
  position(venueId: VenueId, instrumentId: InstrumentId): Promise<BaseQty>
  /** How often each client order id was accepted: anything over one is an order sent twice. */
  acceptances(venueId: VenueId): Promise<ReadonlyMap<ClientOrderId, number>>
  close(): Promise<void>
}
