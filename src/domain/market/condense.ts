import { baseQty, duration, HOUR, price, type TimestampMs, usd } from '../units.ts'
import { isGauge, type Observed } from './tick.ts'

/** The hour that an event belongs to: one at the full hour ends it. */
export const hourOf = (eventAt: TimestampMs): number => Math.ceil(eventAt / HOUR)

/**
 * What was seen of one feed within an hour, as one observation: bars become the bar of all of them, what is counted over a
 * time is summed, of what is measured the last figure stays. Received when the last of them was.
 *
 * @param ticks - of one kind, venue and asset, in order of receipt; at least one
 */
export function condensed<T extends Observed>(ticks: readonly T[]): T {
  const last = ticks.reduce((newest, tick) => (tick.eventAt >= newest.eventAt ? tick : newest))
  const { receivedAt } = ticks.at(-1)!
  return { ...last, ...merged(ticks, last), receivedAt }
}

function merged(ticks: readonly Observed[], last: Observed): Partial<Observed> {
  if (isGauge(last)) return {}
  switch (last.type) {
    case 'bar': {
      const bars = ticks.filter((tick) => tick.type === 'bar').sort((a, b) => a.eventAt - b.eventAt)
      const first = bars[0]!
      const volumes = bars.map(({ volume }) => volume)
      const known = volumes.every((volume) => volume !== undefined)
      return {
        interval: duration(last.eventAt - (first.eventAt - first.interval)),
        openPrice: first.openPrice,
        highPrice: price(Math.max(...bars.map(({ highPrice }) => highPrice))),
        lowPrice: price(Math.min(...bars.map(({ lowPrice }) => lowPrice))),
        volume: known ? baseQty(volumes.reduce((sum: number, volume) => sum + volume, 0)) : undefined,
      } as Partial<Observed>
    }
    case 'liquidations': {
      const prints = ticks.filter((tick) => tick.type === 'liquidations')
      const sum = (of: (print: (typeof prints)[number]) => number) =>
        usd(prints.reduce((all, each) => all + of(each), 0))
      return {
        interval: spanOf(prints),
        longNotional: sum(({ longNotional }) => longNotional),
        shortNotional: sum(({ shortNotional }) => shortNotional),
        coverage: prints.every(({ coverage }) => coverage === 'full') ? 'full' : 'sampled',
      } as Partial<Observed>
    }
    case 'taker-flow': {
      const flows = ticks.filter((tick) => tick.type === 'taker-flow')
      const sum = (of: (flow: (typeof flows)[number]) => number) => usd(flows.reduce((all, each) => all + of(each), 0))
      return {
        interval: spanOf(flows),
        buyNotional: sum(({ buyNotional }) => buyNotional),
        sellNotional: sum(({ sellNotional }) => sellNotional),
      } as Partial<Observed>
    }
    case 'open-interest':
    case 'funding':
    case 'book-depth':
    case 'account-ratio':
      return {}
  }
}

/** From the start of the first to the end of the last. */
function spanOf(counted: readonly { eventAt: TimestampMs; interval: number }[]) {
  const starts = counted.map(({ eventAt, interval }) => eventAt - interval)
  return duration(Math.max(...counted.map(({ eventAt }) => eventAt)) - Math.min(...starts))
}
