import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { requestId } from './arguments.ts'
import { pendingRequests, requestDecisionCard } from './request-card.ts'

/** `/risk approve <request>`: the second admin's yes to another value of a limit. */
export default command({
  name: 'risk approve',
  description: 'Approve the change of a limit that another admin asked for',
  role: 'admin',
  options: z.object({ request: requestId.describe('The id on the card of the request') }),
  complete: { request: pendingRequests(['limit']) },

  async run({ options, actor }, app) {
    return requestDecisionCard(await app.approveLimit({ requestId: options.request, by: actor }), {
      done: 'It holds from now on. The desk is told.',
      again: '/risk set <limit> <value>',
    })
  },
})
