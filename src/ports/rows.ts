/**
 * What the record holds and answers with, as the verbs of the store pass it.
 *
 * @module
 */
import type { Card } from '../domain/card.ts'
import type { Urgency } from '../domain/delivery.ts'
import type { Position } from '../domain/execution/position.ts'
import type { Horizon, ModelIdentity } from '../domain/forecast.ts'
import type { InstrumentId } from '../domain/instrument.ts'
import type { Asset, VenueId } from '../domain/market/tick.ts'
import type { Member, Platform, Role } from '../domain/member.ts'
import type { Preferences } from '../domain/preferences.ts'
import type { Proposal } from '../domain/proposal.ts'
import type { DurationMs, FundingPer8h, Price, TimestampMs } from '../domain/units.ts'

/** What every fill of an instrument adds up to. */
export interface BookedPosition extends Position {
  readonly instrumentId: InstrumentId
}

/** Outcome of a compare-and-set on a proposal: the row as it now is, and whether this call changed it. */
export interface Transition {
  readonly changed: boolean
  readonly proposal: Proposal
}

export interface ProposalPatch {
  readonly decidedBy?: string
  readonly decidedAt?: TimestampMs
  readonly reason?: string
  readonly executionStartedAt?: TimestampMs
  readonly executionEndsAt?: TimestampMs
  readonly finishedAt?: TimestampMs
}

/** Where a card stands or shall stand. */
export interface Place {
  readonly platform: Platform
  /** A channel of the desk, or `user:<numeric id>` for a private chat. */
  readonly channel: string
  /** Whose private chat it is; undefined for a channel of the desk. */
  readonly memberId?: string | undefined
}

export interface OutboxMessage extends Place {
  readonly messageKey: string
  /** What the card is about (`proposal:7K3M9QX2TB`, `alert:…`): a later card under the same key edits the earlier post. */
  readonly cardKey: string
  readonly card: Card
  /** Of the content: the newest message of a card in a place is not put there again. */
  readonly revision: string
  readonly urgency: Urgency
  /** May be told in one message with others when many wait at once. */
  readonly foldable?: boolean | undefined
  readonly createdAt: TimestampMs
  /** When the oldest undelivered message of the same card in the same place was put on record. */
  readonly waitingSince: TimestampMs
  readonly attempts: number
}

/** A button of a card in one place, as the platform knows it. */
export interface IssuedButton extends Place {
  readonly buttonId: string
  readonly cardKey: string
  readonly command: string
  readonly once: boolean
  readonly asks?: string | undefined
  readonly issuedAt: TimestampMs
}

/** A one-time code, by the hash of what its owner was shown. */
export interface Code {
  readonly codeHash: string
  readonly purpose: 'invite' | 'link'
  /** Whom it joins an identity to: the member that will be made, or the one that asked. */
  readonly memberId: string
  /** Of the member to be made; invitations only. */
  readonly name?: string | undefined
  readonly role?: Role | undefined
  readonly createdBy: string
  readonly createdAt: TimestampMs
  readonly expiresAt: TimestampMs
}

/** What the record knows as something is heard. */
export interface Heard {
  /** `mine`: to be answered by this process; `busy`: a live one is at it; `answered`: done before. */
  readonly claim: 'mine' | 'busy' | 'answered'
  readonly member?: Member | undefined
  readonly preferences: Preferences
}

export interface AuditEntry {
  readonly at: TimestampMs
  /** A member id, or `system`. */
  readonly actor: string
  /** `proposal.approved`, `command.forbidden`, `trading-state.halted` … */
  readonly action: string
  readonly subject: string
  readonly details: Readonly<Record<string, unknown>>
}

export type AuditVerdict =
  | { readonly kind: 'intact'; readonly rows: number; readonly lastHash: string }
  | { readonly kind: 'broken'; readonly rows: number; readonly brokenAt: number; readonly why: string }

/** What a forecast knew of the market at a mark. */
export interface PathPoint {
  readonly mark: TimestampMs
  readonly at: TimestampMs
  readonly price: Price
  readonly fundingRate?: FundingPer8h | undefined
}

export interface VenueFunding {
  readonly venue: VenueId
  readonly cadence: DurationMs
  /** Undefined where none was received since `from`. */
  readonly newest?: { readonly at: TimestampMs; readonly rate: FundingPer8h } | undefined
  /** Of the hours in which any was received: the mean of their last rates, and their number. */
  readonly mean?: FundingPer8h | undefined
  readonly hours: number
}

export interface RunFigures {
  readonly bars: number
  readonly forecasts: number
  readonly undetermined: number
  readonly alerts: number
  readonly shareOfTimeUnderAlert: number
  readonly proposals: number
  readonly approved: number
  readonly orders: number
  readonly fills: number
  readonly denied: number
  readonly forbidden: number
  readonly missingFeeds: readonly string[]
}

/** What was said of a cluster on a day, and what came of it. One cluster, day and horizon is one sample. */
export interface ClusterJudgement {
  readonly asset: Asset
  readonly clusterId: string
  /** 00:00 UTC of the day whose first forecast is judged. */
  readonly day: TimestampMs
  readonly horizon: Horizon
  readonly side: 'buy' | 'sell'
  readonly confidence: number
  readonly baseline: number
  /** Undefined where what was received does not tell. */
  readonly touched?: boolean
  readonly event?: boolean
  readonly calibratedOn: ModelIdentity['calibratedOn']
  readonly judgedAt: TimestampMs
}
