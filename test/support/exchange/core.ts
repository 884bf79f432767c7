import { createBook } from './core-book.ts'
import type {
  CoreAccount,
  CoreEvent,
  CoreFill,
  CoreInstrument,
  CoreOrder,
  CorePosition,
  CoreQuote,
  CoreSettings,
  LedgerLine,
  OrderEntry,
  Refused,
  StopEntry,
  Taken,
} from './core-types.ts'

export type * from './core-types.ts'

/**
 * One exchange in memory with one account on it, in no venue's format: quantities are base coins, prices USD.
 *
 * It matches against a quote that is set from outside, never moves by itself, and draws nothing: the same calls give the same
 * books. What time brings about (the countdown) is done by `settle`, which the server calls before each request.
 */
export interface ExchangeCore {
  readonly instruments: readonly CoreInstrument[]
  /** The exchange's clock. */
  now(): number
  /** How far its clock is ahead. */
  skew(ms: number): void

  quote(asset: string): CoreQuote | undefined
  /** Fills what rests and is now within reach; the mark follows the mid unless it was set. */
  setQuote(asset: string, quote: CoreQuote | undefined): void
  mark(asset: string): number | undefined
  /** Triggers the stops that it reaches. */
  setMark(asset: string, mark: number): void
  halted(asset: string): boolean
  setHalted(asset: string, halted: boolean): void

  submit(entry: OrderEntry): Taken | Refused
  submitStop(entry: StopEntry): Taken | Refused
  /** False: there is nothing open under it. */
  cancel(orderId: number): boolean
  /** ms until everything that rests is cancelled; undefined disarms. */
  countdown(ttlMs: number | undefined): void
  settle(): void

  order(orderId: number): CoreOrder | undefined
  /** The latest under this id. */
  orderByClientId(clientId: string): CoreOrder | undefined
  /** Stops included. */
  openOrders(asset?: string): readonly CoreOrder[]
  orders(): readonly CoreOrder[]
  /** Oldest first. */
  fills(): readonly CoreFill[]
  positions(): readonly CorePosition[]
  position(asset: string): number
  account(): CoreAccount

  /** Somebody trades with an order that rests: at its limit, as a maker. */
  fillResting(orderId: number, quantity: number): void
  /** The exchange closes so much of the position by force. */
  forceClose(asset: string, quantity: string, cause: 'liquidation' | 'deleveraging'): void

  /** @returns a function that ends it */
  on(listener: (event: CoreEvent) => void): () => void
  readonly ledger: readonly LedgerLine[]
  /** How often an order was taken under this id. */
  acceptances(clientId: string): number
}

export const createExchangeCore = (settings: CoreSettings): ExchangeCore => createBook(settings)
