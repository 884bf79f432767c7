import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { requestId } from './arguments.ts'
import { promotionCard } from './model-decision.ts'
import { pendingRequests } from './request-card.ts'

/** `/model decline <request> [reason]`: an approver says no to a model that was asked for. */
export default command({
  name: 'model decline',
  description: 'Decline that a model is put in force',
  role: 'approver',
  options: z.object({
    request: requestId.describe('The id on the card of the request'),
    reason: z.string().max(300).optional().describe('Why, for the record'),
  }),
  complete: { request: pendingRequests(['model']) },

  async run({ options: { request, reason }, actor }, app) {
    return promotionCard(
      await app.declinePromotion({ requestId: request, by: actor, ...(reason !== undefined && { reason }) }),
    )
  },
})
