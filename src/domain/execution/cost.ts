import { type Bps, bps, type Fraction, type Usd } from '../units.ts'

const IMPACT_Y = 0.7 // 0.5–1.0 in the literature; refitted from own fills once there are enough
const PAID_SHARE = 2 / 3 // average impact paid on the way to the peak
/** Where the venue tells no volume, impact is priced as if a day traded this much: cautious for majors. */
const FALLBACK_DAILY_VOLUME_USD = 1e9

export interface CostInputs {
  readonly notional: Usd
  readonly takerFee: Bps
  readonly halfSpread: Bps
  /** Standard deviation of daily returns. */
  readonly dailyVolatility: Fraction
  readonly dailyVolumeNotional?: Usd
}

/**
 * Peak price impact of trading `notional`: I = Y·σ_d·√(Q/ADV), in basis points.
 *
 * @returns e.g. Q=5 M, ADV=15 B, σ_d=3 % → 3.8 bps
 * @see Donier and Bonart (2015), "A Million Metaorder Analysis of Market Impact on the Bitcoin"; specification §5
 */
export const peakImpact = ({
  notional,
  dailyVolatility,
  dailyVolumeNotional,
}: Pick<CostInputs, 'notional' | 'dailyVolatility' | 'dailyVolumeNotional'>): Bps =>
  bps(1e4 * IMPACT_Y * dailyVolatility * Math.sqrt(notional / (dailyVolumeNotional ?? FALLBACK_DAILY_VOLUME_USD)))

/** Expected cost of crossing the spread with a scheduled order: fee + half-spread + ⅔ of the peak impact (§5). */
export const expectedCost = (inputs: CostInputs): Bps =>
  bps(inputs.takerFee + inputs.halfSpread + PAID_SHARE * peakImpact(inputs))

/**
 * Implementation shortfall of what was filled against the mid on arrival, fees included.
 *
 * @returns basis points of the filled notional; positive = cost. Undefined when nothing was filled
 */
export function realisedCost(
  fills: readonly { side: 'buy' | 'sell'; quantity: number; fillPrice: number; fee: number }[],
  arrivalMid: number,
): Bps | undefined {
  const filled = fills.reduce((sum, fill) => sum + fill.quantity, 0)
  if (filled <= 0) return undefined
  const slippage = fills.reduce(
    (sum, f) => sum + (f.side === 'buy' ? 1 : -1) * (f.fillPrice - arrivalMid) * f.quantity,
    0,
  )
  const fees = fills.reduce((sum, fill) => sum + fill.fee, 0)
  return bps(((slippage + fees) / (arrivalMid * filled)) * 1e4)
}
