/**
 * What the record holds of limits, rails, requests that need a second person, and what was found at the venues.
 *
 * @module
 */
import type { LimitKey } from '../domain/risk/limits.ts'
import type { RailEffects, RailName, RailState } from '../domain/risk/rail.ts'
import type { TimestampMs, Usd } from '../domain/units.ts'
import type { ModelMarket } from './models.ts'

/** One rail's change of level, with the numbers it was judged on. */
export interface RiskDecision {
  readonly at: TimestampMs
  readonly rail: RailName
  /** `desk`, a venue or an asset. */
  readonly scope: string
  readonly before: RailState['level']
  readonly after: RailState['level']
  readonly inputs: Readonly<Record<string, unknown>>
  /** SHA-256 of the canonical JSON of all facts of that moment. */
  readonly inputsHash: string
}

export interface RailRecord {
  readonly states: readonly RailState[]
  readonly effects: RailEffects
  readonly at: TimestampMs
}

export interface LimitOverride {
  readonly key: LimitKey
  readonly value: number
  readonly requestedBy: string
  readonly approvedBy: string
  readonly at: TimestampMs
}

/** `declined` by a person, `expired` by time. */
export type RequestState = 'pending' | 'approved' | 'declined' | 'expired'

/** What one admin asks for and another has to approve. */
export interface AdminRequest {
  readonly requestId: string
  readonly subject:
    | { readonly kind: 'limit'; readonly key: LimitKey; readonly value: number; readonly before: number }
    /** Permission to trade with real money. */
    | { readonly kind: 'live' }
    /** Every hedge taken off at once: the one who asks confirms it, on these very numbers. */
    | { readonly kind: 'flatten'; readonly notional: Usd; readonly expectedCost: Usd; readonly reason: string }
    /** A challenger put in force in place of the champion of that moment; traders ask, approvers approve, as with trades. */
    | {
        readonly kind: 'model'
        readonly modelId: string
        readonly rung: string
        readonly market: ModelMarket
        /** Who is in force; undefined: nobody. */
        readonly over?: string | undefined
        /** What its record shows, in words. */
        readonly evidence: readonly string[]
      }
  readonly state: RequestState
  readonly requestedBy: string
  readonly requestedAt: TimestampMs
  readonly expiresAt: TimestampMs
  readonly decidedBy?: string | undefined
  readonly decidedAt?: TimestampMs | undefined
  readonly reason?: string | undefined
  /** Where more than one has to approve: who has, oldest first; absent while nobody has. */
  readonly approvals?: readonly { readonly memberId: string; readonly at: TimestampMs }[] | undefined
}

/** Whether real money may be traded, and who said so last. */
export interface LivePermission {
  readonly state: 'none' | 'granted' | 'revoked'
  /** Both who granted it; one, or `system`, who revoked it. */
  readonly by: readonly string[]
  readonly at: TimestampMs
  readonly reason: string
}

export type { VenueStanding } from '../domain/execution/venue-standing.ts'
