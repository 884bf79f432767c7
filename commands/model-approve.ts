import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { requestId } from './arguments.ts'
import { promotionCard } from './model-decision.ts'
import { pendingRequests } from './request-card.ts'

/** `/model approve <request>`: an approver's yes to a model that another member asked for, judged again on what is on record. */
export default command({
  name: 'model approve',
  description: 'Approve that a model is put in force, as another member asked for',
  role: 'approver',
  options: z.object({ request: requestId.describe('The id on the card of the request') }),
  complete: { request: pendingRequests(['model']) },

  async run({ options, actor }, app) {
    return promotionCard(await app.approvePromotion({ requestId: options.request, by: actor }))
  },
})
