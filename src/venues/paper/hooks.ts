import type { OrderRef, OrderRequest, StopRequest, VenueEvent } from '../../ports.ts'

export type SentOrder = OrderRequest | StopRequest

/** What the venue is asked without anything being changed. */
export type Question =
  | 'quote'
  | 'find'
  | 'openOrders'
  | 'fills'
  | 'fillsSince'
  | 'positions'
  | 'account'
  | 'status'
  | 'keyRights'
  | 'countdown'

/** Points at which a test may stop the world, and ways in which a wire fails. Each sees what it is about. */
export interface VenueHooks {
  /** Before the venue has seen the order or stop. */
  readonly beforeAccept?: (order: SentOrder) => Promise<void>
  /** The order is taken and open, nothing is committed: a death here means that it never arrived. */
  readonly whileOpen?: (order: SentOrder) => Promise<void>
  /** The order is accepted, matched and committed. */
  readonly afterAccept?: (order: SentOrder) => Promise<void>
  /** Accepted or rejected, but the caller does not know yet. */
  readonly beforeAnswer?: (order: SentOrder) => Promise<void>
  /** True: the order never arrives, and the caller hears nothing. */
  readonly losesRequest?: (order: SentOrder) => boolean
  /** True: the venue deals with the order, and the caller hears nothing. */
  readonly losesAnswer?: (order: SentOrder) => boolean
  /** A reason: rejected unread, as for too many requests. */
  readonly refuses?: (order: SentOrder) => string | undefined

  /** Before the venue has seen the cancel. */
  readonly beforeCancel?: (order: OrderRef) => Promise<void>
  readonly losesCancel?: (order: OrderRef) => boolean
  readonly losesCancelAnswer?: (order: OrderRef) => boolean

  /** True: the question gets no answer, and its asker `VenueUnreachableError`. */
  readonly losesQuestion?: (question: Question) => boolean

  /** Stands between the venue and its listeners: passes each event on once, later, twice, in another order or never. */
  readonly deliver?: (event: VenueEvent, pass: (event: VenueEvent) => void) => void
}
