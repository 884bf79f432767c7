import { HOUR, later, type TimestampMs } from '../units.ts'
import type { Panel } from './panel.ts'
import type { Asset } from './tick.ts'

/** Bars this much older than the window still give its first price. */
const LEAD_HOURS = 48

export interface HourlyPrices {
  /** One close per hour mark, oldest first, the last one at the asked instant; starts at the first mark with a price. */
  readonly prices: readonly number[]
  /** How many of them stand in for a gap: no new bar had closed within that hour (or the bar's own length). */
  readonly carried: number
}

/**
 * Closes of the price venue at `at`, `at` − 1 h, `at` − 2 h … looked up as of each mark among the bars received by `at`.
 *
 * Works for any instant and any bar length; a gap carries the last close forward.
 *
 * @param hours - hour marks before `at`; the list has at most `hours + 1` prices
 * @param known - bars received by then count; later than `at` where the marks are to stand still between hours
 * @returns no prices when nothing has been received
 */
export function hourlyPrices(
  panel: Panel,
  asset: Asset,
  at: TimestampMs,
  hours: number,
  known: TimestampMs = at,
): HourlyPrices {
  const venue = panel.priceVenue(asset)
  if (venue === undefined) return { prices: [], carried: 0 }
  const marks = Array.from({ length: hours + 1 }, (_, i) => later(at, (i - hours) * HOUR))
  const from = later(at, -(hours + LEAD_HOURS) * HOUR)
  const prices: number[] = []
  let carried = 0
  for (const [i, bar] of panel.newestAt('bar', venue, asset, { marks, from, known }).entries()) {
    if (!bar) continue
    if (marks[i]! - bar.eventAt >= Math.max(HOUR, bar.interval)) carried++
    prices.push(bar.closePrice)
  }
  return { prices, carried }
}

/**
 * Hourly log returns up to any instant, oldest first; see `hourlyPrices` for how gaps are carried and counted.
 *
 * @returns at most `hours` returns; fewer when the history is shorter
 */
export function hourlyReturns(
  panel: Panel,
  asset: Asset,
  at: TimestampMs,
  hours: number,
  known: TimestampMs = at,
): readonly number[] {
  const { prices } = hourlyPrices(panel, asset, at, hours, known)
  return prices.slice(1).map((price, i) => Math.log(price / prices[i]!))
}

/**
 * Standard deviation per hour of hourly returns about zero, weights halving every `halfLifeHours` into the past.
 *
 * @param returns - hourly log returns, oldest first
 * @returns 0 without returns
 * @throws {RangeError} when the half-life is not positive
 */
export function ewmaVolatility(returns: readonly number[], halfLifeHours: number): number {
  if (!(halfLifeHours > 0)) throw new RangeError(`Expected a positive half-life, was ${halfLifeHours} h`)
  const decay = 0.5 ** (1 / halfLifeHours)
  let [sum, weights, weight] = [0, 0, 1]
  for (let i = returns.length - 1; i >= 0; i--) {
    sum += weight * returns[i]! ** 2
    weights += weight
    weight *= decay
  }
  return weights > 0 ? Math.sqrt(sum / weights) : 0
}
