import type { Panel } from '../src/domain/market/panel.ts'
import {
  type Asset,
  type Bar,
  FEED_KINDS,
  type FeedDeclaration,
  type FeedKind,
  GAUGE_KINDS,
  type GaugeKind,
  type VenueId,
} from '../src/domain/market/tick.ts'
import { HOUR, type TimestampMs } from '../src/domain/units.ts'
import { readHourlyCloses, readVolumes } from './bar-columns.ts'
import { addVenue, openSampling, type Reader, readEach, type Sampling, unknown } from './sampling.ts'

/** The kinds that features are made of: all there are. */
export type SampledFeed = FeedKind

/**
 * What had been received, hour by hour: one number per hourly instant, NaN where nothing fresh was known.
 *
 * An instant counts only what had been received by it, so a column never changes once its instant has passed, and columns
 * sampled in pieces (training) equal columns sampled in one go (live).
 */
export interface Columns {
  /** Hourly instants, oldest first. */
  readonly instants: number[]
  /** The last close of the price venue. */
  readonly price: number[]
  /** First price and extremes over the hour before the instant; of a venue with bars longer than an hour no first price. */
  readonly open: number[]
  readonly high: number[]
  readonly low: number[]
  /** Coins traded within the hour on the price venue; where its bars have no volume, on the first declared whose bars have. */
  readonly volume: number[]
  /** Middle one of the closes of perpetuals (or marks) and of spot at the last whole hour, so that the two can be compared. */
  readonly perp: number[]
  readonly spot: number[]
  /** Highest over lowest of those perpetual closes, less 1; NaN with fewer than two. */
  readonly dispersion: number[]
  /** Price of the asset that this one is compared with: bitcoin, and ether for bitcoin itself. */
  readonly otherPrice: number[]
  readonly openInterest: VenueColumn[]
  readonly funding: VenueColumn[]
  /** Sums over the hour before the instant, USD. */
  readonly longLiquidated: VenueColumn[]
  readonly shortLiquidated: VenueColumn[]
  readonly takerBought: VenueColumn[]
  readonly takerSold: VenueColumn[]
  /** Coins traded within the hour, by venue. */
  readonly traded: VenueColumn[]
  /** Resting within 1 % of mid, USD. */
  readonly bidDepth: VenueColumn[]
  readonly askDepth: VenueColumn[]
  /** Share of accounts that are net long. */
  readonly accountRatio: VenueColumn[]
  readonly gauges: Record<GaugeKind, VenueColumn[]>
  /** Age over the cadence, or over an hour where that is longer, of each venue's own feed. */
  readonly openInterestAge: VenueColumn[]
  readonly fundingAge: VenueColumn[]
  /** The same of the youngest fresh feed of each kind; NaN where none is fresh. Of bars that of the price venue. */
  readonly age: Record<SampledFeed, number[]>
  /** Shortest cadence among the declared feeds of each kind, in hours; infinite where none is declared. */
  readonly cadenceHours: Record<SampledFeed, number>
}

export interface VenueColumn {
  readonly venue: VenueId
  readonly cadenceHours: number
  readonly values: number[]
}

export interface Span {
  /** The last instant. */
  readonly at: TimestampMs
  /** How many hourly instants, ending at `at`. */
  readonly hours: number
  /** Liquidations, taker flow and volumes by venue are summed for the last so many only; default all. */
  readonly flowHours?: number
  /** Extremes of price are looked for in the last so many only; default all. */
  readonly rangeHours?: number
}

/** The asset that returns are compared with. */
export const otherAssetOf = (asset: Asset): Asset => (asset === 'BTC' ? 'ETH' : 'BTC')

/** Columns of which nothing is known. */
export function emptyColumns(last: TimestampMs, hours: number): Columns {
  const empty = () => unknown(hours)
  const each = <K extends string, T>(kinds: readonly K[], value: () => T) =>
    Object.fromEntries(kinds.map((kind) => [kind, value()])) as Record<K, T>
  return {
    instants: Array.from({ length: hours }, (_, i) => last - (hours - 1 - i) * HOUR),
    price: empty(),
    open: empty(),
    high: empty(),
    low: empty(),
    volume: empty(),
    perp: empty(),
    spot: empty(),
    dispersion: empty(),
    otherPrice: empty(),
    openInterest: [],
    funding: [],
    longLiquidated: [],
    shortLiquidated: [],
    takerBought: [],
    takerSold: [],
    traded: [],
    bidDepth: [],
    askDepth: [],
    accountRatio: [],
    gauges: each(GAUGE_KINDS, () => []),
    openInterestAge: [],
    fundingAge: [],
    age: each(FEED_KINDS, empty),
    cadenceHours: each(FEED_KINDS, () => Number.POSITIVE_INFINITY),
  }
}

/**
 * Samples an asset's declared feeds at `hours` hourly instants ending at `at`, as of each instant.
 *
 * An observation older than twice its feed's cadence is stale and reads as NaN, and so a feed that was cut off turns NaN
 * by itself. Feeds that nobody declared are not read.
 */
export function sampleColumns(panel: Panel, asset: Asset, feeds: readonly FeedDeclaration[], span: Span): Columns {
  const columns = emptyColumns(span.at, span.hours)
  const other = otherAssetOf(asset)
  const [priceVenue, otherVenue] = [panel.priceVenue(asset), panel.priceVenue(other)]
  const bars: Sampling[] = []
  for (const feed of feeds) {
    if (feed.asset === other && feed.feed === 'bar' && feed.venue === otherVenue) {
      const sampling = openSampling(panel, feed, span)
      readEach(sampling, columns, 0, closesInto(columns.otherPrice))
    }
    if (feed.asset !== asset) continue
    const isFlow = feed.feed === 'liquidations' || feed.feed === 'taker-flow'
    const first = isFlow ? Math.max(0, span.hours - (span.flowHours ?? span.hours)) : 0
    const sampling = openSampling(panel, feed, { at: span.at, hours: span.hours - first })
    if (feed.feed === 'bar') {
      bars.push(sampling)
      if (feed.venue !== priceVenue) continue
    }
    columns.cadenceHours[feed.feed] = Math.min(columns.cadenceHours[feed.feed], feed.cadence / HOUR)
    readEach(sampling, columns, first, READ[feed.feed](columns, feed, span), columns.age[feed.feed])
  }
  readHourlyCloses(bars, columns, span)
  readVolumes(bars, columns, { priceVenue, ...span })
  return columns
}

// ---------------------------------------------------------------- what is read of each kind

const READ: Record<FeedKind, (columns: Columns, feed: FeedDeclaration, span: Span) => Reader> = {
  bar: ({ price, open, high, low }, _, { hours, rangeHours = hours }) => {
    const firstRange = hours - rangeHours
    return (i, newest, ticks, start, end) => {
      if (newest.type !== 'bar') return
      price[i] = newest.closePrice
      if (i < firstRange) return
      // Bars longer than an hour leave hours without a bar of their own: then the close is all that is known.
      let [highest, lowest]: [number, number] = [newest.closePrice, newest.closePrice]
      for (let j = start; j < end; j++) {
        const bar = ticks[j] as Bar
        if (bar.highPrice > highest) highest = bar.highPrice
        if (bar.lowPrice < lowest) lowest = bar.lowPrice
      }
      high[i] = highest
      low[i] = lowest
      if (end > start && (ticks[start] as Bar).interval <= HOUR) open[i] = (ticks[start] as Bar).openPrice
    }
  },
  'open-interest': (columns, feed) => {
    const { values } = addVenue(columns.openInterest, feed, columns)
    const ages = addVenue(columns.openInterestAge, feed, columns).values
    return (i, newest, _ticks, _start, _end, age) => {
      if (newest.type !== 'open-interest') return
      values[i] = newest.openInterest
      ages[i] = age
    }
  },
  funding: (columns, feed) => {
    const { values } = addVenue(columns.funding, feed, columns)
    const ages = addVenue(columns.fundingAge, feed, columns).values
    return (i, newest, _ticks, _start, _end, age) => {
      if (newest.type !== 'funding') return
      values[i] = newest.fundingRate
      ages[i] = age
    }
  },
  liquidations: (columns, feed) => {
    const longs = addVenue(columns.longLiquidated, feed, columns).values
    const shorts = addVenue(columns.shortLiquidated, feed, columns).values
    return (i, _newest, ticks, start, end) => {
      let [long, short] = [0, 0]
      for (let j = start; j < end; j++) {
        const tick = ticks[j]!
        if (tick.type !== 'liquidations') continue
        long += tick.longNotional
        short += tick.shortNotional
      }
      longs[i] = long
      shorts[i] = short
    }
  },
  'taker-flow': (columns, feed) => {
    const bought = addVenue(columns.takerBought, feed, columns).values
    const sold = addVenue(columns.takerSold, feed, columns).values
    return (i, _newest, ticks, start, end) => {
      let [buys, sells] = [0, 0]
      for (let j = start; j < end; j++) {
        const tick = ticks[j]!
        if (tick.type !== 'taker-flow') continue
        buys += tick.buyNotional
        sells += tick.sellNotional
      }
      bought[i] = buys
      sold[i] = sells
    }
  },
  'book-depth': (columns, feed) => {
    const bids = addVenue(columns.bidDepth, feed, columns).values
    const asks = addVenue(columns.askDepth, feed, columns).values
    return (i, newest) => {
      if (newest.type !== 'book-depth') return
      bids[i] = newest.bidNotional
      asks[i] = newest.askNotional
    }
  },
  'account-ratio': (columns, feed) => {
    const { values } = addVenue(columns.accountRatio, feed, columns)
    return (i, newest) => {
      if (newest.type === 'account-ratio') values[i] = newest.longShare
    }
  },
  ...(Object.fromEntries(GAUGE_KINDS.map((kind) => [kind, readGauge(kind)])) as Record<
    GaugeKind,
    ReturnType<typeof readGauge>
  >),
}

function readGauge(kind: GaugeKind): (columns: Columns, feed: FeedDeclaration) => Reader {
  return (columns, feed) => {
    const { values } = addVenue(columns.gauges[kind], feed, columns)
    return (i, newest) => {
      if (newest.type === kind) values[i] = newest.value
    }
  }
}

const closesInto =
  (prices: number[]): Reader =>
  (i, newest) => {
    if (newest.type === 'bar') prices[i] = newest.closePrice
  }

/** Appends the columns of a later, adjoining span of the same asset and feeds. */
export function appendColumns(onto: Columns, more: Columns): void {
  const [targets, sources] = [listsOf(onto), listsOf(more)]
  if (targets.length !== sources.length) {
    throw new RangeError(`Expected ${targets.length} columns as before, was ${sources.length}`)
  }
  targets.forEach((target, i) => {
    for (const value of sources[i]!) target.push(value)
  })
}

/** Every column there is, whatever it is of. */
function listsOf({ cadenceHours: _, gauges, age, ...columns }: Columns): number[][] {
  const venues = (all: readonly VenueColumn[]) => all.map(({ values }) => values)
  const plain = Object.values(columns).flatMap((column) =>
    column.length > 0 && typeof column[0] === 'object' ? venues(column as VenueColumn[]) : [column as number[]],
  )
  return [...plain.filter((list) => list.length > 0), ...Object.values(age), ...Object.values(gauges).flatMap(venues)]
}
