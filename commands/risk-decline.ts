import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { requestId } from './arguments.ts'
import { pendingRequests, requestDecisionCard } from './request-card.ts'

/** `/risk decline <request> [reason]`: an admin says no to what was asked for, be it a limit, real money or an emergency. */
export default command({
  name: 'risk decline',
  description: 'Decline what an admin asked for',
  role: 'admin',
  options: z.object({
    request: requestId.describe('The id on the card of the request'),
    reason: z.string().max(300).optional().describe('Why, for the record'),
  }),
  complete: { request: pendingRequests(['limit', 'live', 'flatten']) },

  async run({ options, actor }, app) {
    const { request, reason } = options
    return requestDecisionCard(
      await app.declineRequest({ requestId: request, by: actor, ...(reason !== undefined && { reason }) }),
      { done: 'Nothing changed.', again: '/risk set <limit> <value>' },
    )
  },
})
