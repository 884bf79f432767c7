import { formatBps } from '../domain/format.ts'
import type { Member, Role } from '../domain/member.ts'
import type { Proposal } from '../domain/proposal.ts'
import type { Denial } from '../domain/risk/checks.ts'
import type { Bps } from '../domain/units.ts'
import { drawTerms } from './draw-terms.ts'
import { type NotReplaced, replaceProposal } from './open-proposal.ts'
import type { Ports } from './ports.ts'

export type Requote =
  | { readonly kind: 'requoted'; readonly proposal: Proposal; readonly fresh: Proposal; readonly drift: Bps }
  /** Fresh terms would not do either: denied by the risk engine, or not worth trading. */
  | { readonly kind: 'refused'; readonly denials: readonly Denial[]; readonly why?: string }
  | NotReplaced

/**
 * Fresh terms in the place of a pending proposal whose price has run away: to the same hedge ratio, at the price of now, by the
 * same proposer. Approvals do not carry over, for nobody has seen the new price.
 *
 * @param drift - since the old one was quoted
 */
export async function requoteProposal(
  ports: Ports,
  proposal: Proposal,
  { by, needs, drift }: { by: Member; needs: Role; drift: Bps },
): Promise<Requote> {
  const { proposalId, asset, hedgeRatioAfter, proposedBy } = proposal
  const because = `price moved ${formatBps(drift)} since it was quoted`
  const drawn = await drawTerms(ports, {
    asset,
    requestedRatio: hedgeRatioAfter,
    because: `as in ${proposalId}: ${because}`,
    proposedBy,
    replaces: proposalId,
  })
  switch (drawn.kind) {
    case 'drawn': {
      const opened = await replaceProposal(ports, drawn.terms, {
        old: proposal,
        because,
        by,
        needs,
        action: 'proposal.requoted',
        details: { driftBps: drift },
      })
      if (opened.kind === 'busy') return { kind: 'overtaken' }
      if (opened.kind !== 'proposed') return opened
      return { kind: 'requoted', proposal, fresh: opened.proposal, drift }
    }
    case 'denied':
      return { kind: 'refused', denials: drawn.denials }
    case 'held':
      return { kind: 'refused', denials: [], why: `fresh terms are not worth trading: ${drawn.reason}` }
    case 'busy':
      return { kind: 'overtaken' }
    case 'cooling-down':
    case 'no-forecast':
    case 'unknown-asset':
      return { kind: 'refused', denials: [], why: `no fresh terms: ${drawn.kind}` }
  }
}
