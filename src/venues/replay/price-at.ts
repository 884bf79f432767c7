import type { Bar } from '../../domain/market/tick.ts'
import type { Price, TimestampMs } from '../../domain/units.ts'

/** The price at an instant that ends or opens a bar, or undefined. */
export type PriceAt = (instant: TimestampMs) => Price | undefined

/**
 * What open interest in USD is divided by to be coins, and multiplied by to be USD again.
 *
 * Of several series of hourly bars the first one that has the instant answers, spot before perpetual before mark, then by
 * name: the close of the bar that ends there, else the open of the one that begins there.
 */
export function createPriceAt(bars: Iterable<Bar>): PriceAt {
  const series = new Map<string, { readonly closes: Map<number, Price>; readonly opens: Map<number, Price> }>()
  for (const bar of bars) {
    const key = `${RANK[bar.series]}/${bar.venue}`
    const one = series.get(key) ?? { closes: new Map(), opens: new Map() }
    series.set(key, one)
    one.closes.set(bar.eventAt, bar.closePrice)
    one.opens.set(bar.eventAt - bar.interval, bar.openPrice)
  }
  const ranked = [...series].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one)
  return (instant) => {
    for (const { closes, opens } of ranked) {
      const price = closes.get(instant) ?? opens.get(instant)
      if (price !== undefined) return price
    }
    return undefined
  }
}

const RANK: Readonly<Record<Bar['series'], number>> = { spot: 0, perp: 1, mark: 2 }
