import { HORIZON_LENGTH, HORIZONS, type Horizon } from '../forecast.ts'
import { createPanel, type Panel } from '../market/panel.ts'
import type { Asset, FeedDeclaration, Tick, VenueId } from '../market/tick.ts'
import { DAY, duration, HOUR, later, price, type TimestampMs } from '../units.ts'
import { aftermathOf, CASCADE_RULE, clusterOutcome, type EventRule } from './cluster-outcome.ts'
import { type BareCluster, findClusters } from './clusters.ts'
import { type Conditions, conditionsAt } from './conditions.ts'
import { type ConfidenceSample, confidenceFeatures, type HorizonOutcome } from './confidence.ts'
import { advanceMap, createLiquidationMap, type LiquidationMap, type MapOptions } from './map.ts'
import { venuesToFollow } from './map-bars.ts'

/** Late figures are waited for before an outcome is judged. */
const REPORTING_DELAY = duration(6 * HOUR)
/** A first look this late in the day is not a snapshot of its midnight. */
const LATEST_START = 6 * HOUR
/** What the collector itself needs to look back on: 240 h of prices, and the aftermath. */
const KEEP_DAYS = 16

export interface CollectorOptions {
  readonly asset: Asset
  readonly feeds: readonly FeedDeclaration[]
  /** Default the asset. */
  readonly series?: string
  /** Default that of §1.6; where open interest is heard less often than its window, the window is as long as the cadence. */
  readonly rule?: EventRule
  /** Whose bars judge the touch; default the panel's price venue. */
  readonly priceVenue?: VenueId
}

interface Pending {
  readonly at: TimestampMs
  readonly conditions: Conditions
  readonly venues: readonly VenueId[]
  readonly rule: EventRule
  readonly clusters: readonly BareCluster[]
  readonly outcomes: Map<Horizon, readonly (HorizonOutcome | undefined)[]>
}

/** A market to take clusters from that are not there: what a map of it is worth must be nothing. */
export interface Placebo {
  readonly panel: Panel
  readonly map: LiquidationMap
  /**
   * `in-place`: clusters stand where the other map has them (same price path, open interest of another time). `moved`: they
   * are as far from the price as they were on the other market.
   */
  readonly kind: 'in-place' | 'moved'
}

export interface ConfidenceCollector {
  /**
   * Call it in order, after the panel and the map have taken in everything received by `at`.
   *
   * @param placebo - what to tell instead of the truth, while outcomes stay those of the truth
   */
  observe(panel: Panel, map: LiquidationMap, at: TimestampMs, placebo?: Placebo): void
  /** With the outcomes that are known by now. */
  samples(): readonly ConfidenceSample[]
}

/**
 * Takes the clusters of an asset once a day at 00:00 UTC (one cluster and day is one sample: hours of the same day share
 * their outcome) and judges each when a horizon has passed.
 *
 * The panel must still hold what was received in the last fifteen days. Where it cannot be known what became of a cluster, the
 * horizon is left out.
 */
export function createConfidenceCollector(options: CollectorOptions): ConfidenceCollector {
  const { asset, feeds, series = asset, rule = CASCADE_RULE, priceVenue } = options
  const taken: Pending[] = []
  let open: Pending[] = []
  let day: number | undefined

  const snapshot = (panel: Panel, map: LiquidationMap, at: TimestampMs, placebo: Placebo | undefined): void => {
    const real = conditionsAt(map, panel, { asset, at, feeds })
    if (!real || real.undetermined) return
    const told = placebo ? whatIsTold(placebo, real, { asset, at, feeds }) : { conditions: real, clusters: undefined }
    if (!told) return
    const { conditions } = told
    const venues = venuesToFollow(panel, asset, at).map(({ venue }) => venue)
    const cadences = feeds
      .filter((feed) => feed.feed === 'open-interest' && feed.asset === asset && venues.includes(feed.venue))
      .map(({ cadence }) => cadence)
    const fallWindow = duration(Math.max(rule.fallWindow, ...cadences))
    const clusters = told.clusters ?? findClusters(map, conditions, { at, previous: [] })
    if (clusters.length === 0) return
    const pending = { at, conditions, venues, rule: { ...rule, fallWindow }, clusters, outcomes: new Map() }
    taken.push(pending)
    open.push(pending)
  }

  const judge = (panel: Panel, map: LiquidationMap, pending: Pending, horizon: Horizon, until: TimestampMs): void => {
    const { at, clusters, conditions, rule: own, venues } = pending
    const span = duration(HORIZON_LENGTH[horizon] + own.fallWindow)
    const aftermath = aftermathOf(panel, asset, { at, span, until, venues, priceVenue, guard: map.bars.guard })
    const question = { at, horizon: HORIZON_LENGTH[horizon], price: conditions.price, rule: own }
    pending.outcomes.set(
      horizon,
      clusters.map((cluster): HorizonOutcome | undefined => {
        const outcome = clusterOutcome(cluster, aftermath, {
          ...question,
          hourlyVolatility: conditions.hourlyVolatility,
        })
        if (outcome.kind === 'unknown') return undefined
        if (outcome.kind === 'not-touched') return { touched: false, event: false, continued: false }
        return { touched: true, event: outcome.event, continued: outcome.continued }
      }),
    )
  }

  return {
    observe(panel, map, at, placebo) {
      const today = Math.floor(at / DAY)
      if (today !== day && at - today * DAY <= LATEST_START) snapshot(panel, map, at, placebo)
      day = today
      for (const pending of open) {
        for (const horizon of HORIZONS) {
          const ripe = pending.at + HORIZON_LENGTH[horizon] + pending.rule.fallWindow + REPORTING_DELAY
          if (at >= ripe && !pending.outcomes.has(horizon)) judge(panel, map, pending, horizon, at)
        }
      }
      if (open[0] && open[0].outcomes.size === HORIZONS.length)
        open = open.filter(({ outcomes }) => outcomes.size < HORIZONS.length)
    },
    samples: () =>
      taken.flatMap(({ at, clusters, conditions, outcomes }) =>
        clusters.map((cluster, i): ConfidenceSample => {
          const known = HORIZONS.flatMap((horizon) => {
            const outcome = outcomes.get(horizon)?.[i]
            return outcome ? [[horizon, outcome] as const] : []
          })
          return {
            at,
            side: cluster.side,
            series,
            features: confidenceFeatures(cluster, conditions),
            outcomes: Object.fromEntries(known),
          }
        }),
      ),
  }
}

/** The clusters and conditions of a placebo, with price and volatility as they really are. */
function whatIsTold(
  { panel, map, kind }: Placebo,
  { price: now, hourlyVolatility, fastVolatility }: Conditions,
  question: { asset: Asset; at: TimestampMs; feeds: readonly FeedDeclaration[] },
): { conditions: Conditions; clusters: readonly BareCluster[] } | undefined {
  const other = conditionsAt(map, panel, question)
  if (!other || other.undetermined) return undefined
  const clusters = findClusters(map, other, { at: question.at, previous: [] })
  const conditions = { ...other, price: now, hourlyVolatility, fastVolatility }
  if (kind === 'in-place') return { conditions, clusters }
  const moved = (level: number) => price((level * now) / other.price)
  return { conditions, clusters: clusters.map((cluster) => ({ ...cluster, peakPrice: moved(cluster.peakPrice) })) }
}

/** A step of a market as the collector reads it. */
export interface ObservedStep {
  readonly at: TimestampMs
  readonly ticks: readonly Tick[]
}

/**
 * Runs market steps through a panel and a map of its own and collects the samples: everything training needs in one call.
 *
 * @param steps - in order of `at`, as market sources give them
 * @param options - `placebo` gives the ticks of another market at the same instants, or a changed version of the same
 * @see createConfidenceCollector
 */
export async function collectConfidenceSamples(
  steps: AsyncIterable<ObservedStep> | Iterable<ObservedStep>,
  options: CollectorOptions & {
    readonly placebo?: { readonly kind: Placebo['kind']; readonly ticks: (step: ObservedStep) => readonly Tick[] }
    readonly map?: Omit<MapOptions, 'asset'>
    /** Called after each step; for those who measure something else on the way. */
    readonly onStep?: (panel: Panel, map: LiquidationMap, at: TimestampMs, placebo?: LiquidationMap) => void
  },
): Promise<readonly ConfidenceSample[]> {
  const { asset, placebo, onStep } = options
  const market = (): { panel: Panel; map: LiquidationMap } => ({
    panel: createPanel(),
    map: createLiquidationMap({ asset, ...options.map }),
  })
  const fold = ({ panel, map }: ReturnType<typeof market>, ticks: readonly Tick[], at: TimestampMs): void => {
    for (const tick of ticks) if (tick.asset === asset) panel.apply(tick)
    advanceMap(map, panel, asset, at)
  }
  const real = market()
  const other = placebo && { ...market(), kind: placebo.kind }
  const collector = createConfidenceCollector(options)
  let forgottenAt = Number.NEGATIVE_INFINITY
  for await (const step of steps) {
    const { at } = step
    fold(real, step.ticks, at)
    if (other) fold(other, placebo.ticks(step), at)
    collector.observe(real.panel, real.map, at, other)
    onStep?.(real.panel, real.map, at, other?.map)
    if (at - forgottenAt < DAY) continue
    for (const { panel } of other ? [real, other] : [real]) panel.forget(later(at, -KEEP_DAYS * DAY))
    forgottenAt = at
  }
  return collector.samples()
}
