import type { APIEmbed, APIEmbedField } from 'discord.js'
import type { Card } from '../../domain/card.ts'
import { toPlain } from '../plain.ts'
import { splitText, takeText } from './text.ts'

/** @see https://discord.com/developers/docs/resources/message#embed-object-embed-limits */
const MAX = { title: 256, description: 4096, fields: 25, name: 256, value: 1024, footer: 2048, total: 6000 }
/** What would fill more than these is no longer read by anyone. */
const MAX_MESSAGES = 10
/** Values up to this length stand beside each other, three in a row; longer ones get a line of their own. */
const SHORT_VALUE = 40
const EMPTY = '–'
const CONTINUED = ' (continued)'
const CUT = '… (cut)'
/** Kept free on every message, for the mark above and its field. */
const CUT_RESERVE = 16

/** Middle tones: legible as a bar on Discord's light and dark themes. */
const COLOUR = { ok: 0x2e9e5b, info: 0x3b7dd8, warning: 0xd98e04, critical: 0xd23f3f, refused: 0x8a8f98 }

interface Page {
  description?: string
  fields: APIEmbedField[]
}

/**
 * A card's words as embeds, one for each message: what does not fit into the first goes on in the next, in the same order,
 * under the same title. Text is escaped, so it shows as written.
 *
 * @param typed - further lines, after the card's text
 */
export function toEmbeds(card: Card, typed: readonly string[]): readonly APIEmbed[] {
  const title = takeText(card.title, MAX.title - CONTINUED.length)
  // A footer shows no formatting, so escapes would be visible in it.
  const footer = toPlain(card.footer ?? '').trim()
  const footerFits = footer.length <= MAX.footer
  const heading = title.head || EMPTY

  const room = MAX.total - heading.length - CONTINUED.length - (footerFits ? footer.length : 0) - CUT_RESERVE
  const paragraphs = [title.rest, card.text ?? '', ...typed, footerFits ? '' : footer]
  const text = paragraphs.filter((paragraph) => paragraph.trim() !== '').join('\n\n')
  const pages = limit(paginate(text, card.fields ?? [], room))

  return pages.map(({ description, fields }, i) => ({
    title: i === 0 ? heading : heading + CONTINUED,
    color: COLOUR[card.tone],
    ...(description ? { description } : {}),
    ...(fields.length > 0 ? { fields } : {}),
    ...(footer && footerFits && i === pages.length - 1 ? { footer: { text: footer } } : {}),
  }))
}

/** One page more than are shown at most, so that it can be seen that something is left out. */
function paginate(text: string, fields: NonNullable<Card['fields']>, room: number): Page[] {
  const pieces = splitText(text, Math.min(MAX.description - CUT_RESERVE, room), MAX_MESSAGES + 1)
  const pages: Page[] = pieces.map((description) => ({ description, fields: [] }))
  let page = pages.at(-1) ?? { fields: [] }
  if (pages.length === 0) pages.push(page)
  let left = room - (page.description?.length ?? 0)
  for (const field of fields.flatMap(toFields)) {
    if (page.fields.length === MAX.fields || sizeOf(field) > left) {
      if (pages.length > MAX_MESSAGES) break
      page = { fields: [] }
      pages.push(page)
      left = room
    }
    page.fields.push(field)
    left -= sizeOf(field)
  }
  return pages
}

function limit(pages: readonly Page[]): readonly Page[] {
  if (pages.length <= MAX_MESSAGES) return pages
  const shown = pages.slice(0, MAX_MESSAGES)
  const { description, fields } = shown.pop()!
  const last =
    fields.length === 0
      ? { description: `${description}\n${CUT}`, fields }
      : { description, fields: [...fields.slice(0, MAX.fields - 1), { name: '…', value: CUT, inline: false }] }
  return [...shown, last]
}

/** A name or value beyond Discord's limits goes on in the value of the same field, and in fields after it. */
function toFields({ name, value }: { name: string; value: string }): readonly APIEmbedField[] {
  const { head, rest } = takeText(name, MAX.name)
  const values = splitText(rest ? `${rest}\n${value}` : value, MAX.value)
  const inline = values.length <= 1 && value.length <= SHORT_VALUE && !value.includes('\n')
  if (values.length === 0) return [{ name: head || EMPTY, value: EMPTY, inline }]
  return values.map((piece, i) => ({ name: i === 0 ? head || EMPTY : '…', value: piece, inline }))
}

const sizeOf = ({ name, value }: APIEmbedField): number => name.length + value.length
