import { type Cluster, type Forecast, HORIZON_LENGTH, HORIZONS, type Horizon } from '../domain/forecast.ts'
import {
  type Aftermath,
  aftermathOf,
  type ClusterOutcome,
  clusterOutcome,
  type EventRule,
} from '../domain/liquidation/cluster-outcome.ts'
import { venuesToFollow } from '../domain/liquidation/map-bars.ts'
import type { Asset, VenueId } from '../domain/market/tick.ts'
import { DAY, type DurationMs, duration, HOUR, later, type TimestampMs, timestamp } from '../domain/units.ts'
import type { ClusterJudgement } from '../ports.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'

/** Late figures are waited for before an outcome is judged. */
const REPORTING_DELAY = duration(6 * HOUR)
/** A first forecast this late in the day is not one of its midnight. */
const LATEST_START = duration(6 * HOUR)
/** The panel holds 61 days; open interest is looked at from two days before. */
const JUDGED_BACK_DAYS = 58
/** With price unheard for more of the horizon than this (judgement), that nobody saw a touch says nothing. */
const MAX_UNHEARD = 0.05

/**
 * Writes down what became of clusters: those of the first forecast of each UTC day, once a day and horizon, when the horizon,
 * the window of the fall and six hours for late figures have passed.
 *
 * Only what a number was said about is judged. What had been received by the end of that wait decides, so the answer does not
 * depend on when, or how often, it is asked.
 *
 * @returns how many judgements were new
 */
export const createJudgeClusters = ({ store, settings }: Ports, market: MarketState) => {
  /** Days and horizons that need no further look; the record knows the judged ones after a restart. */
  const settled = new Set<string>()
  const keyOf = (asset: Asset, day: number, horizon: Horizon): string => `${asset}/${day}/${horizon}`

  const judgeAsset = async (asset: Asset, at: TimestampMs): Promise<number> => {
    const today = Math.floor(at / DAY) * DAY
    const oldest = timestamp(today - JUDGED_BACK_DAYS * DAY)
    for (const { day, horizon } of await store.clusterOutcomes.judgedDays(asset, oldest))
      settled.add(keyOf(asset, day, horizon))

    let judged = 0
    for (let day = oldest; day <= today; day = later(day, DAY)) {
      const isOpen = (horizon: Horizon): boolean =>
        !settled.has(keyOf(asset, day, horizon)) && at >= day + HORIZON_LENGTH[horizon] + REPORTING_DELAY
      const open = HORIZONS.filter(isOpen)
      if (open.length === 0) continue
      const first = await store.forecasts.first(asset, day, later(day, LATEST_START))
      const rule = first && ruleFor(market, asset, first.forecast.at)
      for (const horizon of open) {
        if (first && rule) {
          const until = later(first.forecast.at, HORIZON_LENGTH[horizon] + rule.fallWindow + REPORTING_DELAY)
          // A panel that is still being read back does not know yet what happened.
          if (at < until || !(Number(market.panel.lastBar(asset, at)?.receivedAt) >= until)) continue
          const judgements = judge(market, first, { horizon, rule, until, day, judgedAt: at })
          judged += await store.clusterOutcomes.save(judgements)
        }
        settled.add(keyOf(asset, day, horizon))
      }
    }
    return judged
  }

  return async ({ at }: { at: TimestampMs }): Promise<number> => {
    let judged = 0
    for (const asset of Object.keys(settings.book.exposures)) judged += await judgeAsset(asset, at)
    return judged
  }
}

/** The event of §1.6; where open interest is heard less often than its window, the window is as long as the cadence. */
function ruleFor({ panel, feeds, rule }: MarketState, asset: Asset, at: TimestampMs): EventRule {
  const venues = venuesToFollow(panel, asset, at).map(({ venue }) => venue)
  const cadences = feeds
    .filter((feed) => feed.feed === 'open-interest' && feed.asset === asset && venues.includes(feed.venue))
    .map(({ cadence }) => cadence)
  return { ...rule, fallWindow: duration(Math.max(rule.fallWindow, ...cadences)) }
}

interface Question {
  readonly horizon: Horizon
  readonly rule: EventRule
  /** What was received by then decides. */
  readonly until: TimestampMs
  readonly day: TimestampMs
  readonly judgedAt: TimestampMs
}

function judge(
  { panel, maps }: MarketState,
  { forecast, clusters }: { forecast: Forecast; clusters: readonly Cluster[] },
  { horizon, rule, until, day, judgedAt }: Question,
): readonly ClusterJudgement[] {
  const { asset, at, market } = forecast
  const length = HORIZON_LENGTH[horizon]
  const venues: readonly VenueId[] = venuesToFollow(panel, asset, at).map(({ venue }) => venue)
  const { guard } = maps.get(asset)?.bars ?? {}
  const aftermath = aftermathOf(panel, asset, { at, span: duration(length + rule.fallWindow), until, venues, guard })
  const heard = unheard(aftermath.bars, at, length) <= MAX_UNHEARD * length
  return clusters.flatMap((cluster): ClusterJudgement[] => {
    const said = cluster.confidence[horizon]
    if (said.kind === 'undetermined') return []
    const outcome = clusterOutcome(cluster, aftermath, { at, horizon: length, price: market.price, rule })
    return [
      {
        asset,
        clusterId: cluster.clusterId,
        day,
        horizon,
        side: cluster.side,
        confidence: said.confidence,
        baseline: said.baseline,
        ...knownOf(outcome, heard),
        calibratedOn: said.calibratedOn,
        judgedAt,
      },
    ]
  })
}

function knownOf(outcome: ClusterOutcome, heard: boolean): Pick<ClusterJudgement, 'touched' | 'event'> {
  switch (outcome.kind) {
    case 'not-touched':
      return heard ? { touched: false, event: false } : {}
    case 'touched':
      return { touched: true, event: outcome.event }
    case 'unknown':
      return { touched: true }
  }
}

/** How much of the time from `at` for `length` no bar covers; bars in order of their close. */
function unheard(bars: Aftermath['bars'], at: TimestampMs, length: DurationMs): number {
  const end = at + length
  let [coveredTo, missing] = [at as number, 0]
  for (const { eventAt, interval } of bars) {
    missing += Math.max(0, Math.min(end, eventAt - interval) - coveredTo)
    coveredTo = Math.max(coveredTo, Math.min(end, eventAt))
  }
  return missing + end - coveredTo
}
