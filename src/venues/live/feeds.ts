import { type Asset, type FeedKind, feedKey, type GaugeKind, type Tick } from '../../domain/market/tick.ts'
import { type DurationMs, MINUTE, price, type TimestampMs, usd } from '../../domain/units.ts'
import type { Clock, Quote } from '../../ports.ts'
import type { VenueClient } from './client.ts'
import type { Problems } from './problems.ts'
import { parseInterval, type Stamp, toBar, toBasis, toBookDepth, toFunding, topOf } from './readings.ts'
import { hasFeed, type LiveVenue } from './venue.ts'

const CANDLES = 5 // enough to bridge a few missed polls
const COUNTS = 5 // of accounts, for the same reason
const CLOSED_MS = 2_000 // a venue may still correct a candle right after its close

/** The kinds that some venue is read for. */
export type LiveFeed = Exclude<FeedKind, GaugeKind> | 'basis' | 'implied-volatility' | 'option-term-slope'

/** How often each feed is asked for. Books faster than they are recorded, since the paper venue trades on them. */
export type PollEvery = Readonly<Record<LiveFeed, DurationMs>>

export interface FeedReader {
  readonly feed: LiveFeed
  readonly read: () => Promise<readonly Tick[]>
}

/**
 * One reader per polled feed of one asset on one venue. A reader throws when the venue cannot be reached; a value that
 * cannot be read is dropped and noted.
 */
export function feedReaders(
  venue: LiveVenue,
  asset: Asset,
  {
    client,
    clock,
    problems,
    onQuote,
    candle = MINUTE,
  }: {
    client: VenueClient
    clock: Clock
    problems: Problems
    onQuote: (quote: Quote) => void
    candle?: DurationMs
  },
): readonly FeedReader[] {
  const symbol = venue.symbolOf(asset)
  const where = (feed: LiveFeed): string => `${venue.venueId} ${asset} ${feed}`
  const stamp = (): Stamp => ({ venue: venue.venueId, asset, receivedAt: clock.now() })
  const isMark = venue.series === 'mark'
  let fundingInterval: DurationMs | undefined

  const readers: Partial<Record<LiveFeed, () => Promise<readonly Tick[]>>> = {
    async bar() {
      const candles = isMark
        ? await client.fetchMarkOHLCV(symbol, '1m', undefined, CANDLES)
        : await client.fetchOHLCV(symbol, '1m', undefined, CANDLES)
      const now = clock.now()
      return problems.take(
        where('bar'),
        candles
          .filter(([openAt]) => !(Number(openAt) + candle + CLOSED_MS > now))
          .map((raw) => () => toBar(raw, stamp(), { series: venue.series, interval: candle, withVolume: !isMark })),
      )
    },

    async 'open-interest'() {
      return await settled(problems, where('open-interest'), () => venue.openInterest(client, symbol, stamp))
    },

    async funding() {
      const answer = await client.fetchFundingRate(symbol)
      if (answer.interval === undefined) fundingInterval ??= await venue.fundingInterval?.(client, symbol)
      const { fundingRate: rate, timestamp: eventAt, markPrice: mark, indexPrice: index } = answer
      const read = () =>
        toFunding({ rate, interval: fundingInterval ?? parseInterval(answer.interval), eventAt }, stamp())
      return [
        ...problems.take(where('funding'), [read]),
        ...(venue.fundingSaysBasis
          ? problems.take(where('basis'), [() => toBasis({ mark, index, eventAt }, stamp())])
          : []),
      ]
    },

    async 'book-depth'() {
      const { top, deep } = await venue.books(client, symbol)
      const ticks = problems.take(where('book-depth'), [
        () => {
          const best = topOf(top)
          const { tick, complete } = toBookDepth(deep, best, stamp(), venue.levelNotional(client, symbol))
          if (!complete) problems.note(`${where('book-depth')}: the book ends within 1 %: the depth is a lower bound`)
          onQuote({
            at: tick.receivedAt,
            bestBid: price(best.bestBid),
            bestAsk: price(best.bestAsk),
            depthNotional: usd(Math.min(tick.bidNotional, tick.askNotional)),
          })
          return tick
        },
      ])
      return ticks
    },
  }

  const { takerFlow, liquidationPoll, accountRatios, basis, impliedVolatility, optionSurface } = venue
  if (takerFlow) {
    readers['taker-flow'] = async () =>
      problems.take(
        where('taker-flow'),
        await takerFlow(client, symbol, { interval: 'minute', now: clock.now() }, stamp),
      )
  }
  if (liquidationPoll) {
    readers.liquidations = async () =>
      problems.take(where('liquidations'), await liquidationPoll(client, symbol, { now: clock.now() }, stamp))
  }
  if (accountRatios) {
    readers['account-ratio'] = async () =>
      problems.take(where('account-ratio'), await accountRatios(client, symbol, { every: '5m', limit: COUNTS }, stamp))
  }
  if (basis) readers.basis = () => settled(problems, where('basis'), () => basis(client, symbol, stamp))
  if (impliedVolatility && hasFeed(venue, 'implied-volatility', asset)) {
    readers['implied-volatility'] = async () => {
      const now = clock.now()
      const window = { every: 'minute', since: now - CANDLES * MINUTE, until: now } as const
      return problems.take(where('implied-volatility'), await impliedVolatility(client, asset, window, () => stamp()))
    }
  }
  if (optionSurface && hasFeed(venue, 'option-term-slope', asset)) {
    // The skews come with it: one answer says all.
    readers['option-term-slope'] = async () =>
      problems.take(where('option-term-slope'), await optionSurface(client, asset, stamp))
  }
  return Object.entries(readers).map(([feed, read]) => ({ feed: feed as LiveFeed, read }))
}

/** At most one tick per `every` of each feed, so that what is asked for often is not recorded as often. */
export function thinOut(every: DurationMs): (ticks: readonly Tick[]) => readonly Tick[] {
  const lastAt = new Map<string, TimestampMs>()
  return (ticks) =>
    ticks.filter((tick) => {
      if (tick.type !== 'book-depth') return true
      const last = lastAt.get(feedKey({ feed: tick.type, venue: tick.venue, asset: tick.asset }))
      if (last !== undefined && tick.receivedAt - last < every) return false
      lastAt.set(feedKey({ feed: tick.type, venue: tick.venue, asset: tick.asset }), tick.receivedAt)
      return true
    })
}

/** Tells a value that cannot be read (noted) from a venue that cannot be reached (thrown on). */
async function settled<T extends Tick>(
  problems: Problems,
  where: string,
  read: () => Promise<T>,
): Promise<readonly T[]> {
  const outcome = await read().then(
    (tick) => () => tick,
    (error: unknown) => () => {
      throw error
    },
  )
  return problems.take(where, [outcome])
}
