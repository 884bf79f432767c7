import { createPanel, type Panel } from '../../../src/domain/market/panel.ts'
import type { Tick } from '../../../src/domain/market/tick.ts'
import {
  baseQty,
  fundingPer8h,
  HOUR,
  later,
  price,
  type TimestampMs,
  timestamp,
  usd,
} from '../../../src/domain/units.ts'

export const START = timestamp(Date.UTC(2025, 0, 1))
export const hour = (n: number): TimestampMs => later(START, n * HOUR)

interface BarShape {
  readonly at: TimestampMs
  readonly high: number
  readonly low: number
  readonly close: number
  readonly venue?: string
  readonly series?: 'mark' | 'perp' | 'spot'
}

export const bar = ({ at, high, low, close, venue = 'a', series = 'mark' }: BarShape): Tick => ({
  type: 'bar',
  series,
  venue,
  asset: 'ETH',
  interval: HOUR,
  eventAt: at,
  receivedAt: at,
  openPrice: price(close),
  highPrice: price(high),
  lowPrice: price(low),
  closePrice: price(close),
})

export const openInterest = (
  eventAt: TimestampMs,
  coins: number,
  { venue = 'a', lag = 0 }: { venue?: string; lag?: number } = {},
): Tick => ({
  type: 'open-interest',
  venue,
  asset: 'ETH',
  eventAt,
  receivedAt: later(eventAt, lag),
  openInterest: baseQty(coins),
})

export const funding = (at: TimestampMs, rate: number, venue = 'a'): Tick => ({
  type: 'funding',
  venue,
  asset: 'ETH',
  eventAt: at,
  receivedAt: at,
  fundingRate: fundingPer8h(rate, (8 * HOUR) as typeof HOUR),
})

export const depth = (at: TimestampMs, notional: number, venue = 'a'): Tick => ({
  type: 'book-depth',
  venue,
  asset: 'ETH',
  eventAt: at,
  receivedAt: at,
  bidNotional: usd(notional),
  askNotional: usd(notional),
})

export function panelOf(ticks: readonly Tick[]): Panel {
  const panel = createPanel()
  for (const tick of [...ticks].sort((x, y) => x.receivedAt - y.receivedAt)) panel.apply(tick)
  return panel
}
