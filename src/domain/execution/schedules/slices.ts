import { roundToLot } from '../../instrument.ts'
import { type BaseQty, baseQty, clamp, later, type TimestampMs } from '../../units.ts'
import type { ScheduleInputs, Slice } from '../schedule.ts'

const MIN_SLICES = 4
export const MAX_SLICES = 60
const SIZE_JITTER = 0.3
const INTERVAL_JITTER = 0.2
const MIN_NOTIONAL_MARGIN = 1.02 // price moves between plan and slice
const CLIP_TOLERANCE = 1e-6 // a schedule that is even but for binary dust has as many slices as an even one

/** Share of the quantity that should be filled after a share of the time; both from 0 to 1, rising from 0 to 1. */
export type Curve = (timeShare: number) => number

/**
 * Cuts a curve into slices: n = min(clip(ceil(Q/maxClip), 4, 60), floor(Q/minNotional)), and more where the curve is so steep
 * that a slice would be larger than the clip. Sizes are jittered by ±30 % and intervals by ±20 %, so that nobody can read the
 * next slice off the last.
 *
 * @returns slices in time order whose last cumulative quantity is the quantity rounded down to the lot; empty when the
 *   whole is below the venue's minimum notional
 * @see specification §5
 */
export function cutIntoSlices(inputs: ScheduleInputs, curve: Curve): readonly Slice[] {
  const { choice, instrument, random, startAt } = inputs
  const total = roundToLot(inputs.quantity, instrument)
  const weights = weightsOf(inputs, curve)
  if (weights.length === 0) return []

  const jittered = weights.map((weight) => weight * (1 + SIZE_JITTER * (2 * random() - 1)))
  const whole = jittered.reduce((sum, weight) => sum + weight, 0)
  const interval = choice.duration / weights.length
  const slices: { at: TimestampMs; cumulativeQuantity: BaseQty }[] = []
  let soFar = 0
  for (const [i, weight] of jittered.entries()) {
    soFar += weight
    const jitter = i === 0 ? 0 : interval * INTERVAL_JITTER * (2 * random() - 1)
    slices.push({
      at: later(startAt, Math.round(i * interval + jitter)),
      cumulativeQuantity: i === weights.length - 1 ? total : roundToLot(baseQty((total * soFar) / whole), instrument),
    })
  }
  return sendable(slices, inputs).map((slice, i) => ({ slice: i, ...slice }))
}

/** How many slices an even schedule has; 0 when not one could be sent. */
export function sliceCount({ quantity, referencePrice, instrument, maxClip }: ScheduleInputs): number {
  const notional = roundToLot(quantity, instrument) * referencePrice
  return Math.min(
    clamp(Math.ceil(notional / maxClip - CLIP_TOLERANCE), MIN_SLICES, MAX_SLICES),
    affordableSlices({ quantity, referencePrice, instrument }),
  )
}

/** What of each slice falls into its part of the time, before jitter. */
function weightsOf(inputs: ScheduleInputs, curve: Curve): readonly number[] {
  const notional = roundToLot(inputs.quantity, inputs.instrument) * inputs.referencePrice
  const most = Math.min(MAX_SLICES, affordableSlices(inputs))
  let count = sliceCount(inputs)
  for (;;) {
    const weights = Array.from({ length: count }, (_, i) => curve((i + 1) / count) - curve(i / count))
    const largest = (Math.max(0, ...weights) * notional) / inputs.maxClip
    if (count >= most || largest <= 1 + CLIP_TOLERANCE) return weights
    count = Math.min(most, Math.max(count + 1, Math.ceil(count * largest)))
  }
}

const affordableSlices = ({
  quantity,
  referencePrice,
  instrument,
}: Pick<ScheduleInputs, 'quantity' | 'referencePrice' | 'instrument'>): number =>
  Math.floor((roundToLot(quantity, instrument) * referencePrice) / instrument.minNotional)

/** A slice too small for the venue joins the next, and a last one that is too small the one before. */
function sendable<S extends { cumulativeQuantity: BaseQty }>(
  slices: readonly S[],
  { referencePrice, instrument }: ScheduleInputs,
): readonly S[] {
  const smallest = (instrument.minNotional * MIN_NOTIONAL_MARGIN) / referencePrice
  const kept: S[] = []
  for (const slice of slices) {
    const before = kept.at(-1)?.cumulativeQuantity ?? 0
    if (slice.cumulativeQuantity - before >= smallest) kept.push(slice)
  }
  const whole = slices.at(-1)!.cumulativeQuantity
  if (kept.length === 0) return [{ ...slices[0]!, cumulativeQuantity: whole }]
  return kept.map((slice, i) => (i === kept.length - 1 ? { ...slice, cumulativeQuantity: whole } : slice))
}
