import type { Cluster, MarketContext } from '../domain/forecast.ts'
import { volatilityTimedRatio } from '../domain/hedging/policies.ts'
import { CASCADE_RULE, type EventRule } from '../domain/liquidation/cluster-outcome.ts'
import type { ConfidenceCalibrations } from '../domain/liquidation/confidence.ts'
import type { LiquidationMap } from '../domain/liquidation/map.ts'
import type { TierTable } from '../domain/liquidation/margin-tiers.ts'
import { DEFAULT_TIER_TABLES } from '../domain/liquidation/tier-tables.ts'
import { freshnessByKind, freshnessOf } from '../domain/market/freshness.ts'
import { currentFunding, fundingCorrelation } from '../domain/market/funding.ts'
import { createPanel, type Panel } from '../domain/market/panel.ts'
import type { Asset, FeedDeclaration } from '../domain/market/tick.ts'
import { ewmaVolatility, hourlyReturns } from '../domain/market/volatility.ts'
import { volumeProfile } from '../domain/market/volume-profile.ts'
import { type BaseQty, baseQty, DAY, fraction, HOUR, later, type TimestampMs } from '../domain/units.ts'
import type { Settings } from './settings.ts'

/** The market as one process has followed it: rebuilt from stored observations by the same fold after a restart. */
export interface MarketState {
  readonly panel: Panel
  /** What the source declares; filled in when it starts. */
  feeds: readonly FeedDeclaration[]
  readonly maps: Map<Asset, LiquidationMap>
  /** The last list of clusters, to keep their identity from bar to bar. */
  readonly clusters: Map<Asset, readonly Cluster[]>
  readonly calibrations: ConfidenceCalibrations
  /** By which a touch counts as a cascade: the one that the calibrations were made with. */
  readonly rule: EventRule
  /** Maintenance tables of the venues: those that ship until what is on record has been read. */
  tierTables: readonly TierTable[]
  /** As of an hour. */
  readonly volumeProfiles: Map<Asset, { readonly hour: number; readonly profile: readonly number[] | undefined }>
}

export const createMarketState = (
  calibrations: ConfidenceCalibrations = {},
  rule: EventRule = CASCADE_RULE,
): MarketState => ({
  panel: createPanel(),
  feeds: [],
  maps: new Map(),
  clusters: new Map(),
  calibrations,
  rule,
  tierTables: DEFAULT_TIER_TABLES,
  volumeProfiles: new Map(),
})

const VOLATILITY_HALF_LIFE_HOURS = 48
const TIMING_HALF_LIFE_HOURS = 24
const TIMING_HISTORY_HOURS = 30 * 24
const PROFILE_DAYS = 30

/** What the market looks like at an instant, from what had been received by then; undefined before the first price. */
export function marketContext(
  market: MarketState,
  settings: Settings,
  asset: Asset,
  at: TimestampMs,
): MarketContext | undefined {
  const { panel, feeds } = market
  const bar = panel.lastBar(asset, at)
  if (!bar) return undefined
  const returns = hourlyReturns(panel, asset, at, TIMING_HISTORY_HOURS)
  return {
    price: bar.closePrice,
    priceAt: bar.eventAt,
    hourlyVolatility: fraction(ewmaVolatility(returns, VOLATILITY_HALF_LIFE_HOURS)),
    fundingRate: currentFunding(panel, feeds, asset, at),
    openInterest: freshOpenInterest(market, asset, at),
    volatilityTimedRatio: volatilityTimedRatio(trailingVariances(returns), settings.sizing),
    fundingCorrelation: fundingCorrelation(panel, asset, at),
    ...volumeProfileOf(market, asset, at),
    freshness: freshnessByKind(panel, feeds, asset, at),
  }
}

/** Once an hour: it changes slowly, and looks at thirty days. */
function volumeProfileOf(market: MarketState, asset: Asset, at: TimestampMs): Pick<MarketContext, 'volumeProfile'> {
  const hour = Math.floor(at / HOUR)
  const known = market.volumeProfiles.get(asset)
  if (known?.hour === hour) return known.profile ? { volumeProfile: known.profile } : {}
  const venue = market.panel.lastBar(asset, at)?.venue
  const bars = venue === undefined ? [] : market.panel.between('bar', venue, asset, later(at, -PROFILE_DAYS * DAY), at)
  const profile = volumeProfile(
    bars.flatMap(({ eventAt, volume }) => (volume === undefined ? [] : [{ eventAt, volume }])),
  )
  market.volumeProfiles.set(asset, { hour, profile })
  return profile ? { volumeProfile: profile } : {}
}

/** EWMA variance known at each hour of the history, oldest first. */
function trailingVariances(returns: readonly number[]): readonly number[] {
  const decay = 0.5 ** (1 / TIMING_HALF_LIFE_HOURS)
  let variance: number | undefined
  return returns.map((value) => {
    variance = variance === undefined ? value ** 2 : decay * variance + (1 - decay) * value ** 2
    return variance
  })
}

/** Coins over the venues heard from; an all-exchange aggregate already holds the others and is not added to them. */
function freshOpenInterest({ panel, feeds }: MarketState, asset: Asset, at: TimestampMs): BaseQty | undefined {
  const fresh = feeds.filter(
    (feed) => feed.feed === 'open-interest' && feed.asset === asset && freshnessOf(panel, feed, at).state === 'fresh',
  )
  const aggregate = fresh.find((feed) => feed.venue === 'all-exchanges')
  const counted = aggregate ? [aggregate] : fresh
  if (counted.length === 0) return undefined
  return baseQty(
    counted.reduce((sum, feed) => sum + panel.latest('open-interest', feed.venue, asset, at)!.openInterest, 0),
  )
}
