import { toPlain } from '../plain.ts'

const CUT = '… (cut)'
/** Anything that starts formatting, a link or a mention wherever it stands in a line. */
const INLINE_MARKDOWN = /[\\*_~`|[\]<]/g
/** Headings, quotes, lists and small print: only at the start of a line, only before a space. */
const LINE_MARKDOWN = /^([^\S\n]*)(#{1,3}|-#|>{1,3}|[-+])(?=\s)/gm
const NUMBERED_LIST = /^([^\S\n]*\d+)\.(?=\s)/gm
const LINK = /\b([a-z][a-z0-9+.-]*):\/\//gi

/**
 * Makes text show in Discord exactly as written: no formatting, no spoiler, no link, no mention, no custom emoji.
 *
 * `@` is followed by a zero-width space, because a backslash does not stop `@everyone` from being painted as a mention.
 */
export const toDiscordText = (text: string): string => escapePlain(toPlain(text))

const escapePlain = (plain: string): string =>
  plain
    .replace(INLINE_MARKDOWN, '\\$&')
    .replace(LINE_MARKDOWN, '$1\\$2')
    .replace(NUMBERED_LIST, '$1\\.')
    .replace(LINK, '$1\\://')
    .replaceAll('@', '@\u200b')

/**
 * Shortens to at most `max` UTF-16 units (Discord's own count is never higher), between code points, never inside an
 * escape, and says so.
 */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text
  if (max <= CUT.length) return CUT.slice(0, Math.max(0, max))
  const kept = text.slice(0, max - CUT.length).replace(/[\ud800-\udbff]$/, '')
  const backslashes = /\\*$/.exec(kept)![0].length
  return (backslashes % 2 === 1 ? kept.slice(0, -1) : kept) + CUT
}

interface Taken {
  readonly head: string
  readonly rest: string
}

/**
 * Those of late, by what was to be taken. Most words of a card are those of the card before, and many ask the same in one
 * moment: escaping takes longer than all else that makes a message of a card.
 */
const taken = new Map<string, Taken>()
const MOST_TAKEN = 500
const LONGEST_TAKEN = 1024

/**
 * The longest beginning of a text that is at most `max` UTF-16 units when escaped, and what is left of it as it was written.
 *
 * The text is broken first and escaped afterwards, so that no escape is torn and what begins a line only now is escaped as such.
 * It breaks after a paragraph, a line or a word where one ends in the second half, else between code points.
 */
export function takeText(text: string, max: number): Taken {
  if (text.length > LONGEST_TAKEN) return take(text, max)
  const key = `${max} ${text}`
  const known = taken.get(key) ?? take(text, max)
  if (taken.size >= MOST_TAKEN) taken.clear()
  taken.set(key, known)
  return known
}

function take(text: string, max: number): Taken {
  const plain = toPlain(text).trim()
  const whole = plain.length <= max ? escapePlain(plain) : undefined
  if (whole !== undefined && whole.length <= max) return { head: whole.trim(), rest: '' }
  const longest = longestThatFits(plain, max)
  const end = longest === plain.length ? longest : goodBreak(plain, longest)
  return { head: escapePlain(plain.slice(0, end)).trim(), rest: plain.slice(end).trim() }
}

/** The text escaped, in pieces of at most `max`; none for blank text. `limit` pieces at most: the rest is left out. */
export function splitText(text: string, max: number, limit = Number.POSITIVE_INFINITY): readonly string[] {
  const pieces: string[] = []
  let left = text
  while (pieces.length < limit) {
    const { head, rest } = takeText(left, max)
    if (head !== '') pieces.push(head)
    if (rest === '') break
    left = rest
  }
  return pieces
}

function longestThatFits(plain: string, max: number): number {
  let end = Math.min(plain.length, max)
  for (;;) {
    // An escape at most doubles a character, so half of what is too much has to go, and then half of what is left of that.
    const excess = escapePlain(plain.slice(0, end)).length - max
    if (excess <= 0) break
    end -= Math.ceil(excess / 2)
  }
  const splitsPair = end < plain.length && /[\ud800-\udbff]$/.test(plain.slice(0, end))
  return splitsPair ? end - 1 : end
}

function goodBreak(plain: string, end: number): number {
  const nearest = Math.floor(end / 2)
  for (const separator of ['\n\n', '\n', ' ']) {
    const at = plain.lastIndexOf(separator, end)
    if (at >= nearest) return at
  }
  return end
}
