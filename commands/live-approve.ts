import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { requestId } from './arguments.ts'
import { pendingRequests, requestDecisionCard } from './request-card.ts'

/** `/live approve <request>`: the second admin's yes to real money, on conditions read again. */
export default command({
  name: 'live approve',
  description: 'Approve that real money is traded, as another admin asked for',
  role: 'admin',
  options: z.object({ request: requestId.describe('The id on the card of the request') }),
  complete: { request: pendingRequests(['live']) },
  weight: 'heavy',

  async run({ options, actor }, app) {
    return requestDecisionCard(await app.approveLive({ requestId: options.request, by: actor }), {
      done: 'Permission is given, within every limit, and taken back by itself when a condition is lost. On paper this is a rehearsal.',
      again: '/live request',
    })
  },
})
