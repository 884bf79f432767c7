import type { Instrument } from '../instrument.ts'
import type { BaseQty, DurationMs, Fraction, Price, TimestampMs, Usd } from '../units.ts'

export const SCHEDULE_KINDS = ['twap', 'vwap', 'pov', 'almgren-chriss'] as const
export type ScheduleKind = (typeof SCHEDULE_KINDS)[number]

/** How much waiting may cost: dimensionless κT of 0.5, 1.5 and 3; `panic` takes 15 % of the volume (specification §5). */
export const URGENCIES = ['passive', 'normal', 'urgent', 'panic'] as const
export type ExecutionUrgency = (typeof URGENCIES)[number]

/** Part of what people approve. */
export interface ScheduleChoice {
  readonly kind: ScheduleKind
  readonly urgency: ExecutionUrgency
  readonly duration: DurationMs
  /** What the market was when it was chosen, so that the plan is the same after a restart. */
  readonly dailyVolatility?: Fraction | undefined
  readonly dailyVolumeNotional?: Usd | undefined
  /** Of a VWAP: what each hour of the UTC day usually trades. */
  readonly volumeProfile?: readonly number[] | undefined
}

export interface ScheduleInputs {
  readonly choice: ScheduleChoice
  readonly quantity: BaseQty
  readonly referencePrice: Price
  readonly startAt: TimestampMs
  /** Largest slice. */
  readonly maxClip: Usd
  readonly instrument: Instrument
  /** Seeded from the proposal: the same proposal always has the same plan, so it need not be stored to be resumed. */
  readonly random: () => number
  readonly dailyVolatility: Fraction
  readonly dailyVolumeNotional?: Usd | undefined
  /** Median share of a day's volume in each of `n` equal parts of the UTC day, from 00:00; uniform where unknown. */
  readonly volumeProfile?: readonly number[] | undefined
}

export interface Slice {
  readonly slice: number
  readonly at: TimestampMs
  /** What should have been filled once this slice is done: a shortfall rolls into the next. */
  readonly cumulativeQuantity: BaseQty
}
