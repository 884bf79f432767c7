import { clamp, DAY, type Fraction, type FundingPer8h, fraction, HOUR, later, type TimestampMs } from '../units.ts'
import { freshnessOf } from './freshness.ts'
import type { Panel } from './panel.ts'
import type { Asset, FeedDeclaration } from './tick.ts'

const WINDOW_DAYS = 60
const SHRINK_DAYS = 30
const MIN_DAYS = 10

/** The median of the fresh funding rates over venues, per eight hours; undefined when none is fresh. */
export function currentFunding(
  panel: Panel,
  feeds: readonly FeedDeclaration[],
  asset: Asset,
  at: TimestampMs,
): FundingPer8h | undefined {
  const rates = feeds
    .filter((feed) => feed.feed === 'funding' && feed.asset === asset && freshnessOf(panel, feed, at).state === 'fresh')
    .map((feed) => panel.latest('funding', feed.venue, asset, at)!.fundingRate)
    .sort((a, b) => a - b)
  return rates[Math.floor((rates.length - 1) / 2)]
}

/**
 * Correlation of daily funding changes with daily returns over 60 days, shrunk for the sample: ρ·n/(n + 30).
 *
 * @returns from −1 to 1; 0 with fewer than ten days of both
 * @see specification §4.3
 */
export function fundingCorrelation(panel: Panel, asset: Asset, at: TimestampMs): Fraction {
  const [venue] = panel.venues('funding', asset)
  if (venue === undefined) return fraction(0)
  const days: { price: number; funding: number }[] = []
  for (let day = WINDOW_DAYS; day >= 0; day--) {
    const end = later(at, -day * DAY)
    const bar = panel.lastBar(asset, end)
    const settled = panel.between('funding', venue, asset, later(end, -DAY), end)
    if (!bar || settled.length === 0 || end - bar.eventAt > 6 * HOUR) days.length = 0
    else
      days.push({
        price: Math.log(bar.closePrice),
        funding: settled.reduce((sum, tick) => sum + tick.fundingRate, 0) / settled.length,
      })
  }
  const n = days.length - 1
  if (n < MIN_DAYS) return fraction(0)
  const returns = days.slice(1).map((day, i) => day.price - days[i]!.price)
  const changes = days.slice(1).map((day, i) => day.funding - days[i]!.funding)
  return fraction((clamp(correlation(returns, changes), -1, 1) * n) / (n + SHRINK_DAYS))
}

function correlation(xs: readonly number[], ys: readonly number[]): number {
  const [meanX, meanY] = [mean(xs), mean(ys)]
  const sum = (f: (i: number) => number): number => xs.reduce((total, _, i) => total + f(i), 0)
  const scale = Math.sqrt(sum((i) => (xs[i]! - meanX) ** 2) * sum((i) => (ys[i]! - meanY) ** 2))
  return scale < 1e-18 ? 0 : sum((i) => (xs[i]! - meanX) * (ys[i]! - meanY)) / scale
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length
