import type { Message } from 'grammy/types'
import type { Command, Incoming } from '../command.ts'
import { readReply } from './prompt.ts'

export type Heard =
  | { readonly kind: 'input'; readonly input: Incoming['input'] }
  /** Not for us, in a place where only we listen: worth a hint. */
  | { readonly kind: 'hint'; readonly text: string }
  | { readonly kind: 'ignored' }

const HINT = 'I only understand commands. /help lists them.'
const ANONYMOUS =
  'I cannot tell who you are: you write anonymously or as a channel. Switch that off to give commands here.'

/**
 * What a text message asks of us.
 *
 * `/hedge_status@OurBot x` is `/hedge status x`, and a reply to one of our questions is a press with the answer as its value.
 * A command for another bot, a forwarded one and small talk in a group are ignored; a sender without an own id (anonymous
 * admins share one) gets a hint instead of a right.
 */
export function readMessage(
  message: Pick<Message, 'text' | 'chat' | 'sender_chat' | 'forward_origin' | 'via_bot' | 'reply_to_message'>,
  { bot, commands }: { bot: { id: number; username: string }; commands: readonly Pick<Command, 'name'>[] },
): Heard {
  const nothing: Heard = message.chat.type === 'private' ? { kind: 'hint', text: HINT } : { kind: 'ignored' }
  const text = (message.text ?? '').trim()
  if (message.forward_origin || message.via_bot) return nothing
  const input = text.startsWith('/') ? readCommand(text, bot.username, commands) : readAnswer(message, bot.id)
  if (input === 'of-another-bot') return { kind: 'ignored' }
  if (input === undefined) return nothing
  return message.sender_chat ? { kind: 'hint', text: ANONYMOUS } : { kind: 'input', input }
}

function readCommand(
  text: string,
  username: string,
  commands: readonly Pick<Command, 'name'>[],
): Incoming['input'] | 'of-another-bot' {
  const [, head = '', addressee, rest = ''] = /^\/([^\s@]*)(?:@(\S*))?([\s\S]*)$/.exec(text) ?? []
  if (addressee !== undefined && addressee.toLowerCase() !== username.toLowerCase()) return 'of-another-bot'
  return { kind: 'text', text: `/${commandName(head, commands)}${rest}` }
}

function readAnswer(message: Pick<Message, 'text' | 'reply_to_message'>, botId: number): Incoming['input'] | undefined {
  const answer = readReply(message, { botId })
  return answer && { kind: 'press', ...answer }
}

/** Name in Telegram's menu, which knows no spaces: `hedge status` is `hedge_status`. */
export const menuName = (name: string): string => name.replaceAll(' ', '_')

function commandName(head: string, commands: readonly Pick<Command, 'name'>[]): string {
  const typed = head.toLowerCase()
  const known = commands.find(({ name }) => menuName(name) === typed)?.name
  // Telegram sends /start when someone opens the bot, whether or not we have such a command.
  return known ?? (typed === 'start' ? 'help' : head)
}
