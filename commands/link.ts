import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { formatTime } from '../src/domain/format.ts'
import { refuseInPublic } from './private-answer.ts'
import { redeem } from './redemption.ts'

/** `/link [code]`: joins an account on another platform to the same member. */
export default command({
  name: 'link',
  description: 'Use this desk from another account too: a code here, /link with that code there',
  role: 'anyone',
  options: z.object({ code: z.string().max(64).optional().describe('The code that /link gave you elsewhere') }),

  async run({ options, identity, direct }, app) {
    if (options.code) return redeem(app, options.code, identity)
    const refusal = refuseInPublic({ direct, identity }, 'link')
    if (refusal) return refusal
    const offer = await app.offerLink(identity)
    switch (offer.kind) {
      case 'offered':
        return {
          tone: 'ok',
          // Without the code: titles stand in the log when an answer cannot be sent.
          title: 'A code for your other account',
          text:
            `Send /link ${offer.code} to the bot from your other account, before ${formatTime(offer.expiresAt)}. ` +
            'It works once. Whoever sends it becomes you on this desk: show it to nobody.',
          ephemeral: true,
        }
      case 'not-a-member':
        return {
          tone: 'refused',
          title: 'You are not a member of this desk',
          text: 'Send /link from the account that is a member, and the code from this one. An admin can let you in with /invite.',
          ephemeral: true,
        }
      case 'no-role':
        return {
          tone: 'refused',
          title: 'You have no role on this desk any more',
          text: 'An admin can give you one with /role.',
          ephemeral: true,
        }
    }
  },
})
