import type { Api, Bot } from 'grammy'
import type { ChatFullInfo, ChatMember } from 'grammy/types'
import type { Notifier } from '../../ports.ts'
import { type Calls, type TelegramError, toTelegramError } from './calls.ts'
import { isPerson } from './limits.ts'
import { refusalOf } from './refusals.ts'

type Reached = Awaited<ReturnType<Notifier['probe']>>

const NOT_IN_GROUP = 'The bot is not in this Telegram group: add it again.'
const MAY_NOT_WRITE = 'The bot may not write in this Telegram group: allow it to send messages.'

/**
 * Whether a message would arrive in a chat, without sending one. Never throws.
 *
 * Telegram still describes a private chat in which the bot was blocked, so there the bot is shown typing for a moment: that
 * is refused exactly where a message would be.
 */
export async function probe(
  chat: string,
  { bot, calls, token, signal }: { bot: Bot; calls: Calls; token: string; signal: Parameters<Api['getMe']>[0] },
): Promise<Reached> {
  const { api } = bot
  if (!bot.isInited()) return { works: false, reason: 'Telegram could not be reached yet. It is asked again later.' }
  try {
    const facts = await calls.inChat(chat, (id) => api.getChat(id, signal))
    if (isPerson(chat)) {
      await calls.inChat(chat, (id) => api.sendChatAction(id, 'typing', {}, signal))
      return { works: true }
    }
    return judge(facts, await calls.inChat(chat, (id) => api.getChatMember(id, bot.botInfo.id, signal)))
  } catch (thrown) {
    const error: TelegramError = toTelegramError(thrown, token)
    return { works: false, reason: refusalOf(error, chat) ?? `${error.message}. It is asked again later.` }
  }
}

function judge(chat: ChatFullInfo, bot: ChatMember): Reached {
  const works = (may: boolean | undefined): Reached =>
    may === false ? { works: false, reason: MAY_NOT_WRITE } : { works: true }
  switch (bot.status) {
    case 'creator':
      return works(true)
    case 'administrator':
      return works(chat.type === 'channel' ? bot.can_post_messages === true : true)
    case 'member':
      return works(chat.type !== 'channel' && chat.permissions?.can_send_messages !== false)
    case 'restricted':
      return bot.is_member ? works(bot.can_send_messages) : { works: false, reason: NOT_IN_GROUP }
    case 'left':
    case 'kicked':
      return { works: false, reason: NOT_IN_GROUP }
  }
}
