import type { InlineKeyboardButton } from 'grammy/types'
import type { Button, Card, Choice } from '../../domain/card.ts'

/** Telegram's limit for one message, in UTF-16 units. Counted here with tags and escapes, so never over. */
export const MESSAGE_LIMIT = 4096
/** Telegram's limit for the words under a photo, in UTF-16 units as people see them: without tags and escapes. */
export const CAPTION_LIMIT = 1024
/** An opaque id, as it was issued: fits Telegram's 64 bytes, and tells nothing. */
export const BUTTON_ID = /^[0-9a-z]{8,64}$/i
const BUTTONS_PER_ROW = 3
/** What a phone shows of a button as wide as the chat. */
const WIDE_LABEL = 44

const MARKS: Record<Card['tone'], string> = { ok: '✅', info: 'ℹ️', warning: '⚠️', critical: '🚨', refused: '⛔' }
// Direction overrides let a hostile name rewrite how a line reads.
const DIRECTION_OVERRIDES = /[\u202a-\u202e\u2066-\u2069]/g

/** A stretch of plain text in one style: what gets cut, so that neither a tag nor an escape ever is. */
interface Run {
  readonly text: string
  readonly tag?: 'b' | 'i'
}

/**
 * A card as Telegram HTML messages, each at most `limit` characters with its tags closed and its text escaped.
 *
 * Cuts fall on line ends, else on spaces, else between characters; never inside a tag, an escape or a surrogate pair.
 *
 * @returns at least one message; joined and unescaped they are the card's text
 */
export function renderCard(card: Card, limit = MESSAGE_LIMIT): readonly string[] {
  const parts: string[] = []
  let current = ''
  for (const run of runsOf(card)) {
    let rest = clean(run.text)
    while (rest !== '') {
      const piece = fit(rest, limit - current.length - wrap('', run.tag).length, current === '')
      if (piece !== '') current += wrap(escapeHtml(piece), run.tag)
      rest = rest.slice(piece.length)
      if (rest === '') break
      parts.push(current)
      current = ''
    }
  }
  return [...parts, current].map((part) => part.trim()).filter((part) => part !== '')
}

/**
 * The whole card as the caption of its picture; undefined when it is longer than a caption may be.
 *
 * Telegram photos have no field for alt text, so where there is room it stands below the card, folded to three lines.
 */
export function renderCaption(card: Card): string | undefined {
  const size = runsOf(card).reduce((sum, { text }) => sum + clean(text).length, 0)
  if (size > CAPTION_LIMIT) return undefined
  const [html = ''] = renderCard(card, Number.POSITIVE_INFINITY)
  const alt = clean(card.picture?.alt ?? '').trim()
  const hasRoom = alt !== '' && size + 1 + alt.length <= CAPTION_LIMIT
  return hasRoom ? `${html}\n<blockquote expandable>${escapeHtml(alt)}</blockquote>` : html
}

/** The alt text as the caption of a photo whose card stands in messages of its own. */
export function renderAlt(alt: string): string {
  const words = clean(alt).trim()
  return escapeHtml(
    words.length <= CAPTION_LIMIT ? words : `${words.slice(0, CAPTION_LIMIT - 1).replace(/[\ud800-\udbff]$/, '')}…`,
  )
}

/** Escapes what Telegram's HTML gives a meaning: `&`, `<` and `>`. */
export const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

type Pressable = Pick<Button, 'label' | 'command' | 'asks' | 'id'>

/** What on a card has no id to press it by, and so must be typed. */
export const unissued = ({ buttons = [], select }: Card): readonly Pressable[] =>
  [...buttons, ...(select?.choices ?? [])].filter((one) => !isIssued(one))

/** The card with the commands to type where a button cannot be shown. */
export function withTyped(card: Card): Card {
  const typed = unissued(card).map(
    ({ label, command, asks }) => `${label}: ${command}${asks === undefined ? '' : ` <${asks}>`}`,
  )
  return typed.length === 0 ? card : { ...card, text: [card.text, typed.join('\n')].filter(Boolean).join('\n\n') }
}

/** The buttons under a card, three a row, and below them its choices, one a row; each sends its id. */
export function toKeyboard({ buttons = [], select }: Card): InlineKeyboardButton.CallbackButton[][] {
  const keys = buttons.filter(isIssued).map(({ label, id }) => ({ text: toLabel(label), callback_data: id }))
  const choices = (select?.choices ?? [])
    .filter(isIssued)
    .map((choice) => [{ text: toLabel(describe(choice)), callback_data: choice.id }])
  return [
    ...Array.from({ length: Math.ceil(keys.length / BUTTONS_PER_ROW) }, (_, row) =>
      keys.slice(row * BUTTONS_PER_ROW, (row + 1) * BUTTONS_PER_ROW),
    ),
    ...choices,
  ]
}

const isIssued = <One extends Pressable>(one: One): one is One & { id: string } =>
  one.id !== undefined && BUTTON_ID.test(one.id)

const describe = ({ label, description }: Choice): string =>
  description !== undefined && label.length + description.length + 3 <= WIDE_LABEL ? `${label} · ${description}` : label

const toLabel = (text: string): string => clean(text).replace(/\s+/g, ' ').trim() || '…'

function runsOf(card: Card): readonly Run[] {
  return [
    { text: `${MARKS[card.tone]} ` },
    { text: card.title, tag: 'b' },
    ...(card.text ? [{ text: `\n\n${card.text}` }] : []),
    ...(card.fields?.length ? [{ text: '\n' }] : []),
    ...(card.fields ?? []).flatMap(({ name, value }): Run[] => [
      { text: '\n' },
      { text: name, tag: 'b' },
      { text: `: ${value}` },
    ]),
    ...(card.footer ? [{ text: '\n\n' }, { text: card.footer, tag: 'i' as const }] : []),
  ]
}

/** The longest beginning of `text` whose escaped form fits into `room`; empty when a fresh message is the better place. */
function fit(text: string, room: number, fresh: boolean): string {
  if (escapeHtml(text).length <= room) return text
  let [used, end] = [0, 0]
  for (const character of text) {
    used += escapeHtml(character).length
    if (used > room) break
    end += character.length
  }
  const head = text.slice(0, end)
  const [line, word] = [head.lastIndexOf('\n') + 1, head.lastIndexOf(' ') + 1]
  const cut = line > end / 2 ? line : word > end / 2 ? word : line
  if (cut > 0) return head.slice(0, cut)
  return fresh ? head : ''
}

const clean = (text: string): string => text.toWellFormed().replace(DIRECTION_OVERRIDES, '')
const wrap = (html: string, tag: Run['tag']): string => (tag ? `<${tag}>${html}</${tag}>` : html)
