import type { Decision } from '../src/app/decision.ts'
import type { Card } from '../src/domain/card.ts'
import { formatBps, formatTime, formatUsd } from '../src/domain/format.ts'
import { formatDenial } from '../src/domain/risk/checks.ts'

/** The answer to a press of Approve or Decline. */
export function decisionCard(decision: Decision, proposalId: string): Card {
  switch (decision.kind) {
    case 'approved':
      return {
        tone: 'ok',
        title: `Approved ${proposalId}`,
        text: `${formatUsd(decision.proposal.notional)}, expected cost ${formatBps(decision.proposal.expectedCost)}. Execution starts now; the card follows it.`,
      }
    case 'waiting':
      return {
        tone: 'ok',
        title: `Counted: ${decision.proposal.quorum - decision.missing} of ${decision.proposal.quorum} approvals`,
        text: `At ${formatUsd(decision.proposal.notional)} it needs ${decision.missing === 1 ? 'another approver' : `${decision.missing} more approvers`} before ${formatTime(decision.proposal.expiresAt)}.`,
      }
    case 'declined':
      return { tone: 'ok', title: `Declined ${proposalId}`, text: 'Nothing will be traded on it.' }
    case 'denied':
      return {
        tone: 'refused',
        title: 'Denied by the risk engine',
        text: `${decision.denials.map(formatDenial).join('\n')}\nNothing was traded. Ask for a fresh one with /hedge propose.`,
      }
    case 'requoted':
      return {
        tone: 'warning',
        title: `${proposalId} was not approved: look at ${decision.fresh.proposalId}`,
        text: `Price moved ${formatBps(decision.drift)} since it was quoted; fresh terms are ${decision.fresh.proposalId}. Nothing was traded.`,
      }
    case 'expired':
      return {
        tone: 'refused',
        title: `${proposalId} expired`,
        text: `It expired ${formatTime(decision.proposal.expiresAt)}. Ask for a fresh one with /hedge propose.`,
      }
    case 'already-decided':
      return {
        tone: 'info',
        title: `${proposalId} is already ${decision.proposal.state}`,
        text: `${whoWasFirst(decision)}Nothing changed.`,
      }
    case 'already-approved-by-you':
      return {
        tone: 'info',
        title: 'You have already approved this one',
        text: `It has ${decision.proposal.quorum - decision.missing} of ${decision.proposal.quorum} approvals. Nothing changed.`,
      }
    case 'self-approval':
      return {
        tone: 'refused',
        title: 'Someone else has to approve this',
        text: `You proposed ${proposalId} yourself, and ${formatUsd(decision.proposal.notional)} is above the limit for approving one's own.`,
      }
    case 'forbidden':
      return {
        tone: 'refused',
        title: 'Forbidden',
        text: `This needs the role ${decision.needs}; yours is now ${decision.has}. Nothing changed. An admin can give it back.`,
        ephemeral: true,
      }
    case 'not-found':
      return { tone: 'refused', title: `There is no proposal ${proposalId}`, text: '/hedge history lists the latest.' }
  }
}

function whoWasFirst({ proposal, decidedBy }: Extract<Decision, { kind: 'already-decided' }>): string {
  if (proposal.state === 'superseded') return `It was ${proposal.reason ?? 'superseded'}. `
  return decidedBy === undefined ? '' : `${decidedBy} was first. `
}
