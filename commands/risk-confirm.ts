import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { requestId } from './arguments.ts'
import { pendingRequests, requestDecisionCard } from './request-card.ts'

/** `/risk confirm <request>`: what the button on the answer to `/risk flatten` says for you. */
export default command({
  name: 'risk confirm',
  description: 'Confirm that every hedge is to be taken off',
  role: 'admin',
  options: z.object({ request: requestId.describe('The id on the answer to /risk flatten') }),
  complete: { request: pendingRequests(['flatten']) },

  async run({ options, actor }, app) {
    const decision = await app.confirmFlatten({ requestId: options.request, by: actor })
    return requestDecisionCard(decision, {
      done: 'Trading is reducing, and every hedge is coming off. Nothing is proposed unasked until /risk resume; /risk halt stops it.',
      again: '/risk flatten',
    })
  },
})
