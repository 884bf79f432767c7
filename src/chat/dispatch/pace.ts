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

/** `last`: the limit is reached with this one, say so; `silent`: beyond it. */
export type Pace = { readonly kind: 'go' } | { readonly kind: 'last' | 'silent'; readonly seconds: number }

/** Counts what each person sends, so that one cannot keep the others waiting or try out rights without end. */
export function createPaces(limits: PaceLimits = PACE_LIMITS) {
  const seen = new Map<string, number[]>()

  return (what: keyof PaceLimits, who: string, at: TimestampMs): Pace => {
    const key = `${what}/${who}`
    const since = (seen.get(key) ?? []).filter((then) => at - then < WINDOW_MS)
    const count = since.length + 1
    // Someone who goes on stays silent only until the minute of what was heard is over: silence is not counted.
    if (count <= limits[what] + 1) since.push(at)
    seen.delete(key)
    seen.set(key, since)
    if (seen.size > KNOWN) seen.delete(seen.keys().next().value!)
    if (count <= limits[what]) return { kind: 'go' }
    const seconds = Math.max(1, Math.ceil((since[0]! + WINDOW_MS - at) / 1000))
    return { kind: count === limits[what] + 1 ? 'last' : 'silent', seconds }
  }
}
