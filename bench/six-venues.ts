import type { Asset, FeedDeclaration, Observed, VenueId } from '../src/domain/market/tick.ts'
import { createGaussian, createRandom } from '../src/domain/random.ts'
import {
  baseQty,
  type DurationMs,
  duration,
  fundingPer8h,
  HOUR,
  later,
  price,
  type TimestampMs,
  usd,
} from '../src/domain/units.ts'
import type { MarketSource } from '../src/ports.ts'

export const SIX_VENUES: readonly VenueId[] = ['binance', 'bybit', 'okx', 'deribit', 'hyperliquid', 'dydx']
const SHARES = [0.36, 0.22, 0.2, 0.06, 0.12, 0.04]
const SHOW_DEPTH = 3
const SHOW_TAKER_FLOW = 2
const COINS = 2_600_000

/** What six venues publish of one asset: a price walk, open interest of its own on each. Good for timing, means nothing else. */
export interface SixVenues {
  readonly feeds: readonly FeedDeclaration[]
  /** Call it for every interval, in order. */
  step(at: TimestampMs): readonly Observed[]
}

/** @param options - `every` is the length of a bar and how often everything is heard; funding comes hourly */
export function createSixVenues(options: {
  readonly asset: Asset
  readonly seed: number
  readonly every: DurationMs
}): SixVenues {
  const { asset, every } = options
  const normal = createGaussian(createRandom(options.seed))
  const deviation = 0.006 * Math.sqrt(every / HOUR)
  const openInterest = SHARES.map((share) => share * COINS)
  let last = 3_000
  return {
    feeds: SIX_VENUES.flatMap((venue, i): FeedDeclaration[] => [
      ...(i === 0 ? [{ feed: 'bar', venue, asset, cadence: every } as const] : []),
      { feed: 'open-interest', venue, asset, cadence: every },
      { feed: 'funding', venue, asset, cadence: HOUR },
      ...(i < SHOW_DEPTH ? [{ feed: 'book-depth', venue, asset, cadence: every } as const] : []),
      ...(i < SHOW_TAKER_FLOW ? [{ feed: 'taker-flow', venue, asset, cadence: every } as const] : []),
      ...(i === 1 ? [{ feed: 'liquidations', venue, asset, cadence: every } as const] : []),
    ]),
    step(at) {
      const stamp = (venue: VenueId) => ({ venue, asset, eventAt: at, receivedAt: at })
      const interval = duration(every)
      const open = last
      last *= Math.exp(deviation * normal() - 1e-5 * (last / 3_000 - 1))
      const reach = 1 + 0.5 * deviation * Math.abs(normal())
      const ticks: Observed[] = [
        {
          type: 'bar',
          series: 'mark',
          ...stamp(SIX_VENUES[0]!),
          interval,
          openPrice: price(open),
          highPrice: price(Math.max(open, last) * reach),
          lowPrice: price(Math.min(open, last) / reach),
          closePrice: price(last),
          volume: baseQty((0.3 * COINS * every) / HOUR),
        },
      ]
      for (const [i, venue] of SIX_VENUES.entries()) {
        const pull = Math.log((SHARES[i]! * COINS) / openInterest[i]!) / 500
        openInterest[i]! *= Math.exp(pull + 0.8 * deviation * normal())
        ticks.push({ type: 'open-interest', ...stamp(venue), openInterest: baseQty(openInterest[i]!) })
        if (at % HOUR === 0)
          ticks.push({
            type: 'funding',
            ...stamp(venue),
            fundingRate: fundingPer8h(1e-4 + 1e-4 * normal(), EIGHT_HOURS),
          })
        if (i < SHOW_DEPTH) {
          const [bidNotional, askNotional] = [usd(3e7 * Math.exp(0.2 * normal())), usd(3e7 * Math.exp(0.2 * normal()))]
          ticks.push({ type: 'book-depth', ...stamp(venue), bidNotional, askNotional })
        }
        if (i < SHOW_TAKER_FLOW) {
          const [buyNotional, sellNotional] = [usd(1e7 * Math.exp(0.1 * normal())), usd(1e7)]
          ticks.push({ type: 'taker-flow', ...stamp(venue), interval, buyNotional, sellNotional })
        }
        if (i === 1) {
          const [longNotional, shortNotional] = [usd(1e4 * Math.abs(normal())), usd(1e4 * Math.abs(normal()))]
          ticks.push({ type: 'liquidations', ...stamp(venue), interval, longNotional, shortNotional, coverage: 'full' })
        }
      }
      return ticks
    },
  }
}

const EIGHT_HOURS = duration(8 * HOUR)

/** The same of several assets as a source that ends: what models are fitted on, for timing only. */
export function createSixVenueMarket(options: {
  readonly assets: readonly Asset[]
  readonly from: TimestampMs
  readonly to: TimestampMs
  readonly every: DurationMs
}): MarketSource {
  const { assets, from, to, every } = options
  const makers = assets.map((asset, k) => createSixVenues({ asset, seed: k + 1, every }))
  return {
    name: 'six-venues',
    assets,
    clock: 'virtual',
    from,
    to,
    feeds: makers.flatMap(({ feeds }) => feeds),
    async *steps() {
      for (let at = from; at <= to; at = later(at, every)) {
        yield { at, ticks: makers.flatMap((maker) => maker.step(at)), warmup: false }
      }
    },
    problems: () => [],
    quoteAt: () => undefined,
    close: async () => undefined,
  }
}
