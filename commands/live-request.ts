import { z } from 'zod'
import { REQUEST_EXPIRY } from '../src/app/admin-requests.ts'
import { command } from '../src/chat/command.ts'
import { formatAge } from '../src/domain/format.ts'
import { conditionFields } from './live-text.ts'

/** `/live request`: an admin asks for permission to trade with real money; only when every condition is met. */
export default command({
  name: 'live request',
  description: 'Ask for permission to trade with real money; another admin has to approve it',
  role: 'admin',
  options: z.object({}),
  weight: 'heavy',

  async run({ actor }, app) {
    const asked = await app.askForLive({ by: actor })
    switch (asked.kind) {
      case 'asked':
        return {
          tone: 'ok',
          title: 'Asked for permission to trade with real money',
          text: `Nothing changes until another admin approves within ${formatAge(REQUEST_EXPIRY)}: /live approve ${asked.request.requestId}`,
        }
      case 'closed':
        return {
          tone: 'refused',
          title: 'Not asked: conditions are not met',
          text: 'The record has to show them first.',
          fields: conditionFields({
            ...asked.verdict,
            conditions: asked.verdict.conditions.filter(({ standing }) => standing !== 'met'),
          }),
        }
      case 'already-granted':
        return {
          tone: 'info',
          title: 'Permission is given already',
          text: `By ${asked.permission.by.join(' and ')}. Nothing changed.`,
        }
      case 'forbidden':
        return { tone: 'refused', title: 'Only an admin asks for this', text: 'Nothing changed. Ask an admin.' }
    }
  },
})
