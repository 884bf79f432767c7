import { roundToLot } from '../../instrument.ts'
import {
  type BaseQty,
  baseQty,
  DAY,
  type DurationMs,
  duration,
  type Fraction,
  fraction,
  later,
  type TimestampMs,
} from '../../units.ts'
import type { ExecutionUrgency, ScheduleInputs, Slice } from '../schedule.ts'
import { MAX_SLICES, sliceCount } from './slices.ts'
import { shareOfDayVolume } from './vwap.ts'

const INTERVAL_JITTER = 0.2

export interface Participation {
  /** Share of the volume traded since the start that should be ours. */
  readonly rate: Fraction
  /** Of the volume of one interval, whatever has to be caught up. */
  readonly cap: Fraction
}

const NORMAL: Participation = { rate: fraction(0.05), cap: fraction(0.1) }

/** ρ = 5 % with a cap of 10 %; who is in a hurry goes to the cap, and panic takes 15 % (specification §5). */
export const PARTICIPATION: Readonly<Record<ExecutionUrgency, Participation>> = {
  passive: NORMAL,
  normal: NORMAL,
  urgent: { rate: fraction(0.1), cap: fraction(0.1) },
  panic: { rate: fraction(0.15), cap: fraction(0.15) },
}

export interface UsualVolume {
  readonly perDay: BaseQty
  readonly profile?: readonly number[] | undefined
}

/** Undefined where the day's volume is not known. */
export const usualVolumeOf = ({
  referencePrice,
  dailyVolumeNotional,
  volumeProfile,
}: ScheduleInputs): UsualVolume | undefined =>
  dailyVolumeNotional && dailyVolumeNotional > 0
    ? { perDay: baseQty(dailyVolumeNotional / referencePrice), profile: volumeProfile }
    : undefined

/** Coins that usually trade in a stretch of time. */
export const volumeOver = ({ perDay, profile }: UsualVolume, from: TimestampMs, length: DurationMs): BaseQty =>
  baseQty(perDay * shareOfDayVolume(from, length, profile))

/**
 * The instants at which a participation looks what has traded: as many as an even schedule would have over the time that it
 * usually takes. Cumulative quantities are what the usual volume would make of it; what is followed is the volume itself.
 */
export function povSlices(inputs: ScheduleInputs, { rate }: Participation): readonly Slice[] {
  const { choice, instrument, random, startAt } = inputs
  const count = sliceCount(inputs)
  if (count < 1) return []
  const total = roundToLot(inputs.quantity, instrument)
  const volume = usualVolumeOf(inputs)
  const usual = volume ? Math.min(choice.duration, (total / (rate * volume.perDay)) * DAY) : choice.duration
  const interval = Math.max(choice.duration / MAX_SLICES, usual / count)
  const instants = Math.ceil(choice.duration / interval - 1e-9)
  return Array.from({ length: instants }, (_, i) => {
    const end = Math.min(choice.duration, (i + 1) * interval)
    const target = volume ? rate * volumeOver(volume, startAt, duration(end)) : (total * end) / choice.duration
    const jitter = i === 0 ? 0 : interval * INTERVAL_JITTER * (2 * random() - 1)
    return {
      slice: i,
      at: later(startAt, Math.round(i * interval + jitter)),
      cumulativeQuantity: roundToLot(baseQty(Math.min(total, target)), instrument),
    }
  })
}
