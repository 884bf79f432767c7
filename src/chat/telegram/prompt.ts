import type { ForceReply, Message } from 'grammy/types'
import type { Card, Prompt } from '../../domain/card.ts'
import { escapeHtml } from './html.ts'

const PLACEHOLDER_LIMIT = 64
const REFERENCE = /^Ref ([0-9a-z]{8,64}) ([\w-]{1,32})$/i

/** Who is asked. */
export interface Asked {
  readonly id: number
  readonly name: string
}

/**
 * The last line of a question, by which its answer finds the button again: nothing has to be remembered in between.
 *
 * It is set as code, which nothing else that we say is. So no name or reason that someone had us repeat can pass for it.
 */
export const renderReference = ({ buttonId, option }: Prompt): string => `<code>Ref ${buttonId} ${option}</code>`

/** The card with its question in its text, where the text does not say it already. */
export function withQuestion(card: Card): Card {
  const { prompt, text } = card
  if (prompt === undefined || text?.includes(prompt.question)) return card
  return { ...card, text: [text, prompt.question].filter(Boolean).join('\n\n') }
}

/** Opens the reader's keyboard for a reply; in a group that of the one asked alone, who has to be named for it. */
export const toForceReply = ({ question }: Prompt): ForceReply => ({
  force_reply: true,
  selective: true,
  input_field_placeholder:
    question.length <= PLACEHOLDER_LIMIT ? question : `${question.slice(0, PLACEHOLDER_LIMIT - 1).toWellFormed()}…`,
})

export const renderMention = ({ id, name }: Asked): string => `<a href="tg://user?id=${id}">${escapeHtml(name)}</a>`

/** What a reply to one of our questions answers; undefined for any other message. */
export function readReply(
  { text, reply_to_message: asked }: Pick<Message, 'text' | 'reply_to_message'>,
  { botId }: { botId: number },
): { readonly buttonId: string; readonly values: Readonly<Record<string, string>> } | undefined {
  if (text === undefined || asked?.text === undefined) return undefined
  if (asked.from?.id !== botId || asked.forward_origin || asked.via_bot || asked.sender_chat) return undefined
  const line = asked.text.slice(asked.text.lastIndexOf('\n') + 1)
  const [, buttonId, option] = REFERENCE.exec(line) ?? []
  const offset = asked.text.length - line.length
  const isOurs = asked.entities?.some(
    (entity) => entity.type === 'code' && entity.offset === offset && entity.length === line.length,
  )
  if (!isOurs || buttonId === undefined || option === undefined) return undefined
  return { buttonId, values: { [option]: text } }
}
