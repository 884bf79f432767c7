import type { Asset, FeedDeclaration, Tick } from '../src/domain/market/tick.ts'
import { createRandom } from '../src/domain/random.ts'
import {
  baseQty,
  DAY,
  duration,
  fundingPer8h,
  HOUR,
  MINUTE,
  price,
  type TimestampMs,
  timestamp,
  usd,
} from '../src/domain/units.ts'

const ASSET = 'PROBE'
const DAYS = 34

/**
 * A month and some days of made-up ticks of every kind: not a market, only something for the feature formulas to answer on.
 *
 * Everything is hourly but the price, whose bars come every quarter of an hour; it has no meaning beyond being the same on
 * every machine.
 */
export function probeMarket(): { asset: Asset; from: TimestampMs; ticks: Tick[]; feeds: FeedDeclaration[] } {
  const random = createRandom(20_250_203)
  const from = timestamp(Date.UTC(2025, 0, 1))
  const ticks: Tick[] = []
  let level = 2_000
  let openInterest = 50_000
  for (let at = from + 15 * MINUTE; at <= from + DAYS * DAY; at += 15 * MINUTE) {
    const stamp = { venue: 'probe-a', asset: ASSET, eventAt: timestamp(at), receivedAt: timestamp(at + 5_000) }
    const open = level
    level *= 1 + 0.008 * (random() - 0.5)
    ticks.push({
      ...stamp,
      type: 'bar',
      series: 'mark',
      interval: duration(15 * MINUTE),
      openPrice: price(open),
      highPrice: price(Math.max(open, level) * (1 + 0.001 * random())),
      lowPrice: price(Math.min(open, level) * (1 - 0.001 * random())),
      closePrice: price(level),
    })
    if (at % HOUR !== 0) continue
    openInterest *= 1 + 0.02 * (random() - 0.5)
    ticks.push(
      { ...stamp, type: 'open-interest', openInterest: baseQty(openInterest) },
      { ...stamp, venue: 'probe-b', type: 'open-interest', openInterest: baseQty(openInterest * 0.4) },
      { ...stamp, type: 'funding', fundingRate: fundingPer8h(1e-4 + 4e-4 * (random() - 0.5), duration(8 * HOUR)) },
      { ...stamp, venue: 'probe-b', type: 'funding', fundingRate: fundingPer8h(1e-4 * random(), duration(8 * HOUR)) },
      {
        ...stamp,
        type: 'liquidations',
        interval: HOUR,
        longNotional: usd(2e6 * random() ** 4),
        shortNotional: usd(1e6 * random() ** 4),
        coverage: 'full',
      },
      {
        ...stamp,
        type: 'taker-flow',
        interval: HOUR,
        buyNotional: usd(5e6 * (0.5 + random())),
        sellNotional: usd(5e6 * (0.5 + random())),
      },
      {
        ...stamp,
        type: 'book-depth',
        bidNotional: usd(4e6 * (0.5 + random())),
        askNotional: usd(4e6 * (0.5 + random())),
      },
    )
  }
  const declare = (feed: FeedDeclaration['feed'], venue: string, cadence: number): FeedDeclaration => ({
    feed,
    venue,
    asset: ASSET,
    cadence: duration(cadence),
  })
  const feeds = [
    declare('bar', 'probe-a', 15 * MINUTE),
    declare('open-interest', 'probe-a', HOUR),
    declare('open-interest', 'probe-b', HOUR),
    declare('funding', 'probe-a', HOUR),
    declare('funding', 'probe-b', HOUR),
    declare('liquidations', 'probe-a', HOUR),
    declare('taker-flow', 'probe-a', HOUR),
    declare('book-depth', 'probe-a', HOUR),
  ]
  return { asset: ASSET, from, ticks, feeds }
}
