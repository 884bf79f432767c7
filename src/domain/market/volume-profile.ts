import { DAY, HOUR, type TimestampMs } from '../units.ts'

const HOURS = 24
/** Fewer days say little about what is usual. */
const LEAST_DAYS = 7

/** One traded interval: when it ended, and base coins. */
export interface TradedVolume {
  readonly eventAt: TimestampMs
  readonly volume: number
}

/**
 * What share of a UTC day's volume each hour usually trades: the median over days, made to sum to 1 (specification §5, VWAP).
 *
 * @param traded - in any order; an hour of a day without any counts as one that traded nothing
 * @returns 24 shares from 00:00 UTC on; undefined with fewer than seven days, or without any volume
 */
export function volumeProfile(traded: readonly TradedVolume[]): readonly number[] | undefined {
  const days = new Map<number, number[]>()
  for (const { eventAt, volume } of traded) {
    // A bar carries its close: the hour that ends at 01:00 is the first of the day.
    const begun = eventAt - 1
    const day = Math.floor(begun / DAY)
    const hours = days.get(day) ?? new Array<number>(HOURS).fill(0)
    hours[Math.floor((begun - day * DAY) / HOUR)]! += volume
    days.set(day, hours)
  }
  const shares = [...days.values()].flatMap((hours) => {
    const total = hours.reduce((sum, volume) => sum + volume, 0)
    return total > 0 ? [hours.map((volume) => volume / total)] : []
  })
  if (shares.length < LEAST_DAYS) return undefined
  const medians = Array.from({ length: HOURS }, (_, hour) => median(shares.map((hours) => hours[hour]!)))
  const sum = medians.reduce((total, share) => total + share, 0)
  return sum > 0 ? medians.map((share) => share / sum) : undefined
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}
