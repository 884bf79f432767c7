import type { Alert } from './alert.ts'
import { DAY, type Fraction, fraction, type TimestampMs } from './units.ts'

type Span = Pick<Alert, 'raisedAt' | 'endedAt'>

/**
 * Share of (from, to] in which at least one of the alerts stood; one that is still open stands until `to`.
 *
 * @throws {RangeError} when the window does not end after it begins
 */
export function shareOfTimeUnderAlert(alerts: readonly Span[], from: TimestampMs, to: TimestampMs): Fraction {
  requireWindow(from, to)
  let [covered, reachedUntil] = [0, from as number]
  for (const { raisedAt, endedAt = to } of [...alerts].sort((a, b) => a.raisedAt - b.raisedAt)) {
    const [start, end] = [Math.max(raisedAt, reachedUntil), Math.min(endedAt, to)]
    if (end <= start) continue
    covered += end - start
    reachedUntil = end
  }
  return fraction(covered / (to - from))
}

/**
 * How many alerts were raised in each day of (from, to], oldest first; the last day may be shorter.
 *
 * @throws {RangeError} when the window does not end after it begins
 */
export function raisedPerDay(
  alerts: readonly Pick<Alert, 'raisedAt'>[],
  from: TimestampMs,
  to: TimestampMs,
): readonly number[] {
  requireWindow(from, to)
  const counts = new Array<number>(Math.ceil((to - from) / DAY)).fill(0)
  for (const { raisedAt } of alerts) {
    if (raisedAt <= from || raisedAt > to) continue
    counts[Math.ceil((raisedAt - from) / DAY) - 1]! += 1
  }
  return counts
}

function requireWindow(from: TimestampMs, to: TimestampMs): void {
  if (!(to > from)) throw new RangeError(`Expected a window that ends after ${from}, was one that ends at ${to}`)
}
