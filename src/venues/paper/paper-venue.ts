import type { Asset, VenueId } from '../../domain/market/tick.ts'
import { type BaseQty, type Bps, bps } from '../../domain/units.ts'
import type { Clock, MarketSource, OrderRequest, Quote, SubmitOutcome, Venue } from '../../ports.ts'
import { checkOrder, checkReduceOnly } from './check-order.ts'
import { findPaperInstrument, paperInstrument } from './instruments.ts'
import type { Judgement, VenueLedger } from './ledger.ts'
import { type Matching, matchAgainstQuote } from './matching.ts'

/** Points at which a test may stop the world, and ways in which a wire fails. Each sees the order in question. */
export interface VenueHooks {
  /** Before the venue has seen the order. */
  readonly beforeAccept?: (order: OrderRequest) => Promise<void>
  /** The order is recorded and open, nothing is committed: a death here means that it never arrived. */
  readonly whileOpen?: (order: OrderRequest) => Promise<void>
  /** The order is accepted, matched and committed. */
  readonly afterAccept?: (order: OrderRequest) => Promise<void>
  /** Accepted or rejected, but the caller does not know yet. */
  readonly beforeAnswer?: (order: OrderRequest) => Promise<void>
  /** True: the order never arrives, and the caller hears nothing. */
  readonly losesRequest?: (order: OrderRequest) => boolean
  /** True: the venue deals with the order, and the caller hears nothing. */
  readonly losesAnswer?: (order: OrderRequest) => boolean
}

export interface PaperVenueOptions {
  readonly venueId: VenueId
  /** Stays open when the venue closes: it belongs to whoever made it. */
  readonly ledger: VenueLedger
  readonly quoteAt: MarketSource['quoteAt']
  readonly clock: Clock
  /** Of filled notional; default 5 bps. */
  readonly takerFee?: Bps
  readonly hooks?: VenueHooks
}

/**
 * A venue that trades on paper: immediate-or-cancel limit orders filled at the quote of the moment plus square-root impact.
 *
 * Without a quote nothing is traded. Orders do not move the market they are filled from.
 */
export const createPaperVenue = (options: PaperVenueOptions): Venue => createLedgerVenue(options, matchAgainstQuote)

/** The venue behind `createPaperVenue` and `createSimulatedVenue`: they differ in how an order is matched. */
export function createLedgerVenue(options: PaperVenueOptions, match: Matching): Venue {
  const { venueId, ledger, quoteAt, clock, takerFee = bps(5), hooks = {} } = options
  if (!(takerFee >= 0)) throw new RangeError(`Expected a taker fee of zero or more bps, was ${takerFee}`)

  const quote = (asset: Asset): Quote | undefined => {
    const known = quoteAt(asset, clock.now())
    return known && isUsable(known) ? known : undefined
  }

  const deal = async (order: OrderRequest): Promise<SubmitOutcome> => {
    const at = clock.now()
    const instrument = findPaperInstrument(order.instrumentId, venueId)
    if (!instrument)
      return { kind: 'rejected', reason: `UNKNOWN_INSTRUMENT instrumentId=${order.instrumentId} venue=${venueId}` }
    const known = quote(instrument.asset)
    if (!known)
      return { kind: 'rejected', reason: `NO_QUOTE asset=${instrument.asset} at=${new Date(at).toISOString()}` }
    const refusal = checkOrder(order, instrument, known)
    if (refusal) return { kind: 'rejected', reason: refusal }
    const judge = (position: BaseQty): Judgement => {
      const reason = checkReduceOnly(order, position)
      if (reason) return { kind: 'rejected', reason }
      return { kind: 'matched', matches: match(order, { instrument, quote: known, takerFee }) }
    }
    const whileOpen = hooks.whileOpen && (() => hooks.whileOpen!(order))
    return ledger.accept(order, { venueId, at, judge, ...(whileOpen ? { whileOpen } : {}) }).catch((error: Error) => {
      // The books are out of reach: whether it was written cannot be told from here.
      return { kind: 'unknown', reason: `LEDGER_UNREACHABLE ${error.message}` } as const
    })
  }

  return {
    venueId,
    supports: { reduceOnly: true, findByClientOrderId: true },
    instrument: async (asset) => paperInstrument(asset, venueId),
    quote: async (asset) => quote(asset),
    async submit(order) {
      await hooks.beforeAccept?.(order)
      if (hooks.losesRequest?.(order)) return { kind: 'unknown', reason: 'TIMEOUT no answer' }
      const outcome = await deal(order)
      if (outcome.kind === 'accepted') await hooks.afterAccept?.(order)
      await hooks.beforeAnswer?.(order)
      return hooks.losesAnswer?.(order) ? { kind: 'unknown', reason: 'TIMEOUT no answer' } : outcome
    },
    find: (clientOrderId) => ledger.find(venueId, clientOrderId),
    fills: (clientOrderId) => ledger.fills(venueId, clientOrderId),
    position: (instrumentId) => ledger.position(venueId, instrumentId),
    async close() {},
  }
}

const isUsable = ({ bestBid, bestAsk }: Quote): boolean =>
  Number.isFinite(bestBid) && Number.isFinite(bestAsk) && bestBid > 0 && bestAsk >= bestBid
