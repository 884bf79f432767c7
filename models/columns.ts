import type { Panel } from '../src/domain/market/panel.ts'
import {
  type Asset,
  type FeedDeclaration,
  type FeedKind,
  GAUGE_KINDS,
  type GaugeKind,
  type Observed,
  type VenueId,
} from '../src/domain/market/tick.ts'
import { type DurationMs, HOUR, type TimestampMs, timestamp } from '../src/domain/units.ts'

/** The kinds that features are made of; no feature reads account ratios or gauges, so they are not sampled. */
export type SampledFeed = Exclude<FeedKind, 'account-ratio' | GaugeKind>
const NOT_SAMPLED: ReadonlySet<FeedKind> = new Set<FeedKind>(['account-ratio', ...GAUGE_KINDS])

/**
 * What had been received, hour by hour: one number per hourly instant, NaN where nothing fresh was known.
 *
 * An instant counts only what had been received by it, so a column never changes once its instant has passed, and columns
 * sampled in pieces (training) equal columns sampled in one go (live).
 */
export interface Columns {
  /** Hourly instants, oldest first. */
  readonly instants: number[]
  readonly price: number[]
  /** Extremes over the hour before the instant. */
  readonly high: number[]
  readonly low: number[]
  readonly openInterest: VenueColumn[]
  readonly funding: VenueColumn[]
  /** Sums over the hour before the instant, USD. */
  readonly longLiquidated: VenueColumn[]
  readonly shortLiquidated: VenueColumn[]
  /** All fresh venues together. */
  readonly takerBought: number[]
  readonly takerSold: number[]
  /** Resting within 1 % of mid, USD. */
  readonly bidDepth: VenueColumn[]
  readonly askDepth: VenueColumn[]
  /** Age of the youngest fresh feed of each kind over its cadence, or over an hour where that is longer; NaN where none is fresh. */
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
  /** Liquidations and taker flow are summed for the last so many only; default all. */
  readonly flowHours?: number
}

/**
 * Samples an asset's declared feeds at `hours` hourly instants ending at `at`, as of each instant.
 *
 * An observation older than twice its feed's cadence is stale and reads as NaN, and so a feed that was cut off turns NaN
 * by itself. Feeds that nobody declared, or that no feature is made of, are not read.
 */
export function sampleColumns(panel: Panel, asset: Asset, feeds: readonly FeedDeclaration[], span: Span): Columns {
  const empty = () => new Array<number>(span.hours).fill(Number.NaN)
  const first = span.at - (span.hours - 1) * HOUR
  const columns: Columns = {
    instants: Array.from({ length: span.hours }, (_, i) => first + i * HOUR),
    price: empty(),
    high: empty(),
    low: empty(),
    openInterest: [],
    funding: [],
    longLiquidated: [],
    shortLiquidated: [],
    takerBought: empty(),
    takerSold: empty(),
    bidDepth: [],
    askDepth: [],
    age: {
      bar: empty(),
      'open-interest': empty(),
      funding: empty(),
      liquidations: empty(),
      'taker-flow': empty(),
      'book-depth': empty(),
    },
    cadenceHours: {
      bar: Number.POSITIVE_INFINITY,
      'open-interest': Number.POSITIVE_INFINITY,
      funding: Number.POSITIVE_INFINITY,
      liquidations: Number.POSITIVE_INFINITY,
      'taker-flow': Number.POSITIVE_INFINITY,
      'book-depth': Number.POSITIVE_INFINITY,
    },
  }
  const priceVenue = panel.priceVenue(asset)
  for (const feed of feeds) {
    if (feed.asset !== asset || !isSampled(feed) || (feed.feed === 'bar' && feed.venue !== priceVenue)) continue
    columns.cadenceHours[feed.feed] = Math.min(columns.cadenceHours[feed.feed], feed.cadence / HOUR)
    sampleFeed(panel, feed, span, columns)
  }
  return columns
}

type SampledDeclaration = FeedDeclaration & { readonly feed: SampledFeed }
const isSampled = (feed: FeedDeclaration): feed is SampledDeclaration => !NOT_SAMPLED.has(feed.feed)

function sampleFeed(panel: Panel, feed: SampledDeclaration, span: Span, columns: Columns): void {
  const isFlow = feed.feed === 'liquidations' || feed.feed === 'taker-flow'
  const firstHour = isFlow ? Math.max(0, span.hours - (span.flowHours ?? span.hours)) : 0
  const first = columns.instants[firstHour]!
  const staleAfter = 2 * feed.cadence
  // Rows are hourly: an earlier one may rest on a value of up to an hour ago, as where history was fetched by the hour.
  const staleEarlier = Math.max(staleAfter, HOUR)
  // Whatever was received earlier than this is stale at the first instant already.
  const from = timestamp(first - staleEarlier - 1)
  const ticks = panel.between(feed.feed, feed.venue, feed.asset, from, span.at) as readonly Observed[]
  const read = READ[feed.feed](columns, feed)
  let next = 0
  let newest: Observed | undefined
  while (next < ticks.length && ticks[next]!.receivedAt <= first - HOUR) {
    newest = newerOf(newest, ticks[next++]!)
  }
  for (let i = firstHour; i < span.hours; i++) {
    const instant = columns.instants[i]!
    const start = next
    while (next < ticks.length && ticks[next]!.receivedAt <= instant) newest = newerOf(newest, ticks[next++]!)
    if (!newest || instant - newest.eventAt > (i === span.hours - 1 ? staleAfter : staleEarlier)) continue
    const age = Math.max(0, instant - newest.eventAt) / Math.max(feed.cadence, HOUR)
    const ages = columns.age[feed.feed]
    ages[i] = Number.isNaN(ages[i]!) ? age : Math.min(ages[i]!, age)
    read(i, newest, ticks, start, next)
  }
}

/** The later event; of two reports of one event the later received. */
const newerOf = (known: Observed | undefined, tick: Observed): Observed =>
  known && known.eventAt > tick.eventAt ? known : tick

/** Writes one instant: the newest observation, and those received within the hour as `ticks[start … end)`. */
type Reader = (i: number, newest: Observed, ticks: readonly Observed[], start: number, end: number) => void

const READ: Record<SampledFeed, (columns: Columns, feed: FeedDeclaration) => Reader> = {
  bar: (columns) => (i, newest, ticks, start, end) => {
    if (newest.type !== 'bar') return
    columns.price[i] = newest.closePrice
    // Bars longer than an hour leave hours without a bar of their own: then the close is all that is known.
    let high: number = newest.closePrice
    let low: number = newest.closePrice
    for (let j = start; j < end; j++) {
      const bar = ticks[j]!
      if (bar.type !== 'bar') continue
      if (bar.highPrice > high) high = bar.highPrice
      if (bar.lowPrice < low) low = bar.lowPrice
    }
    columns.high[i] = high
    columns.low[i] = low
  },
  'open-interest': (columns, feed) => {
    const { values } = addVenue(columns.openInterest, feed, columns.instants.length)
    return (i, newest) => {
      if (newest.type === 'open-interest') values[i] = newest.openInterest
    }
  },
  funding: (columns, feed) => {
    const { values } = addVenue(columns.funding, feed, columns.instants.length)
    return (i, newest) => {
      if (newest.type === 'funding') values[i] = newest.fundingRate
    }
  },
  liquidations: (columns, feed) => {
    const longs = addVenue(columns.longLiquidated, feed, columns.instants.length).values
    const shorts = addVenue(columns.shortLiquidated, feed, columns.instants.length).values
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
  'taker-flow': (columns) => (i, _newest, ticks, start, end) => {
    let bought = 0
    let sold = 0
    for (let j = start; j < end; j++) {
      const tick = ticks[j]!
      if (tick.type !== 'taker-flow') continue
      bought += tick.buyNotional
      sold += tick.sellNotional
    }
    add(columns.takerBought, i, bought)
    add(columns.takerSold, i, sold)
  },
  'book-depth': (columns, feed) => {
    const bids = addVenue(columns.bidDepth, feed, columns.instants.length).values
    const asks = addVenue(columns.askDepth, feed, columns.instants.length).values
    return (i, newest) => {
      if (newest.type !== 'book-depth') return
      bids[i] = newest.bidNotional
      asks[i] = newest.askNotional
    }
  },
}

function addVenue(list: VenueColumn[], feed: FeedDeclaration, hours: number): VenueColumn {
  const column: VenueColumn = {
    venue: feed.venue,
    cadenceHours: (feed.cadence as DurationMs) / HOUR,
    values: new Array<number>(hours).fill(Number.NaN),
  }
  list.push(column)
  return column
}

const add = (column: number[], i: number, value: number): void => {
  column[i] = Number.isNaN(column[i]!) ? value : column[i]! + value
}

/** Appends the columns of a later, adjoining span of the same asset and feeds. */
export function appendColumns(onto: Columns, more: Columns): void {
  const lists = (of: Columns) => [
    ...[of.instants, of.price, of.high, of.low, of.takerBought, of.takerSold, ...Object.values(of.age)],
    ...[of.openInterest, of.funding, of.longLiquidated, of.shortLiquidated, of.bidDepth, of.askDepth].flatMap(
      (venues) => venues.map((column) => column.values),
    ),
  ]
  const [targets, sources] = [lists(onto), lists(more)]
  if (targets.length !== sources.length) {
    throw new RangeError(`Expected ${targets.length} columns as before, was ${sources.length}`)
  }
  targets.forEach((target, i) => {
    for (const value of sources[i]!) target.push(value)
  })
}
