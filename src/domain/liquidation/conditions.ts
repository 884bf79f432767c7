import type { ClusterConfidence } from '../forecast.ts'
import { freshnessOf } from '../market/freshness.ts'
import type { Panel } from '../market/panel.ts'
import type { Asset, FeedDeclaration, FeedKind, OpenInterest, VenueId } from '../market/tick.ts'
import { ewmaVolatility, hourlyReturns } from '../market/volatility.ts'
import {
  DAY,
  type DurationMs,
  duration,
  type Fraction,
  fraction,
  HOUR,
  later,
  type Price,
  type TimestampMs,
  timestamp,
} from '../units.ts'
import type { LiquidationMap } from './map.ts'
import { venuesToFollow } from './map-bars.ts'

const SLOW_HALF_LIFE_HOURS = 48
const FAST_HALF_LIFE_HOURS = 6
const VOLATILITY_HOURS = 240 // five half-lives: older hours have no weight, so the answer does not depend on up-time
const MIN_HOURS = 48
const MIN_FRESH_SHARE = 0.5
const GOOD_FRESH_SHARE = 0.8
/** Liquidity that comes back while a cluster is sold: depth within 1 % understates what has to be eaten. */
const REPLENISHMENT = 3
const DEPTH_BAND = 0.01
const MIN_VOLATILITY = 1e-6

type Reason = Extract<ClusterConfidence, { kind: 'undetermined' }>['reason']
export type Quality = Extract<ClusterConfidence, { kind: 'estimated' }>['quality']

/**
 * What the market looks like around its clusters; undefined is not known.
 *
 * Price, freshness and coverage are of the instant asked for; everything else is as of the last full hour, because that is
 * the clock on which probabilities were calibrated: between hours only distance, age and touch change.
 */
export interface Conditions {
  readonly price: Price
  /** Standard deviation per hour, half-lives 48 h and 6 h. */
  readonly hourlyVolatility: number
  readonly fastVolatility: number
  /** USD, over the venues followed. */
  readonly openInterestNotional: number
  /** USD that moves log price by 1: selling eats bids, buying asks. */
  readonly depth?: { readonly sell: number; readonly buy: number }
  readonly fundingZ?: number
  /** Log change over 24 h, in coins. */
  readonly openInterestChange?: number
  /** At most `reduced` for a day after a followed venue has changed what it publishes, or jumped. */
  readonly quality: Quality
  /** Share of open interest from which something fresh had been heard. */
  readonly coverage: Fraction
  /** Mean age of the open interest followed, by size. */
  readonly dataAge: DurationMs
  /** Why no probability may be given, if so. */
  readonly undetermined?: Reason
}

/** Reads the conditions from what had been received by `at`; undefined before the first price. */
export function conditionsAt(
  map: LiquidationMap,
  panel: Panel,
  { asset, at, feeds }: { asset: Asset; at: TimestampMs; feeds: readonly FeedDeclaration[] },
): Conditions | undefined {
  const bar = panel.lastBar(asset, at)
  if (!bar) return undefined
  const hour = timestamp(Math.floor(at / HOUR) * HOUR)
  const returns = hourlyReturns(panel, asset, hour, VOLATILITY_HOURS, at)
  const followed = venuesToFollow(panel, asset, at).map(({ venue, reading }) => ({
    venue,
    coins: coinsOf(map, reading, bar.closePrice) ?? map.venues.get(venue)?.openInterest ?? 0,
    age: Math.max(0, at - reading.eventAt),
    ...feedState(panel, feeds, { feed: 'open-interest', venue, asset, at }),
  }))
  const total = followed.reduce((sum, { coins }) => sum + coins, 0)
  const shareOf = (test: (feed: (typeof followed)[number]) => boolean): number =>
    followed.filter(test).reduce((sum, { coins }) => sum + coins, 0) / Math.max(total, Number.MIN_VALUE)
  const freshShare = shareOf(({ fresh }) => fresh)
  const oldest = Math.min(...[...map.venues.values()].map(({ since }) => since))
  const priceFresh = feedState(panel, feeds, { feed: 'bar', venue: bar.venue, asset, at, spacing: bar.interval }).fresh
  const fundingZ = map.bars.fundingZ(panel, hour)

  let undetermined: Reason | undefined
  if (!priceFresh) undetermined = 'STALE_PRICE'
  else if (!(total > 0)) undetermined = 'NO_OPEN_INTEREST'
  else if (freshShare < MIN_FRESH_SHARE) undetermined = 'STALE_OPEN_INTEREST'
  else if (returns.length < MIN_HOURS || !(at - oldest >= MIN_HOURS * HOUR)) undetermined = 'TOO_LITTLE_HISTORY'

  let quality: Quality = 'reduced'
  const unsettled = followed.some(
    ({ venue }) => at - (map.bars.guard.changedAt(venue) ?? Number.NEGATIVE_INFINITY) < DAY,
  )
  if (shareOf(({ fresh, cadence }) => fresh && cadence < DAY / 2) < MIN_FRESH_SHARE) quality = 'poor'
  else if (
    shareOf(({ fresh, cadence }) => fresh && cadence <= HOUR) >= GOOD_FRESH_SHARE &&
    bar.series !== 'spot' &&
    fundingZ !== undefined &&
    !unsettled
  )
    quality = 'good'

  return {
    price: bar.closePrice,
    hourlyVolatility: Math.max(ewmaVolatility(returns, SLOW_HALF_LIFE_HOURS), MIN_VOLATILITY),
    fastVolatility: Math.max(ewmaVolatility(returns, FAST_HALF_LIFE_HOURS), MIN_VOLATILITY),
    openInterestNotional: total * bar.closePrice,
    depth: depthAt(panel, feeds, {
      asset,
      at: hour,
      shares: new Map(followed.map(({ venue, coins }) => [venue, coins / total])),
    }),
    fundingZ,
    openInterestChange: changeOverDay(map, panel, asset, hour),
    quality,
    coverage: fraction(Math.min(1, freshShare)),
    dataAge: duration(
      followed.reduce((sum, { coins, age }) => sum + coins * age, 0) / Math.max(total, Number.MIN_VALUE),
    ),
    undetermined,
  }
}

interface FeedState {
  readonly fresh: boolean
  readonly cadence: DurationMs
}

/** Freshness of one feed by its declaration; undeclared, by the spacing of its last two events. */
function feedState(
  panel: Panel,
  feeds: readonly FeedDeclaration[],
  {
    feed,
    venue,
    asset,
    at,
    spacing,
  }: { feed: FeedKind; venue: VenueId; asset: Asset; at: TimestampMs; spacing?: DurationMs },
): FeedState {
  const declared = feeds.find((other) => other.feed === feed && other.venue === venue && other.asset === asset)
  const cadence = declared?.cadence ?? spacing ?? inferredSpacing(panel, { feed, venue, asset, at })
  return { fresh: freshnessOf(panel, { feed, venue, asset, cadence }, at).state === 'fresh', cadence }
}

function inferredSpacing(
  panel: Panel,
  { feed, venue, asset, at }: { feed: FeedKind; venue: VenueId; asset: Asset; at: TimestampMs },
): DurationMs {
  for (const reach of [HOUR, 3 * DAY]) {
    const [before, last] = panel.between(feed, venue, asset, later(at, -reach), at).slice(-2)
    if (before && last) return duration(last.eventAt > before.eventAt ? last.eventAt - before.eventAt : DAY)
  }
  return DAY
}

/** Summed over the venues that show their book, scaled up to the open interest they stand for. */
function depthAt(
  panel: Panel,
  feeds: readonly FeedDeclaration[],
  { asset, at, shares }: { asset: Asset; at: TimestampMs; shares: ReadonlyMap<VenueId, number> },
): Conditions['depth'] {
  let [bids, asks, covered] = [0, 0, 0]
  for (const venue of panel.venues('book-depth', asset)) {
    const last = panel.latest('book-depth', venue, asset, at)
    if (!last || !feedState(panel, feeds, { feed: 'book-depth', venue, asset, at }).fresh) continue
    // A book of a venue whose share of open interest is not known (a spot book, or any against an aggregate) would make
    // what waits look many times too large for it.
    const share = shares.get(venue) ?? 0
    if (share === 0) continue
    bids += last.bidNotional
    asks += last.askNotional
    covered += share
  }
  if (!(bids > 0 && asks > 0)) return undefined
  const scale = REPLENISHMENT / DEPTH_BAND / covered
  return { sell: bids * scale, buy: asks * scale }
}

function changeOverDay(map: LiquidationMap, panel: Panel, asset: Asset, at: TimestampMs): number | undefined {
  const dayAgo = later(at, -DAY)
  const [price, earlierPrice] = [at, dayAgo].map((instant) => panel.lastBar(asset, instant)?.closePrice ?? 0)
  let [now, before] = [0, 0]
  for (const { venue, reading } of venuesToFollow(panel, asset, at)) {
    const earlier = panel.latest('open-interest', venue, asset, dayAgo)
    const [coins, earlierCoins] = [coinsOf(map, reading, price!), earlier && coinsOf(map, earlier, earlierPrice!)]
    if (coins === undefined || earlierCoins === undefined) continue
    now += coins
    before += earlierCoins
  }
  return now > 0 && before > 0 ? Math.log(now / before) : undefined
}

/** A reading as the map believed it, whatever unit the venue published it in. */
const coinsOf = (map: LiquidationMap, { venue, openInterest, eventAt }: OpenInterest, price: number) =>
  map.bars.guard.coinsOf({ venue, coins: openInterest, at: eventAt, price })
