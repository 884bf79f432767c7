import type { MapReading } from '../src/app/read-map.ts'
import type { Cluster } from '../src/domain/forecast.ts'
import { formatPercent, formatPrice, formatTime, formatUsd } from '../src/domain/format.ts'
import type { MapSnapshot } from '../src/domain/liquidation/snapshot.ts'
import type { LiquidationMapPicture, LiquidationProfilePicture } from '../src/domain/picture.ts'
import { dataLine, ESTIMATE, inWords, labelled } from './liq-text.ts'

/** Where positions waited over time; `shown` are the clusters it names. */
export function mapPicture(
  { forecast, history, clusters }: MapReading,
  shown: readonly Cluster[],
): LiquidationMapPicture {
  const [first, last] = [history[0]!, history.at(-1)!]
  return {
    kind: 'liquidation-map',
    asset: forecast.asset,
    title: `${forecast.asset}: where leveraged positions wait to be liquidated`,
    subtitle: subtitleOf(clusters),
    alt: `${forecast.asset} from ${formatTime(first.at)} to ${formatTime(last.at)}, ${history.length} hours on record: price between ${formatPrice(Math.min(...history.map(({ lowPrice }) => lowPrice)))} and ${formatPrice(Math.max(...history.map(({ highPrice }) => highPrice)))}, last ${formatPrice(last.price)}. ${waiting(last)} ${inWords(shown)}`.trim(),
    snapshots: history,
    clusters: labelled(shown),
  }
}

/** What waits at each price in one snapshot; `shown` are the clusters it names. */
export const profilePicture = (
  snapshot: MapSnapshot,
  { clusters }: Pick<MapReading, 'clusters'>,
  shown: readonly Cluster[],
): LiquidationProfilePicture => ({
  kind: 'liquidation-profile',
  asset: snapshot.asset,
  title: `${snapshot.asset}: what waits at each price, ${formatTime(snapshot.at)}`,
  subtitle: subtitleOf(clusters),
  alt: `${snapshot.asset} at ${formatPrice(snapshot.price)}, ${formatTime(snapshot.at)}. ${waiting(snapshot)} ${inWords(shown)}`.trim(),
  snapshot,
  clusters: labelled(shown),
})

const subtitleOf = (clusters: readonly Cluster[]): string =>
  [dataLine(clusters), ESTIMATE].filter((part) => part !== undefined).join('; ')

const NEAR = 0.1

function waiting({ longs, shorts, firstBin, binWidth, price }: MapSnapshot): string {
  const near = (bins: readonly number[]): number =>
    bins.reduce((sum, held, i) => (Math.abs((firstBin + i) * binWidth - Math.log(price)) <= NEAR ? sum + held : sum), 0)
  return `Within ${formatPercent(NEAR, 0)}: ${formatUsd(near(longs))} of longs below, ${formatUsd(near(shorts))} of shorts above.`
}
