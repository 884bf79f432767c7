/** `unknown`: the database is away, so nobody can tell. */
export type Standing = 'held' | 'lost' | 'unknown'

/**
 * What an instance knows of the names that it holds. A process that stood still finds its last heartbeat old when it goes on: it
 * does not know then, before the database has told it, whether another has taken its place.
 *
 * @param freshMs - how long after a heartbeat was sent its answer counts
 * @param now - ms on a clock that never goes back and goes on while the process stands still
 */
export function createStanding({ freshMs, now }: { freshMs: number; now: () => number }) {
  let known: Standing | undefined
  let freshUntil = 0
  let waiting: PromiseWithResolvers<Standing> | undefined

  const settle = (standing: Standing): void => {
    if (known !== 'lost') known = standing
    waiting?.resolve(known!)
    waiting = undefined
  }

  return {
    /** The database has answered a heartbeat sent at `sentAt`, over the connection that holds the names. */
    held(sentAt: number): void {
      freshUntil = sentAt + freshMs
      if (now() < freshUntil) settle('held')
    },
    lost: () => settle('lost'),
    away: () => settle('unknown'),
    /** The connection that holds the names is gone, and the names with it. */
    broke(): void {
      if (known === 'held') known = undefined
    },

    /** At once while the last heartbeat is fresh; otherwise as soon as there is an answer. */
    async ask(): Promise<Standing> {
      if (known !== undefined && (known !== 'held' || now() < freshUntil)) return known
      waiting ??= Promise.withResolvers<Standing>()
      return waiting.promise
    },
  }
}
