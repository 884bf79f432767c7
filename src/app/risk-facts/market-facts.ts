import { accountLogRatio } from '../../domain/market/accounts.ts'
import { freshnessOf } from '../../domain/market/freshness.ts'
import type { Asset, FeedDeclaration, FeedKind, VenueId } from '../../domain/market/tick.ts'
import type { CrowdingFacts, DataFacts, FundingFacts } from '../../domain/risk/facts.ts'
import {
  DAY,
  type DurationMs,
  duration,
  elapsed,
  fraction,
  HOUR,
  later,
  type Price,
  type TimestampMs,
} from '../../domain/units.ts'
import type { Quote } from '../../ports.ts'
import type { MarketState } from '../market-state.ts'

/** Standard scores are against this much of a series' own past, by the hour. */
const PAST = 30 * DAY
/** With fewer hours of it there is no score. */
const MIN_HOURS = 7 * 24
/** The standard deviation of a normal distribution over its median absolute deviation. */
const MAD_TO_SIGMA = 1.4826
/** Positions that never moved have no spread to be measured by. */
const FLAT = 1e-12
/** Venues hold funding at one rate for weeks; a thousandth of a percent away from it is not yet a standard deviation. */
const LEAST_FUNDING_SPREAD = 1e-5
/** A vendor's sum over venues, which already holds the others. */
const AGGREGATE = 'all-exchanges'

export interface Past {
  readonly center: number
  readonly spread: number
}

/** What was computed from a month of a series, kept for the hour in which it was. */
export type PastByFeed = Map<string, { readonly hour: number; readonly past: Past | undefined }>

/** How good the prices of one asset are: what the feeds declare, how old the newest is, how far venues are apart. */
export function dataFacts(
  { panel, feeds }: MarketState,
  asset: Asset,
  {
    at,
    isLive,
    isStarting,
    quotes,
  }: { at: TimestampMs; isLive: boolean; isStarting: boolean; quotes: readonly Quote[] },
): DataFacts {
  const promised = feeds.filter((feed) => feed.feed === 'bar' && feed.asset === asset)
  const fresh = promised.filter((feed) => freshnessOf(panel, feed, at).state === 'fresh')
  const declared = isStarting ? fresh : promised
  const newest = Math.max(
    ...panel.venues('bar', asset).map((venue) => panel.latest('bar', venue, asset, at)?.eventAt ?? -Infinity),
    // Bars come when they close; on a live market what a venue quotes now is newer.
    ...(isLive ? quotes.map((quote) => quote.at) : []),
  )
  const prices = pricesAtOneTime({ panel, fresh, asset, at })
  const sorted = prices.map(({ price }) => price).toSorted((a, b) => a - b)
  return {
    asset,
    isLive,
    // Of what was stored before a restart the age says how long we were away.
    ...(Number.isFinite(newest) &&
      !(isStarting && fresh.length === 0) && { priceAge: duration(Math.max(0, at - newest)) }),
    ...(declared.length > 0 && { priceCadence: duration(Math.min(...declared.map(({ cadence }) => cadence))) }),
    declaredVenues: declared.map(({ venue }) => venue),
    freshVenues: fresh.map(({ venue }) => venue),
    ...(sorted.length >= 2 && { dispersion: fraction((sorted.at(-1)! - sorted[0]!) / medianOf(sorted)) }),
  }
}

/** How far the mark of one venue stands from the median of all that are fresh, as a share; undefined with fewer than three. */
export function gapToOthers(
  { panel, feeds }: MarketState,
  asset: Asset,
  { at, venue }: { at: TimestampMs; venue: VenueId },
): number | undefined {
  const fresh = feeds.filter(
    (feed) => feed.feed === 'bar' && feed.asset === asset && freshnessOf(panel, feed, at).state === 'fresh',
  )
  const prices = pricesAtOneTime({ panel, fresh, asset, at })
  const mine = prices.find((one) => one.venue === venue)?.price
  if (mine === undefined || prices.length < 3) return undefined
  const median = medianOf(prices.map(({ price }) => price).toSorted((a, b) => a - b))
  return Math.abs(mine - median) / median
}

/** Prices of the same minute: of different ones, a move of the market would pass for a disagreement. */
function pricesAtOneTime({
  panel,
  fresh,
  asset,
  at,
}: Pick<MarketState, 'panel'> & {
  fresh: readonly FeedDeclaration[]
  asset: Asset
  at: TimestampMs
}): readonly { venue: VenueId; price: Price }[] {
  const latest = fresh.flatMap((feed) => panel.latest('bar', feed.venue, asset, at) ?? [])
  if (latest.length === 0) return []
  const common = Math.min(...latest.map(({ eventAt }) => eventAt)) as TimestampMs
  return fresh.flatMap(({ venue, cadence }) => {
    const window = { from: later(common, -2 * cadence - 1), to: at }
    const bar = panel
      .between('bar', venue, asset, window.from, window.to)
      .filter(({ eventAt }) => eventAt <= common)
      .at(-1)
    // A bar that closed before the common instant by more than its own length tells of another time.
    return bar && common - bar.eventAt < cadence ? [{ venue, price: bar.closePrice }] : []
  })
}

/** Funding of every venue that declares it, and how unusual it is for that venue. */
export function fundingFacts(
  { panel, feeds }: MarketState,
  asset: Asset,
  { at, past }: { at: TimestampMs; past: PastByFeed },
): readonly FundingFacts[] {
  return feeds
    .filter((feed) => feed.feed === 'funding' && feed.asset === asset)
    .map((feed) => {
      const { venue } = feed
      if (freshnessOf(panel, feed, at).state !== 'fresh') return { asset, venue }
      const funding = panel.latest('funding', venue, asset, at)!.fundingRate
      const known = remembered(past, `funding/${venue}/${asset}`, at, () =>
        robust(hourly({ panel }, { feed: 'funding', venue, asset, at }).map((tick) => tick?.fundingRate)),
      )
      return { asset, venue, funding, ...(known && { robustZ: (funding - known.center) / known.spread }) }
    })
}

/** How one-sided positions are: open interest against its own month, accounts, and what a fall would force. */
export function crowdingFacts(
  market: MarketState,
  asset: Asset,
  { at, past, gains }: { at: TimestampMs; past: PastByFeed; gains: readonly number[] },
): CrowdingFacts {
  const { panel, feeds } = market
  const logRatio = accountLogRatio(panel, asset, at, feeds)
  const z = openInterestZ(market, asset, { at, past })
  const gain = gainOf(market, asset)
  return {
    asset,
    ...(z !== undefined && { openInterestZ: z }),
    ...(logRatio !== undefined && { longShare: fraction(1 / (1 + Math.exp(-logRatio))) }),
    ...(gain !== undefined && { gain }),
    ...(gains.length >= MIN_HOURS && { gainP95: quantile(gains, 0.95) }),
  }
}

/** The greatest of the clusters of longs: what one unit of fall would force to be sold, over depth; undefined without depth. */
export function gainOf({ clusters }: MarketState, asset: Asset): number | undefined {
  const gains = (clusters.get(asset) ?? []).flatMap(({ side, gain }) =>
    side === 'sell' && gain !== undefined ? [gain] : [],
  )
  return gains.length > 0 ? Math.max(...gains) : undefined
}

function openInterestZ(
  { panel, feeds }: MarketState,
  asset: Asset,
  { at, past }: { at: TimestampMs; past: PastByFeed },
): number | undefined {
  const fresh = feeds.filter(
    (feed) => feed.feed === 'open-interest' && feed.asset === asset && freshnessOf(panel, feed, at).state === 'fresh',
  )
  const aggregate = fresh.find(({ venue }) => venue === AGGREGATE)
  const counted = (aggregate ? [aggregate] : fresh).map(({ venue }) => venue)
  if (counted.length === 0) return undefined
  // Over the same venues at every hour, or a venue that was missing would pass for positions that were closed.
  const known = remembered(past, `open-interest/${counted.join('+')}/${asset}`, at, () => {
    const series = counted.map((venue) => hourly({ panel }, { feed: 'open-interest', venue, asset, at }))
    return standard(series[0]!.map((_, i) => sumOrNone(series.map((one) => one[i]?.openInterest))))
  })
  const now = counted.reduce((sum, venue) => sum + panel.latest('open-interest', venue, asset, at)!.openInterest, 0)
  return known && (now - known.center) / known.spread
}

/** The newest of each hour of the past month, oldest first, without the hour that is running. */
function hourly<K extends FeedKind>(
  { panel }: Pick<MarketState, 'panel'>,
  { feed, venue, asset, at }: { feed: K; venue: VenueId; asset: Asset; at: TimestampMs },
) {
  const last = Math.floor(at / HOUR) * HOUR
  const marks = Array.from({ length: PAST / HOUR }, (_, i) => (last - PAST + (i + 1) * HOUR) as TimestampMs)
  const ticks = panel.newestAt(feed, venue, asset, { marks, from: later(at, -PAST - DAY), known: at })
  // One that stands for several hours in a row because nothing came is one.
  return ticks.map((tick, i) => (tick !== undefined && tick === ticks[i - 1] ? undefined : tick))
}

function remembered(past: PastByFeed, key: string, at: TimestampMs, compute: () => Past | undefined): Past | undefined {
  const hour = Math.floor(at / HOUR)
  const kept = past.get(key)
  if (kept?.hour === hour) return kept.past
  const computed = compute()
  past.set(key, { hour, past: computed })
  return computed
}

/** Median and scaled median absolute deviation: a spike in the past does not hide the next. */
function robust(values: readonly (number | undefined)[]): Past | undefined {
  const known = values.filter((value) => value !== undefined).toSorted((a, b) => a - b)
  if (known.length < MIN_SETTLEMENTS) return undefined
  const center = medianOf(known)
  const spread = MAD_TO_SIGMA * medianOf(known.map((value) => Math.abs(value - center)).toSorted((a, b) => a - b))
  return { center, spread: Math.max(spread, LEAST_FUNDING_SPREAD) }
}

/** A week of a venue that settles every eight hours. */
const MIN_SETTLEMENTS = 21

function standard(values: readonly (number | undefined)[]): Past | undefined {
  const known = values.filter((value) => value !== undefined)
  if (known.length < MIN_HOURS) return undefined
  const center = known.reduce((sum, value) => sum + value, 0) / known.length
  const spread = Math.sqrt(known.reduce((sum, value) => sum + (value - center) ** 2, 0) / (known.length - 1))
  return spread > FLAT * Math.abs(center) ? { center, spread } : undefined
}

const sumOrNone = (values: readonly (number | undefined)[]): number | undefined =>
  values.some((value) => value === undefined) ? undefined : values.reduce<number>((sum, value) => sum + value!, 0)

const medianOf = (sorted: readonly number[]): number =>
  (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2

const quantile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(share * values.length))]!

/** Of what was heard last. */
export const ageOf = (then: TimestampMs | undefined, at: TimestampMs): DurationMs | undefined =>
  then === undefined ? undefined : duration(Math.max(0, elapsed(then, at)))
