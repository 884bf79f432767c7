import { DAY, type DurationMs, type TimestampMs } from '../../units.ts'
import type { ScheduleInputs, Slice } from '../schedule.ts'
import { cutIntoSlices } from './slices.ts'

/** As the market usually trades at that time of day: more where it is busy. Even where no profile is known. */
export function vwapSlices(inputs: ScheduleInputs): readonly Slice[] {
  const { choice, startAt, volumeProfile } = inputs
  const whole = shareOfDayVolume(startAt, choice.duration, volumeProfile)
  return cutIntoSlices(inputs, (timeShare) =>
    whole > 0
      ? shareOfDayVolume(startAt, (choice.duration * timeShare) as DurationMs, volumeProfile) / whole
      : timeShare,
  )
}

/**
 * Share of a usual day's volume that falls into a stretch of time; more than 1 when it is longer than a day.
 *
 * @param profile - the share of each of `n` equal parts of the UTC day, in any scale; undefined or all zero = even
 */
export function shareOfDayVolume(
  from: TimestampMs,
  length: DurationMs,
  profile: readonly number[] | undefined,
): number {
  const total = profile?.reduce((sum, part) => sum + part, 0) ?? 0
  if (!profile || !(total > 0)) return length / DAY
  const part = DAY / profile.length
  const before = (at: number): number => {
    const days = Math.floor(at / DAY)
    const within = (at - days * DAY) / part
    const full = Math.floor(within)
    const shares = profile.slice(0, full).reduce((sum, share) => sum + share, 0)
    return days + (shares + (within - full) * (profile[full] ?? 0)) / total
  }
  return before(from + length) - before(from)
}
