import { z } from 'zod'
import { describePrediction } from '../src/app/cards.ts'
import type { Explanation } from '../src/app/explain-proposal.ts'
import { countOf, describeOrder, nameOf, someOf, withRole } from '../src/app/proposal-card.ts'
import { command } from '../src/chat/command.ts'
import { formatBps, formatPercent, formatQuantity, formatTime, formatUsd } from '../src/domain/format.ts'
import { proposalId } from './arguments.ts'
import { decisionCard } from './decision-card.ts'
import { pendingProposals } from './pending-proposals.ts'

/** `/hedge why <proposal>`: how its size came about, what it rests on, and what stands between it and the venue. */
export default command({
  name: 'hedge why',
  description: 'How a proposed hedge came about and what it still needs',
  role: 'viewer',
  options: z.object({ proposal: proposalId.describe('The id on the proposal card') }),
  complete: { proposal: pendingProposals },

  async run({ options }, app) {
    const explained = await app.explainProposal({ proposalId: options.proposal })
    if (explained.kind === 'not-found') return decisionCard(explained, options.proposal)
    const { proposal } = explained
    return {
      tone: 'info',
      title: `Why ${proposal.proposalId}, ${proposal.state}`,
      fields: [
        { name: 'Order', value: describeOrder(proposal) },
        { name: 'Size, step by step', value: stepsOf(explained) },
        { name: 'Forecast', value: forecastOf(explained) },
        { name: 'Expected cost', value: costOf(explained) },
        ...(explained.pending
          ? [
              { name: 'Risk checks now', value: checksOf(explained.pending) },
              { name: 'Approvals', value: approvalsOf(explained, explained.pending) },
              { name: 'Expires', value: formatTime(proposal.expiresAt) },
            ]
          : []),
        ...(proposal.reason ? [{ name: 'Reason', value: proposal.reason }] : []),
      ],
      footer: `Policy ${proposal.policy}, terms ${proposal.termsHash.slice(0, 12)}`,
      ephemeral: true,
    }
  },
})

const stepsOf = ({ proposal: { steps, exposure, asset } }: Explanation): string =>
  steps
    .map(({ name, hedge, note }) =>
      name === 'exposure'
        ? `${name}: ${note}`
        : `${name}: ${formatPercent(exposure > 0 ? hedge / exposure : 0)} (${formatQuantity(hedge, asset)}), ${note}`,
    )
    .join('\n')

function forecastOf({ forecast, proposal }: Explanation): string {
  if (!forecast) return 'no longer on record'
  const used = proposal.steps.some(({ name }) => name === 'requested') ? '\nNot used: the ratio was given.' : ''
  return `of ${formatTime(forecast.at)}\n${describePrediction(forecast.prediction)}${used}`
}

function costOf({ cost, proposal }: Explanation): string {
  const total = `${formatBps(cost.total)}, ${formatUsd((cost.total * proposal.notional) / 1e4)}`
  // Settings that changed since it was made cannot be taken apart from its total.
  if (cost.impact < 0) return total
  return `${total}\nfee ${formatBps(cost.fee)}\nhalf the spread ${formatBps(cost.halfSpread)}\nimpact ${formatBps(cost.impact)}`
}

const checksOf = ({ checks }: NonNullable<Explanation['pending']>): string =>
  checks.map(({ passes, text }) => `${passes ? 'ok' : 'denied'}: ${text}`).join('\n')

function approvalsOf(explained: Explanation, pending: NonNullable<Explanation['pending']>): string {
  const { proposal } = explained
  const { tally, mayApprove, needs } = pending
  const { counted, uncounted, missing } = tally
  const own = !proposal.selfApprovalAllowed && proposal.proposedBy !== 'system'
  return [
    `${counted.length} of ${proposal.quorum}, ${countOf(missing, 'approval')} missing`,
    ...counted.map(({ memberId, at }) => `${withRole(memberId, explained)}, ${formatTime(at)}`),
    ...uncounted.map(({ memberId }) => `${withRole(memberId, explained)}: does not count, role taken since`),
    mayApprove.length < missing
      ? `Too few may approve it: an admin has to make someone ${needs}. Now: ${mayApprove.length === 0 ? 'nobody' : someOf(mayApprove.map(({ name }) => name))}`
      : `May approve: ${someOf(mayApprove.map(({ name }) => name))}`,
    ...(own ? [`Not ${nameOf(proposal.proposedBy, explained)}, who proposed it: too large for that`] : []),
  ].join('\n')
}
