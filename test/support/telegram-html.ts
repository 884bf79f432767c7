const TAGS = new Set(['b', 'strong', 'i', 'em', 'u', 's', 'code', 'pre', 'a', 'blockquote', 'tg-spoiler'])
const ENTITIES: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"' }

/** Reads HTML as strictly as Telegram does: known tags only, closed in order, and no bare `<`. */
export function readHtml(html: string): { readonly text: string } | { readonly error: string } {
  const open: string[] = []
  let text = ''
  for (let at = 0; at < html.length; ) {
    if (html[at] === '<') {
      const [all, slash, name = '', attribute] = /^<(\/?)([a-z-]+)( expandable)?>/.exec(html.slice(at)) ?? []
      const known = TAGS.has(name) && (attribute === undefined || (name === 'blockquote' && !slash))
      if (all === undefined || !known) return { error: `Unsupported start tag at byte offset ${at}` }
      if (!slash) open.push(name)
      else if (open.pop() !== name) return { error: `Unmatched end tag at byte offset ${at}` }
      at += all.length
    } else if (html[at] === '&') {
      const [all, name = ''] = /^&(\w+);/.exec(html.slice(at)) ?? []
      const character = ENTITIES[name]
      text += character ?? '&'
      at += character === undefined ? 1 : all!.length
    } else text += html[at++]
  }
  return open.length > 0 ? { error: `Can't find end tag corresponding to start tag "${open.at(-1)}"` } : { text }
}
