import type { Cluster, Horizon } from './forecast.ts'
import type { Asset } from './market/tick.ts'
import type { DurationMs, Fraction, Price, TimestampMs } from './units.ts'

/** In order: an episode moves forward only, and may skip. */
export const ALERT_STAGES = ['raised', 'approaching', 'touched', 'cascading', 'over'] as const
export type AlertStage = (typeof ALERT_STAGES)[number]

export const ALERT_SEVERITIES = ['notice', 'warning', 'critical'] as const
export type AlertSeverity = (typeof ALERT_SEVERITIES)[number]

/**
 * How an episode ended. Before a touch: `faded` (confidence fell), `vanished` (the cluster is gone from the map), `timed-out`.
 * After one: `cascaded`, `held` (no cascade), or `unknown` (too little was heard to say which).
 */
export type AlertEndReason = 'faded' | 'vanished' | 'timed-out' | 'cascaded' | 'held' | 'unknown'

/** The bar in which price reached the peak; both ends the same where it was a single price. */
export interface Touch {
  readonly from: TimestampMs
  readonly at: TimestampMs
}

/** One cluster episode under alert: raised once, followed, over once. */
export interface Alert {
  readonly alertId: string
  readonly clusterId: string
  readonly asset: Asset
  readonly raisedAt: TimestampMs
  readonly raisedPrice: Price
  /** Which confidence it was raised on, and is followed by. */
  readonly horizon: Horizon
  readonly threshold: Fraction
  /** Highest since it was raised. */
  readonly peakConfidence: Fraction
  readonly stage: AlertStage
  /** Highest since it was raised. */
  readonly severity: AlertSeverity
  /** When each stage was told. */
  readonly stageTimes: Readonly<Partial<Record<AlertStage, TimestampMs>>>
  readonly touch?: Touch
  /** Lowest open interest soon after the touch against the reading before it: −0.02 is a fall of 2 %. */
  readonly openInterestChange?: Fraction
  readonly endedAt?: TimestampMs
  readonly endReason?: AlertEndReason
  /** Who said first that they have seen it. */
  readonly acknowledgedBy?: string
  readonly acknowledgedAt?: TimestampMs
  /** How many times it went further because nobody had acknowledged it; absent: never. */
  readonly escalation?: number
  /** The cluster as it stood when the alert was raised: its peak is what price has to reach. */
  readonly cluster: Cluster
}

export interface AlertRules {
  /** Raised at or above this confidence. */
  readonly threshold: Fraction
  /** Within which the confidence is asked for. */
  readonly horizon: Horizon
  /** Over when confidence has fallen this far below the threshold: in between nothing changes. */
  readonly hysteresis: Fraction
  /** After an alert on one side of an asset, no other on that side for this long. */
  readonly cooldown: DurationMs
  /** An untouched episode ends after this long however it stands: what always stands says nothing. */
  readonly maxDuration: DurationMs
  /** Alerts raised per asset in any 24 h; beyond, only critical ones. */
  readonly budgetPerDay: number
}
