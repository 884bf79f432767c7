import { type Instrument, roundToLot } from '../instrument.ts'
import {
  type BaseQty,
  baseQty,
  type DurationMs,
  duration,
  elapsed,
  later,
  type Price,
  type TimestampMs,
} from '../units.ts'
import type { Order } from './order.ts'
import type { ScheduleInputs, ScheduleKind, Slice } from './schedule.ts'
import {
  almgrenChrissSlices,
  type ImpliedRiskAversion,
  impliedRiskAversion,
  URGENCY,
} from './schedules/almgren-chriss.ts'
import {
  PARTICIPATION,
  type Participation,
  povSlices,
  type UsualVolume,
  usualVolumeOf,
  volumeOver,
} from './schedules/pov.ts'
import { twapSlices } from './schedules/twap.ts'
import { vwapSlices } from './schedules/vwap.ts'

/** After the last slice, for what orders left unfilled. */
const CATCH_UP_SLICES = 3

export interface Plan {
  /** What is followed: `panic` follows the volume whatever was chosen. */
  readonly kind: ScheduleKind
  /** In whole lots. */
  readonly quantity: BaseQty
  readonly startAt: TimestampMs
  readonly endsAt: TimestampMs
  /** What is not filled by then stays unfilled. */
  readonly closesAt: TimestampMs
  /** Those planned, then those that catch up with what was left; each lasts until the next begins. */
  readonly slices: readonly Slice[]
  /** How many of the slices were planned; the rest catch up. */
  readonly plannedSlices: number
  /** Of a participation. */
  readonly participation?: Participation | undefined
  /** Of Almgren–Chriss: reported, not chosen. */
  readonly riskAversion?: ImpliedRiskAversion | undefined
  readonly instrument: Instrument
  readonly referencePrice: Price
  /** Of a participation: what stands in for the volume while it is not known. */
  readonly usualVolume?: UsualVolume | undefined
}

/**
 * The plan of a proposal: a function of its inputs alone, so that it is the same after a restart and need not be stored.
 *
 * @returns a plan without slices when the whole is below the venue's minimum notional
 * @see specification §5
 */
export function planSchedule(inputs: ScheduleInputs): Plan {
  const { choice, startAt, instrument, referencePrice } = inputs
  const kind: ScheduleKind = choice.urgency === 'panic' ? 'pov' : choice.kind
  const participation = kind === 'pov' ? PARTICIPATION[choice.urgency] : undefined
  const urgency = URGENCY[choice.urgency === 'panic' ? 'urgent' : choice.urgency]
  const planned = slicesOf(inputs, { kind, participation, urgency })
  const endsAt = later(startAt, choice.duration)
  const interval = Math.max(1, Math.round(choice.duration / Math.max(1, planned.length)))
  // A participation may go on as long again: where less trades than usual it is not done in time.
  const extra = participation ? Math.floor(choice.duration / interval) : CATCH_UP_SLICES
  const quantity = roundToLot(inputs.quantity, instrument)
  const catchUp = Array.from({ length: planned.length === 0 ? 0 : extra }, (_, i) => ({
    slice: planned.length + i,
    at: later(endsAt, i * interval),
    cumulativeQuantity: quantity,
  }))
  return {
    kind,
    quantity,
    startAt,
    endsAt,
    closesAt: later(endsAt, catchUp.length * interval),
    slices: [...planned, ...catchUp],
    plannedSlices: planned.length,
    participation,
    ...(kind === 'almgren-chriss' && { riskAversion: impliedRiskAversion(inputs, urgency) }),
    instrument,
    referencePrice,
    ...(participation && { usualVolume: usualVolumeOf(inputs) }),
  }
}

function slicesOf(
  inputs: ScheduleInputs,
  how: { kind: ScheduleKind; participation: Participation | undefined; urgency: number },
): readonly Slice[] {
  switch (how.kind) {
    case 'twap':
      return twapSlices(inputs)
    case 'vwap':
      return vwapSlices(inputs)
    case 'almgren-chriss':
      return almgrenChrissSlices(inputs, how.urgency)
    case 'pov':
      return povSlices(inputs, how.participation!)
  }
}

export interface CurrentSlice extends Slice {
  readonly endsAt: TimestampMs
  readonly length: DurationMs
}

/** The slice that runs at an instant; undefined before the start and after the close. */
export function sliceAt(plan: Plan, now: TimestampMs): CurrentSlice | undefined {
  if (now >= plan.closesAt) return undefined
  const index = plan.slices.findLastIndex((slice) => slice.at <= now)
  const slice = plan.slices[index]
  if (!slice) return undefined
  const endsAt = plan.slices[index + 1]?.at ?? plan.closesAt
  return { ...slice, endsAt, length: elapsed(slice.at, endsAt) }
}

/**
 * What should have been filled, in all, by the end of the slice that runs now.
 *
 * @param volumeSince - coins traded in the market since the start; of a participation only. Undefined = not known, and then
 *   the usual volume stands in for it, or the clock where that is not known either
 */
export function targetAt(plan: Plan, now: TimestampMs, volumeSince?: BaseQty): BaseQty {
  const current = plan.slices.findLast((slice) => slice.at <= now)
  if (!current) return baseQty(0)
  if (!plan.participation) return current.cumulativeQuantity
  const volume =
    volumeSince ?? (plan.usualVolume && volumeOver(plan.usualVolume, plan.startAt, elapsed(plan.startAt, now)))
  if (volume === undefined) return current.cumulativeQuantity
  return roundToLot(baseQty(Math.min(plan.quantity, plan.participation.rate * volume)), plan.instrument)
}

export interface Progress {
  /** Filled of the whole, and what may still be filled by orders that have not ended. */
  readonly filled: BaseQty
  readonly volumeSince?: BaseQty | undefined
  /** Traded since the slice before began, for the cap of a participation. */
  readonly volumeOfInterval?: BaseQty | undefined
}

/**
 * What the slice that runs now has to trade, over all venues: the target less what is filled, in whole lots; 0 when that is
 * below the venue's minimum, so that it waits for the next slice.
 */
export function dueQuantity(plan: Plan, now: TimestampMs, progress: Progress): BaseQty {
  const behind = targetAt(plan, now, progress.volumeSince) - progress.filled
  const cap =
    plan.participation && progress.volumeOfInterval !== undefined
      ? plan.participation.cap * progress.volumeOfInterval
      : Number.POSITIVE_INFINITY
  const smallest = plan.instrument.minNotional / plan.referencePrice
  const due = roundToLot(baseQty(Math.max(0, Math.min(behind, cap))), plan.instrument)
  const left = plan.quantity - progress.filled - due
  // What is too small for an order of its own goes with the last.
  const whole = left > 0 && left < smallest ? roundToLot(baseQty(due + left), plan.instrument) : due
  return due >= smallest ? whole : baseQty(0)
}

/** Filled by the children of all slices but one: what `dueQuantity` needs so that it says what that slice had to trade. */
export const filledOutside = (slice: number, orders: readonly Order[]): BaseQty =>
  baseQty(
    orders.reduce(
      (sum, order) => (order.kind === 'child' && order.slice !== slice ? sum + order.filledQuantity : sum),
      0,
    ),
  )

/** When the target next changes; undefined when it no longer does. */
export function nextChangeAt(plan: Plan, now: TimestampMs): TimestampMs | undefined {
  return plan.slices.find((slice) => slice.at > now)?.at ?? (now < plan.closesAt ? plan.closesAt : undefined)
}

/** How long one slice lasts on average. */
export const sliceInterval = (plan: Plan): DurationMs =>
  duration(Math.max(1, Math.round((plan.endsAt - plan.startAt) / Math.max(1, plan.plannedSlices))))
