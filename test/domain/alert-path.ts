import type { Alert, AlertRules } from '../../src/domain/alert.ts'
import { type AlertDecision, type AlertInputs, decideAlerts } from '../../src/domain/alerting.ts'
import type { Cluster, ClusterConfidence } from '../../src/domain/forecast.ts'
import {
  bps,
  DAY,
  duration,
  elapsed,
  fraction,
  HOUR,
  later,
  price,
  type TimestampMs,
  timestamp,
  usd,
} from '../../src/domain/units.ts'

export const START = timestamp(Date.UTC(2025, 1, 3))
export const RULES: AlertRules = {
  threshold: fraction(0.4),
  horizon: '24h',
  hysteresis: fraction(0.1),
  cooldown: duration(6 * HOUR),
  maxDuration: duration(12 * HOUR),
  budgetPerDay: 100,
}

export const confidenceOf = (confidence: number | undefined): ClusterConfidence =>
  confidence === undefined
    ? { kind: 'undetermined', reason: 'STALE_OPEN_INTEREST' }
    : {
        kind: 'estimated',
        confidence: fraction(confidence),
        low: fraction(0),
        high: fraction(1),
        pTouch: fraction(0.5),
        pEventGivenTouch: fraction(0.5),
        baseline: fraction(0.2),
        horizon: DAY,
        quality: 'good',
        coverage: fraction(1),
        dataAge: duration(0),
        calibratedOn: 'simulated',
      }

/** Longs that are liquidated at 2,850, five percent below 3,000, which is one standard deviation of a day. */
export const cluster = (confidence: number | undefined, over: Partial<Cluster> = {}): Cluster => ({
  clusterId: 'ETH-sell-1',
  firstSeenAt: START,
  asset: 'ETH',
  side: 'sell',
  lowPrice: price(2800),
  peakPrice: price(2850),
  highPrice: price(2900),
  notional: usd(1e8),
  shareOfOpenInterest: fraction(0.02),
  distance: bps(500),
  distanceSigma: 1,
  age: HOUR,
  venueShares: { binance: fraction(1) },
  leverage: [],
  confidence: {
    '4h': confidenceOf(undefined),
    '24h': confidenceOf(confidence),
    '72h': confidenceOf(0.99),
  },
  ...over,
})

/** Shorts that are liquidated at 3,150. */
export const shorts = (confidence: number | undefined, over: Partial<Cluster> = {}): Cluster =>
  cluster(confidence, {
    clusterId: 'ETH-buy-1',
    side: 'buy',
    lowPrice: price(3100),
    peakPrice: price(3150),
    highPrice: price(3200),
    ...over,
  })

export interface Step {
  readonly clusters: readonly Cluster[]
  readonly price?: number
  readonly lowPrice?: number
  readonly highPrice?: number
  readonly afterMs?: number
  /** Coins, as heard at the end of the step. */
  readonly openInterest?: number
  /** Longs liquidated in the step, printed in full. */
  readonly longNotional?: number
}

export interface Played {
  readonly alerts: readonly Alert[]
  readonly decisions: readonly {
    readonly at: TimestampMs
    readonly decision: AlertDecision
    readonly inputs: AlertInputs
  }[]
}

/** Plays a path through the decision, keeping the alerts as a store would; every step is a bar and a decision. */
export function play(
  steps: readonly Step[],
  {
    rules = {},
    inputs: fixed = {},
    cadence = 60_000,
  }: { rules?: Partial<AlertRules>; inputs?: Partial<AlertInputs>; cadence?: number } = {},
): Played {
  const alerts: Alert[] = []
  const decisions: { at: TimestampMs; decision: AlertDecision; inputs: AlertInputs }[] = []
  const openInterest: { at: TimestampMs; coins: number }[] = []
  const liquidations: {
    eventAt: TimestampMs
    longNotional: ReturnType<typeof usd>
    shortNotional: ReturnType<typeof usd>
  }[] = []
  let at = START
  for (const step of steps) {
    const interval = duration(step.afterMs ?? 30_000)
    at = later(at, interval)
    if (step.openInterest !== undefined) openInterest.push({ at, coins: step.openInterest })
    if (step.longNotional !== undefined)
      liquidations.push({ eventAt: at, longNotional: usd(step.longNotional), shortNotional: usd(0) })
    const close = step.price ?? 3000
    const inputs: AlertInputs = {
      clusters: step.clusters,
      open: alerts.filter((alert) => alert.endedAt === undefined),
      lastEnded: (['buy', 'sell'] as const).flatMap((side) =>
        alerts
          .filter((alert) => alert.endedAt !== undefined && alert.cluster.side === side)
          .sort((a, b) => a.endedAt! - b.endedAt!)
          .slice(-1),
      ),
      raisedInDay: alerts.filter((alert) => elapsed(alert.raisedAt, at) < DAY).length,
      price: price(close),
      bars: [
        {
          eventAt: at,
          interval,
          lowPrice: price(step.lowPrice ?? close),
          highPrice: price(step.highPrice ?? close),
        },
      ],
      at,
      rules: { ...RULES, ...rules },
      heardAround: () => ({
        openInterest,
        ...(liquidations.length > 0 ? { liquidations } : {}),
        cadence: duration(cadence),
      }),
      ...fixed,
    }
    const decision = decideAlerts(inputs)
    decisions.push({ at, decision, inputs })
    for (const { before, after } of decision.change) alerts[alerts.indexOf(before)] = after
    for (const raised of decision.raise) alerts.push({ alertId: `a${alerts.length}`, ...raised })
  }
  return { alerts, decisions }
}
