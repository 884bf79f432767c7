import type { Card } from '../../domain/card.ts'
import { toPlain } from '../plain.ts'

const MIN_WIDTH = 80
const MAX_WIDTH = 100
const MAX_NAME_COLUMN = 34
const GAP = 2
const LOUD = { ok: '', info: '', warning: 'WARNING: ', critical: 'CRITICAL: ', refused: 'REFUSED: ' } as const
const WIDE =
  /\p{Emoji_Presentation}|[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/u
const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' })

/**
 * A card as a block of plain text under a rule: paragraphs, aligned fields, its picture in words, buttons as commands to
 * type, footer.
 *
 * @param width - in columns; kept between 80 and 100
 * @param updated - says that the card stood there before with older content
 * @param pictureFile - where its picture was saved; stands on a line of its own, unbroken, to be copied
 * @returns lines joined by newlines, the last one ended; free of control characters whatever the card holds
 */
export function renderCardText(
  card: Card,
  { width, updated = false, pictureFile }: { width: number; updated?: boolean; pictureFile?: string | undefined },
): string {
  const columns = Math.max(MIN_WIDTH, Math.min(MAX_WIDTH, Math.floor(width)))
  const title = `${LOUD[card.tone]}${oneLine(card.title)}${updated ? ' (updated)' : ''}`
  const [head = '', ...moreTitle] = wrap(title, columns - 6)
  const blocks = [
    wrap(toPlain(card.text ?? ''), columns),
    toTable(
      (card.fields ?? []).map(({ name, value }) => [oneLine(name), toPlain(value)]),
      columns,
    ),
    [...(pictureFile === undefined ? [] : [oneLine(pictureFile)]), ...wrap(toPlain(card.picture?.alt ?? ''), columns)],
    toTable(
      (card.buttons ?? []).map(({ label, command, asks }) => [
        `[${oneLine(label)}]`,
        oneLine(asks === undefined ? command : `${command} <${asks}>`),
      ]),
      columns,
    ),
    toTable(
      (card.select?.choices ?? []).map(({ label, command }) => [`(${oneLine(label)})`, oneLine(command)]),
      columns,
    ),
    wrap(toPlain(card.footer ?? ''), columns),
  ]
  const body = blocks.filter((lines) => lines.length > 0).map((lines) => lines.join('\n'))
  const rule = `── ${head} ${'─'.repeat(Math.max(2, columns - widthOf(head) - 4))}`
  return `${[rule, ...moreTitle.map((line) => `   ${line}`)].join('\n')}\n${body.join('\n\n')}${body.length > 0 ? '\n' : ''}`
}

const oneLine = (text: string): string => toPlain(text).replace(/\s+/g, ' ').trim()

/** Names in one column, values wrapped in the next. */
function toTable(rows: readonly (readonly [string, string])[], columns: number): string[] {
  const nameColumn = Math.min(MAX_NAME_COLUMN, Math.max(0, ...rows.map(([name]) => widthOf(name))))
  const indent = ' '.repeat(nameColumn + GAP)
  return rows.flatMap(([name, value]) => {
    const lines = wrap(value, columns - indent.length)
    if (widthOf(name) > nameColumn) return [name, ...lines.map((line) => indent + line)]
    const padded = name + ' '.repeat(nameColumn - widthOf(name) + GAP)
    return [`${padded}${lines[0] ?? ''}`.trimEnd(), ...lines.slice(1).map((line) => indent + line)]
  })
}

/** Lines of at most `columns`, broken at spaces; a word longer than a line is broken where it must. No text, no lines. */
function wrap(text: string, columns: number): string[] {
  const trimmed = text.trim()
  return trimmed === '' ? [] : trimmed.split('\n').flatMap((line) => wrapLine(line, columns))
}

function wrapLine(line: string, columns: number): string[] {
  const lines: string[] = []
  let current = ''
  for (const word of line.split(' ').flatMap((whole) => breakWord(whole, columns))) {
    const longer = current === '' ? word : `${current} ${word}`
    if (current !== '' && widthOf(longer) > columns) {
      lines.push(current)
      current = word
    } else current = longer
  }
  return [...lines, current].map((each) => each.trimEnd())
}

function breakWord(word: string, columns: number): string[] {
  if (widthOf(word) <= columns) return [word]
  const pieces = ['']
  for (const { segment } of graphemes.segment(word)) {
    if (widthOf(pieces.at(-1)! + segment) > columns) pieces.push('')
    pieces.push(pieces.pop()! + segment)
  }
  return pieces
}

const widthOf = (text: string): number => {
  if (/^[ -~]*$/.test(text)) return text.length
  return [...graphemes.segment(text)].reduce((sum, { segment }) => sum + (WIDE.test(segment) ? 2 : 1), 0)
}
