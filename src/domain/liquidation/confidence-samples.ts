import { createPanel, type Panel } from '../market/panel.ts'
import type { Asset, FeedDeclaration, Tick, VenueId } from '../market/tick.ts'
import { DAY, type DurationMs, duration, HOUR, later, type Price, type TimestampMs } from '../units.ts'
import { aftermathOf, clusterOutcome, FALL_WINDOW } from './cluster-outcome.ts'
import { type BareCluster, findClusters } from './clusters.ts'
import { conditionsAt } from './conditions.ts'
import { type ConfidenceSample, confidenceFeatures } from './confidence.ts'
import { advanceMap, createLiquidationMap, type LiquidationMap } from './map.ts'
import { venuesToFollow } from './map-bars.ts'

/** Late figures are waited for before an outcome is judged. */
const REPORTING_DELAY = duration(6 * HOUR)
/** A first look this late in the day is not a snapshot of its midnight. */
const LATEST_START = 6 * HOUR
/** What the collector itself needs to look back on: 240 h of prices, and the aftermath. */
const KEEP_DAYS = 12

interface Pending {
  readonly at: TimestampMs
  readonly price: Price
  readonly venues: readonly VenueId[]
  readonly fallWindow: DurationMs
  readonly clusters: readonly { readonly cluster: BareCluster; readonly features: ConfidenceSample['features'] }[]
}

export interface ConfidenceCollector {
  /** Call it in order, after the panel and the map have taken in everything received by `at`. */
  observe(panel: Panel, map: LiquidationMap, at: TimestampMs): void
  samples(): readonly ConfidenceSample[]
}

/**
 * Takes the clusters of an asset once a day at 00:00 UTC (one cluster and day is one sample: hours of the same day share
 * their outcome) and judges each when its horizon has passed.
 *
 * The panel must still hold what was received in the last horizon plus eleven days. Clusters whose outcome cannot be known
 * are left out; where open interest is heard every four hours, its fall is looked for over four hours.
 */
export function createConfidenceCollector({
  asset,
  feeds,
  horizon = DAY,
}: {
  asset: Asset
  feeds: readonly FeedDeclaration[]
  horizon?: DurationMs
}): ConfidenceCollector {
  const done: ConfidenceSample[] = []
  let pending: Pending[] = []
  let day: number | undefined

  const snapshot = (panel: Panel, map: LiquidationMap, at: TimestampMs): void => {
    const conditions = conditionsAt(map, panel, { asset, at, feeds })
    if (!conditions || conditions.undetermined) return
    const venues = venuesToFollow(panel, asset, at).map(({ venue }) => venue)
    const cadences = feeds
      .filter((feed) => feed.feed === 'open-interest' && feed.asset === asset && venues.includes(feed.venue))
      .map(({ cadence }) => cadence)
    pending.push({
      at,
      price: conditions.price,
      venues,
      fallWindow: duration(Math.max(FALL_WINDOW, ...cadences)),
      clusters: findClusters(map, conditions, { at, previous: [], horizon }).map((cluster) => ({
        cluster,
        features: confidenceFeatures(cluster, conditions, horizon),
      })),
    })
  }

  const judge = (panel: Panel, { at, price, venues, fallWindow, clusters }: Pending, until: TimestampMs): void => {
    const span = duration(horizon + fallWindow)
    const aftermath = aftermathOf(panel, asset, { at, span, until, venues })
    for (const { cluster, features } of clusters) {
      const outcome = clusterOutcome(cluster, aftermath, { at, horizon, price, fallWindow })
      if (outcome.kind === 'unknown') continue
      const touched = outcome.kind === 'touched'
      done.push({ at, side: cluster.side, features, touched, event: touched && outcome.event })
    }
  }

  return {
    observe(panel, map, at) {
      const today = Math.floor(at / DAY)
      if (today !== day && at - today * DAY <= LATEST_START) snapshot(panel, map, at)
      day = today
      const ripe = (each: Pending): boolean => at >= each.at + horizon + each.fallWindow + REPORTING_DELAY
      for (const each of pending.filter(ripe)) judge(panel, each, at)
      pending = pending.filter((each) => !ripe(each))
    },
    samples: () => done,
  }
}

/**
 * Runs market steps through a panel and a map of its own and collects the samples: everything training needs in one call.
 *
 * @param steps - in order of `at`, as market sources give them
 * @see createConfidenceCollector
 */
export async function collectConfidenceSamples(
  steps:
    | AsyncIterable<{ readonly at: TimestampMs; readonly ticks: readonly Tick[] }>
    | Iterable<{ readonly at: TimestampMs; readonly ticks: readonly Tick[] }>,
  options: { asset: Asset; feeds: readonly FeedDeclaration[]; horizon?: DurationMs },
): Promise<readonly ConfidenceSample[]> {
  const { asset, horizon = DAY } = options
  const panel = createPanel()
  const map = createLiquidationMap({ asset })
  const collector = createConfidenceCollector(options)
  let forgottenAt = Number.NEGATIVE_INFINITY
  for await (const { at, ticks } of steps) {
    for (const tick of ticks) if (tick.asset === asset) panel.apply(tick)
    advanceMap(map, panel, asset, at)
    collector.observe(panel, map, at)
    if (at - forgottenAt < DAY) continue
    panel.forget(later(at, -(KEEP_DAYS * DAY + horizon)))
    forgottenAt = at
  }
  return collector.samples()
}
