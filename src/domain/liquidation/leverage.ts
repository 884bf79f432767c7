import { clamp } from '../units.ts'

/** Positions of about this leverage: what they pay in maintenance, how long they are held, how many there are. */
export interface LeverageBucket {
  readonly leverage: number
  readonly maintenanceRate: number
  /** Mean time until such a position is closed by its owner. */
  readonly holdingHours: number
  /** Prior share of newly opened leveraged positions; need not sum to 1. */
  readonly share: number
}

/** Defaults of the specification (§1.2): judgement, not measurement; the shares are to be learned from data. */
export const LEVERAGE_BUCKETS: readonly LeverageBucket[] = [
  { leverage: 5, maintenanceRate: 0.01, holdingHours: 120, share: 0.3 },
  { leverage: 10, maintenanceRate: 0.01, holdingHours: 72, share: 0.3 },
  { leverage: 20, maintenanceRate: 0.005, holdingHours: 24, share: 0.22 },
  { leverage: 50, maintenanceRate: 0.005, holdingHours: 10, share: 0.13 },
  { leverage: 100, maintenanceRate: 0.004, holdingHours: 4, share: 0.05 },
]

/** Mood of the market in standard deviations of the trailing month; an input that is missing has no say. */
export interface Mood {
  /** Funding above its neutral 1 bp per 8 h. */
  readonly fundingZ?: number
  /** Taker buying as a share of volume. */
  readonly takerZ?: number
  /** Log ratio of long to short accounts: counts accounts, not size, so it weighs little. */
  readonly accountsZ?: number
  readonly volatilityZ?: number
}

const FUNDING_TILT = 0.2
const VOLATILITY_TILT = 0.1
const NEUTRAL_SHARE = 0.45
const SHARE_SWING = 0.25

/**
 * Share of newly opened longs and of newly opened shorts that are leveraged: the crowd's side takes more leverage.
 *
 * @see specification §1.3, step 6
 */
export function leveragedShares({ fundingZ, takerZ, accountsZ }: Mood): { long: number; short: number } {
  const lean = 0.6 * Math.tanh(fundingZ ?? 0) + 0.3 * Math.tanh(takerZ ?? 0) + 0.1 * Math.tanh(accountsZ ?? 0)
  return {
    long: clamp(NEUTRAL_SHARE + SHARE_SWING * lean, 0.05, 0.9),
    short: clamp(NEUTRAL_SHARE - SHARE_SWING * lean, 0.05, 0.9),
  }
}

/**
 * How newly opened leveraged positions spread over the buckets: more leverage when funding is far from neutral and
 * volatility low; nothing above what the venue allows.
 *
 * @param shares - of the buckets, smallest leverage first; need not sum to 1
 * @param allowed - which buckets the venue offers; default all
 * @returns weights summing to 1, or all 0 when the venue allows none of the buckets
 * @see specification §1.3, step 7
 */
export function leverageMix(shares: readonly number[], mood: Mood, allowed?: readonly boolean[]): readonly number[] {
  const middle = (shares.length - 1) / 2
  const tilt =
    FUNDING_TILT * Math.abs(clamp(mood.fundingZ ?? 0, -8, 8)) - VOLATILITY_TILT * clamp(mood.volatilityZ ?? 0, -8, 8)
  const weights = shares.map((share, k) => (allowed?.[k] === false ? 0 : share * Math.exp((tilt * (k - middle)) / 2)))
  const sum = weights.reduce((total, weight) => total + weight, 0)
  return weights.map((weight) => (sum > 0 ? weight / sum : 0))
}
