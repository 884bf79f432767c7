import { z } from 'zod'
import { type Check, checksOf } from './check.ts'
import type { AskTelegram } from './telegram-answers.ts'

const AGAIN = 'look at the network of this machine and run this again'
const RIGHTS = { can_send_messages: z.boolean().optional(), can_send_photos: z.boolean().optional() }
const CHAT = z.object({
  type: z.enum(['private', 'group', 'supergroup', 'channel']),
  title: z.string().optional(),
  permissions: z.object(RIGHTS).optional(),
})
const BOT_IN_CHAT = z.object({
  status: z.enum(['creator', 'administrator', 'member', 'restricted', 'left', 'kicked']),
  is_member: z.boolean().optional(),
  can_post_messages: z.boolean().optional(),
  ...RIGHTS,
})
type ChatSeen = z.output<typeof CHAT>

interface BotSeen {
  readonly id: number
  readonly username: string
}

const { ok, missing, wrong } = checksOf('Telegram')

/** Whether the bot is in a chat of the desk and may send text and pictures there. */
export async function checkChat(ask: AskTelegram, id: string, bot: BotSeen): Promise<Check> {
  const add = `open the group > its name > Add > @${bot.username}`
  const chat = await ask('getChat', { chat_id: toChatId(id) }, CHAT)
  if (chat.kind === 'unreachable') return wrong(`chat ${id}`, chat.why, AGAIN)
  if (chat.kind === 'refused') {
    if (chat.movedTo !== undefined) {
      return wrong(
        `chat ${id}`,
        `the group became a supergroup, whose id is ${chat.movedTo}`,
        `put ${chat.movedTo} into TELEGRAM_CHAT_IDS`,
      )
    }
    if (chat.status === 403) return missing(`chat ${id}`, `the bot was taken out of it (${chat.why})`, add)
    if (chat.status === 400) {
      const find = `${add}, then leave TELEGRAM_CHAT_IDS empty and run this again: the id is told here`
      return missing(`chat ${id}`, `the bot knows no such chat (${chat.why})`, find)
    }
    return wrong(`chat ${id}`, chat.why, AGAIN)
  }
  const called = `chat ${id}${chat.value.title ? ` (${chat.value.title})` : ''}`
  if (chat.value.type === 'private') return ok(called, 'a private chat, which takes text and pictures')
  const member = await ask('getChatMember', { chat_id: toChatId(id), user_id: bot.id }, BOT_IN_CHAT)
  if (member.kind === 'unreachable') return wrong(called, member.why, AGAIN)
  if (member.kind === 'refused') return missing(called, `the bot is not in it (${member.why})`, add)
  return judge(called, chat.value, member.value, bot)
}

function judge(called: string, chat: ChatSeen, member: z.output<typeof BOT_IN_CHAT>, bot: BotSeen): Check {
  const { status } = member
  if (status === 'left' || status === 'kicked' || (status === 'restricted' && member.is_member === false)) {
    const found = status === 'kicked' ? 'the bot was banned from it' : 'the bot is not in it'
    return missing(called, found, `open it > its name > Add > @${bot.username}`)
  }
  if (status === 'creator') return ok(called, 'the bot owns it')
  if (chat.type === 'channel') {
    return status === 'administrator' && member.can_post_messages !== false
      ? ok(called, 'a channel in which the bot may post')
      : wrong(
          called,
          'a channel in which the bot may not post',
          `channel > Administrators > Add Admin > @${bot.username} > Post Messages`,
        )
  }
  if (status === 'administrator')
    return ok(called, `a ${chat.type} that the bot helps to run, so it may send text and pictures`)
  const rights = status === 'restricted' ? member : (chat.permissions ?? {})
  const lacking = [
    ...(rights.can_send_messages === false ? ['send messages'] : []),
    ...(rights.can_send_photos === false ? ['send photos'] : []),
  ]
  if (lacking.length === 0) return ok(called, `a ${chat.type} in which the bot may send text and pictures`)
  const where = status === 'restricted' ? `Edit > Permissions > Exceptions > @${bot.username}` : 'Edit > Permissions'
  return wrong(
    called,
    `the bot may not ${lacking.join(' nor ')}`,
    `open it > its name > ${where}: allow it, or make the bot an admin`,
  )
}

/** Whether an admin has a private chat with the bot: without one there are no personal alerts. */
export async function checkAdmin(
  ask: AskTelegram,
  admin: { readonly name: string; readonly id: string },
  bot: BotSeen,
): Promise<Check> {
  const chat = await ask('getChat', { chat_id: toChatId(admin.id) }, CHAT)
  const called = `private chat of ${admin.name}`
  switch (chat.kind) {
    case 'told':
      return chat.value.type === 'private'
        ? ok(called, `known to the bot`)
        : wrong(
            called,
            `${admin.id} is a ${chat.value.type} and no person`,
            `leave ADMINS empty, ${admin.name} writes /start to @${bot.username}, run this again: the id is told here`,
          )
    case 'unreachable':
      return wrong(called, chat.why, AGAIN)
    case 'refused':
      return chat.status === 400 || chat.status === 403
        ? missing(
            called,
            `the bot cannot write to ${admin.name} (${chat.why})`,
            `${admin.name} opens https://t.me/${bot.username} and presses Start; if it stays so, the id in ADMINS is not theirs`,
          )
        : wrong(called, chat.why, AGAIN)
  }
}

/** Telegram wants numbers as numbers, and names of public chats as they are. */
const toChatId = (id: string): number | string => (/^-?\d+$/.test(id) ? Number(id) : id)
