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
import type { Cluster } from '../domain/forecast.ts'
import { CASCADE_RULE, type EventRule } from '../domain/liquidation/cluster-outcome.ts'
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
  /** cascaded / raised. */
  readonly precision: number
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
    if (at - forgottenAt < DAY) continue
    panel.forget(later(at, -REMEMBERED))
    forgottenAt = at
  }
  return desks.map(({ rules: { threshold }, alerts }) => rateOf(threshold, alerts, { from: from ?? to, to }))
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
  threshold: number,
  alerts: readonly Alert[],
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
