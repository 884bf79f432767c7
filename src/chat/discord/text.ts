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
export const toDiscordText = (text: string): string =>
  toPlain(text)
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
