import { z } from 'zod'
import { resizedRatio } from '../src/app/resize-proposal.ts'
import { command } from '../src/chat/command.ts'
import type { Card } from '../src/domain/card.ts'
import { formatPercent, formatQuantity, formatUsd } from '../src/domain/format.ts'
import type { Proposal } from '../src/domain/proposal.ts'
import { proposalId } from './arguments.ts'
import { decisionCard } from './decision-card.ts'
import { pendingProposals } from './pending-proposals.ts'
import { proposalOutcome } from './proposal-outcome.ts'

const OFFERED = [75, 50, 25]

/** `/hedge resize <proposal> [percent]`: a part, or a multiple, of the change that is proposed, in its place. */
export default command({
  name: 'hedge resize',
  description: 'Propose a part of a pending change instead of it',
  role: 'trader',
  options: z.object({
    proposal: proposalId.describe('The id on the proposal card'),
    percent: z.coerce
      .number('Expected a number from 1 to 400')
      .min(1, 'Expected 1 or more')
      .max(400, 'Expected 400 or less')
      .optional()
      .describe('Of the proposed change, 50 = half of it'),
  }),
  complete: { proposal: pendingProposals },

  async run({ options, actor }, app) {
    const { proposal: id, percent } = options
    const resized = await app.resizeProposal({ proposalId: id, percent, by: actor })
    switch (resized.kind) {
      case 'resizable':
        return sizesOf(resized.proposal)
      case 'outcome':
        return proposalOutcome(resized.outcome, resized.old.asset)
      case 'stands':
        return decisionCard(resized.decision, id)
    }
  },
})

const sizesOf = (proposal: Proposal): Card => ({
  tone: 'info',
  title: `Resize ${proposal.proposalId}`,
  text: `It would ${proposal.side} ${formatQuantity(proposal.quantity, proposal.asset)} (${formatUsd(proposal.notional)}). A smaller one takes its place under a new id, and approvals start again. For another size: /hedge resize ${proposal.proposalId} 60`,
  select: {
    placeholder: 'Part of the proposed change',
    choices: OFFERED.map((percent) => ({
      label: `${percent} %: ${proposal.side} about ${formatQuantity((proposal.quantity * percent) / 100, proposal.asset)}`,
      description: `to ${formatPercent(resizedRatio(proposal, percent))} hedged`,
      command: `/hedge resize ${proposal.proposalId} ${percent}`,
    })),
  },
  ephemeral: true,
})
