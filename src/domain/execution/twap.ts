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
  let [weightSoFar, slices] = [0, [] as Slice[]]
  for (let slice = 0; slice < count; slice++) {
    weightSoFar += weights[slice]!
    const jitter = slice === 0 ? 0 : interval * INTERVAL_JITTER * (2 * inputs.random() - 1)
    const cumulative =
      slice === count - 1 ? total : roundToLot(baseQty((total * weightSoFar) / totalWeight), inputs.instrument)
    slices = [
      ...slices,
      { slice, at: later(inputs.startAt, Math.round(slice * interval + jitter)), cumulativeQuantity: cumulative },
    ]
  }
  return slices
}
