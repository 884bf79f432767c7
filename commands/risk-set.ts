import { z } from 'zod'
import { REQUEST_EXPIRY } from '../src/app/admin-requests.ts'
import { titleOf } from '../src/app/request-card.ts'
import { command } from '../src/chat/command.ts'
import { formatAge } from '../src/domain/format.ts'
import { compareLimit, formatLimit } from '../src/domain/risk/limit-value.ts'
import { LIMITS } from '../src/domain/risk/limits.ts'

/** `/risk set <limit> <value>`: an admin asks for another value of a limit; another admin approves it. */
export default command({
  name: 'risk set',
  description: 'Ask for another value of a limit; another admin has to approve it',
  role: 'admin',
  options: z.object({
    limit: z.string().min(1).max(64).describe('A limit by name, such as max-leverage'),
    value: z.string().min(1).max(40).describe('Such as 2.5, 25%, 1.5m, 30bps or 10s'),
  }),
  complete: {
    limit: async (_, app) =>
      (await app.listLimits()).map(({ key, value }) => ({
        value: LIMITS[key].name,
        label: `${LIMITS[key].name}, now ${formatLimit(key, value)}`,
      })),
  },

  async run({ options, actor }, app) {
    const asked = await app.askForLimit({ limit: options.limit, value: options.value, by: actor })
    switch (asked.kind) {
      case 'asked': {
        const { subject, requestId } = asked.request
        const change =
          subject.kind === 'limit' ? `This is ${compareLimit(subject.key, subject.before, subject.value)}. ` : ''
        return {
          tone: 'ok',
          title: `Asked for: ${titleOf(asked.request)}`,
          text: `${change}Nothing changes until another admin approves within ${formatAge(REQUEST_EXPIRY)}: /risk approve ${requestId}`,
        }
      }
      case 'unknown-limit':
        return {
          tone: 'refused',
          title: `There is no limit ${options.limit}`,
          text: asked.near.length > 0 ? `Did you mean ${asked.near.join(', ')}?` : '/risk limits names them all.',
        }
      case 'refused':
        return { tone: 'refused', title: 'That value does not fit', text: `${asked.why}.` }
      case 'unchanged':
        return {
          tone: 'info',
          title: `${LIMITS[asked.key].name} is ${formatLimit(asked.key, asked.value)} already`,
          text: 'Nothing was asked for.',
        }
      case 'forbidden':
        return { tone: 'refused', title: 'Only an admin asks for this', text: 'Nothing changed. Ask an admin.' }
    }
  },
})
