import type { Session } from './exchange.ts'

/** Maintenance is announced long before, and may be asked for seldom: once in five seconds at OKX. */
const FRESH_MS = 30_000

/** What keeps the venue from trading by its own announcement; asked for twice a minute at most. */
export function createAnnouncements(
  ask: (session: Session) => Promise<string | undefined>,
): (session: Session) => Promise<string | undefined> {
  let known: { readonly reason: string | undefined; readonly at: number } | undefined
  return async (session) => {
    const now = session.venueNow()
    if (known === undefined || Math.abs(now - known.at) >= FRESH_MS) known = { reason: await ask(session), at: now }
    return known.reason
  }
}
