import { DeliveryRefusedError } from '../../domain/delivery.ts'
import type { TelegramError } from './calls.ts'
import { isPerson } from './limits.ts'

const UNREACHABLE_PERSON = 'open the bot in Telegram and press Start'

/** By what Telegram says of a private chat, with what its person has to do. */
const OF_PERSON: readonly (readonly [RegExp, string])[] = [
  [/blocked/i, 'The bot was blocked: unblock it in Telegram and press Start.'],
  [/deactivated/i, 'This Telegram account was deleted: an admin has to put the current one on record.'],
  [
    /chat not found|user not found|PEER_ID_INVALID|initiate conversation/i,
    `The bot may not write first: ${UNREACHABLE_PERSON}.`,
  ],
  [/send messages to bots/i, 'A bot cannot be written to: an admin has to put a person’s account on record.'],
]

/** The same of a group or a channel. */
const OF_GROUP: readonly (readonly [RegExp, string])[] = [
  [/kicked|not a member/i, 'The bot is not in this Telegram group: add it again.'],
  [
    /chat not found|PEER_ID_INVALID/i,
    'Telegram knows no such group, or the bot was never in it: add the bot, and check the id in the settings.',
  ],
  [/deactivated|deleted$/i, 'This Telegram group was deleted: put another into the settings.'],
  [/TOPIC_CLOSED|topic.*closed/i, 'The topic is closed in this Telegram group: open it again.'],
  [/TOPIC_DELETED|thread not found/i, 'The topic was deleted in this Telegram group: put the bot to work in another.'],
  [
    /rights|CHAT_WRITE_FORBIDDEN|CHAT_ADMIN_REQUIRED|CHAT_RESTRICTED|CHAT_SEND_\w+_FORBIDDEN|administrator/i,
    'The bot may not write in this Telegram group: allow it to send messages.',
  ],
]

/** In words with what to do about it, when no further try will help until a person does something; undefined otherwise. */
export function refusalOf(
  { code, message }: Pick<TelegramError, 'code' | 'message'>,
  chat: string,
): string | undefined {
  if (code !== 400 && code !== 403) return undefined
  const known = (isPerson(chat) ? OF_PERSON : OF_GROUP).find(([said]) => said.test(message))?.[1]
  if (known !== undefined || code === 400) return known
  return isPerson(chat)
    ? `Telegram does not let the bot write to this person: ${UNREACHABLE_PERSON}.`
    : 'Telegram does not let the bot write in this group: add it again and allow it to send messages.'
}

/** The error as the outbox understands it. */
export function toDeliveryError(error: TelegramError, chat: string): Error {
  const refusal = refusalOf(error, chat)
  return refusal === undefined ? error : new DeliveryRefusedError(refusal, { cause: error })
}
