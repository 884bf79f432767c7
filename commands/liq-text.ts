import { describeCalibration } from '../src/app/cards.ts'
import type { MapReading } from '../src/app/read-map.ts'
import type { Card } from '../src/domain/card.ts'
import { type Cluster, type ClusterConfidence, HORIZONS, type Horizon } from '../src/domain/forecast.ts'
import { formatAge, formatChance, formatPercent, formatPrice, formatUsd } from '../src/domain/format.ts'
import type { LabelledCluster } from '../src/domain/picture.ts'

/** How the answers about clusters say things, so that one thing is said one way in all of them. */

export const ESTIMATE = 'an estimate from open interest, never a list of real positions'

type Undetermined = Extract<ClusterConfidence, { kind: 'undetermined' }>
export type Estimated = Extract<ClusterConfidence, { kind: 'estimated' }>

export const WHY_UNDETERMINED: Readonly<Record<Undetermined['reason'], string>> = {
  STALE_OPEN_INTEREST: 'more than half of open interest is out of date',
  NO_OPEN_INTEREST: 'no open interest is heard',
  STALE_PRICE: 'the price is out of date',
  TOO_LITTLE_HISTORY: 'fewer than two days of history',
  NO_CALIBRATION: 'no calibration is loaded',
  TOO_FEW_OUTCOMES: 'too few outcomes to calibrate on',
}

/** Enough of an id to find its cluster by; the whole is 16 characters. */
export const shortId = (clusterId: string): string => clusterId.slice(0, 8)

export const sideOf = ({ side }: Pick<Cluster, 'side'>): string => (side === 'sell' ? 'longs' : 'shorts')

export const nearestFirst = (clusters: readonly Cluster[]): readonly Cluster[] =>
  [...clusters].sort((a, b) => a.distance - b.distance)

export const bandOf = ({ lowPrice, highPrice }: Pick<Cluster, 'lowPrice' | 'highPrice'>): string =>
  `${formatPrice(lowPrice)}–${formatPrice(highPrice)}`

export const distanceOf = ({ distance, side }: Pick<Cluster, 'distance' | 'side'>): string =>
  `${formatPercent(distance / 10_000)} ${side === 'sell' ? 'below' : 'above'}`

/** `binance 60 %, okx 40 %`, largest first. */
export const sharesOf = (shares: Readonly<Record<string, number>>): string =>
  Object.entries(shares)
    .sort(([, a], [, b]) => b - a)
    .map(([name, share]) => `${name} ${formatPercent(share, 0)}`)
    .join(', ')

export const estimateOf = (cluster: Pick<Cluster, 'confidence'>, horizon: Horizon): Estimated | undefined => {
  const said = cluster.confidence[horizon]
  return said.kind === 'estimated' ? said : undefined
}

/** Confidence within each horizon, the interval of a day, and what distance and volatility alone would say. */
export function confidenceLine({ confidence }: Pick<Cluster, 'confidence'>): string {
  const reasons = new Set(HORIZONS.map((horizon) => whyNot(confidence[horizon])))
  const [reason] = reasons
  if (reasons.size === 1 && reason !== undefined) return `confidence undetermined: ${reason}`
  const said = HORIZONS.map((horizon) => {
    const one = confidence[horizon]
    if (one.kind === 'undetermined') return `${horizon} undetermined (${WHY_UNDETERMINED[one.reason]})`
    const interval = horizon === '24h' ? ` [${formatPercent(one.low)}, ${formatPercent(one.high)}]` : ''
    return `${horizon} ${formatChance(one.confidence)}${interval}`
  })
  const alone = HORIZONS.flatMap((horizon) => {
    const one = confidence[horizon]
    return one.kind === 'estimated' ? [`${horizon} ${formatChance(one.baseline)}`] : []
  })
  return `confidence ${said.join(', ')}\ndistance and volatility alone ${alone.join(', ')}`
}

const whyNot = (said: ClusterConfidence): string | undefined =>
  said.kind === 'undetermined' ? WHY_UNDETERMINED[said.reason] : undefined

/** What the numbers rest on: quality, coverage, age, calibration; or why there are none. */
export function dataLine(clusters: readonly Cluster[]): string | undefined {
  const said = clusters.flatMap(({ confidence }) => HORIZONS.map((horizon) => confidence[horizon]))
  const estimated = said.find((one): one is Estimated => one.kind === 'estimated')
  if (estimated) return describeData(estimated)
  const [first] = said
  return first && `no confidence: ${whyNot(first)}`
}

export const describeData = (said: Estimated): string =>
  `quality ${said.quality}, ${formatPercent(said.coverage, 0)} of open interest covered, ${formatAge(said.dataAge)} old; ${describeCalibration(said.calibratedOn)}`

/** Why an asset has no map or no clusters, and what to do. */
export function whyNoMap({ forecast, clusters, current }: MapReading): string {
  const openInterest = forecast.market.freshness.find(({ feed }) => feed === 'open-interest')?.freshness.state
  if (openInterest === undefined || openInterest === 'missing')
    return 'No open interest has been received, and the map is made from it. /hedge status lists the feeds.'
  if (clusters.length === 0 && current) return 'The map holds nothing that stands out. /liq map shows what there is.'
  return openInterest === 'stale'
    ? 'Open interest is out of date, and the map is made from it. /hedge status lists the feeds.'
    : 'The map is recorded with the first forecast of each hour: ask again in an hour.'
}

export const nothingKnown = (asset: string): Card => ({
  tone: 'refused',
  title: `Nothing known about ${asset}`,
  text: 'No forecast has been made for it. /hedge status lists the assets of the book; a worker has to run and to have received a price.',
})

export const labelled = (clusters: readonly Cluster[]): readonly LabelledCluster[] =>
  clusters.map((cluster) => {
    const within = estimateOf(cluster, '24h')
    return {
      clusterId: cluster.clusterId,
      side: cluster.side,
      lowPrice: cluster.lowPrice,
      peakPrice: cluster.peakPrice,
      highPrice: cluster.highPrice,
      notional: cluster.notional,
      ...(within ? { confidence: within.confidence } : {}),
    }
  })

/** The clusters of a picture in words. */
export const inWords = (clusters: readonly Cluster[]): string =>
  clusters
    .map((cluster) => {
      const within = estimateOf(cluster, '24h')
      const likely = within ? `, ${formatChance(within.confidence)} within 24 h` : ''
      return `${formatUsd(cluster.notional)} of ${sideOf(cluster)} at ${formatPrice(cluster.peakPrice)}${likely}`
    })
    .join('; ')
