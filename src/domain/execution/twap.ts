import { type Instrument, roundToLot } from '../instrument.ts'
import {
  type BaseQty,
  baseQty,
  clamp,
  type DurationMs,
  later,
  type Price,
  type TimestampMs,
  type Usd,
} from '../units.ts'

const MIN_SLICES = 4
const MAX_SLICES = 60
const SIZE_JITTER = 0.3
const INTERVAL_JITTER = 0.2
const MIN_NOTIONAL_MARGIN = 1.02 // price moves between plan and slice

export interface TwapInputs {
  readonly quantity: BaseQty
  readonly referencePrice: Price
  readonly startAt: TimestampMs
  readonly duration: DurationMs
  /** Largest slice. */
  readonly maxClip: Usd
  readonly instrument: Instrument
  /** Seeded from the proposal: the same proposal always has the same plan, so it need not be stored to be resumed. */
  readonly random: () => number
}

export interface Slice {
  readonly slice: number
  readonly at: TimestampMs
  /** What should have been filled once this slice is done: a shortfall rolls into the next. */
  readonly cumulativeQuantity: BaseQty
}

/**
 * TWAP plan: n = min(clip(ceil(Q/maxClip), 4, 60), floor(Q/minNotional)) slices with jittered sizes and intervals.
 *
 * @returns slices in time order whose last cumulative quantity is the quantity rounded down to the lot; empty when the
 *   whole is below the venue's minimum notional
 * @see specification §5
 */
export function planTwap(inputs: TwapInputs): readonly Slice[] {
  const total = roundToLot(inputs.quantity, inputs.instrument)
  const notional = total * inputs.referencePrice
  const affordable = Math.floor(notional / inputs.instrument.minNotional)
  const count = Math.min(clamp(Math.ceil(notional / inputs.maxClip), MIN_SLICES, MAX_SLICES), affordable)
  if (count < 1) return []

  const weights = Array.from({ length: count }, () => 1 + SIZE_JITTER * (2 * inputs.random() - 1))
  const totalWeight = weights.reduce((sum, weight) => sum + weight, 0)
  const interval = inputs.duration / count
  const slices: { at: TimestampMs; cumulativeQuantity: BaseQty }[] = []
  let weightSoFar = 0
  for (let i = 0; i < count; i++) {
    weightSoFar += weights[i]!
    const jitter = i === 0 ? 0 : interval * INTERVAL_JITTER * (2 * inputs.random() - 1)
    slices.push({
      at: later(inputs.startAt, Math.round(i * interval + jitter)),
      cumulativeQuantity:
        i === count - 1 ? total : roundToLot(baseQty((total * weightSoFar) / totalWeight), inputs.instrument),
    })
  }
  return sendable(slices, inputs).map((slice, i) => ({ slice: i, ...slice }))
}

/** Jitter can make a slice too small for the venue: it then joins the next, and a last one that is too small the one before. */
function sendable<S extends { cumulativeQuantity: BaseQty }>(
  slices: readonly S[],
  { referencePrice, instrument }: TwapInputs,
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
