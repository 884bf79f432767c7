import { AUTO_APPROVED_BY, type Proposal } from '../domain/proposal.ts'
import { judgeAutoApproval } from '../domain/risk/auto-approval.ts'
import { DAY, HOUR, later, usd } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import type { JudgedTerms } from './judge-proposal.ts'
import type { Ports } from './ports.ts'

/**
 * Approves a proposal that was opened a moment ago by the desk's budget for protective orders, inside the transaction that opens it,
 * so that two at once cannot spend the same budget. Everything else stays as it is: pending, for a person, and expires.
 *
 * @param judged - what the risk engine judged it on
 * @returns the approved proposal, or undefined where it is not protective or the budget does not reach
 */
export async function approveByBudget(
  tx: Store,
  { settings, clock }: Pick<Ports, 'settings' | 'clock'>,
  { proposal, judged: { risk, limits } }: { readonly proposal: Proposal; readonly judged: JudgedTerms },
): Promise<Proposal | undefined> {
  const budget = settings.autoApproval
  if (budget.maxOrder <= 0) return undefined
  const at = clock.now()
  const before = await tx.proposals.decidedSince(AUTO_APPROVED_BY, later(at, -DAY))
  const spentSince = (since: number) =>
    usd(before.filter(({ decidedAt }) => decidedAt >= since).reduce((sum, { notional }) => sum + notional, 0))
  const judgement = judgeAutoApproval({
    risk,
    limits,
    budget,
    spentLastHour: spentSince(at - HOUR),
    spentLastDay: spentSince(at - DAY),
  })
  if (judgement.kind === 'refused') return undefined
  const { changed, proposal: approved } = await tx.proposals.move(proposal.proposalId, ['pending'], 'approved', {
    decidedBy: AUTO_APPROVED_BY,
    decidedAt: at,
  })
  if (!changed) return undefined
  await tx.audit.append({
    at,
    actor: 'system',
    action: 'proposal.auto-approved',
    subject: proposal.proposalId,
    details: {
      termsHash: proposal.termsHash,
      notionalUsd: proposal.notional,
      netDeltaBeforeUsd: risk.netDeltaBefore,
      netDeltaAfterUsd: risk.netDeltaAfter,
      leftThisHourUsd: judgement.leftThisHour,
      leftThisDayUsd: judgement.leftThisDay,
    },
  })
  return approved
}
