import { z } from 'zod'
import { command } from '../src/chat/command.ts'

/** `/live revoke [reason]`: any admin takes the permission for real money back, at once. */
export default command({
  name: 'live revoke',
  description: 'Take the permission to trade with real money back, at once',
  role: 'admin',
  options: z.object({ reason: z.string().max(300).default('no reason given').describe('Why, for the record') }),

  async run({ options, actor }, app) {
    const { kind } = await app.revokeLive({ by: actor, reason: options.reason })
    switch (kind) {
      case 'revoked':
        return {
          tone: 'warning',
          title: 'Permission is revoked',
          text: 'Only what shrinks risk goes through. The desk is told.',
        }
      case 'nothing-to-revoke':
        return { tone: 'info', title: 'There is no permission to revoke', text: 'Nothing changed.' }
      case 'forbidden':
        return { tone: 'refused', title: 'Only an admin revokes this', text: 'Nothing changed. Ask an admin.' }
    }
  },
})
