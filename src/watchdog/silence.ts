/** All times are ms of a clock that only goes forward, at any rate of this process alone. */
export interface SilenceRules {
  /** Without a beat for so long, the other side is silent. */
  readonly silentAfterMs: number
  /** Until the first repetition; each further pause is twice as long. */
  readonly repeatAfterMs: number
  readonly longestPauseMs: number
  /** We look about this often. */
  readonly lookEveryMs: number
}

export interface Watch {
  readonly startedAt: number
  readonly lookedAt: number
  readonly beatAt?: number | undefined
  /** What the last beat said of itself. */
  readonly state?: string | undefined
  readonly beats: number
  /** ms of the time since the last beat in which this process itself stood still, and so could not have heard one. */
  readonly deaf: number
  /** Alerts since the last beat, and when the next one is due. */
  readonly alerts: number
  readonly nextAlertAt?: number | undefined
}

/** What there is to tell people; lengths in ms. */
export type Finding =
  | { readonly kind: 'never-heard'; readonly forMs: number; readonly times: number }
  | {
      readonly kind: 'silent'
      readonly forMs: number
      readonly times: number
      readonly state: string | undefined
    }
  /** `first`: it had not been heard before. */
  | { readonly kind: 'back'; readonly afterMs: number; readonly first: boolean; readonly state: string | undefined }

export type Standing = 'waiting' | 'hearing' | 'silent'

interface Seen {
  readonly watch: Watch
  readonly finding?: Finding
}

/** Standing still this many times as long as between two looks is more than a busy machine. */
const STOOD_STILL = 5

export const startWatch = (now: number): Watch => ({ startedAt: now, lookedAt: now, beats: 0, deaf: 0, alerts: 0 })

/** A beat came. */
export function hear(watch: Watch, { now, state }: { now: number; state: string | undefined }): Seen {
  const heard: Watch = {
    ...watch,
    beatAt: now,
    state,
    beats: watch.beats + 1,
    deaf: 0,
    alerts: 0,
    nextAlertAt: undefined,
  }
  if (watch.alerts === 0) return { watch: heard }
  const afterMs = now - (watch.beatAt ?? watch.startedAt)
  return { watch: heard, finding: { kind: 'back', afterMs, first: watch.beatAt === undefined, state } }
}

/**
 * Judges the silence at this moment. Time in which this process did not run does not count: beats that came meanwhile wait to be
 * read, and are read before the next look.
 */
export function look(watch: Watch, now: number, rules: SilenceRules): Seen {
  const gap = now - watch.lookedAt
  const stoodStill = gap > rules.lookEveryMs * STOOD_STILL ? gap - rules.lookEveryMs : 0
  const looked: Watch = { ...watch, lookedAt: now, deaf: watch.deaf + stoodStill }
  const forMs = now - (watch.beatAt ?? watch.startedAt)
  if (forMs - looked.deaf < rules.silentAfterMs || now < (watch.nextAlertAt ?? now)) return { watch: looked }
  const pause = Math.min(rules.repeatAfterMs * 2 ** watch.alerts, rules.longestPauseMs)
  const times = watch.alerts + 1
  return {
    watch: { ...looked, alerts: times, nextAlertAt: now + pause },
    finding:
      watch.beatAt === undefined
        ? { kind: 'never-heard', forMs, times }
        : { kind: 'silent', forMs, times, state: watch.state },
  }
}

export const standingOf = (watch: Watch): Standing =>
  watch.alerts > 0 ? 'silent' : watch.beatAt === undefined ? 'waiting' : 'hearing'
