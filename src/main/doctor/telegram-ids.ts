import { z } from 'zod'
import { type Check, checksOf } from './check.ts'
import type { AskTelegram } from './telegram-answers.ts'

const SHOWN = 6
const CHAT = z.object({
  id: z.number(),
  type: z.string(),
  title: z.string().optional(),
  username: z.string().optional(),
  first_name: z.string().optional(),
})
const HEARD = z.object({
  chat: CHAT,
  from: CHAT.omit({ type: true }).extend({ is_bot: z.boolean().optional() }).optional(),
})
const UPDATES = z.array(
  z.object({ message: HEARD.optional(), my_chat_member: HEARD.optional(), channel_post: HEARD.optional() }),
)

const { ok, missing } = checksOf('Telegram')

/**
 * Ids of the groups and people that the bot was last addressed by, for someone who has to write them into `.env`.
 *
 * Only for a bot that no desk listens on yet: of two who ask for updates Telegram sends one away. Nothing is confirmed, so
 * what was said is still answered by the desk later.
 */
export async function findIds(ask: AskTelegram): Promise<readonly Check[]> {
  const told = await ask('getUpdates', { limit: 100, timeout: 0 }, UPDATES)
  if (told.kind !== 'told') return []
  const heard = told.value.flatMap(
    ({ message, my_chat_member, channel_post }) => message ?? my_chat_member ?? channel_post ?? [],
  )
  const groups = new Map(
    heard.flatMap(({ chat }) => (chat.type === 'private' ? [] : [[chat.id, chat.title ?? chat.type]])),
  )
  const people = new Map(
    heard.flatMap(({ from }) =>
      from && !from.is_bot ? [[from.id, from.first_name ?? from.username ?? 'somebody']] : [],
    ),
  )
  if (groups.size + people.size === 0) {
    const next = 'write /start to the bot in private, add it to the group, then run this again: the ids are told here'
    return [missing('ids', 'nobody has written to the bot yet', next)]
  }
  return [
    ...(groups.size > 0 ? [ok('ids of groups', `for TELEGRAM_CHAT_IDS: ${listed(groups)}`)] : []),
    ...(people.size > 0 ? [ok('ids of people', `for ADMINS: ${listed(people)}`)] : []),
  ]
}

const listed = (known: ReadonlyMap<number, string>): string =>
  [...known]
    .slice(-SHOWN)
    .map(([id, name]) => `${id} (${name})`)
    .join(', ')
