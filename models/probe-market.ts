import { type Asset, type FeedDeclaration, GAUGE_KINDS, type GaugeKind, type Tick } from '../src/domain/market/tick.ts'
import { createRandom } from '../src/domain/random.ts'
import {
  baseQty,
  DAY,
  duration,
  fraction,
  fundingPer8h,
  HOUR,
  MINUTE,
  price,
  type TimestampMs,
  timestamp,
  usd,
} from '../src/domain/units.ts'
import { otherAssetOf } from './columns.ts'

const ASSET = 'PROBE'
const DAYS = 34
/** About the middle of each gauge. */
const GAUGE_LEVELS: Readonly<Record<GaugeKind, number>> = {
  basis: 5,
  'implied-volatility': 0.6,
  'option-term-slope': 0.02,
  'option-skew-7d': -0.03,
  'option-skew-30d': -0.02,
  'option-open-interest': 2e9,
  'option-volume': 5e8,
  'fear-greed': 50,
  'etf-flow': 4e7,
  'exchange-netflow': 3e7,
  'coin-premium': 2e-4,
  'top-account-ratio': 0.55,
  'top-position-ratio': 0.52,
}

/**
 * A month and some days of made-up ticks of every kind: not a market, only something for the feature formulas to answer on.
 *
 * Everything is hourly but the price, whose bars come every quarter of an hour, and what is known once a day; it has no
 * meaning beyond being the same on every machine.
 */
export function probeMarket(): { asset: Asset; from: TimestampMs; ticks: Tick[]; feeds: FeedDeclaration[] } {
  const random = createRandom(20_250_203)
  const from = timestamp(Date.UTC(2025, 0, 1))
  const ticks: Tick[] = []
  let level = 2_000
  let openInterest = 50_000
  let otherLevel = 60_000
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
      volume: baseQty(500 * random()),
    })
    if (at % HOUR !== 0) continue
    otherLevel *= 1 + 0.01 * (random() - 0.5)
    const hourly = (venue: string, series: 'perp' | 'spot', close: number, of = ASSET) =>
      ticks.push({
        ...stamp,
        venue,
        asset: of,
        type: 'bar',
        series,
        interval: HOUR,
        openPrice: price(close),
        highPrice: price(close * 1.001),
        lowPrice: price(close * 0.999),
        closePrice: price(close),
        volume: baseQty(1_000 * random()),
      })
    hourly('probe-b', 'perp', level * (1 + 1e-3 * random()))
    hourly('probe-spot', 'spot', level * (1 - 1e-3 * random()))
    hourly('probe-a', 'perp', otherLevel, otherAssetOf(ASSET))
    openInterest *= 1 + 0.02 * (random() - 0.5)
    ticks.push(
      { ...stamp, type: 'open-interest', openInterest: baseQty(openInterest) },
      {
        ...stamp,
        venue: 'probe-b',
        type: 'open-interest',
        openInterest: baseQty(openInterest * (0.35 + 0.1 * random())),
      },
      { ...stamp, type: 'funding', fundingRate: fundingPer8h(1e-4 + 4e-4 * (random() - 0.5), duration(8 * HOUR)) },
      { ...stamp, venue: 'probe-b', type: 'funding', fundingRate: fundingPer8h(1e-4 * random(), duration(8 * HOUR)) },
      { ...stamp, type: 'account-ratio', longShare: fraction(0.4 + 0.2 * random()) },
      ...GAUGE_KINDS.map((type): Tick => ({ ...stamp, type, value: GAUGE_LEVELS[type] * (0.5 + random()) })),
    )
    for (const venue of ['probe-a', 'probe-b']) {
      ticks.push(
        {
          ...stamp,
          venue,
          type: 'liquidations',
          interval: HOUR,
          longNotional: usd(2e6 * random() ** 4),
          shortNotional: usd(1e6 * random() ** 4),
          coverage: 'full',
        },
        {
          ...stamp,
          venue,
          type: 'taker-flow',
          interval: HOUR,
          buyNotional: usd(5e6 * (0.5 + random())),
          sellNotional: usd(5e6 * (0.5 + random())),
        },
        {
          ...stamp,
          venue,
          type: 'book-depth',
          bidNotional: usd(4e6 * (0.5 + random())),
          askNotional: usd(4e6 * (0.5 + random())),
        },
      )
    }
  }
  const declare = (feed: FeedDeclaration['feed'], venue: string, cadence: number, asset = ASSET): FeedDeclaration => ({
    feed,
    venue,
    asset,
    cadence: duration(cadence),
  })
  const feeds = [
    declare('bar', 'probe-a', 15 * MINUTE),
    declare('bar', 'probe-b', HOUR),
    declare('bar', 'probe-spot', HOUR),
    declare('bar', 'probe-a', HOUR, otherAssetOf(ASSET)),
    ...['probe-a', 'probe-b'].flatMap((venue) =>
      (['open-interest', 'funding', 'liquidations', 'taker-flow', 'book-depth'] as const).map((feed) =>
        declare(feed, venue, HOUR),
      ),
    ),
    ...(['account-ratio', ...GAUGE_KINDS] as const).map((feed) => declare(feed, 'probe-a', HOUR)),
  ]
  return { asset: ASSET, from, ticks, feeds }
}
