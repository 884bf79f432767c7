import type { ClientOrderId } from '../../domain/execution/order.ts'
import type { Instrument, InstrumentId } from '../../domain/instrument.ts'
import type { Asset, VenueId } from '../../domain/market/tick.ts'
import { type Bps, type Price, price, type TimestampMs } from '../../domain/units.ts'
import type { Clock, MarketSource, Quote, VenueEvent, VenueStatus } from '../../ports.ts'
import { midOf } from './check-order.ts'
import { findPaperInstrument } from './instruments.ts'
import type { BookState, VenueLedger } from './ledger-types.ts'
import type { Matching } from './matching.ts'
import { settle } from './settle.ts'
import { changesAnything, type Moment, openTurn, type Turn } from './turn.ts'

export interface ExchangeOptions {
  readonly venueId: VenueId
  /** Stays open when the venue closes: it belongs to whoever made it. */
  readonly ledger: VenueLedger
  readonly quoteAt: MarketSource['quoteAt']
  /** What triggers stops and values positions; the mid of the quote by default. */
  readonly markAt?: ((asset: Asset, at: TimestampMs) => Price | undefined) | undefined
  readonly statusAt?: ((asset: Asset, at: TimestampMs) => VenueStatus) | undefined
  readonly clock: Clock
  readonly match: Matching
  readonly takerFee: Bps
  readonly makerFee: Bps
  readonly tell: (event: VenueEvent) => void
}

export type Exchange = ReturnType<typeof createExchange>

/**
 * The inside of the venue: looks at the books only after matching what rests in them with the present quote, changes them in
 * turns, and tells what happened once it is written.
 */
export function createExchange(options: ExchangeOptions) {
  const { venueId, ledger, clock } = options

  const status = (asset: Asset, at: TimestampMs): VenueStatus => options.statusAt?.(asset, at) ?? { kind: 'trading' }
  const quote = (asset: Asset, at: TimestampMs): Quote | undefined => {
    const known = options.quoteAt(asset, at)
    return known && isUsable(known) ? known : undefined
  }
  const mark = (asset: Asset, at: TimestampMs): Price | undefined => {
    const given = options.markAt?.(asset, at)
    if (given !== undefined) return given
    const known = quote(asset, at)
    return known && price(midOf(known))
  }
  const momentOf = (instrument: Instrument, at: TimestampMs): Moment => {
    const trades = status(instrument.asset, at).kind === 'trading'
    return {
      venueId,
      instrument,
      at,
      quote: trades ? quote(instrument.asset, at) : undefined,
      mark: trades ? mark(instrument.asset, at) : undefined,
      match: options.match,
      takerFee: options.takerFee,
      makerFee: options.makerFee,
    }
  }

  /** One turn: what rests is matched, then `work` does its part; all of it is written, or none. */
  const turn = async <T>(
    instrument: Instrument,
    work: (turn: Turn, moment: Moment, number: number) => T | Promise<T>,
    clientOrderId?: ClientOrderId,
  ): Promise<{ readonly kind: 'changed'; readonly answer: T } | { readonly kind: 'id-in-use' }> => {
    let events: readonly VenueEvent[] = []
    const { instrumentId } = instrument
    const address = { venueId, instrumentId, ...(clientOrderId !== undefined && { clientOrderId }) }
    const changed = await ledger.change(address, async (state, number) => {
      const moment = momentOf(instrument, clock.now())
      const opened = openTurn(state.book, moment)
      settle(opened, moment, state.countdownLapsesAt)
      const answer = await work(opened, moment, number)
      const turned = opened.result()
      events = turned.events
      return { turned, answer }
    })
    if (changed.kind === 'changed') for (const event of events) options.tell(event)
    return changed
  }

  /** Whether matching would change the book now; most often nothing rests, or nothing is reached. */
  const isDue = ({ book, countdownLapsesAt }: BookState, instrument: Instrument): boolean => {
    if (book.orders.length === 0) return false
    const moment = momentOf(instrument, clock.now())
    const trial = openTurn(book, moment)
    settle(trial, moment, countdownLapsesAt)
    return changesAnything(trial.result())
  }
  const settleIfDue = async (state: BookState): Promise<boolean> => {
    const instrument = findPaperInstrument(state.instrumentId, venueId)
    if (!instrument || !isDue(state, instrument)) return false
    await turn(instrument, () => undefined)
    return true
  }

  return {
    status: (asset: Asset) => status(asset, clock.now()),
    quote: (asset: Asset) => quote(asset, clock.now()),
    mark: (asset: Asset) => mark(asset, clock.now()),
    momentNow: (instrument: Instrument) => momentOf(instrument, clock.now()),
    turn,

    /** The book of an instrument as it is now. */
    async book(instrumentId: InstrumentId): Promise<BookState> {
      const state = await ledger.read(venueId, instrumentId)
      return (await settleIfDue(state)) ? ledger.read(venueId, instrumentId) : state
    },

    async books(): Promise<readonly BookState[]> {
      const states = await ledger.readAll(venueId)
      let settled = false
      for (const state of states) settled = (await settleIfDue(state)) || settled
      return settled ? ledger.readAll(venueId) : states
    },
  }
}

const isUsable = ({ bestBid, bestAsk }: Quote): boolean =>
  Number.isFinite(bestBid) && Number.isFinite(bestAsk) && bestBid > 0 && bestAsk >= bestBid
