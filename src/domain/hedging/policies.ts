import { clamp, type Fraction, fraction } from '../units.ts'

export const HEDGE_POLICIES = ['volatility-timed', 'formula', 'static'] as const
export type HedgePolicy = (typeof HEDGE_POLICIES)[number]

const MIN_VARIANCES = 72 // three days of hours: fewer would call any calm the normal state
const FLAT_VARIANCE = 1e-14 // a standard deviation of 0.001 bps per hour

/**
 * Volatility-timed hedge ratio: hold less unhedged exposure when variance is high, 1 − h = clip(c/σ², 0, 1).
 *
 * The constant c is solved so that the mean of h over the trailing history equals `meanRatio`: the policy moves the hedge
 * in time, not its average size.
 *
 * @param trailingVariances - variance forecasts per hour (EWMA of squared returns) over the trailing history, oldest first,
 *   each known at its own hour
 * @returns the ratio for the last variance of the list, or undefined when the history is too short or flat
 * @see specification §4.2 (e), §4.7
 */
export function volatilityTimedRatio(
  trailingVariances: readonly number[],
  { meanRatio, maxRatio }: { meanRatio: Fraction; maxRatio: Fraction },
): Fraction | undefined {
  const current = trailingVariances.at(-1)
  if (current === undefined || trailingVariances.length < MIN_VARIANCES || current < FLAT_VARIANCE) return undefined
  const ratioAt = (c: number, variance: number): number => clamp(1 - c / Math.max(variance, FLAT_VARIANCE), 0, maxRatio)
  const meanAt = (c: number): number =>
    trailingVariances.reduce((sum, v) => sum + ratioAt(c, v), 0) / trailingVariances.length

  let [low, high] = [0, Math.max(...trailingVariances)]
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2
    if (meanAt(middle) > meanRatio) low = middle
    else high = middle
  }
  return fraction(ratioAt((low + high) / 2, current))
}

/**
 * Shift of the hedge for the funding a short receives: E[carry]/(γ·σ²) over eight hours, at most ± 0.1.
 *
 * @see specification §4.4
 */
export function fundingShift(
  fundingRate: number,
  { hourlyVolatility, riskAversion }: { hourlyVolatility: Fraction; riskAversion: number },
): Fraction {
  const variance = 8 * hourlyVolatility ** 2
  return fraction(variance < FLAT_VARIANCE ? 0 : clamp(fundingRate / (riskAversion * variance), -0.1, 0.1))
}
