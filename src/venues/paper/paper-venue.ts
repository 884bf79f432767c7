import { VenueUnreachableError } from '../../domain/execution/venue-unreachable.ts'
import { type Bps, bps, type Fraction, fraction, later, type Usd, usd } from '../../domain/units.ts'
import type {
  CancelOutcome,
  OrderRequest,
  StopRequest,
  SubmitOutcome,
  Venue,
  VenueCapabilities,
  VenueEvent,
} from '../../ports.ts'
import { accountOf, type MarginTerms, type MarkedBook, positionOf } from './account.ts'
import { createActs, findOpen, type VenueActs } from './acts.ts'
import { toRestingOrder } from './book.ts'
import { checkOrder, checkReduceOnly, checkStop, checkTime } from './check-order.ts'
import { createExchange, type ExchangeOptions } from './exchange.ts'
import type { Question, SentOrder, VenueHooks } from './hooks.ts'
import { findPaperInstrument, paperInstrument } from './instruments.ts'
import type { BookState } from './ledger-types.ts'
import { type Matching, matchAgainstQuote } from './matching.ts'
import { placeLimit, placeStop, toNewOrder } from './settle.ts'
import type { Moment, Turn } from './turn.ts'

export type { VenueHooks } from './hooks.ts'

export interface PaperVenueOptions
  extends Pick<ExchangeOptions, 'venueId' | 'ledger' | 'quoteAt' | 'markAt' | 'statusAt' | 'clock'> {
  /** Of filled notional; default 5 bps for what takes liquidity, 2 bps for what rested. */
  readonly takerFee?: Bps
  readonly makerFee?: Bps
  /** On the account before the first trade; default 5,000,000 USD. */
  readonly equity?: Usd
  /** Default 3. */
  readonly leverage?: number
  /** Of the notional held; default 0.5 %. */
  readonly maintenanceRate?: Fraction
  readonly hooks?: VenueHooks | undefined
}

/** A venue whose other side can be made to act. */
export interface PaperVenue extends Venue {
  readonly acts: VenueActs
}

const CAPABILITIES: VenueCapabilities = {
  reduceOnly: true,
  postOnly: true,
  findsByClientOrderId: true,
  namesClientOrderId: true,
  listsFills: true,
  refusesLateRequests: true,
  protectiveStops: true,
  countdownCancel: 'spares-stops',
  tellsKeyRights: true,
  tellsLiquidationPrice: true,
  pushesOrders: true,
}

/**
 * A venue that trades on paper: what takes liquidity fills at the quote of the moment plus square-root impact, what rests fills
 * at its limit once the other side's touch has come to it.
 *
 * Matching is lazy: whenever the venue is asked or told anything, it first matches what rests with the quote of now. Without a
 * quote nothing is traded. Orders do not move the market they are filled from, and the margin is reckoned but not called.
 *
 * @throws {RangeError} on a negative fee, a leverage below 1 or a maintenance rate outside [0, 1)
 */
export const createPaperVenue = (options: PaperVenueOptions): PaperVenue =>
  createLedgerVenue(options, matchAgainstQuote)

/** The venue behind `createPaperVenue` and `createSimulatedVenue`: they differ in how liquidity is taken. */
export function createLedgerVenue(options: PaperVenueOptions, match: Matching): PaperVenue {
  const { venueId, ledger, clock, takerFee = bps(5), makerFee = bps(2), hooks = {} } = options
  const terms: MarginTerms = {
    equity: options.equity ?? usd(5_000_000),
    leverage: options.leverage ?? 3,
    maintenanceRate: options.maintenanceRate ?? fraction(0.005),
  }
  checkTerms(terms, { takerFee, makerFee })

  const listeners = new Set<(event: VenueEvent) => void>()
  const pass = (event: VenueEvent): void => {
    for (const listener of listeners) listener(event)
  }
  const tell = (event: VenueEvent): void => (hooks.deliver ? hooks.deliver(event, pass) : pass(event))
  const exchange = createExchange({ ...options, match, takerFee, makerFee, tell })

  const ask = (question: Question): void => {
    if (hooks.losesQuestion?.(question)) throw new VenueUnreachableError(`TIMEOUT no answer question=${question}`)
  }
  const judge = (order: SentOrder, moment: Moment): string | undefined => {
    const late = checkTime(order, moment.at)
    if (late) return late
    const status = exchange.status(moment.instrument.asset)
    if (status.kind === 'halted') return `VENUE_HALTED reason=${status.reason}`
    if (!moment.quote) return `NO_QUOTE asset=${moment.instrument.asset} at=${new Date(moment.at).toISOString()}`
    return 'triggerPrice' in order
      ? checkStop(order, moment.instrument)
      : checkOrder(order, moment.instrument, moment.quote)
  }
  const deal = async <O extends SentOrder>(order: O, place: Place<O>): Promise<SubmitOutcome> => {
    const { clientOrderId, instrumentId } = order
    const instrument = findPaperInstrument(instrumentId, venueId)
    if (!instrument) return rejected(`UNKNOWN_INSTRUMENT instrumentId=${instrumentId} venue=${venueId}`)
    const reason = judge(order, exchange.momentNow(instrument))
    if (reason) return rejected(reason)
    const work = async (turn: Turn, moment: Moment, number: number): Promise<SubmitOutcome> => {
      // The book may have been waited for.
      const refusal = judge(order, moment)
      if (refusal) return rejected(refusal)
      if (turn.book.orders.some((other) => other.clientOrderId === clientOrderId)) return duplicate(order)
      const outcome = place(turn, moment, { order, number })
      if (outcome.kind === 'accepted') await hooks.whileOpen?.(order)
      return outcome
    }
    try {
      const done = await exchange.turn(instrument, work, clientOrderId)
      return done.kind === 'changed' ? done.answer : duplicate(order)
    } catch (error) {
      // Whether it was written cannot be told from here.
      if (error instanceof VenueUnreachableError) return { kind: 'unknown', reason: error.message }
      throw error
    }
  }
  const send = async (order: SentOrder, dealt: () => Promise<SubmitOutcome>): Promise<SubmitOutcome> => {
    await hooks.beforeAccept?.(order)
    if (hooks.losesRequest?.(order)) return NO_ANSWER
    const refusal = hooks.refuses?.(order)
    if (refusal !== undefined) return rejected(refusal)
    const outcome = await dealt()
    if (outcome.kind === 'accepted') await hooks.afterAccept?.(order)
    await hooks.beforeAnswer?.(order)
    return hooks.losesAnswer?.(order) ? NO_ANSWER : outcome
  }
  const marked = ({ instrumentId, book }: BookState): MarkedBook => {
    const instrument = findPaperInstrument(instrumentId, venueId)
    return { instrumentId, book, mark: instrument && exchange.mark(instrument.asset) }
  }

  return {
    venueId,
    capabilities: CAPABILITIES,
    acts: createActs({ venueId, exchange, tell }),
    instrument: async (asset) => paperInstrument(asset, venueId),
    async quote(asset) {
      ask('quote')
      return exchange.quote(asset)
    },
    submit: (order) => send(order, () => deal(order, placeOrder)),
    submitStop: (stop) => send(stop, () => deal(stop, placeNewStop)),

    async cancel(ref) {
      await hooks.beforeCancel?.(ref)
      if (hooks.losesCancel?.(ref)) return NO_ANSWER
      const instrument = findPaperInstrument(ref.instrumentId, venueId)
      if (!instrument) return { kind: 'not-open' }
      const work = (turn: Turn): CancelOutcome => {
        const order = findOpen(turn, ref, venueId)
        if (!order) return { kind: 'not-open' }
        turn.end(order.number, 'CANCELED_ON_REQUEST')
        return { kind: 'canceled' }
      }
      try {
        const done = await exchange.turn(instrument, work)
        if (hooks.losesCancelAnswer?.(ref)) return NO_ANSWER
        return done.kind === 'changed' ? done.answer : NO_ANSWER
      } catch (error) {
        if (error instanceof VenueUnreachableError) return { kind: 'unknown', reason: error.message }
        throw error
      }
    },

    async find(ref) {
      ask('find')
      await exchange.book(ref.instrumentId)
      const byTheirs = ref.venueOrderId !== undefined && (await ledger.findByVenueOrderId(venueId, ref.venueOrderId))
      return byTheirs || ledger.find(venueId, ref.clientOrderId)
    },
    async openOrders(instrumentId) {
      ask('openOrders')
      const { book } = await exchange.book(instrumentId)
      return book.orders.map((order) => toRestingOrder(order, venueId, instrumentId))
    },
    async fills(ref) {
      ask('fills')
      await exchange.book(ref.instrumentId)
      return ledger.fills(venueId, ref.clientOrderId)
    },
    async fillsSince(instrumentId, since) {
      ask('fillsSince')
      await exchange.book(instrumentId)
      return ledger.fillsSince(venueId, instrumentId, since)
    },
    async positions() {
      ask('positions')
      return (await exchange.books()).flatMap((state) => positionOf(marked(state), terms) ?? [])
    },
    async account() {
      ask('account')
      const books = (await exchange.books()).map(marked)
      const unmarked = books.find(({ book, mark }) => book.position !== '0' && mark === undefined)
      if (unmarked) throw new VenueUnreachableError(`NO_MARK instrumentId=${unmarked.instrumentId}`)
      return accountOf(books, terms, clock.now())
    },
    async status(asset) {
      ask('status')
      return exchange.status(asset)
    },
    async keyRights() {
      ask('keyRights')
      return { canTrade: true, canWithdraw: false }
    },

    async countdown(ttl) {
      ask('countdown')
      if (ttl !== undefined && !(ttl > 0)) throw new RangeError(`Expected a countdown above 0 ms, was ${ttl}`)
      // One that has run out has done its work before another begins.
      await exchange.books()
      await ledger.setCountdown(venueId, ttl === undefined ? undefined : later(clock.now(), ttl))
    },
    async watch(listener, signal) {
      if (signal.aborted) return
      listeners.add(listener)
      signal.addEventListener('abort', () => listeners.delete(listener), { once: true })
    },
    async close() {
      listeners.clear()
    },
  }
}

const NO_ANSWER = { kind: 'unknown', reason: 'TIMEOUT no answer' } as const

type Place<O> = (turn: Turn, moment: Moment, what: { readonly order: O; readonly number: number }) => SubmitOutcome

const placeOrder: Place<OrderRequest> = (turn, moment, { order, number }) => {
  const reason = checkReduceOnly(order, turn.book)
  return reason ? rejected(reason) : placeLimit(turn, moment, toNewOrder(order, number))
}

const placeNewStop: Place<StopRequest> = (turn, moment, { order: stop, number }) =>
  placeStop(turn, moment, {
    number,
    clientOrderId: stop.clientOrderId,
    kind: 'stop',
    side: stop.side,
    quantity: stop.quantity,
    price: stop.triggerPrice,
    timeInForce: 'gtc',
    postOnly: false,
    reduceOnly: true,
  })

const rejected = (reason: string): SubmitOutcome => ({ kind: 'rejected', reason })
const duplicate = ({ clientOrderId }: SentOrder): SubmitOutcome =>
  rejected(`DUPLICATE_CLIENT_ORDER_ID clientOrderId=${clientOrderId}`)

function checkTerms(
  { equity, leverage, maintenanceRate: rate }: MarginTerms,
  { takerFee, makerFee }: { readonly takerFee: Bps; readonly makerFee: Bps },
): void {
  if (!(takerFee >= 0)) throw new RangeError(`Expected a taker fee of zero or more bps, was ${takerFee}`)
  if (!(makerFee >= 0)) throw new RangeError(`Expected a maker fee of zero or more bps, was ${makerFee}`)
  if (!Number.isFinite(equity)) throw new RangeError(`Expected a finite equity in USD, was ${equity}`)
  if (!(leverage >= 1)) throw new RangeError(`Expected a leverage of at least 1, was ${leverage}`)
  if (!(rate >= 0 && rate < 1)) throw new RangeError(`Expected a maintenance rate in [0, 1), was ${rate}`)
}
