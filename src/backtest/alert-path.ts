/**
 * How often alerts would have been raised, on the path that people see: a forecast every thirty seconds between bars of five
 * minutes, where only distance, age and touch change.
 *
 * @module
 * @see specification §2.5 (alert budget)
 */
import { heardAround } from '../app/raise-alerts.ts'
import type { Alert, AlertRules } from '../domain/alert.ts'
import { shareOfTimeUnderAlert } from '../domain/alert-figures.ts'
import { decideAlerts } from '../domain/alerting.ts'
import { type Cluster, HORIZON_LENGTH } from '../domain/forecast.ts'
import { aftermathOf, CASCADE_RULE, clusterOutcome, type EventRule } from '../domain/liquidation/cluster-outcome.ts'
import { clustersAt, repriced } from '../domain/liquidation/clusters.ts'
import { type Conditions, conditionsAt } from '../domain/liquidation/conditions.ts'
import type { ConfidenceCalibrations } from '../domain/liquidation/confidence.ts'
import { advanceMap, createLiquidationMap } from '../domain/liquidation/map.ts'
import { createPanel } from '../domain/market/panel.ts'
import type { Bar } from '../domain/market/tick.ts'
import { createRandom } from '../domain/random.ts'
import {
  clamp,
  DAY,
  duration,
  elapsed,
  fraction,
  HOUR,
  later,
  price,
  SECOND,
  type TimestampMs,
} from '../domain/units.ts'
import type { MarketSource } from '../ports.ts'

const STEP = duration(30 * SECOND)
const REMEMBERED = 16 * DAY
/** Late figures are waited for. */
const REPORTING_DELAY = 6 * HOUR

/** How alerts of one threshold did on a path. */
export interface AlertRate {
  readonly threshold: number
  readonly days: number
  readonly raised: number
  readonly perDay: number
  readonly shareOfTime: number
  /** Alerts whose cluster was reached, and of those the ones that cascaded. */
  readonly touched: number
  readonly cascaded: number
  /** cascaded / raised: what came while the alert stood. */
  readonly precision: number
  /** Alerts whose event came within the horizon that their confidence speaks of, whether they still stood or not. */
  readonly cameTrue: number
  /** Alerts old enough to tell. */
  readonly judged: number
  /** Median hours from being raised to the touch, of those touched. */
  readonly leadHours: number | null
}

export interface AlertPathOptions {
  readonly calibrations: ConfidenceCalibrations
  /** The threshold is taken from `thresholds`, and the band keeps its share of it. */
  readonly rules: AlertRules
  readonly thresholds: readonly number[]
  /** `bars`: decides once a bar, as a slower clock would; `path`: every thirty seconds. */
  readonly clock: 'bars' | 'path'
  readonly seed: number
  /** By which a touch counts as a cascade; default that of §1.6. */
  readonly event?: EventRule
}

interface Desk {
  readonly rules: AlertRules
  readonly alerts: Alert[]
  open: Alert[]
  /** Raised, and too young for its horizon to have passed. */
  pending: Alert[]
  cameTrue: number
  judged: number
}

/** Plays one market's window through the alert decision, once for each threshold, all on the same path. */
export async function measureAlerts(source: MarketSource, options: AlertPathOptions): Promise<readonly AlertRate[]> {
  const { calibrations, rules, thresholds, clock, seed, event = CASCADE_RULE } = options
  const [asset] = source.assets
  const { feeds } = source
  const panel = createPanel()
  const map = createLiquidationMap({ asset: asset! })
  const random = createRandom(seed)
  const desks = thresholds.map(
    (threshold): Desk => ({
      rules: {
        ...rules,
        threshold: fraction(threshold),
        hysteresis: fraction((threshold * rules.hysteresis) / rules.threshold),
      },
      alerts: [],
      open: [],
      pending: [],
      cameTrue: 0,
      judged: 0,
    }),
  )
  let clusters: readonly Cluster[] = []
  let conditions: Conditions | undefined
  let [forgottenAt, from, to] = [Number.NEGATIVE_INFINITY, undefined as TimestampMs | undefined, source.from]

  const decide = (now: readonly Cluster[], at: TimestampMs, last: number, bar?: Bar): void => {
    for (const desk of desks) {
      const decision = decideAlerts({
        clusters: now,
        open: desk.open,
        lastEnded: lastEndedOf(desk.alerts),
        raisedInDay: countSince(desk.alerts, at - DAY),
        price: price(last),
        bars: bar ? [bar] : [],
        at,
        rules: desk.rules,
        heardAround: (touch, cluster) =>
          heardAround({ panel, feeds, rule: event }, { asset: asset!, touch, cluster, at }),
      })
      for (const { before, after } of decision.change) {
        desk.alerts[desk.alerts.indexOf(before)] = after
        desk.open = desk.open.filter((alert) => alert !== before)
        if (after.endedAt === undefined) desk.open.push(after)
      }
      for (const raised of decision.raise) {
        const alert = { alertId: `${desk.alerts.length}`, ...raised }
        desk.alerts.push(alert)
        desk.open.push(alert)
        desk.pending.push(alert)
      }
    }
  }
  const judgeRipe = (at: TimestampMs): void => {
    const horizon = HORIZON_LENGTH[rules.horizon]
    const span = duration(horizon + event.fallWindow)
    for (const desk of desks) {
      while (desk.pending[0] && at >= desk.pending[0].raisedAt + span + REPORTING_DELAY) {
        const { cluster, raisedAt, raisedPrice } = desk.pending.shift()!
        const venues = Object.keys(cluster.venueShares)
        const aftermath = aftermathOf(panel, asset!, { at: raisedAt, span, until: at, venues })
        const outcome = clusterOutcome(cluster, aftermath, { at: raisedAt, horizon, price: raisedPrice, rule: event })
        if (outcome.kind === 'unknown') continue
        desk.judged++
        if (outcome.kind === 'touched' && outcome.event) desk.cameTrue++
      }
    }
  }

  for await (const { at, ticks, warmup } of source.steps()) {
    const bars = ticks.filter((tick): tick is Bar => tick.type === 'bar' && tick.asset === asset)
    const bar = bars.at(-1)
    if (bar && !warmup && conditions && clock === 'path') {
      for (const [k, level] of pathOf(bar, random).entries()) {
        const instant = later(at, -bar.interval + (k + 1) * STEP)
        if (instant >= at) break
        const since = duration((k + 1) * STEP)
        const now = repriced(clusters, conditions, { price: price(level), elapsed: since, calibrations })
        decide(now, instant, level)
      }
    }
    for (const tick of ticks) if (tick.asset === asset) panel.apply(tick)
    advanceMap(map, panel, asset!, at)
    if (!warmup && bar) {
      from ??= at
      to = at
      conditions = conditionsAt(map, panel, { asset: asset!, at, feeds })
      clusters = clustersAt({ map, panel, feeds, asset: asset!, at, previous: clusters, calibrations })
      decide(clusters, at, bar.closePrice, bar)
    }
    judgeRipe(at)
    if (at - forgottenAt < DAY) continue
    panel.forget(later(at, -REMEMBERED))
    forgottenAt = at
  }
  return desks.map((desk) => rateOf(desk, { from: from ?? to, to }))
}

/** Prices every thirty seconds inside a bar: through its low and its high, in either order, to its close. */
function pathOf({ openPrice, lowPrice, highPrice, closePrice, interval }: Bar, random: () => number): number[] {
  const steps = Math.round(interval / STEP)
  const [first, second] = random() < 0.5 ? [lowPrice, highPrice] : [highPrice, lowPrice]
  const early = 1 + Math.floor(random() * Math.max(1, steps / 2 - 1))
  const late = Math.min(steps - 1, early + 1 + Math.floor(random() * Math.max(1, steps / 2 - 1)))
  const knots: readonly (readonly [number, number])[] = [
    [0, openPrice],
    [early, first],
    [late, second],
    [steps, closePrice],
  ]
  return Array.from({ length: steps }, (_, i) => {
    const k = i + 1
    const next = knots.findIndex(([step]) => step >= k)
    const [[before, from], [after, to]] = [knots[next - 1]!, knots[next]!]
    return clamp(from + ((k - before) / Math.max(1, after - before)) * (to - from), lowPrice, highPrice)
  })
}

const lastEndedOf = (alerts: readonly Alert[]): readonly Alert[] =>
  (['buy', 'sell'] as const).flatMap(
    (side) => alerts.findLast((alert) => alert.endedAt !== undefined && alert.cluster.side === side) ?? [],
  )

function countSince(alerts: readonly Alert[], since: number): number {
  let count = 0
  for (let i = alerts.length - 1; i >= 0 && alerts[i]!.raisedAt > since; i--) count++
  return count
}

function rateOf(
  { rules: { threshold }, alerts, cameTrue, judged }: Desk,
  { from, to }: { from: TimestampMs; to: TimestampMs },
): AlertRate {
  const days = elapsed(from, to) / DAY
  const touched = alerts.filter((alert) => alert.touch !== undefined)
  const cascaded = alerts.filter(({ endReason }) => endReason === 'cascaded')
  const leads = touched.map((alert) => elapsed(alert.raisedAt, alert.touch!.at) / HOUR).sort((a, b) => a - b)
  return {
    threshold,
    days,
    raised: alerts.length,
    perDay: alerts.length / days,
    shareOfTime: shareOfTimeUnderAlert(alerts, from, to),
    touched: touched.length,
    cascaded: cascaded.length,
    precision: alerts.length > 0 ? cascaded.length / alerts.length : 0,
    cameTrue,
    judged,
    leadHours: leads.length > 0 ? leads[Math.floor(leads.length / 2)]! : null,
  }
}

/** Rates of several markets as one. */
export function pooledRates(markets: readonly (readonly AlertRate[])[]): readonly AlertRate[] {
  const [first = []] = markets
  return first.map(({ threshold }, k) => {
    const rows = markets.map((rates) => rates[k]!)
    const sum = (value: (rate: AlertRate) => number): number => rows.reduce((total, rate) => total + value(rate), 0)
    const [days, raised, cascaded] = [sum((row) => row.days), sum((row) => row.raised), sum((row) => row.cascaded)]
    const leads = rows.flatMap(({ leadHours }) => leadHours ?? []).sort((a, b) => a - b)
    return {
      threshold,
      days,
      raised,
      perDay: raised / days,
      shareOfTime: sum((row) => row.shareOfTime * row.days) / days,
      touched: sum((row) => row.touched),
      cascaded,
      precision: raised > 0 ? cascaded / raised : 0,
      cameTrue: sum((row) => row.cameTrue),
      judged: sum((row) => row.judged),
      leadHours: leads.length > 0 ? leads[Math.floor(leads.length / 2)]! : null,
    }
  })
}

/**
 * The lowest threshold at which alerts come no more often than `perDay`; the highest of all when even that is passed more
 * often.
 */
export function thresholdFor(rates: readonly AlertRate[], perDay: number): number {
  const rising = [...rates].sort((a, b) => a.threshold - b.threshold)
  // From the top down, so that a dip further down does not count.
  let chosen = rising.at(-1)!.threshold
  for (const rate of rising.toReversed()) {
    if (rate.perDay > perDay) break
    chosen = rate.threshold
  }
  return chosen
}
