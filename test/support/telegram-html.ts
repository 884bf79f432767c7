const TAGS: Readonly<Record<string, string>> = {
  b: 'bold',
  strong: 'bold',
  i: 'italic',
  em: 'italic',
  u: 'underline',
  s: 'strikethrough',
  code: 'code',
  pre: 'pre',
  a: 'text_link',
  blockquote: 'blockquote',
  'tg-spoiler': 'spoiler',
}
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' }

export interface Entity {
  readonly type: string
  readonly offset: number
  readonly length: number
  readonly url?: string
}

/** Reads HTML as strictly as Telegram does: known tags only, closed in order, and no bare `<`. */
export function readHtml(
  html: string,
): { readonly text: string; readonly entities: readonly Entity[] } | { readonly error: string } {
  const open: { name: string; offset: number; url?: string }[] = []
  const entities: Entity[] = []
  let text = ''
  for (let at = 0; at < html.length; ) {
    if (html[at] === '<') {
      const tag = readTag(html.slice(at))
      if (!tag) return { error: `Unsupported start tag at byte offset ${at}` }
      const { name, url, ends } = tag
      if (ends) {
        const begun = open.pop()
        if (begun?.name !== name) return { error: `Unmatched end tag at byte offset ${at}` }
        const link = begun.url === undefined ? {} : { url: begun.url }
        entities.push({ type: TAGS[name]!, offset: begun.offset, length: text.length - begun.offset, ...link })
      } else open.push({ name, offset: text.length, ...(url === undefined ? {} : { url }) })
      at += tag.length
    } else if (html[at] === '&') {
      const [all, name = ''] = /^&(\w+);/.exec(html.slice(at)) ?? []
      const character = ENTITIES[name]
      text += character ?? '&'
      at += character === undefined ? 1 : all!.length
    } else text += html[at++]
  }
  if (open.length > 0) return { error: `Can't find end tag corresponding to start tag "${open.at(-1)!.name}"` }
  return { text, entities }
}

function readTag(html: string): { name: string; url?: string; ends: boolean; length: number } | undefined {
  const [all, slash, name = '', attribute] = /^<(\/?)([a-z-]+)( expandable| href="[^"<>]*")?>/.exec(html) ?? []
  if (all === undefined || TAGS[name] === undefined) return undefined
  const ends = slash === '/'
  const url = /^ href="(.*)"$/.exec(attribute ?? '')?.[1]
  const takes = name === 'a' ? ends || url !== undefined : true
  const fits = attribute === undefined || (!ends && (url === undefined ? name === 'blockquote' : name === 'a'))
  return takes && fits ? { name, ends, length: all.length, ...(url === undefined ? {} : { url }) } : undefined
}
