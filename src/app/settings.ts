import type { AccessRules } from '../domain/access.ts'
import type { AlertRules } from '../domain/alert.ts'
import type { ScheduleChoice } from '../domain/execution/schedule.ts'
import type { SizingRules } from '../domain/hedging/size.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { Platform } from '../domain/member.ts'
import type { Limits } from '../domain/risk/limits.ts'
import type { LiveGateRules } from '../domain/risk/live-gate.ts'
import type { BaseQty, Bps, DurationMs, Fraction, TimestampMs, Usd } from '../domain/units.ts'

/** What the desk has decided, in domain units. Made from the configuration in main. */
export interface Settings {
  readonly book: { readonly name: string; readonly exposures: Readonly<Record<Asset, BaseQty>> }
  readonly sizing: SizingRules
  /** Assumed for the hedge leg's liquidation price: isolated margin = notional / this. */
  readonly hedgeLeverage: number
  readonly forecasts: { readonly every: DurationMs }
  readonly alerts: AlertRules
  readonly approvals: {
    readonly expiry: DurationMs
    readonly maxDrift: Bps
    /** After a proposal was declined, expired or denied, none is made for the same asset unasked for this long. */
    readonly cooldown: DurationMs
    readonly quorum: number
    readonly quorumLarge: number
    readonly quorumLargeAbove: Usd
    /** Up to here a proposer's own approval counts; 0 = never. */
    readonly selfApprovalMax: Usd
  }
  readonly limits: Limits
  readonly execution: {
    readonly schedule: ScheduleChoice
    readonly maxClip: Usd
    /** Longest that a child order rests at the touch before it is put anew, and finally crosses. */
    readonly passiveWait: DurationMs
    /** How long a venue may take a request; only afterwards is one that it does not know given up. */
    readonly orderValidity: DurationMs
    readonly leaseTtl: DurationMs
  }
  readonly stops: {
    readonly enabled: boolean
    /** How far on the way from entry to the liquidation price a stop lies, 0 to 1. */
    readonly atShare: Fraction
  }
  /** Protective orders that need nobody: most per order, in any hour, in any day. 0 = none. */
  readonly autoApproval: { readonly maxOrder: Usd; readonly maxHour: Usd; readonly maxDay: Usd }
  readonly risk: { readonly every: DurationMs }
  readonly trading: {
    readonly mode: 'paper' | 'live'
    /** Of the countdown after which a venue cancels what rests; 0 = never armed. */
    readonly countdown: DurationMs
  }
  readonly liveGate: LiveGateRules
  readonly models: {
    /** UTC days that a challenger is asked beside the champion before it may be put in force. */
    readonly shadowDays: number
    /** After so long a new model is trained, whether or not anything has happened. */
    readonly retrainEvery: DurationMs
    /** Days on which a protocol changed or will: after each, a new model is trained. */
    readonly protocolUpgrades: readonly TimestampMs[]
  }
  readonly heartbeat: { readonly every: DurationMs }
  /** How long observations are kept; undefined = for ever. */
  readonly retention?: DurationMs
  /** Who may do what where, beyond each command's own role. */
  readonly access: AccessRules
  readonly escalation: {
    /** A critical alert goes further after each of these that nobody acknowledges it. */
    readonly acknowledgeWithin: DurationMs
  }
  /** Where desk-wide cards go. */
  readonly channels: readonly { readonly platform: Platform; readonly channel: string }[]
}
