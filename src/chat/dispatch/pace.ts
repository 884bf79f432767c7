import type { TimestampMs } from '../../domain/units.ts'

const WINDOW_MS = 60_000
/** Beyond this many people at once the ones heard longest ago are forgotten. */
const KNOWN = 10_000

export interface PaceLimits {
  /** Commands and presses of one person in any minute. */
  readonly heard: number
  /** Refusals answered to one person in any minute: what guesses at ids and rights is soon met with silence. */
  readonly refused: number
  readonly completed: number
}

export const PACE_LIMITS: PaceLimits = { heard: 40, refused: 5, completed: 240 }

/** `last`: the limit is reached, say so; `silent`: it was said within this minute already. */
export type Pace = { readonly kind: 'go' } | { readonly kind: 'last' | 'silent'; readonly seconds: number }

interface Seen {
  /** When something was let through, within the last minute, oldest first. */
  readonly through: readonly TimestampMs[]
  readonly toldAt: TimestampMs | undefined
}

/** Counts what each person sends, so that one cannot keep the others waiting or try out rights without end. */
export function createPaces(limits: PaceLimits = PACE_LIMITS) {
  const seen = new Map<string, Seen>()
  const remember = (key: string, now: Seen): void => {
    seen.delete(key)
    seen.set(key, now)
    if (seen.size > KNOWN) seen.delete(seen.keys().next().value!)
  }

  return (what: keyof PaceLimits, who: string, at: TimestampMs): Pace => {
    const key = `${what}/${who}`
    const { through: before = [], toldAt } = seen.get(key) ?? {}
    const through = before.filter((then) => at - then < WINDOW_MS)
    // Only what was let through counts: whoever goes on is heard again as soon as the minute of it is over.
    if (through.length < limits[what]) {
      remember(key, { through: [...through, at], toldAt })
      return { kind: 'go' }
    }
    const told = toldAt !== undefined && at - toldAt < WINDOW_MS
    remember(key, { through, toldAt: told ? toldAt : at })
    const seconds = Math.max(1, Math.ceil(((through[0] ?? at) + WINDOW_MS - at) / 1000))
    return { kind: told ? 'silent' : 'last', seconds }
  }
}
