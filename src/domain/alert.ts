import type { Cluster } from './forecast.ts'
import type { Asset } from './market/tick.ts'
import type { Fraction, TimestampMs } from './units.ts'

/** One cluster episode under alert: raised once, followed, over once. */
export interface Alert {
  readonly alertId: string
  readonly clusterId: string
  readonly asset: Asset
  readonly raisedAt: TimestampMs
  readonly endedAt?: TimestampMs
  readonly endReason?: 'faded' | 'touched' | 'vanished' | 'timed-out'
  readonly threshold: Fraction
  readonly peakConfidence: Fraction
  /** The cluster as it stood when the alert was raised. */
  readonly cluster: Cluster
}
