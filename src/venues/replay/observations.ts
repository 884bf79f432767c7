import type { FeedKind, Liquidations, Observed, VenueId } from '../../domain/market/tick.ts'
import {
  baseQty,
  type DurationMs,
  duration,
  fraction,
  fundingPer8h,
  HOUR,
  later,
  type TimestampMs,
  timestamp,
  usd,
} from '../../domain/units.ts'
import { AGGREGATE, AGGREGATE_SPOT, accountRatioVenue, COIN_MARGINED } from './columns.ts'
import { AGGREGATE_INTERVAL, fundingIntervalOf } from './funding-interval.ts'
import { closesAt, type Grain, LENGTH, RECEIPT_LAG } from './labels.ts'
import type { PriceAt } from './price-at.ts'
import type { PanelFile, PanelRow } from './read-panel.ts'

/** One feed as one set of columns has it; where several do, the first with an observation is taken. */
export interface Candidate {
  readonly feed: FeedKind
  readonly venue: VenueId
  readonly cadence: DurationMs
  readonly ticks: readonly Observed[]
}

interface Context {
  readonly asset: string
  readonly priceAt: PriceAt
  readonly onProblem: (problem: string) => void
}

const FOUR_HOURS = duration(4 * HOUR)
/** Since then Binance sends at most one liquidation a second and symbol: every later figure is a lower bound. */
const THROTTLED_SINCE = timestamp(Date.UTC(2021, 3, 27))

/** What is known of another venue's stream is never that it was whole. */
export const coverageOf = (venue: VenueId, eventAt: TimestampMs): Liquidations['coverage'] =>
  venue === 'binance' && eventAt <= THROTTLED_SINCE ? 'full' : 'sampled'

/**
 * Everything but bars that the three panels of an asset hold, finest first: hourly and four-hourly before daily.
 *
 * Open interest in USD becomes coins at the price of the same instant; funding becomes a rate per eight hours; book depth is
 * the vendor's default range of ±1 % around mid, as one figure for each side; long over short accounts become the share of
 * accounts that are long. Where a price or a venue's funding interval is not known, there is no observation.
 */
export function readCandidates(files: Partial<Record<Grain, PanelFile>>, context: Context): readonly Candidate[] {
  return [
    ...(files['1h'] ? hourly(files['1h'], context) : []),
    ...(files['4h'] ? aggregates(files['4h'], '4h', context) : []),
    ...(files['1h'] ? fourHourly(files['1h'], context) : []),
    ...(files['1d'] ? aggregates(files['1d'], '1d', context) : []),
  ]
}

/** Settled funding, and open interest that is known at its label. */
function hourly(file: PanelFile, context: Context): readonly Candidate[] {
  return [
    ...venuesIn(file, /^funding_(.+)$/).flatMap((venue) => {
      const interval = fundingIntervalOf(venue)
      if (interval === undefined) {
        if (file.rows.some((row) => row.value(`funding_${venue}`) !== undefined))
          context.onProblem(
            `${file.name} column funding_${venue}: Expected a venue whose funding interval is known, was ${venue}; column left out`,
          )
        return []
      }
      const ticks = read(file, `funding_${venue}`, (rate, row) => ({
        type: 'funding' as const,
        ...stamp(venue, context.asset, row.label, RECEIPT_LAG.settledFunding),
        fundingRate: fundingPer8h(rate, interval),
      }))
      return [{ feed: 'funding' as const, venue, cadence: interval, ticks }]
    }),
    ...venuesIn(file, /^oi_usd_(.+)_prevhour$/).map((venue) =>
      openInterest(
        {
          file,
          column: `oi_usd_${venue}_prevhour`,
          venue: venue.toLowerCase(),
          cadence: HOUR,
          lag: RECEIPT_LAG.venueOpenInterest,
        },
        context,
      ),
    ),
  ]
}

/** What the hourly file holds of the vendor's four-hourly figures. */
function fourHourly(file: PanelFile, context: Context): readonly Candidate[] {
  const vendor = { file, cadence: FOUR_HOURS, lag: RECEIPT_LAG.vendor }
  return [
    openInterest({ ...vendor, column: 'oi_usd_all_exchanges_4h_at_baropen', venue: AGGREGATE }, context),
    ...venuesIn(file, /^oi_usd_(.+)_4h$/).map((venue) =>
      openInterest({ ...vendor, column: `oi_usd_${venue}_4h`, venue: venue.toLowerCase() }, context),
    ),
    ...venuesIn(file, /^liq_(.+)_long_usd_4hbar_KNOWN_AT_T4H$/).map((venue) =>
      liquidations(file, '4h', {
        venue,
        long: `liq_${venue}_long_usd_4hbar_KNOWN_AT_T4H`,
        short: `liq_${venue}_short_usd_4hbar_KNOWN_AT_T4H`,
        asset: context.asset,
      }),
    ),
  ]
}

/** The four-hourly and the daily file: everything is labelled at the bar's open and known at its close. */
function aggregates(file: PanelFile, grain: '4h' | '1d', context: Context): readonly Candidate[] {
  const { asset } = context
  const cadence = LENGTH[grain]
  const at = (row: PanelRow) => closesAt(row.label, grain)
  const stampOf = (venue: VenueId, row: PanelRow) => stamp(venue, asset, at(row), RECEIPT_LAG.vendor)
  const positions = (column: string, venue: VenueId, unit: 'usd' | 'coins' = 'usd') =>
    openInterest({ file, column, venue, cadence, lag: RECEIPT_LAG.vendor, at, unit }, context)

  return [
    ...(grain === '4h'
      ? [
          positions('oi_usd_all_close', AGGREGATE),
          positions('oi_binance_stable_close', 'binance', 'coins'),
          positions('oi_binance_coinm_close', COIN_MARGINED),
        ]
      : [
          positions('oi_usd_all_coinglass_close', AGGREGATE),
          positions('oi_all_exchanges_usd', AGGREGATE),
          positions('oi_binance_stable_coins_close', 'binance', 'coins'),
          positions('oi_binance_coinm_usd_close', COIN_MARGINED),
        ]),
    liquidations(file, grain, {
      venue: 'binance',
      long: 'binance_long_liq_usd',
      short: 'binance_short_liq_usd',
      asset,
    }),
    {
      feed: 'funding',
      venue: AGGREGATE,
      cadence,
      ticks: read(file, 'funding_oiw_close', (rate, row) => ({
        type: 'funding' as const,
        ...stampOf(AGGREGATE, row),
        fundingRate: fundingPer8h(rate, AGGREGATE_INTERVAL),
      })),
    },
    ...venuesIn(file, /^((?:fut|spot)_taker_.+)_buy_volume_usd$/).map((name): Candidate => {
      const venue = takerVenue(name)
      return {
        feed: 'taker-flow',
        venue,
        cadence,
        ticks: readPair(file, `${name}_buy_volume_usd`, `${name}_sell_volume_usd`, (buy, sell, row) => ({
          type: 'taker-flow' as const,
          ...stampOf(venue, row),
          interval: cadence,
          buyNotional: usd(buy),
          sellNotional: usd(sell),
        })),
      }
    }),
    ...venuesIn(file, /^(depth_(?:fut|spot)_.+)_bids_usd$/).map((name): Candidate => {
      const venue = depthVenue(name)
      return {
        feed: 'book-depth',
        venue,
        cadence,
        ticks: readPair(file, `${name}_bids_usd`, `${name}_asks_usd`, (bids, asks, row) => ({
          type: 'book-depth' as const,
          ...stampOf(venue, row),
          bidNotional: usd(bids),
          askNotional: usd(asks),
        })),
      }
    }),
    ...file.columns.flatMap((column): readonly Candidate[] => {
      const venue = accountRatioVenue(column)
      if (venue === undefined) return []
      const ticks = read(file, column, (ratio, row) =>
        ratio > 0
          ? { type: 'account-ratio' as const, ...stampOf(venue, row), longShare: fraction(ratio / (1 + ratio)) }
          : undefined,
      )
      return [{ feed: 'account-ratio', venue, cadence, ticks }]
    }),
  ]
}

interface OpenInterestColumn {
  readonly file: PanelFile
  readonly column: string
  readonly venue: VenueId
  readonly cadence: DurationMs
  readonly lag: DurationMs
  /** When the row's figure stood; at its label unless told otherwise. */
  readonly at?: (row: PanelRow) => TimestampMs
  readonly unit?: 'usd' | 'coins'
}

function openInterest(source: OpenInterestColumn, { asset, priceAt }: Context): Candidate {
  const { file, column, venue, cadence, lag, at = (row: PanelRow) => row.label, unit = 'usd' } = source
  const ticks = read(file, column, (value, row) => {
    const eventAt = at(row)
    const price = unit === 'coins' ? 1 : priceAt(eventAt)
    if (price === undefined || !(value > 0)) return undefined
    return {
      type: 'open-interest' as const,
      ...stamp(venue, asset, eventAt, lag),
      openInterest: baseQty(value / price),
    }
  })
  return { feed: 'open-interest', venue, cadence, ticks }
}

function liquidations(
  file: PanelFile,
  grain: '4h' | '1d',
  { venue, long, short, asset }: { venue: VenueId; long: string; short: string; asset: string },
): Candidate {
  const cadence = LENGTH[grain]
  const ticks = readPair(file, long, short, (longUsd, shortUsd, row): Liquidations => {
    const eventAt = closesAt(row.label, grain)
    return {
      type: 'liquidations',
      ...stamp(venue, asset, eventAt, RECEIPT_LAG.vendor),
      interval: cadence,
      longNotional: usd(longUsd),
      shortNotional: usd(shortUsd),
      coverage: coverageOf(venue, eventAt),
    }
  })
  return { feed: 'liquidations', venue, cadence, ticks }
}

const takerVenue = (name: string): VenueId =>
  name === 'fut_taker_aggregated'
    ? AGGREGATE
    : name === 'spot_taker_aggregated'
      ? AGGREGATE_SPOT
      : venueOf(name, 'taker')

const depthVenue = (name: string): VenueId => venueOf(name.replace(/^depth_(fut|spot)_/, '$1_depth_'), 'depth')

/** `fut_taker_bybit` → `bybit`, `spot_taker_bybit` → `bybit-spot`. */
const venueOf = (name: string, what: string): VenueId =>
  name.startsWith('spot_') ? `${name.slice(`spot_${what}_`.length)}-spot` : name.slice(`fut_${what}_`.length)

const stamp = (venue: VenueId, asset: string, eventAt: TimestampMs, lag: DurationMs) => ({
  venue,
  asset,
  eventAt,
  receivedAt: later(eventAt, lag),
})

const venuesIn = (file: PanelFile, column: RegExp): readonly string[] =>
  file.columns.flatMap((name) => column.exec(name)?.[1] ?? [])

const read = <T>(file: PanelFile, column: string, toTick: (value: number, row: PanelRow) => T | undefined): T[] =>
  file.rows.flatMap((row) => {
    const value = row.value(column)
    return (value === undefined ? undefined : toTick(value, row)) ?? []
  })

const readPair = <T>(
  file: PanelFile,
  first: string,
  second: string,
  toTick: (first: number, second: number, row: PanelRow) => T,
): T[] =>
  read(file, first, (value, row) => {
    const other = row.value(second)
    return other === undefined ? undefined : toTick(value, other, row)
  })
