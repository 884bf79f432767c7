import type { Cluster } from '../forecast.ts'
import { base32Hash } from '../hash.ts'
import type { Panel } from '../market/panel.ts'
import type { Asset, FeedDeclaration } from '../market/tick.ts'
import { DAY, type DurationMs, duration, fraction, HOUR, type Price, price, type TimestampMs, toBps } from '../units.ts'
import { type Conditions, conditionsAt } from './conditions.ts'
import { type ConfidenceCalibrations, confidenceFor } from './confidence.ts'
import { type Density, density, extentOf } from './density.ts'
import { type LiquidationMap, mapOpenInterest } from './map.ts'
import { extentOfPeak, findPeaks, smooth } from './peaks.ts'
import { BIN_WIDTH, binOf } from './position-bins.ts'

const MIN_BANDWIDTH = 0.0015
const BANDWIDTH_OF_DAY = 0.15
/**
 * A peak must stand out by this share of the highest that price would reach no later than it, and by this share of open
 * interest. Against the highest of the whole side, what waits just beyond the price would be hidden by what waits far away.
 */
const PROMINENCE_OF_HIGHEST = 0.25
const PROMINENCE_OF_OPEN_INTEREST = 0.002
/** One that was there before may sink this far before it is gone, so that clusters do not flicker. */
const STAY_SHARE = 0.6
const MAX_PER_SIDE = 10

/** A cluster before anything is said about how likely it is. */
export type BareCluster = Omit<Cluster, 'confidence'>

/**
 * The clusters of an asset as of `at`, with confidence within each horizon: by side, largest first.
 *
 * @param input - `previous` is the last list of the same asset: a cluster that overlaps one of it keeps its id. A horizon
 *   without a calibration is undetermined
 * @returns none before the first price or while the map is empty
 */
export function clustersAt(input: {
  readonly map: LiquidationMap
  readonly panel: Panel
  readonly feeds: readonly FeedDeclaration[]
  readonly asset: Asset
  readonly at: TimestampMs
  readonly previous: readonly BareCluster[]
  readonly calibrations?: ConfidenceCalibrations
}): readonly Cluster[] {
  const { map, panel, calibrations = {} } = input
  const conditions = conditionsAt(map, panel, input)
  if (!conditions) return []
  return findClusters(map, conditions, input).map((cluster) => withConfidence(cluster, conditions, calibrations))
}

const withConfidence = (
  cluster: BareCluster,
  conditions: Conditions,
  calibrations: ConfidenceCalibrations,
): Cluster => ({
  ...cluster,
  confidence: {
    '4h': confidenceFor(cluster, conditions, { horizon: '4h', calibration: calibrations['4h'] }),
    '24h': confidenceFor(cluster, conditions, { horizon: '24h', calibration: calibrations['24h'] }),
    '72h': confidenceFor(cluster, conditions, { horizon: '72h', calibration: calibrations['72h'] }),
  },
})

/**
 * The same clusters at a price between two bars: only distance and age change, and confidence with them.
 *
 * @param elapsed - since the clusters were found
 */
export function repriced(
  clusters: readonly Cluster[],
  conditions: Conditions,
  { price: now, elapsed, calibrations }: { price: Price; elapsed: DurationMs; calibrations: ConfidenceCalibrations },
): readonly Cluster[] {
  const deviation = conditions.hourlyVolatility * Math.sqrt(DAY / HOUR)
  const moved = { ...conditions, price: now }
  return clusters.map((cluster) =>
    withConfidence(
      {
        ...cluster,
        distance: toBps(Math.abs(cluster.peakPrice / now - 1)),
        distanceSigma: Math.abs(Math.log(cluster.peakPrice / now)) / deviation,
        age: duration(cluster.age + elapsed),
      },
      moved,
      calibrations,
    ),
  )
}

/**
 * Peaks of the smoothed map that stand out, at most ten a side, largest first.
 *
 * @see specification §1.5
 */
export function findClusters(
  map: LiquidationMap,
  conditions: Conditions,
  { at, previous }: { at: TimestampMs; previous: readonly BareCluster[] },
): readonly BareCluster[] {
  const openInterest = Object.values(mapOpenInterest(map)).reduce((sum, coins) => sum + coins, 0) * conditions.price
  if (!(openInterest > 0)) return []
  const deviation = conditions.hourlyVolatility * Math.sqrt(DAY / HOUR)
  return density(map, conditions).flatMap((side) => {
    const found = peaksOf(side, conditions, openInterest)
    const before = identify(
      found,
      previous.filter((cluster) => cluster.side === side.side),
    )
    return found
      .flatMap(({ lowPrice, peakPrice, highPrice, height, standsOut }, i): BareCluster[] => {
        const same = before[i]
        if (!standsOut && same === undefined) return []
        const extent = extentOf(map, side.side, { lowPrice, highPrice, at })
        const depth = conditions.depth?.[side.side]
        return [
          {
            clusterId: same?.clusterId ?? base32Hash(`${map.asset}/${side.side}/${at}/${binOf(peakPrice)}`, 80),
            firstSeenAt: same?.firstSeenAt ?? at,
            asset: map.asset,
            side: side.side,
            lowPrice,
            peakPrice,
            highPrice,
            notional: extent.notional,
            shareOfOpenInterest: fraction(extent.notional / openInterest),
            distance: toBps(Math.abs(peakPrice / conditions.price - 1)),
            distanceSigma: Math.abs(Math.log(peakPrice / conditions.price)) / deviation,
            ...(depth === undefined ? {} : { gain: height / BIN_WIDTH / depth }),
            age: extent.age,
            venueShares: extent.venueShares,
            leverage: extent.leverage,
          },
        ]
      })
      .sort((a, b) => b.notional - a.notional)
      .slice(0, MAX_PER_SIDE)
  })
}

interface FoundPeak {
  readonly lowPrice: Price
  readonly peakPrice: Price
  readonly highPrice: Price
  /** USD per bin at the peak, smoothed. */
  readonly height: number
  readonly standsOut: boolean
}

function peaksOf({ side, bins }: Density, conditions: Conditions, openInterest: number): readonly FoundPeak[] {
  const bandwidth = Math.max(MIN_BANDWIDTH, BANDWIDTH_OF_DAY * conditions.hourlyVolatility * Math.sqrt(24))
  const profile = smooth(
    bins.map(({ notional }) => notional),
    bandwidth / BIN_WIDTH,
  )
  const reachedFirst = highestOnTheWay(profile, side)
  const neededAt = (i: number): number =>
    Math.max(PROMINENCE_OF_HIGHEST * reachedFirst[i]!, PROMINENCE_OF_OPEN_INTEREST * openInterest)
  const peaks = findPeaks(profile).filter(({ at, prominence }) => prominence >= STAY_SHARE * neededAt(at))
  return peaks.map(({ at, height, prominence }) => {
    const { low, high } = extentOfPeak(
      profile,
      at,
      peaks.map((peak) => peak.at),
    )
    const priceAt = (i: number): Price => price(bins[i]!.price)
    return {
      lowPrice: priceAt(low),
      peakPrice: priceAt(at),
      highPrice: priceAt(high),
      height,
      standsOut: prominence >= neededAt(at),
    }
  })
}

/** The highest point between the price and each bin, that bin included: bins below the price are walked downward. */
function highestOnTheWay(profile: Float64Array, side: 'buy' | 'sell'): Float64Array {
  const out = new Float64Array(profile.length)
  let most = 0
  for (let step = 0; step < profile.length; step++) {
    const i = side === 'sell' ? profile.length - 1 - step : step
    most = Math.max(most, profile[i]!)
    out[i] = most
  }
  return out
}

/** The earlier clusters that are found again, by largest overlap of extent, each once; undefined where there is none. */
function identify(found: readonly FoundPeak[], previous: readonly BareCluster[]): readonly (BareCluster | undefined)[] {
  const pairs = found.flatMap((peak, i) =>
    previous.map((cluster, j) => ({ i, j, overlap: overlapOf(peak, cluster) })).filter(({ overlap }) => overlap > 0),
  )
  const same: (BareCluster | undefined)[] = found.map(() => undefined)
  const taken = new Set<number>()
  for (const { i, j } of pairs.sort((a, b) => b.overlap - a.overlap || a.i - b.i || a.j - b.j)) {
    if (same[i] !== undefined || taken.has(j)) continue
    same[i] = previous[j]!
    taken.add(j)
  }
  return same
}

/** Shared bins over all bins of both extents. */
function overlapOf(a: Pick<FoundPeak, 'lowPrice' | 'highPrice'>, b: Pick<FoundPeak, 'lowPrice' | 'highPrice'>): number {
  const shared = Math.min(binOf(a.highPrice), binOf(b.highPrice)) - Math.max(binOf(a.lowPrice), binOf(b.lowPrice)) + 1
  const all = Math.max(binOf(a.highPrice), binOf(b.highPrice)) - Math.min(binOf(a.lowPrice), binOf(b.lowPrice)) + 1
  return shared / all
}
