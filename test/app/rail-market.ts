import { createMarketState } from '../../src/app/market-state.ts'
import type { RiskRound } from '../../src/app/watch-risk.ts'
import type { FeedDeclaration, Tick, VenueId } from '../../src/domain/market/tick.ts'
import type { RailLevel, RailName, RailState } from '../../src/domain/risk/rail.ts'
import {
  baseQty,
  DAY,
  duration,
  type FundingPer8h,
  fraction,
  HOUR,
  later,
  MINUTE,
  price,
  type TimestampMs,
  timestamp,
} from '../../src/domain/units.ts'
import type { Venue, VenueAccount, VenuePosition, VenueStatus } from '../../src/ports.ts'
import type { Cleanup } from '../support/database.ts'
import { type DeskOptions, openDesk, PRICE, START, type TestDesk } from '../support/desk.ts'

const VENUES = ['binance', 'bybit', 'okx'] as const

/** What the next minute of the market says; undefined = that feed is silent. */
export interface Minute {
  /** Price by venue; a number is that of all. */
  price?: number | Partial<Record<VenueId, number>>
  funding?: Partial<Record<VenueId, number>>
  openInterest?: number
  longShare?: number
  /** Of the map's clusters of longs. */
  gain?: number
}

/** What the venue answers from now on, where it is not what the ledger says. */
export interface VenueAnswers {
  account?: Partial<VenueAccount> | Error
  positions?: readonly VenuePosition[] | Error
  status?: VenueStatus | Error
}

export interface RailDesk extends TestDesk {
  readonly answers: VenueAnswers
  /**
   * Ticks of every minute up to `minutes` from now, with a round of watching after the first, the last and every fifth; the last
   * round is returned.
   */
  live(minutes: number, minute?: Minute): Promise<RiskRound>
  rail(rail: RailName, scope?: string): Promise<RailState | undefined>
  level(rail: RailName, scope?: string): Promise<RailLevel>
}

export const CALM: Required<Minute> = {
  price: PRICE,
  funding: { binance: 0.0001, bybit: 0.00011 },
  openInterest: 100_000,
  longShare: 0.52,
  gain: 0.1,
}

/** A desk whose rails see a market of one asset on three venues, with a month behind it, and one venue to trade on. */
export async function openRailDesk(t: Cleanup, options: DeskOptions = {}): Promise<RailDesk> {
  const market = createMarketState()
  market.feeds = feeds()
  for (const tick of history()) market.panel.apply(tick)
  const answers: VenueAnswers = {}
  const desk = await openDesk(t, {
    ...options,
    market,
    wrapVenue: (venue) => answering(options.wrapVenue?.(venue) ?? venue, answers),
  })
  const setGain = (gain: number | undefined): void =>
    void market.clusters.set('ETH', gain === undefined ? [] : [{ side: 'sell', gain } as never])
  const rail = async (name: RailName, scope?: string): Promise<RailState | undefined> =>
    (await desk.store.rails.read())?.states.find(
      (state) => state.rail === name && (scope === undefined || state.scope === scope),
    )
  return {
    ...desk,
    answers,
    rail,
    level: async (name, scope) => (await rail(name, scope))?.level ?? 'normal',
    async live(minutes, minute = CALM) {
      let round: RiskRound | undefined
      setGain(minute.gain)
      for (let i = 0; i < minutes; i++) {
        await desk.pass(MINUTE)
        const mid = typeof minute.price === 'number' ? minute.price : minute.price?.binance
        if (mid !== undefined) desk.setPrice(mid)
        for (const tick of ticksAt(desk.clock.now(), minute)) market.panel.apply(tick)
        // What is forecast is the price by which the record values the book.
        if (mid !== undefined && i === minutes - 1) await desk.forecast({ price: mid })
        if (i === 0 || i === minutes - 1 || i % 5 === 4) round = await desk.app.watchRisk()
      }
      return round!
    },
  }
}

const feeds = (): readonly FeedDeclaration[] => [
  ...VENUES.map((venue) => ({ feed: 'bar' as const, venue, asset: 'ETH', cadence: MINUTE })),
  ...(['binance', 'bybit'] as const).map((venue) => ({ feed: 'funding' as const, venue, asset: 'ETH', cadence: HOUR })),
  { feed: 'open-interest', venue: 'binance', asset: 'ETH', cadence: duration(5 * MINUTE) },
  { feed: 'account-ratio', venue: 'binance', asset: 'ETH', cadence: HOUR },
]

/** Hourly, with enough of a wobble that a standard deviation means something. */
function history(): readonly Tick[] {
  const ticks: Tick[] = []
  for (let hour = 30 * 24; hour > 0; hour--) {
    const at = later(START, -hour * HOUR)
    const wobble = Math.sin(hour / 5)
    ticks.push(
      ...ticksAt(at, {
        ...CALM,
        funding: { binance: 0.0001 + 0.00002 * wobble, bybit: 0.00011 + 0.00002 * wobble },
        openInterest: 100_000 + 2_000 * wobble,
      }),
    )
  }
  return ticks
}

function ticksAt(at: TimestampMs, minute: Minute): readonly Tick[] {
  const stamp = (venue: VenueId) => ({ venue, asset: 'ETH', eventAt: at, receivedAt: at })
  const priceOf = (venue: VenueId): number | undefined =>
    typeof minute.price === 'number' ? minute.price : minute.price?.[venue]
  return [
    ...VENUES.flatMap((venue): Tick[] => {
      const mid = priceOf(venue)
      if (mid === undefined) return []
      const at = price(mid)
      const prices = { openPrice: at, highPrice: at, lowPrice: at, closePrice: at }
      return [{ type: 'bar', series: 'mark', interval: MINUTE, ...stamp(venue), ...prices }]
    }),
    ...Object.entries(minute.funding ?? {}).map(
      ([venue, rate]): Tick => ({ type: 'funding', ...stamp(venue), fundingRate: rate as FundingPer8h }),
    ),
    ...(minute.openInterest === undefined
      ? []
      : [{ type: 'open-interest', ...stamp('binance'), openInterest: baseQty(minute.openInterest) } as const]),
    ...(minute.longShare === undefined
      ? []
      : [{ type: 'account-ratio', ...stamp('binance'), longShare: fraction(minute.longShare) } as const]),
  ]
}

function answering(venue: Venue, answers: VenueAnswers): Venue {
  const given = <T>(answer: T | Error): T => {
    if (answer instanceof Error) throw answer
    return answer
  }
  return {
    ...venue,
    account: async () =>
      answers.account instanceof Error
        ? given<never>(answers.account)
        : { ...(await venue.account()), ...answers.account },
    positions: async () => (answers.positions === undefined ? venue.positions() : given(answers.positions)),
    status: async (asset) => (answers.status === undefined ? venue.status(asset) : given(answers.status)),
  }
}

/** The next 00:00 UTC after an instant. */
export const nextDay = (at: TimestampMs): TimestampMs => timestamp(Math.floor(at / DAY + 1) * DAY)
