import { type TimestampMs, timestamp } from '../domain/units.ts'
import type { Clock, VirtualClock } from '../ports.ts'

/**
 * A clock that stands still until the market moves it.
 *
 * @throws {RangeError} from `advanceTo` when it would go back: two parts of the product disagree about the time
 */
export function createVirtualClock(start: TimestampMs): VirtualClock {
  let current = timestamp(start)
  return {
    kind: 'virtual',
    now: () => current,
    advanceTo(at) {
      if (!(at >= current)) throw new RangeError(`Expected an instant at or after ${current}, was ${at}`)
      current = timestamp(at)
    },
  }
}

/** The machine's own time. */
export const createWallClock = (): Clock => ({ kind: 'wall', now: () => timestamp(Date.now()) })
