import type { APIEmbed } from 'discord.js'
import type { Card } from '../../domain/card.ts'
import { toPlain } from '../plain.ts'
import { layOutComponents, type NameOf, type Row } from './components.ts'
import { toEmbeds } from './embeds.ts'
import { cut } from './text.ts'

const MAX_ALT = 1024

export interface DiscordMessage {
  readonly embeds: APIEmbed[]
  /** Always present: an edit without it would keep the old buttons. */
  readonly components: Row[]
  /** All that the message shall have: an edit without it would keep the old picture. The id is the file's place in the request. */
  readonly attachments: { readonly id: string; readonly filename: string; readonly description?: string }[]
  readonly allowed_mentions: { readonly parse: [] }
}

export type DiscordMessages = readonly [DiscordMessage, ...DiscordMessage[]]

/**
 * One card as Discord messages, mostly one: each an embed inside every limit of Discord whatever the card holds. The picture
 * stands on the first, buttons and list under the last.
 *
 * Text is escaped, so it shows as written. A button without an id is written out as the command to type. Nobody is ever
 * mentioned. What would fill more than ten messages ends in "… (cut)".
 *
 * @param picture - the card's own, drawn; it is the first file of the first request, shown inside the embed
 */
export function toMessages(
  card: Card,
  { picture, nameOf }: { picture?: { readonly fileName: string; readonly alt: string } | undefined; nameOf: NameOf },
): DiscordMessages {
  const { rows, typed } = layOutComponents(card, nameOf)
  const question = card.prompt ? [card.prompt.question] : []
  const embeds = toEmbeds(card, [...question, ...typed])
  return embeds.map((embed, i) => {
    const shown = i === 0 ? picture : undefined
    return {
      embeds: [shown ? { ...embed, image: { url: `attachment://${shown.fileName}` } } : embed],
      components: i === embeds.length - 1 ? [...rows] : [],
      attachments: shown ? [toAttachment(shown)] : [],
      allowed_mentions: { parse: [] as [] },
    }
  }) as [DiscordMessage, ...DiscordMessage[]]
}

function toAttachment({ fileName, alt }: { fileName: string; alt: string }): DiscordMessage['attachments'][number] {
  const description = cut(toPlain(alt).trim(), MAX_ALT)
  return { id: '0', filename: fileName, ...(description ? { description } : {}) }
}
