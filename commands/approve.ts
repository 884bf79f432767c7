import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { proposalId } from './arguments.ts'
import { decisionCard } from './decision-card.ts'
import { pendingProposals } from './pending-proposals.ts'

/**
 * `/approve <proposal>`: an approver lets a proposed hedge go to the venue.
 *
 * The button on a proposal card sends this same command, so there is one path to follow and to test.
 */
export default command({
  name: 'approve',
  description: 'Approve a proposed hedge and send it to the venue',
  role: 'approver',
  options: z.object({
    proposal: proposalId.describe('The id on the proposal card'),
  }),
  complete: { proposal: pendingProposals },

  async run({ options, actor }, app) {
    return decisionCard(await app.approveProposal({ proposalId: options.proposal, approver: actor }), options.proposal)
  },
})
