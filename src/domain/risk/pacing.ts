import { clamp, type DurationMs, duration, type Fraction, fraction, HOUR } from '../units.ts'
import type { Limits } from './limits.ts'

/** A hedge does not turn round sooner, unless an account or the day's loss asks for it (specification §6, rail 12). */
export const MIN_HOLD: DurationMs = duration(2 * HOUR)

export interface RatioPace {
  /** Σ |change of the hedge ratio| by trades of the last 60 minutes and 24 hours. */
  readonly ratioChangeLastHour: Fraction
  readonly ratioChangeLastDay: Fraction
}

/** How far the ratio may still move, up or down: in this hour, in this day. */
export const pacingRoom = (pace: RatioPace, limits: Limits): { readonly hour: Fraction; readonly day: Fraction } => ({
  hour: fraction(Math.max(0, limits.maxRatioChangePerHour - pace.ratioChangeLastHour)),
  day: fraction(Math.max(0, limits.maxRatioChangePerDay - pace.ratioChangeLastDay)),
})

export interface ClippedRatio {
  readonly ratio: Fraction
  /** Undefined when the target was within reach. */
  readonly boundBy?: 'hour' | 'day' | undefined
}

/**
 * As far towards a target as the pace allows; for sizing, before the no-trade band.
 *
 * @param from - hedge ratio held now
 * @returns the target itself, or the nearest ratio that this hour and this day still allow
 */
export function clipRatio(
  from: Fraction,
  target: Fraction,
  { pace, limits }: { pace: RatioPace; limits: Limits },
): ClippedRatio {
  const room = pacingRoom(pace, limits)
  const most = Math.min(room.hour, room.day)
  const ratio = fraction(clamp(target, from - most, from + most))
  if (ratio === target) return { ratio }
  return { ratio, boundBy: room.day < room.hour ? 'day' : 'hour' }
}
