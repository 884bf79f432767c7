import { type Bps, bps, DAY, type DurationMs, type Fraction, fraction, MINUTE, type Usd } from '../units.ts'
import type { ExecutionUrgency, ScheduleChoice } from './schedule.ts'

const IMPACT_Y = 0.7 // 0.5–1.0 in the literature; refitted from own fills once there are enough
const PAID_SHARE = 2 / 3 // average impact paid on the way to the peak
/** Where the venue tells no volume, impact is priced as if a day traded this much: cautious for majors. */
const FALLBACK_DAILY_VOLUME_USD = 1e9

export interface CostInputs {
  readonly notional: Usd
  readonly takerFee: Bps
  /** Of what rests; undefined = the taker's. */
  readonly makerFee?: Bps | undefined
  /** Share that crosses the spread; undefined = all of it. */
  readonly crossShare?: Fraction | undefined
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

/**
 * Expected cost of an order: c = fee + ½ spread · crossShare + ⅔ of the peak impact, the fee being the taker's for what crosses
 * and the maker's for what rests (§5). What resting might earn of the spread is not counted on.
 */
export function expectedCost(inputs: CostInputs): Bps {
  const { takerFee, makerFee = takerFee, crossShare = fraction(1), halfSpread } = inputs
  const fee = takerFee * crossShare + makerFee * (1 - crossShare)
  return bps(fee + halfSpread * crossShare + PAID_SHARE * peakImpact(inputs))
}

/**
 * Share that is priced as crossing, by urgency. More than does cross in the slippage study (docs/reports/slippage.md): what rests
 * is filled when the market goes against it, and with these shares the expected cost is the cost found there.
 */
const CROSS_SHARE: Readonly<Record<ExecutionUrgency, number>> = { passive: 0.6, normal: 0.6, urgent: 0.8, panic: 1 }

export const expectedCrossShare = ({ urgency }: Pick<ScheduleChoice, 'urgency'>): Fraction =>
  fraction(CROSS_SHARE[urgency])

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

/** One parent order that was filled, for the refit of the impact. */
export interface ImpactObservation {
  readonly notional: Usd
  readonly dailyVolatility: Fraction
  readonly dailyVolumeNotional: Usd
  /** Average fill against the arrival mid, without fees; positive = cost. */
  readonly slippage: Bps
  /** Part of it that the spread explains: ½ spread · share crossed. */
  readonly spreadPaid: Bps
  readonly duration: DurationMs
}

export type ImpactFit =
  | {
      readonly kind: 'estimated'
      readonly y: number
      /** 95 % interval. */
      readonly low: number
      readonly high: number
      readonly parents: number
    }
  | {
      readonly kind: 'undetermined'
      readonly reason: 'TOO_FEW_PARENTS'
      readonly parents: number
      readonly needed: number
    }

/** Fewer say nothing: the noise of one parent of half an hour is ten times its impact. */
export const MIN_FIT_PARENTS = 30

/**
 * Y of the square-root law from own fills: least squares of slippage on ⅔·1e4·σ_d·√(Q/ADV) through the origin, each parent
 * weighted by how little the market moved on its own while it was filled; errors robust to that weight being wrong.
 *
 * @see specification §5: refitted monthly
 */
export function fitImpact(observations: readonly ImpactObservation[]): ImpactFit {
  const rows = observations
    .filter(
      ({ notional, dailyVolatility, dailyVolumeNotional }) => notional * dailyVolatility * dailyVolumeNotional > 0,
    )
    .map((one) => ({
      x: PAID_SHARE * 1e4 * one.dailyVolatility * Math.sqrt(one.notional / one.dailyVolumeNotional),
      y: one.slippage - one.spreadPaid,
      weight: 1 / (one.dailyVolatility ** 2 * Math.max(one.duration, MINUTE) * (1 / DAY)),
    }))
  const parents = rows.length
  if (parents < MIN_FIT_PARENTS) {
    return { kind: 'undetermined', reason: 'TOO_FEW_PARENTS', parents, needed: MIN_FIT_PARENTS }
  }
  const xx = rows.reduce((sum, { x, weight }) => sum + weight * x * x, 0)
  const y = rows.reduce((sum, row) => sum + row.weight * row.x * row.y, 0) / xx
  const meat = rows.reduce((sum, row) => sum + (row.weight * row.x * (row.y - y * row.x)) ** 2, 0)
  const error = (Math.sqrt(meat) / xx) * Math.sqrt(parents / (parents - 1))
  const half = studentQuantile(parents - 1) * error
  return { kind: 'estimated', y, low: y - half, high: y + half, parents }
}

/** 97.5 % quantile of Student's t by Cornish and Fisher: within 0.001 from 29 degrees of freedom on. */
const studentQuantile = (freedom: number): number => 1.959964 + (1.959964 ** 3 + 1.959964) / (4 * freedom)
