import type { AlertSeverity } from './alert.ts'
import type { Asset } from './market/tick.ts'
import type { Fraction, TimestampMs } from './units.ts'

/** Which alerts a member wants in private. One per member and asset; that of an asset goes before that of all. */
export interface Subscription {
  readonly asset: Asset | '*'
  readonly minSeverity: AlertSeverity
  /** Confidence from which on; 0 = any. */
  readonly minConfidence: Fraction
}

/** Nothing of this asset in private until then, but for what is critical. */
export interface Mute {
  readonly asset: Asset | '*'
  readonly until: TimestampMs
}
