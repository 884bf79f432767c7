import type { Alert } from './alert.ts'
import type { Cluster } from './forecast.ts'
import { type DurationMs, elapsed, type Fraction, fraction, type Price, type TimestampMs } from './units.ts'

export interface AlertRules {
  /** Raised at or above this confidence. */
  readonly threshold: Fraction
  /** Over when confidence has fallen this far below the threshold: in between nothing changes. */
  readonly hysteresis: Fraction
  /** After an alert on one side of an asset, no other on that side for this long. */
  readonly cooldown: DurationMs
  /** An episode ends after this long however it stands: what always stands says nothing. */
  readonly maxDuration: DurationMs
}

export interface AlertInputs {
  /** The clusters of one asset as of `at`. */
  readonly clusters: readonly Cluster[]
  /** Its open alerts. */
  readonly open: readonly Alert[]
  /** The last that ended on each side, if any. */
  readonly lastEnded: readonly Alert[]
  readonly price: Price
  readonly at: TimestampMs
  readonly rules: AlertRules
}

export interface AlertDecision {
  readonly raise: readonly { readonly cluster: Cluster; readonly confidence: Fraction }[]
  readonly follow: readonly { readonly alertId: string; readonly peakConfidence: Fraction }[]
  readonly end: readonly { readonly alertId: string; readonly reason: NonNullable<Alert['endReason']> }[]
}

/**
 * Who is worth an alert now: one per cluster episode, at most one a side, with hysteresis, cooldown and a longest duration.
 *
 * An undetermined confidence raises nothing and ends nothing by itself: silence of a feed is not an all-clear.
 */
export function decideAlerts(inputs: AlertInputs): AlertDecision {
  const { clusters, open, price, at, rules } = inputs
  const fates = open.map((alert) => ({ alert, ...fateOf(alert, inputs) }))
  const stillOpen = fates.filter((fate) => fate.end === undefined).map((fate) => fate.alert)
  const endedNow = fates.filter((fate) => fate.end !== undefined).map((fate) => fate.alert)

  const raise: { cluster: Cluster; confidence: Fraction }[] = []
  for (const cluster of [...clusters].sort((a, b) => confidenceOf(b) - confidenceOf(a))) {
    const confidence = confidenceOf(cluster)
    if (confidence < rules.threshold || isReached(cluster, price)) continue
    const onSide = (alert: Alert): boolean => alert.cluster.side === cluster.side
    if (stillOpen.some(onSide) || endedNow.some(onSide) || raise.some((raised) => raised.cluster.side === cluster.side))
      continue
    const last = inputs.lastEnded.find(onSide)
    if (last?.endedAt !== undefined && elapsed(last.endedAt, at) < rules.cooldown) continue
    // The episode that ran out is still the same episode while its cluster stands; it was told once.
    if (last?.endReason === 'timed-out' && last.clusterId === cluster.clusterId) continue
    raise.push({ cluster, confidence: fraction(confidence) })
  }

  return {
    raise,
    follow: fates.flatMap(({ alert, end, confidence }) =>
      end === undefined && confidence !== undefined && confidence > alert.peakConfidence
        ? [{ alertId: alert.alertId, peakConfidence: fraction(confidence) }]
        : [],
    ),
    end: fates.flatMap(({ alert, end }) => (end === undefined ? [] : [{ alertId: alert.alertId, reason: end }])),
  }
}

function fateOf(
  alert: Alert,
  { clusters, price, at, rules }: AlertInputs,
): { end?: NonNullable<Alert['endReason']>; confidence?: number } {
  const now = clusters.find((cluster) => cluster.clusterId === alert.clusterId)
  if (isReached(now ?? alert.cluster, price)) return { end: 'touched' }
  if (elapsed(alert.raisedAt, at) >= rules.maxDuration) return { end: 'timed-out' }
  if (!now) return { end: 'vanished' }
  if (now.confidence.kind === 'undetermined') return {}
  const { confidence } = now.confidence
  return confidence < rules.threshold - rules.hysteresis ? { end: 'faded' } : { confidence }
}

/** Price stands at the peak or beyond: the warning has come true or too late, and is no longer one. */
const isReached = (cluster: Cluster, price: Price): boolean =>
  cluster.side === 'sell' ? price <= cluster.peakPrice : price >= cluster.peakPrice

const confidenceOf = (cluster: Cluster): number =>
  cluster.confidence.kind === 'estimated' ? cluster.confidence.confidence : -1
