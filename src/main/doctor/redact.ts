import type { Check } from './check.ts'

const LONGEST = 400
/** What stands in more ordinary words than in secrets is not looked for: it would only make the text unreadable. */
const SHORTEST_SECRET = 4
/** A token that was put where something else belongs is still a token: Telegram's, Discord's. */
const TOKENS = [/\b\d{6,12}:[\w-]{30,}/g, /[\w-]{20,}\.[\w-]{5,}\.[\w-]{20,}/g]

/**
 * Makes what others answered fit to print: no secret, no control character that a terminal would obey, no page of text.
 *
 * @param secrets - what must not be shown, as it was configured
 */
export function createRedact(secrets: readonly string[]): (check: Check) => Check {
  const hidden = secrets
    .filter((secret) => secret.length >= SHORTEST_SECRET)
    .flatMap((secret) => [secret, encodeURIComponent(secret)])
    // A secret that holds another one is taken out whole.
    .sort((a, b) => b.length - a.length)
  const clean = (text: string): string => {
    const known = hidden.reduce((shown, secret) => shown.replaceAll(secret, '[secret]'), text)
    const plain = TOKENS.reduce((shown, token) => shown.replace(token, '[secret]'), known)
      .replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, ' ')
      .trim()
    return plain.length > LONGEST ? `${plain.slice(0, LONGEST - 1)}…` : plain
  }
  return (check) => ({
    ...check,
    name: clean(check.name),
    found: clean(check.found),
    ...(check.next === undefined ? {} : { next: clean(check.next) }),
  })
}
