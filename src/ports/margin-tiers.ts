/**
 * Where maintenance tables come from while venues are live.
 *
 * @module
 */
import type { TierTable } from '../domain/liquidation/margin-tiers.ts'
import type { Asset, VenueId } from '../domain/market/tick.ts'

export type MarginTiersOutcome =
  /** Complete, its recursion checked; in force from when it was asked. */
  | { readonly kind: 'loaded'; readonly table: TierTable }
  /** The venue answered with what cannot be right. `row` counts from 1. */
  | { readonly kind: 'rejected'; readonly row: number; readonly reason: string }
  /** The venue tells only its customers. */
  | { readonly kind: 'needs-key' }
  /** The venue has no such call: there are only tables that somebody wrote down. */
  | { readonly kind: 'dated-only' }
  /** No answer, or not this contract. */
  | { readonly kind: 'unavailable'; readonly reason: string }

export interface MarginTierReading {
  readonly venue: VenueId
  readonly asset: Asset
  readonly outcome: MarginTiersOutcome
}

export interface MarginTierSource {
  /** Asks every venue about every asset; a venue that fails is an outcome, not an error. */
  load(): Promise<readonly MarginTierReading[]>
}
