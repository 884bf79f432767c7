import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { proposalId } from './arguments.ts'
import { decisionCard } from './decision-card.ts'
import { pendingProposals } from './pending-proposals.ts'

/** `/decline <proposal> [reason]`: a person says no; nothing is traded on it. */
export default command({
  name: 'decline',
  description: 'Decline a proposed hedge',
  role: 'approver',
  options: z.object({
    proposal: proposalId.describe('The id on the proposal card'),
    reason: z.string().max(300).optional().describe('Why, for the record'),
  }),
  complete: { proposal: pendingProposals },

  async run({ options, actor }, app) {
    return decisionCard(
      await app.declineProposal({ proposalId: options.proposal, by: actor, reason: options.reason }),
      options.proposal,
    )
  },
})
