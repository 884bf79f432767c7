import type { Cluster } from '../domain/forecast.ts'
import type { MapSnapshot } from '../domain/liquidation/snapshot.ts'
import { DAY, later, type TimestampMs } from '../domain/units.ts'
import type { Ports } from './ports.ts'

/** How far back a cluster that has vanished is looked for. */
export const REMEMBERED_DAYS = 7

export type ClusterExplanation =
  | { readonly kind: 'standing'; readonly cluster: Cluster; readonly seenAt: TimestampMs }
  | {
      readonly kind: 'vanished'
      /** As it stood when it was last seen. */
      readonly cluster: Cluster
      readonly seenAt: TimestampMs
      /** Whether price has been at its peak since. */
      readonly reached: boolean
    }
  | { readonly kind: 'ambiguous'; readonly clusters: readonly Cluster[] }
  /** With those that stand now, nearest to the price first. */
  | { readonly kind: 'not-found'; readonly standing: readonly Cluster[] }

/** Finds a cluster by its id or the beginning of it, whatever the case, among those of the last seven days. */
export const createExplainCluster =
  ({ store, clock, settings }: Ports) =>
  async (idPrefix: string): Promise<ClusterExplanation> => {
    const now = clock.now()
    const found = await store.forecasts.findClusters(idPrefix, later(now, -REMEMBERED_DAYS * DAY))
    const whole = found.filter(({ cluster }) => cluster.clusterId.toUpperCase() === idPrefix.toUpperCase())
    const meant = whole.length > 0 ? whole : found
    if (meant.length > 1) return { kind: 'ambiguous', clusters: meant.map(({ cluster }) => cluster) }
    const [one] = meant
    if (!one) {
      const latest = await Promise.all(
        Object.keys(settings.book.exposures).map((asset) => store.forecasts.latest(asset)),
      )
      const standing = latest.flatMap((forecast) => forecast?.clusters ?? []).sort((a, b) => a.distance - b.distance)
      return { kind: 'not-found', standing }
    }
    const { cluster, seenAt } = one
    const latest = await store.forecasts.latest(cluster.asset)
    if (!latest || latest.forecast.at <= seenAt) return { kind: 'standing', cluster, seenAt }
    const since = await store.maps.between(cluster.asset, seenAt, now)
    return { kind: 'vanished', cluster, seenAt, reached: isReached(cluster, latest.forecast.market.price, since) }
  }

/** A map's lows and highs go back to the map before it, when the cluster still stood and price had not been there. */
const isReached = (cluster: Cluster, now: number, since: readonly MapSnapshot[]): boolean =>
  cluster.side === 'sell'
    ? Math.min(now, ...since.map(({ lowPrice }) => lowPrice)) <= cluster.peakPrice
    : Math.max(now, ...since.map(({ highPrice }) => highPrice)) >= cluster.peakPrice
