import { type Fraction, fraction } from '../units.ts'

export interface BandInputs {
  /** Proportional cost of trading, as a fraction of notional. */
  readonly cost: Fraction
  /** Standard deviation of the target's own change per hour. */
  readonly targetVolatility: Fraction
  readonly hourlyVolatility: Fraction
  readonly riskAversion: number
  /** Never narrower than this. */
  readonly minBand: Fraction
}

/**
 * Half-width of the no-trade band around the target hedge ratio: b = (3κω² / 2γσ²)^⅓.
 *
 * @returns half-width as a fraction of exposure, e.g. κ=5e-4, ω=0.02, σ=0.0075, γ=5 → about 0.10
 * @see Whalley and Wilmott (1997), "An Asymptotic Analysis of an Optimal Hedging Model"; specification §4.4
 */
export function noTradeBand(inputs: BandInputs): Fraction {
  const variance = inputs.hourlyVolatility ** 2
  if (!(variance > 0)) return inputs.minBand
  const width = ((3 * inputs.cost * inputs.targetVolatility ** 2) / (2 * inputs.riskAversion * variance)) ** (1 / 3)
  return fraction(Math.max(inputs.minBand, Math.min(width, 0.5)))
}

/**
 * Where to trade to: nowhere inside the band, its nearer edge outside it (proportional cost).
 *
 * @returns the ratio to hold, equal to `current` inside the band
 */
export function insideBand(current: Fraction, target: Fraction, halfWidth: Fraction): Fraction {
  if (Math.abs(target - current) <= halfWidth) return current
  return fraction(current < target ? target - halfWidth : target + halfWidth)
}
