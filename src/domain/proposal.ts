import type { ScheduleChoice } from './execution/schedule.ts'
import type { InstrumentId } from './instrument.ts'
import type { Asset } from './market/tick.ts'
import { atLeast, type Member, type Role } from './member.ts'
import type { BaseQty, Bps, Fraction, Price, TimestampMs, Usd } from './units.ts'

/** Ten characters of Crockford base32: short enough to type, survives every platform's alphabet. */
export type ProposalId = string & { readonly id: 'proposal' }
export const PROPOSAL_ID = /^[0-9A-HJKMNP-TV-Z]{10}$/
export const toProposalId = (value: string): ProposalId => {
  if (!PROPOSAL_ID.test(value)) throw new RangeError(`Expected a proposal id of ten base32 characters, was ${value}`)
  return value as ProposalId
}

export const PROPOSAL_STATES = [
  'pending',
  'approved',
  'declined',
  'expired',
  'denied',
  'superseded',
  'executing',
  'executed',
  'failed',
] as const
export type ProposalState = (typeof PROPOSAL_STATES)[number]

/** One line of the way from exposure to size, kept so that anyone can follow it. */
export interface SizingStep {
  readonly name: string
  /** Hedge in base coins after this step (positive = short hedge held). */
  readonly hedge: BaseQty
  readonly note: string
}

/** The immutable snapshot that people approve: its hash covers every field here. */
export interface ProposalTerms {
  readonly book: string
  readonly asset: Asset
  readonly instrumentId: InstrumentId
  readonly side: 'buy' | 'sell'
  /** Positive, a whole number of lots. */
  readonly quantity: BaseQty
  readonly notional: Usd
  readonly referencePrice: Price
  readonly hedgeRatioBefore: Fraction
  readonly hedgeRatioAfter: Fraction
  readonly exposure: BaseQty
  readonly expectedCost: Bps
  readonly policy: string
  readonly steps: readonly SizingStep[]
  readonly proposedBy: string
  readonly proposedAt: TimestampMs
  readonly expiresAt: TimestampMs
  readonly maxPriceDrift: Bps
  /** Approvals needed, and whether the proposer's own counts. */
  readonly quorum: number
  readonly selfApprovalAllowed: boolean
  /** How the order is worked; TWAP where it does not say. */
  readonly schedule?: ScheduleChoice
  /** The one whose place it was asked to take: a re-quote or a resize of it. */
  readonly replaces?: ProposalId
  /**
   * An admin's decision to take every hedge off, by the request that they confirmed: it may raise |net delta|, lower a hedge that
   * rails would keep, and trade while trading is reducing or halted. Limits of size, price and pace hold as ever.
   */
  readonly emergency?: { readonly requestId: string; readonly by: string }
}

/** What people want of an execution: it goes on, holds still, or ends with what is filled. */
export type ExecutionControl = 'running' | 'paused' | 'canceling'

export interface Approval {
  readonly memberId: string
  readonly at: TimestampMs
}

export interface Proposal extends ProposalTerms {
  readonly proposalId: ProposalId
  /** SHA-256 over the canonical JSON of the terms. */
  readonly termsHash: string
  readonly state: ProposalState
  readonly approvals: readonly Approval[]
  readonly decidedBy?: string
  readonly decidedAt?: TimestampMs
  readonly reason?: string
  /** Fencing number: who last took the right to execute. Writes under an older one are refused. */
  readonly lease: number
  readonly control: ExecutionControl
  readonly controlledBy?: string
  readonly executionStartedAt?: TimestampMs
  readonly executionEndsAt?: TimestampMs
  readonly finishedAt?: TimestampMs
}

/** Who decided where the desk's budget for protective orders did. */
export const AUTO_APPROVED_BY = 'auto-approval'

export const isOpen = (state: ProposalState): boolean =>
  state === 'pending' || state === 'approved' || state === 'executing'

/** Approvals as the members stand now. */
export interface Tally {
  readonly counted: readonly Approval[]
  /** Of those whose role was taken since. */
  readonly uncounted: readonly Approval[]
  /** Approvals still needed; 0 = the quorum is met. */
  readonly missing: number
}

/**
 * Which approvals count towards the quorum: each member's once, and only while the member has the right.
 *
 * @param needs - the least role that may approve
 */
export function tallyApprovals(
  { approvals, quorum }: Pick<Proposal, 'approvals' | 'quorum'>,
  members: readonly Pick<Member, 'memberId' | 'role'>[],
  needs: Role,
): Tally {
  const entitled = new Set(members.filter(({ role }) => atLeast(role, needs)).map(({ memberId }) => memberId))
  const counted = approvals.filter(({ memberId }) => entitled.has(memberId))
  return {
    counted,
    uncounted: approvals.filter(({ memberId }) => !entitled.has(memberId)),
    missing: Math.max(0, quorum - counted.length),
  }
}

/** Whether it is the member's own, and too large for an approval by who proposed it. */
export const isOwnAndLarge = (
  { proposedBy, selfApprovalAllowed }: Pick<Proposal, 'proposedBy' | 'selfApprovalAllowed'>,
  { memberId }: Pick<Member, 'memberId'>,
): boolean => proposedBy === memberId && !selfApprovalAllowed

/** Whose approval would count and has not been given, in the order of the members. */
export const whoMayApprove = <M extends Pick<Member, 'memberId' | 'role'>>(
  proposal: Proposal,
  members: readonly M[],
  needs: Role,
): readonly M[] =>
  members.filter(
    (member) =>
      atLeast(member.role, needs) &&
      !isOwnAndLarge(proposal, member) &&
      !proposal.approvals.some(({ memberId }) => memberId === member.memberId),
  )
