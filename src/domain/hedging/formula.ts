import { type BaseQty, baseQty, clamp, type Fraction } from '../units.ts'

const MIN_DENOMINATOR = 0.5 // below it the formula would short more than twice β·L: the sign of ρ flips its meaning
const RHO_LOW = -0.5
const RHO_HIGH = 0.95

export interface FormulaInputs {
  /** Spot held, in coins. */
  readonly exposure: BaseQty
  readonly beta: Fraction
  /** Correlation of daily funding changes with daily returns, already shrunk for its sample size. */
  readonly rho: Fraction
  /** Calibrated probability of an adverse move, or that the hedge overlay pays: never a bare score. */
  readonly confidence: Fraction
  /** Largest hedge as a share of exposure. */
  readonly maxRatio: Fraction
}

export interface FormulaResult {
  readonly hedge: BaseQty
  readonly denominator: number
  readonly rhoUsed: number
  /** What bound the answer, for the card. */
  readonly boundBy: readonly ('RHO_CLAMPED' | 'DENOMINATOR_FLOOR' | 'MAX_RATIO' | 'NEGATIVE_RHO')[]
}

/**
 * Hedge size from the article's formula, hardened.
 *
 *     S = L·β / max(0.5, 1 + ρ⁺(1 − C)),  ρ⁺ = clamp(ρ, −0.5, 0.95),  then S ← min(S, maxRatio·L)
 *
 * @returns hedge in coins (positive = short), e.g. L=1000, β=0.8, ρ=0.45, C=0.78 → 727.93
 * @throws {RangeError} when confidence is outside [0, 1], |ρ| > 1, or exposure, β or maxRatio is negative
 * @see specification §4.3
 */
export function formulaHedge(inputs: FormulaInputs): FormulaResult {
  requireBetween('a confidence', inputs.confidence, 0, 1)
  requireBetween('a correlation rho', inputs.rho, -1, 1)
  requireBetween('an exposure', inputs.exposure, 0, Number.MAX_VALUE)
  requireBetween('a beta', inputs.beta, 0, Number.MAX_VALUE)
  requireBetween('a maximum ratio', inputs.maxRatio, 0, Number.MAX_VALUE)

  const rhoUsed = clamp(inputs.rho, RHO_LOW, RHO_HIGH)
  const raw = 1 + rhoUsed * (1 - inputs.confidence)
  const denominator = Math.max(MIN_DENOMINATOR, raw)
  const unbounded = (inputs.exposure * inputs.beta) / denominator
  const cap = inputs.maxRatio * inputs.exposure
  return {
    hedge: baseQty(Math.min(unbounded, cap)),
    denominator,
    rhoUsed,
    boundBy: [
      ...(inputs.rho < 0 ? (['NEGATIVE_RHO'] as const) : []),
      ...(rhoUsed !== inputs.rho ? (['RHO_CLAMPED'] as const) : []),
      ...(denominator !== raw ? (['DENOMINATOR_FLOOR'] as const) : []),
      ...(unbounded > cap ? (['MAX_RATIO'] as const) : []),
    ],
  }
}

function requireBetween(name: string, value: number, low: number, high: number): void {
  if (!(value >= low && value <= high)) throw new RangeError(`Expected ${name} from ${low} to ${high}, was ${value}`)
}
