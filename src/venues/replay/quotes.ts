import type { Bar, BookDepth } from '../../domain/market/tick.ts'
import { DAY, HOUR, price, type TimestampMs, usd } from '../../domain/units.ts'
import type { Quote } from '../../ports.ts'

const SPREAD = 0.0002
/** Depth is recorded every four hours; older than two of those it says nothing. */
const DEPTH_AGE_LIMIT = 8 * HOUR
const BARS_PER_DAY = 24

/**
 * What a venue would have traded at, from recorded hourly bars: mid on the straight line from the bar's open to its close, 2 bp
 * of spread around it.
 *
 * The line is drawn with the close of the bar that is still open, as only the venue may know it; decisions are made on
 * ticks and never see it. Highs and lows on the way are not on the line: fills are better than the worst of the hour and
 * worse than its best. Volume and volatility are of the 24 bars that had closed.
 *
 * @returns undefined outside the bars and in their holes
 */
export function createQuotes(bars: readonly Bar[], depths: readonly BookDepth[]) {
  const byOpen = new Map(bars.map((bar, index) => [bar.eventAt - bar.interval, index]))

  return (at: TimestampMs): Quote | undefined => {
    const index = byOpen.get(Math.floor(at / HOUR) * HOUR)
    if (index === undefined) return undefined
    const bar = bars[index]!
    const share = (at - (bar.eventAt - bar.interval)) / bar.interval
    const mid = bar.openPrice + (bar.closePrice - bar.openPrice) * share
    const day = lastDay(bars, index, at)
    const depth = depths.findLast((one) => one.receivedAt <= at && at - one.eventAt <= DEPTH_AGE_LIMIT)
    return {
      at,
      bestBid: price(mid * (1 - SPREAD / 2)),
      bestAsk: price(mid * (1 + SPREAD / 2)),
      depthNotional: depth && usd(Math.min(depth.bidNotional, depth.askNotional)),
      dailyVolumeNotional: volumeOf(day),
      dailyVolatility: volatilityOf(day),
    }
  }
}

function lastDay(bars: readonly Bar[], index: number, at: TimestampMs): readonly Bar[] {
  return bars.slice(Math.max(0, index - BARS_PER_DAY), index).filter((bar) => bar.eventAt > at - DAY - HOUR)
}

function volumeOf(day: readonly Bar[]) {
  if (day.length < BARS_PER_DAY || day.some((bar) => bar.volume === undefined)) return undefined
  return usd(day.reduce((sum, bar) => sum + bar.volume! * bar.closePrice, 0))
}

/** Standard deviation of hourly log returns, scaled to a day. */
function volatilityOf(day: readonly Bar[]): number | undefined {
  if (day.length < BARS_PER_DAY) return undefined
  const returns = day.map((bar) => Math.log(bar.closePrice / bar.openPrice))
  const mean = returns.reduce((sum, value) => sum + value, 0) / returns.length
  const variance = returns.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (returns.length - 1)
  return Math.sqrt(variance * BARS_PER_DAY)
}
