import type { Bar } from '../../domain/market/tick.ts'
import { baseQty, HOUR, later, price, type TimestampMs, timestamp } from '../../domain/units.ts'
import { RECEIPT_LAG } from './labels.ts'

/**
 * Makes hourly bars of finer ones. An hour with a bar missing is left out: its high, low and volume would be those of the
 * part we happened to see.
 *
 * @returns `add` takes bars in any order, a later one for the same time replacing the earlier; `finish` gives what is whole
 */
export function createHourlyBars() {
  const series = new Map<string, Map<number, Map<number, Bar>>>()
  return {
    /** False for a bar that is longer than an hour or does not divide it. */
    add(bar: Bar): boolean {
      if (HOUR % bar.interval !== 0) return false
      const key = `${bar.series}/${bar.venue}`
      const hours = series.get(key) ?? new Map<number, Map<number, Bar>>()
      series.set(key, hours)
      const hour = Math.ceil(bar.eventAt / HOUR) * HOUR
      const parts = hours.get(hour) ?? new Map<number, Bar>()
      hours.set(hour, parts)
      parts.set(bar.eventAt, bar)
      return true
    },
    finish(): { readonly bars: readonly Bar[]; readonly incomplete: number } {
      let incomplete = 0
      const bars = [...series.values()].flatMap((hours) =>
        [...hours].flatMap(([hour, parts]) => {
          const bar = join([...parts.values()], timestamp(hour))
          if (!bar) incomplete++
          return bar ?? []
        }),
      )
      return { bars, incomplete }
    },
  }
}

function join(parts: readonly Bar[], hour: TimestampMs): Bar | undefined {
  const sorted = [...parts].sort((a, b) => a.eventAt - b.eventAt)
  const [first, last] = [sorted[0]!, sorted.at(-1)!]
  if (sorted.length * first.interval !== HOUR || last.eventAt !== hour) return undefined
  return {
    ...first,
    interval: HOUR,
    eventAt: hour,
    receivedAt: later(hour, RECEIPT_LAG.kline),
    highPrice: price(Math.max(...sorted.map((bar) => bar.highPrice))),
    lowPrice: price(Math.min(...sorted.map((bar) => bar.lowPrice))),
    closePrice: last.closePrice,
    volume: sorted.some((bar) => bar.volume === undefined)
      ? undefined
      : baseQty(sorted.reduce((sum, bar) => sum + bar.volume!, 0)),
  }
}
