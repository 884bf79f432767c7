import {
  type APIActionRowComponent,
  type APIButtonComponentWithCustomId,
  type APIEmbed,
  type APIEmbedField,
  ButtonStyle,
  ComponentType,
} from 'discord.js'
import type { Button, Card } from '../../domain/card.ts'
import { toPlain } from '../plain.ts'
import { cut, toDiscordText } from './text.ts'

/** @see https://discord.com/developers/docs/resources/message#embed-object-embed-limits */
const MAX = { title: 256, description: 4096, fields: 25, name: 256, value: 1024, footer: 300, total: 6000 }
const MAX_BUTTONS_PER_ROW = 5
const MAX_ROWS = 5
const MAX_LABEL = 80
const MAX_ALT = 1024
const MAX_CUSTOM_ID = 100
/** Values up to this length stand beside each other, three in a row; longer ones get a line of their own. */
const SHORT_VALUE = 40
/** Kept free for fields however long the text is. */
const FIELD_RESERVE = 1500
const EMPTY = '–'

/** Middle tones: legible as a bar on Discord's light and dark themes. */
const COLOUR = { ok: 0x2e9e5b, info: 0x3b7dd8, warning: 0xd98e04, critical: 0xd23f3f, refused: 0x8a8f98 }
const STYLE = { primary: ButtonStyle.Primary, danger: ButtonStyle.Danger, neutral: ButtonStyle.Secondary } as const

type ButtonRow = APIActionRowComponent<APIButtonComponentWithCustomId>

export interface DiscordMessage {
  readonly embeds: APIEmbed[]
  /** Always present: an edit without it would keep the old buttons. */
  readonly components: ButtonRow[]
  /** All that the message shall have: an edit without it would keep the old picture. The id is the file's place in the request. */
  readonly attachments: { readonly id: string; readonly filename: string; readonly description?: string }[]
  readonly allowed_mentions: { readonly parse: [] }
}

/**
 * One card as one Discord message: an embed with rows of buttons, inside every limit of Discord whatever the card holds.
 *
 * Text is escaped, so it shows as written; what does not fit ends in "… (cut)". A button whose command Discord cannot
 * carry is written out as the command to type. Nobody is ever mentioned.
 *
 * @param picture - the card's own, drawn; it is the first file of the request, shown inside the embed
 */
export function toMessage(card: Card, picture?: { readonly fileName: string; readonly alt: string }): DiscordMessage {
  const { rows, typed } = layOutButtons(card.buttons ?? [])
  const embed = toEmbed(card, typed)
  return {
    embeds: [picture ? { ...embed, image: { url: `attachment://${picture.fileName}` } } : embed],
    components: rows,
    attachments: picture ? [toAttachment(picture)] : [],
    allowed_mentions: { parse: [] },
  }
}

function toAttachment({ fileName, alt }: { fileName: string; alt: string }): DiscordMessage['attachments'][number] {
  const description = cut(toPlain(alt).trim(), MAX_ALT)
  return { id: '0', filename: fileName, ...(description ? { description } : {}) }
}

function toEmbed(card: Card, typed: readonly string[]): APIEmbed {
  const title = cut(escaped(card.title) || EMPTY, MAX.title)
  // A footer shows no formatting, so escapes would be visible in it.
  const footer = cut(toPlain(card.footer ?? '').trim(), MAX.footer)
  const fields = (card.fields ?? []).map(toField)

  let left = MAX.total - title.length - footer.length
  const paragraphs = [card.text ?? '', ...typed].map(escaped).filter((text) => text !== '')
  const reserve = Math.min(FIELD_RESERVE, sizeOf(fields))
  const description = cut(paragraphs.join('\n\n'), Math.min(MAX.description, left - reserve))
  left -= description.length

  return {
    title,
    color: COLOUR[card.tone],
    ...(description ? { description } : {}),
    ...(fields.length > 0 ? { fields: limit(fields, left) } : {}),
    ...(footer ? { footer: { text: footer } } : {}),
  }
}

/** Discord takes blank text for missing text. */
const escaped = (text: string): string => toDiscordText(text).trim()

const toField = ({ name, value }: { name: string; value: string }): APIEmbedField => ({
  name: cut(escaped(name) || EMPTY, MAX.name),
  value: cut(escaped(value) || EMPTY, MAX.value),
  inline: value.length <= SHORT_VALUE && !value.includes('\n'),
})

const sizeOf = (fields: readonly APIEmbedField[]): number =>
  fields.reduce((sum, { name, value }) => sum + name.length + value.length, 0)

const moreFields = (count: number): APIEmbedField => ({ name: '…', value: `${count} more (cut)`, inline: false })

/** As many fields as fit, the rest as a count. */
function limit(fields: readonly APIEmbedField[], room: number): APIEmbedField[] {
  if (fields.length <= MAX.fields && sizeOf(fields) <= room) return [...fields]
  let left = room - sizeOf([moreFields(fields.length)])
  const shown: APIEmbedField[] = []
  for (const field of fields.slice(0, MAX.fields - 1)) {
    left -= sizeOf([field])
    if (left < 0) break
    shown.push(field)
  }
  return [...shown, moreFields(fields.length - shown.length)]
}

/** Buttons in rows; those that Discord cannot carry (too many, too long, the same command twice) as lines to type. */
function layOutButtons(buttons: readonly Button[]): { rows: ButtonRow[]; typed: string[] } {
  const fitting = new Map<string, Button>()
  const typed: string[] = []
  for (const button of buttons) {
    if (fitting.has(button.command)) continue
    if (button.command.length <= MAX_CUSTOM_ID && fitting.size < MAX_ROWS * MAX_BUTTONS_PER_ROW) {
      fitting.set(button.command, button)
    } else typed.push(`${button.label}: type ${button.command}`)
  }
  const components = [...fitting.values()].map(toButton)
  const rows: ButtonRow[] = []
  for (let at = 0; at < components.length; at += MAX_BUTTONS_PER_ROW) {
    rows.push({ type: ComponentType.ActionRow, components: components.slice(at, at + MAX_BUTTONS_PER_ROW) })
  }
  return { rows, typed }
}

const toButton = ({ label, command, style }: Button): APIButtonComponentWithCustomId => ({
  type: ComponentType.Button,
  style: STYLE[style],
  // Labels show no formatting.
  label: cut(toPlain(label).trim() || command, MAX_LABEL),
  custom_id: command,
})
