/** What one adaptive window holds: plain JSON, folded one value at a time. */
export interface Adwin {
  /** Oldest first; what came before the last change is dropped. */
  readonly window: readonly number[]
  /** The change found by the newest value, if it found one. */
  readonly change?: { readonly before: number; readonly after: number; readonly dropped: number }
}

export const ADWIN_START: Adwin = { window: [] }
/** Chance of a false alarm that is tolerated at each value (specification §6). */
const DELTA = 0.002
/** Each part of a cut holds at least so many. */
const LEAST_PART = 5
/** A year and more of days: what is older no longer bears on the question. */
const LONGEST = 400

/**
 * Adaptive windowing: keeps the longest recent stretch without a change of its mean.
 *
 * Every cut of the window in two is tried; when the means of the parts differ by more than
 *
 *     ε = √(2/m · σ² · ln(2/δ′)) + 2/(3m) · ln(2/δ′)       m = 1/(1/n₀ + 1/n₁), δ′ = δ/ln n
 *
 * the older part is dropped. Daily values are few enough to hold each, so the cuts are exact and nothing is bucketed. The bound
 * holds for any values in [0, 1]; daily Brier scores lie far from 1, so it is slow to alarm, and seldom wrong when it does.
 *
 * @param value - in [0, 1]
 * @throws {RangeError} when it is not
 * @see Bifet & Gavaldà (2007), "Learning from time-changing data with adaptive windowing", SIAM SDM
 */
export function applyAdwin({ window }: Adwin, value: number, delta = DELTA): Adwin {
  if (!(value >= 0 && value <= 1)) throw new RangeError(`Expected a value from 0 to 1, was ${value}`)
  let kept = [...window, value].slice(-LONGEST)
  let [before, dropped] = [0, 0]
  for (let cut = cutOf(kept, delta); cut; cut = cutOf(kept, delta)) {
    before = (before * dropped + cut.before * cut.at) / (dropped + cut.at)
    dropped += cut.at
    kept = kept.slice(cut.at)
  }
  return dropped === 0
    ? { window: kept }
    : { window: kept, change: { before, after: kept.reduce((sum, x) => sum + x, 0) / kept.length, dropped } }
}

/** The first cut, oldest first, whose parts differ by more than chance allows. */
function cutOf(window: readonly number[], delta: number): { at: number; before: number } | undefined {
  const n = window.length
  if (n < 2 * LEAST_PART) return undefined
  const total = window.reduce((sum, x) => sum + x, 0)
  const variance = window.reduce((sum, x) => sum + (x - total / n) ** 2, 0) / n
  const log = Math.log((2 * Math.log(n)) / delta)
  let older = 0
  for (let at = 1; at <= n - LEAST_PART; at++) {
    older += window[at - 1]!
    if (at < LEAST_PART) continue
    const m = 1 / (1 / at + 1 / (n - at))
    const limit = Math.sqrt((2 / m) * variance * log) + (2 / (3 * m)) * log
    const before = older / at
    if (Math.abs(before - (total - older) / (n - at)) > limit) return { at, before }
  }
  return undefined
}
