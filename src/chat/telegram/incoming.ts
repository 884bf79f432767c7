import type { Message } from 'grammy/types'
import type { Command } from '../command.ts'

export type Heard =
  | { readonly kind: 'command'; readonly text: string }
  /** Not for us, in a place where only we listen: worth a hint. */
  | { readonly kind: 'hint'; readonly text: string }
  | { readonly kind: 'ignored' }

const HINT = 'I only understand commands. /help lists them.'
const ANONYMOUS =
  'I cannot tell who you are: you write anonymously or as a channel. Switch that off to give commands here.'

/**
 * What a text message asks of us.
 *
 * `/hedge_status@OurBot x` is `/hedge status x`; a command for another bot, a forwarded one and small talk in a group are
 * ignored; a sender without an own id (anonymous admins share one) gets a hint instead of a right.
 */
export function readMessage(
  message: Pick<Message, 'text' | 'chat' | 'sender_chat' | 'forward_origin' | 'via_bot'>,
  { username, commands }: { username: string; commands: readonly Pick<Command, 'name'>[] },
): Heard {
  const isPrivate = message.chat.type === 'private'
  const text = (message.text ?? '').trim()
  if (!text.startsWith('/') || message.forward_origin || message.via_bot) {
    return isPrivate ? { kind: 'hint', text: HINT } : { kind: 'ignored' }
  }
  const [, head = '', addressee, rest = ''] = /^\/([^\s@]*)(?:@(\S*))?([\s\S]*)$/.exec(text) ?? []
  if (addressee !== undefined && addressee.toLowerCase() !== username.toLowerCase()) return { kind: 'ignored' }
  if (message.sender_chat) return { kind: 'hint', text: ANONYMOUS }
  return { kind: 'command', text: `/${commandName(head, commands)}${rest}` }
}

/** Name in Telegram's menu, which knows no spaces: `hedge status` is `hedge_status`. */
export const menuName = (name: string): string => name.replaceAll(' ', '_')

function commandName(head: string, commands: readonly Pick<Command, 'name'>[]): string {
  const typed = head.toLowerCase()
  if (typed === 'start') return 'help' // what Telegram sends when someone opens the bot
  return commands.find(({ name }) => menuName(name) === typed)?.name ?? head
}
