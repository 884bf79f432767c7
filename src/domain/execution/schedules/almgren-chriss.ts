import { HOUR, usd } from '../../units.ts'
import { peakImpact } from '../cost.ts'
import type { ExecutionUrgency, ScheduleInputs, Slice } from '../schedule.ts'
import { cutIntoSlices } from './slices.ts'

/** Dimensionless κT: how front-loaded the schedule is. */
export const URGENCY: Readonly<Record<Exclude<ExecutionUrgency, 'panic'>, number>> = {
  passive: 0.5,
  normal: 1.5,
  urgent: 3,
}

const HOURS_PER_DAY = 24
const PAID_SHARE = 2 / 3
const EVEN = 1e-9 // below it the curve is a straight line to the last bit

/**
 * The trajectory that trades expected impact against the risk of waiting: what remains at t is X·sinh(κ(T−t))/sinh(κT).
 *
 * @param urgency - κT ≥ 0; towards 0 it is TWAP
 * @see Almgren and Chriss (2000), "Optimal Execution of Portfolio Transactions", Journal of Risk 3
 */
export const almgrenChrissSlices = (inputs: ScheduleInputs, urgency: number): readonly Slice[] =>
  cutIntoSlices(inputs, (timeShare) => 1 - remainingShare(timeShare, urgency))

/** sinh(u(1−τ))/sinh(u), written so that it neither overflows nor loses digits. */
export function remainingShare(timeShare: number, urgency: number): number {
  const left = 1 - timeShare
  if (urgency < EVEN) return left
  return (Math.exp(-urgency * timeShare) * Math.expm1(-2 * urgency * left)) / Math.expm1(-2 * urgency)
}

export interface ImpliedRiskAversion {
  /** λ in 1/USD: what the chosen urgency says about the price of risk. */
  readonly lambda: number
  /** σ in USD per coin and √h. */
  readonly sigma: number
  /** η in USD per coin and coin/h: the linear temporary impact that equals the square-root law at the average rate. */
  readonly eta: number
}

/**
 * The risk aversion at which an urgency would be optimal: λ = u²η/(σ²T²).
 *
 * @returns undefined where nothing is sold or nothing moves, so that no λ follows
 * @see specification §5
 */
export function impliedRiskAversion(inputs: ScheduleInputs, urgency: number): ImpliedRiskAversion | undefined {
  const { quantity, referencePrice, dailyVolatility, dailyVolumeNotional } = inputs
  const hours = inputs.choice.duration / HOUR
  const sigma = (referencePrice * dailyVolatility) / Math.sqrt(HOURS_PER_DAY)
  if (!(quantity > 0 && hours > 0 && sigma > 0)) return undefined
  const impact = peakImpact({
    notional: usd(quantity * referencePrice),
    dailyVolatility,
    ...(dailyVolumeNotional !== undefined && { dailyVolumeNotional }),
  })
  const eta = (PAID_SHARE * (impact / 1e4) * referencePrice) / (quantity / hours)
  return { lambda: (urgency ** 2 * eta) / (sigma ** 2 * hours ** 2), sigma, eta }
}
