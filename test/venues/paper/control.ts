/** The other side of a paper venue, as the suite of venues steers it. */

import { bps, later, price, type TimestampMs, timestamp, usd } from '../../../src/domain/units.ts'
import type { OrderRef, Quote, VenueEvent } from '../../../src/ports.ts'
import type { VenueLedger } from '../../../src/venues/paper/ledger.ts'
import type { PaperVenue, PaperVenueOptions, VenueHooks } from '../../../src/venues/paper/paper-venue.ts'
import { createVirtualClock } from '../../../src/venues/virtual-clock.ts'
import {
  ASSET,
  type ControlledQuote,
  type OpenVenue,
  type RequestKind,
  type VenueControl,
} from '../../conformance/venue-control.ts'

const START = timestamp(Date.UTC(2026, 0, 5))
const EQUITY = usd(5_000_000)

export function openControlled(
  create: (options: PaperVenueOptions) => PaperVenue,
  { venueId, ledger }: Pick<PaperVenueOptions, 'venueId'> & { readonly ledger: VenueLedger },
): OpenVenue {
  const ours = createVirtualClock(START)
  let skew = 0
  let delay = 0
  let quote: ControlledQuote | undefined = { bestBid: 2999.5, bestAsk: 3000.5 }
  let mark: number | undefined
  let halted = false
  let reachable = true
  /** The other side looks at its own books: no wire is between. */
  let looks = false
  let held: VenueEvent[] | undefined
  let pass: ((event: VenueEvent) => void) | undefined
  const next = new Map<string, number>()
  const expect = (what: string): void => void next.set(what, (next.get(what) ?? 0) + 1)
  /** Whether the next one was to be struck; only once. */
  const strikes = (what: string): boolean => {
    const left = next.get(what) ?? 0
    if (left > 0) next.set(what, left - 1)
    return left > 0
  }
  const lost = (what: 'request' | 'answer', of: RequestKind): boolean => strikes(`${what} ${of}`)
  const hooks: VenueHooks = {
    losesRequest: () => !reachable || lost('request', 'submit') || strikes('not taken'),
    losesAnswer: () => lost('answer', 'submit') || strikes('taken'),
    refuses: () => (strikes('limit submit') ? 'RATE_LIMITED too many requests' : undefined),
    losesCancel: () => !reachable || lost('request', 'cancel') || strikes('limit cancel'),
    losesCancelAnswer: () => lost('answer', 'cancel'),
    losesQuestion: () =>
      !looks && (!reachable || lost('request', 'question') || lost('answer', 'question') || strikes('limit question')),
    beforeAccept: async () => {
      if (delay > 0) skew += delay
    },
    beforeAnswer: async () => {
      if (delay > 0) skew -= delay
      delay = 0
    },
    deliver: (event, deliver) => {
      pass = deliver
      if (held) held.push(event)
      else deliver(event)
    },
  }
  const venue = create({
    venueId,
    ledger,
    clock: { kind: 'virtual', now: () => later(ours.now(), skew) },
    quoteAt: (asset, at) => (asset === ASSET ? toQuote(quote, at) : undefined),
    markAt: () => (mark === undefined ? undefined : price(mark)),
    statusAt: () => (halted ? { kind: 'halted', reason: 'maintenance' } : { kind: 'trading' }),
    takerFee: bps(5),
    makerFee: bps(2),
    equity: EQUITY,
    hooks,
  })
  const instrument = venue.instrument(ASSET)
  const here = async (): Promise<OrderRef['instrumentId']> => (await instrument).instrumentId
  const look = async (): Promise<void> => {
    looks = true
    await venue.openOrders(await here())
    looks = false
  }

  const control: VenueControl = {
    clock: ours,
    async setQuote(changed) {
      quote = changed
    },
    async setMark(changed) {
      mark = changed
      await look()
    },
    fillResting: async (clientOrderId, quantity) =>
      venue.acts.fillResting({ clientOrderId, instrumentId: await here() }, quantity),
    otherHand: async (order) => venue.acts.otherHand({ ...order, instrumentId: await here() }),
    async otherTrades(count) {
      const { lotSize } = await instrument
      for (let i = 0; i < count; i++) {
        if (i % 3 === 2) await control.pass(1)
        await control.otherHand({ side: 'buy', quantity: lotSize })
      }
    },
    liquidate: async (quantity) => venue.acts.liquidate(await here(), quantity),
    deleverage: async (quantity) => venue.acts.deleverage(await here(), quantity),
    async setHalted(changed) {
      halted = changed
    },
    async pass(ms) {
      ours.advanceTo(later(ours.now(), ms))
    },
    async skew(ms) {
      skew = ms
    },
    loseNext: (what, of) => expect(`${what} ${of}`),
    delayNextSubmit(ms) {
      delay = ms
    },
    rateLimitNext: (of) => expect(`limit ${of}`),
    failNextSubmit: ({ taken }) => expect(taken ? 'taken' : 'not taken'),
    async setReachable(changed) {
      reachable = changed
    },
    async dropSockets() {
      venue.acts.interrupt()
    },
    holdEvents() {
      held = []
    },
    async releaseEvents({ reversed = false, times = 1 } = {}) {
      const events = held ?? []
      held = undefined
      const ordered = reversed ? events.toReversed() : events
      for (const event of ordered) for (let i = 0; i < times; i++) pass?.(event)
    },
    acceptances: async (clientOrderId) => (await ledger.acceptances(venueId)).get(clientOrderId) ?? 0,
    position: async () => ledger.position(venueId, await here()),
  }
  return {
    venue,
    control,
    semantics: {
      rateLimited: 'rejected',
      serverError: 'unknown',
      duplicateIds: 'refused-while-open',
      fillsPerPage: 20,
      startingEquity: EQUITY,
      keyRights: { canTrade: true, canWithdraw: false },
    },
  }
}

/** Thirty coins at the touch of a book whose depth and daily volume are in proportion. */
function toQuote(quote: ControlledQuote | undefined, at: TimestampMs): Quote | undefined {
  if (!quote) return undefined
  const { bestBid, bestAsk, size = 30 } = quote
  return {
    at,
    bestBid: price(bestBid),
    bestAsk: price(bestAsk),
    depthNotional: usd(size * 20 * bestBid),
    dailyVolumeNotional: usd(size * 10_000 * bestBid),
    dailyVolatility: 0.03,
  }
}
