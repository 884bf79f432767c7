import type { Member, Role } from '../domain/member.ts'
import type { Proposal } from '../domain/proposal.ts'
import type { Denial } from '../domain/risk/checks.ts'
import type { Bps } from '../domain/units.ts'
import type { Store } from '../ports.ts'

/** What became of one press of Approve or Decline. */
export type Decision =
  | { readonly kind: 'approved'; readonly proposal: Proposal }
  /** Counted, but more approvals are needed. */
  | { readonly kind: 'waiting'; readonly proposal: Proposal; readonly missing: number }
  | { readonly kind: 'declined'; readonly proposal: Proposal }
  | { readonly kind: 'denied'; readonly denials: readonly Denial[]; readonly proposal: Proposal }
  /** The price has moved too far: `fresh` is on the table in its place, and nothing was traded. */
  | { readonly kind: 'requoted'; readonly proposal: Proposal; readonly fresh: Proposal; readonly drift: Bps }
  | { readonly kind: 'expired'; readonly proposal: Proposal }
  | { readonly kind: 'already-decided'; readonly proposal: Proposal; readonly decidedBy?: string | undefined }
  | { readonly kind: 'already-approved-by-you'; readonly proposal: Proposal; readonly missing: number }
  /** The proposer's own approval does not count at this size. */
  | { readonly kind: 'self-approval'; readonly proposal: Proposal }
  /** The right was taken between the press and the decision. */
  | { readonly kind: 'forbidden'; readonly needs: Role; readonly has: Member['role'] }
  | { readonly kind: 'not-found' }

/** What someone hears whose press changed nothing: whatever came first, read from the row as it now is. */
export async function asItStands(store: Store, proposal: Proposal): Promise<Decision> {
  if (proposal.state === 'expired') return { kind: 'expired', proposal }
  const { decidedBy } = proposal
  const name = decidedBy === undefined ? undefined : (await store.members.find(decidedBy))?.name
  return { kind: 'already-decided', proposal, decidedBy: name ?? decidedBy }
}
