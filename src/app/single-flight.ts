import type { DurationMs, TimestampMs } from '../domain/units.ts'
import type { Clock } from '../ports.ts'

/**
 * One computation for all who ask at once: whoever asks while it runs gets its result, and so does whoever asks within `shareFor`
 * of its beginning. What failed is shared with nobody who asks later. On a virtual clock time stands still between events, so
 * only those who ask while it runs share.
 */
export function singleFlight<T>(
  work: () => Promise<T>,
  { clock, shareFor }: { clock: Clock; shareFor: DurationMs },
): () => Promise<T> {
  let current: { readonly begunAt: TimestampMs; readonly result: Promise<T>; running: boolean } | undefined
  return () => {
    const now = clock.now()
    if (current?.running) return current.result
    if (current && clock.kind === 'wall' && now >= current.begunAt && now - current.begunAt < shareFor)
      return current.result
    const mine = { begunAt: now, result: work(), running: true }
    current = mine
    mine.result.then(
      () => {
        mine.running = false
      },
      () => {
        if (current === mine) current = undefined
      },
    )
    return mine.result
  }
}
