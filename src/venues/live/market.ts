import type { Asset, FeedDeclaration, FeedKind, Tick, VenueId } from '../../domain/market/tick.ts'
import { type DurationMs, duration, MINUTE, SECOND } from '../../domain/units.ts'
import type { Logger } from '../../log.ts'
import type { Clock, MarketSource, MarketStep, Quote, Random } from '../../ports.ts'
import { binance } from './binance.ts'
import { bybit } from './bybit.ts'
import { connectVenue, type Endpoint } from './client.ts'
import { deribit } from './deribit.ts'
import { feedReaders, type PollEvery, thinOut } from './feeds.ts'
import { hyperliquid } from './hyperliquid.ts'
import { runLiquidations } from './liquidation-stream.ts'
import { okx } from './okx.ts'
import { createProblems } from './problems.ts'
import { type Context, pause, runStream, untilAborted } from './stream.ts'
import { hasFeed, type LiveVenue } from './venue.ts'
import { fetchHistory, toSteps } from './warm-up.ts'

const VENUES: Readonly<Record<string, LiveVenue>> = { binance, bybit, okx, deribit, hyperliquid }

const POLL_EVERY: PollEvery = {
  bar: duration(10 * SECOND),
  'open-interest': MINUTE,
  funding: MINUTE,
  'taker-flow': duration(10 * SECOND),
  liquidations: duration(10 * SECOND),
  'book-depth': duration(4 * SECOND),
  'account-ratio': MINUTE,
  basis: MINUTE,
  'implied-volatility': MINUTE,
  'option-term-slope': duration(5 * MINUTE),
}
const STEP_MS = 1_000
const QUOTE_LIMIT_MS = 10_000
const WARM_UP_LIMIT_MS = 90_000 // a venue that does not answer holds the start up no longer
const MAX_WAITING = 200_000

export interface LiveMarketOptions {
  /** `binance`, `bybit`, `okx`, `deribit`, `hyperliquid`; the first with a fresh book gives the quotes. */
  readonly venues: readonly VenueId[]
  readonly assets: readonly Asset[]
  /** Other addresses than the venues' own. */
  readonly endpoints?: Readonly<Partial<Record<VenueId, Endpoint>>>
  readonly clock: Clock
  readonly log: Logger
  readonly pollEvery?: Partial<PollEvery>
  /** Where true (as by default), a month of history comes first. */
  readonly warmUp?: boolean
  readonly backoffMs?: DurationMs
  /** Spreads retries; need not be seeded. */
  readonly random?: Random
}

/**
 * Public market data of live venues through ccxt and ccxt.pro.
 *
 * Each feed of each asset on each venue is a stream of its own: it fails, says so and comes back alone. Units are the
 * product's whatever the venue's: open interest one-sided in coins, funding per eight hours, depth and liquidations in USD.
 *
 * @throws {RangeError} when a venue is unknown; from `steps` when an endpoint is no address
 */
export function createLiveMarket(options: LiveMarketOptions): MarketSource {
  const { assets, clock, log } = options
  const venues = options.venues.map((name) => {
    const venue = VENUES[name]
    if (!venue) throw new RangeError(`Expected a venue out of ${Object.keys(VENUES).join(', ')}, was ${name}`)
    return venue
  })
  const pollEvery = { ...POLL_EVERY, ...options.pollEvery }
  const problems = createProblems()
  const quotes = new Map<string, Quote>()
  const stop = new AbortController()
  const from = clock.now()
  let running: Promise<unknown> | undefined

  async function* steps({ after, signal }: { after?: number; signal?: AbortSignal } = {}): AsyncGenerator<MarketStep> {
    if (running) throw new Error('Expected one reader of a live market, was a second')
    const ended = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal
    const clients = await Promise.all(
      venues.map(async (venue) => {
        const endpoint = options.endpoints?.[venue.venueId]
        const client = await connectVenue(venue.module, { venueId: venue.venueId, endpoint, options: venue.options })
        return { venue, client, connect: () => client.loadMarkets(false, venue.marketParams ?? {}) }
      }),
    )

    if (options.warmUp !== false) {
      const deadline = AbortSignal.any([ended, AbortSignal.timeout(WARM_UP_LIMIT_MS)])
      const history = clients.map(async ({ venue, client, connect }): Promise<readonly Tick[]> => {
        const work = (async () => {
          await connect()
          const perAsset = await Promise.all(
            assets.map((asset) => fetchHistory(venue, asset, { client, until: from, problems })),
          )
          return perAsset.flat()
        })()
        return await untilAborted(work, deadline).catch((error: Error) => {
          if (!ended.aborted) problems.note(`${venue.venueId} history: ${error.message.slice(0, 200)}`)
          return []
        })
      })
      for (const step of toSteps((await Promise.all(history)).flat(), from)) {
        if (ended.aborted) break
        if (after === undefined || step.at > after) yield step
      }
    }

    const waiting: Tick[] = []
    const thin = thinOut(MINUTE)
    const context: Context = {
      clock,
      log,
      signal: ended,
      random: options.random ?? Math.random,
      backoffMs: options.backoffMs ?? SECOND,
      emit(ticks) {
        waiting.push(...thin(ticks))
        if (waiting.length > MAX_WAITING) {
          waiting.splice(0, waiting.length - MAX_WAITING)
          problems.note('ticks came faster than they were read: the oldest were dropped')
        }
      },
    }
    running = Promise.all(
      clients.flatMap(({ venue, client, connect }) => [
        ...assets.flatMap((asset) =>
          feedReaders(venue, asset, {
            client,
            clock,
            problems,
            onQuote: (quote) => quotes.set(`${venue.venueId}/${asset}`, quote),
          }).map(({ feed, read }) =>
            runStream(
              { feed, venue: venue.venueId, asset },
              { every: pollEvery[feed], read: () => connect().then(read) },
              context,
            ),
          ),
        ),
        ...(venue.liquidationPush
          ? [
              runLiquidations(
                { ...venue, liquidationPush: venue.liquidationPush },
                { client, connect },
                { assets, problems },
                context,
              ),
            ]
          : []),
      ]),
    )
    try {
      while (!ended.aborted) {
        await pause(STEP_MS, ended)
        if (waiting.length > 0) yield { at: clock.now(), ticks: waiting.splice(0), warmup: false }
      }
    } finally {
      stop.abort()
      await Promise.all(clients.map(({ client }) => client.close().catch(() => undefined)))
      await running
    }
  }

  return {
    name: 'live',
    assets,
    clock: 'wall',
    from,
    feeds: venues.flatMap((venue) => declare(venue, assets)),
    steps,
    problems: problems.list,
    quoteAt(asset, at, only) {
      for (const { venueId } of venues) {
        if (only !== undefined && only !== venueId) continue
        const quote = quotes.get(`${venueId}/${asset}`)
        if (quote && at - quote.at <= QUOTE_LIMIT_MS) return quote
      }
      return undefined
    },
    async close() {
      stop.abort()
      await running
    },
  }
}

const declare = (venue: LiveVenue, assets: readonly Asset[]): readonly FeedDeclaration[] =>
  assets.flatMap((asset) =>
    Object.entries(venue.cadences).flatMap(([name, cadence]) => {
      const feed = name as FeedKind
      return hasFeed(venue, feed, asset) ? [{ feed, venue: venue.venueId, asset, cadence }] : []
    }),
  )
