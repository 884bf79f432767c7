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
import { addVenue, openTrack, type Reader, readEach, unknown } from './sampling.ts'
import type { Track } from './tracks.ts'

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
  const bars: Track[] = []
  for (const feed of feeds) {
    if (feed.asset === other && feed.feed === 'bar' && feed.venue === otherVenue) {
      const track = openTrack(panel, feed, span, 0)
      readEach(track, columns, 0, into(columns.otherPrice, track))
    }
    if (feed.asset !== asset) continue
    const isFlow = feed.feed === 'liquidations' || feed.feed === 'taker-flow'
    const first = isFlow ? Math.max(0, span.hours - (span.flowHours ?? span.hours)) : 0
    const track = openTrack(panel, feed, span, first)
    if (feed.feed === 'bar') {
      bars.push(track)
      if (feed.venue !== priceVenue) continue
    }
    columns.cadenceHours[feed.feed] = Math.min(columns.cadenceHours[feed.feed], feed.cadence / HOUR)
    readEach(track, columns, first, readerOf(feed.feed, columns, track, span), columns.age[feed.feed])
  }
  readHourlyCloses(bars, columns, span)
  readVolumes(bars, columns, { priceVenue, ...span })
  return columns
}

// ---------------------------------------------------------------- what is read of each kind

function readerOf(kind: FeedKind, columns: Columns, track: Track, span: Span): Reader {
  const own = (list: VenueColumn[]) => addVenue(list, track.feed, columns).values
  switch (kind) {
    case 'bar':
      return barsInto(columns, track, span)
    case 'open-interest':
      return into(own(columns.openInterest), track, own(columns.openInterestAge))
    case 'funding':
      return into(own(columns.funding), track, own(columns.fundingAge))
    case 'liquidations':
      return sumsInto(own(columns.longLiquidated), own(columns.shortLiquidated), track)
    case 'taker-flow':
      return sumsInto(own(columns.takerBought), own(columns.takerSold), track)
    case 'book-depth': {
      const [bids, asks] = [own(columns.bidDepth), own(columns.askDepth)]
      return (i, newest) => {
        bids[i] = track.first[newest]!
        asks[i] = track.second[newest]!
      }
    }
    case 'account-ratio':
      return into(own(columns.accountRatio), track)
    default:
      return into(own(columns.gauges[kind]), track)
  }
}

/** The newest figure, and its age. */
const into =
  (values: number[], { first }: Track, ages?: number[]): Reader =>
  (i, newest, _start, _end, age) => {
    values[i] = first[newest]!
    if (ages) ages[i] = age
  }

/** What was counted within the hour. */
const sumsInto =
  (firsts: number[], seconds: number[], { first, second }: Track): Reader =>
  (i, _newest, start, end) => {
    let [a, b] = [0, 0]
    for (let j = start; j < end; j++) {
      a += first[j]!
      b += second[j]!
    }
    firsts[i] = a
    seconds[i] = b
  }

function barsInto(
  { price, open, high, low }: Columns,
  { first, ticks }: Track,
  { hours, rangeHours = hours }: Span,
): Reader {
  const firstRange = hours - rangeHours
  return (i, newest, start, end) => {
    const close = first[newest]!
    price[i] = close
    if (i < firstRange) return
    // Bars longer than an hour leave hours without a bar of their own: then the close is all that is known.
    let [highest, lowest] = [close, close]
    for (let j = start; j < end; j++) {
      const { highPrice, lowPrice } = ticks[j] as Bar
      if (highPrice > highest) highest = highPrice
      if (lowPrice < lowest) lowest = lowPrice
    }
    high[i] = highest
    low[i] = lowest
    if (end > start && (ticks[start] as Bar).interval <= HOUR) open[i] = (ticks[start] as Bar).openPrice
  }
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
