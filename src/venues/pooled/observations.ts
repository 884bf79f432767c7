import { join } from 'node:path'
import type { Asset, Liquidations, Observed, OpenInterest, VenueId } from '../../domain/market/tick.ts'
import {
  baseQty,
  DAY,
  type DurationMs,
  duration,
  fundingPer8h,
  HOUR,
  later,
  type TimestampMs,
  usd,
} from '../../domain/units.ts'
import { AGGREGATE, COIN_MARGINED } from '../replay/columns.ts'
import { AGGREGATE_INTERVAL } from '../replay/funding-interval.ts'
import { RECEIPT_LAG } from '../replay/labels.ts'
import { type Candidate, coverageOf } from '../replay/observations.ts'
import type { PriceAt } from '../replay/price-at.ts'
import { assetOf } from './assets.ts'
import { eachRow, type Row } from './rows.ts'

/** A row with its cells by the names of their columns. */
interface Reading {
  readonly file: string
  readonly at: TimestampMs
  readonly asset: Asset
  readonly text: (column: string) => string
  /** Undefined where the cell is empty; a cell that is no number is told and reads as empty. */
  readonly number: (column: string) => number | undefined
}

export interface Pool {
  readonly folder: string
  readonly assets: ReadonlySet<Asset>
  /** Of the rows' labels. */
  readonly from: TimestampMs
  readonly to: TimestampMs
  readonly onProblem: (problem: string) => void
}

const FOUR_HOURS = duration(4 * HOUR)
const VENUES: Readonly<Record<string, VenueId>> = {
  all_exchanges_coinglass: AGGREGATE,
  oi_weighted_coinglass: AGGREGATE,
  binance_coinglass: 'binance',
  binance_stablemargin_coinglass: 'binance',
  binance_coinmargin_coinglass: COIN_MARGINED,
  'GATE.IO': 'gate',
}
const venueOf = (name: string): VenueId => VENUES[name] ?? name.toLowerCase()
const intervalOf = (name: string): DurationMs => (name === '1d' ? DAY : FOUR_HOURS)

/**
 * Everything but bars, by asset, finest first.
 *
 * Funding becomes a rate per eight hours by the interval of its own row; open interest in USD becomes coins at the price of
 * the instant. Hyperliquid's hourly figure is a mean of the hour after its label and is known at that hour's end; the
 * per-venue figures are instants; all other rows are labelled at the bar's open and known at its close.
 *
 * @param priceOf - the price of an asset at an instant
 */
export async function readPool(
  pool: Pool,
  priceOf: (asset: Asset) => PriceAt,
): Promise<ReadonlyMap<Asset, readonly Candidate[]>> {
  const found = collector()
  const addOpenInterest = ({ at, asset }: Reading, venue: VenueId, value: number | undefined, how: Recording): void => {
    const eventAt = later(at, how.after)
    const price = how.unit === 'coins' ? 1 : (how.price ?? priceOf(asset)(eventAt))
    if (value === undefined || price === undefined || !(value > 0) || !(price > 0)) return
    const tick: OpenInterest = {
      type: 'open-interest',
      ...stamp(venue, asset, eventAt, how.lag),
      openInterest: baseQty(value / price),
    }
    found.add({ file: how.file, venue, asset, cadence: how.cadence }, tick, how.isSuspect)
  }

  await read(pool, 'funding_multi.csv', HOUR, ({ file, at, asset, text, number }) => {
    const [rate, hours, venue] = [number('funding_rate'), number('interval_h'), venueOf(text('venue'))]
    if (rate === undefined || hours === undefined || !(hours > 0)) return
    const cadence = duration(hours * HOUR)
    const fundingRate = fundingPer8h(rate, cadence)
    const stamped = stamp(venue, asset, at, RECEIPT_LAG.settledFunding)
    found.add({ file, venue, asset, cadence, settled: true }, { type: 'funding', ...stamped, fundingRate })
  })
  await read(pool, 'oi_1h_multi.csv', HOUR, (reading) => {
    const { file, text, number } = reading
    const how = { file, cadence: HOUR, lag: RECEIPT_LAG.venueOpenInterest, after: HOUR }
    addOpenInterest(reading, venueOf(text('venue')), number('oi_usd'), how)
  })
  await read(pool, 'oi_4h_ohlc_multi.csv', FOUR_HOURS, (reading) => {
    const { file, text, number } = reading
    const isSuspect = number('suspect') === 1
    const how = { file, cadence: FOUR_HOURS, lag: RECEIPT_LAG.vendor, after: FOUR_HOURS, unit: text('unit'), isSuspect }
    addOpenInterest(reading, venueOf(text('venue')), number('oi_close'), how)
  })
  await read(pool, 'oi_4h_by_venue_multi.csv', FOUR_HOURS, (reading) => {
    const { file, text, number } = reading
    const how = { file, cadence: FOUR_HOURS, lag: RECEIPT_LAG.vendor, after: duration(0), price: number('price') }
    addOpenInterest(reading, venueOf(text('venue')), number('oi_usd'), how)
  })
  await read(pool, 'oi_1d_multi.csv', DAY, (reading) => {
    const { file, text, number } = reading
    const how = { file, cadence: DAY, lag: RECEIPT_LAG.vendor, after: DAY, unit: text('unit') }
    addOpenInterest(reading, venueOf(text('venue')), number('oi_close'), how)
  })
  await read(pool, 'liq_multi.csv', HOUR, ({ file, at, asset, text, number }) => {
    const [long, short, cadence] = [number('long_usd'), number('short_usd'), intervalOf(text('interval'))]
    if (long === undefined || short === undefined) return
    const [venue, eventAt] = [venueOf(text('venue')), later(at, cadence)]
    const tick: Liquidations = {
      type: 'liquidations',
      ...stamp(venue, asset, eventAt, RECEIPT_LAG.vendor),
      interval: cadence,
      longNotional: usd(long),
      shortNotional: usd(short),
      coverage: coverageOf(venue, eventAt),
    }
    found.add({ file, venue, asset, cadence }, tick)
  })
  await read(pool, 'funding_oiweighted_coinglass.csv', HOUR, ({ file, at, asset, text, number }) => {
    const [rate, cadence, venue] = [number('close'), intervalOf(text('interval')), venueOf(text('venue'))]
    if (rate === undefined) return
    const fundingRate = fundingPer8h(rate, AGGREGATE_INTERVAL)
    const stamped = stamp(venue, asset, later(at, cadence), RECEIPT_LAG.vendor)
    found.add({ file, venue, asset, cadence }, { type: 'funding', ...stamped, fundingRate })
  })
  return found.byAsset()
}

/** How a file records open interest. */
interface Recording {
  readonly file: string
  readonly cadence: DurationMs
  readonly lag: DurationMs
  /** How long after its label the figure stood. */
  readonly after: DurationMs
  /** `coins`, or USD. */
  readonly unit?: string
  /** At the instant, where the row says it. */
  readonly price?: number | undefined
  /** The vendor added or dropped a venue within the bar. */
  readonly isSuspect?: boolean
}

/** Gathers the feeds of each asset by file, venue and, but for settled funding, cadence. */
function collector() {
  const feeds = new Map<string, Gathered>()
  return {
    add({ file, venue, asset, cadence, settled = false }: Source, tick: Observed, isSuspect = false): void {
      const key = `${file}/${venue}/${asset}/${settled ? '' : cadence}`
      const known: Gathered = feeds.get(key) ?? {
        feed: tick.type,
        venue,
        asset,
        ticks: [],
        cadences: new Map(),
        suspects: new Set(),
      }
      feeds.set(key, known)
      known.ticks.push(tick)
      known.cadences.set(cadence, (known.cadences.get(cadence) ?? 0) + 1)
      if (isSuspect) known.suspects.add(tick.eventAt)
    },
    byAsset(): ReadonlyMap<Asset, readonly Candidate[]> {
      const candidates = [...feeds.values()].map(({ feed, venue, asset, ticks, cadences, suspects }) => {
        const [most] = [...cadences].sort(([a, times], [b, others]) => others - times || b - a)
        const ordered = ticks.sort((a, b) => a.eventAt - b.eventAt)
        return { asset, feed, venue, cadence: most![0], ticks: withoutJumps(ordered, suspects) }
      })
      return Map.groupBy(
        candidates.sort((a, b) => a.cadence - b.cadence),
        ({ asset }) => asset,
      )
    },
  }
}

interface Source {
  readonly file: string
  readonly venue: VenueId
  readonly asset: Asset
  readonly cadence: DurationMs
  /** Some venues settle oftener from some day on: one feed all the same, at its commonest cadence. */
  readonly settled?: boolean
}

interface Gathered extends Omit<Source, 'file' | 'cadence' | 'settled'> {
  readonly feed: Candidate['feed']
  readonly ticks: Observed[]
  readonly cadences: Map<DurationMs, number>
  readonly suspects: Set<number>
}

/** A bar marked suspect is the vendor adding or dropping a venue: from there on the series goes on from where it stood. */
function withoutJumps(ticks: readonly Observed[], suspects: ReadonlySet<number>): Candidate['ticks'] {
  if (suspects.size === 0) return ticks
  let factor = 1
  let before: number | undefined
  return ticks.map((tick) => {
    if (tick.type !== 'open-interest') return tick
    if (before !== undefined && suspects.has(tick.eventAt)) factor = before / tick.openInterest
    before = tick.openInterest * factor
    return factor === 1 ? tick : { ...tick, openInterest: baseQty(before) }
  })
}

/** Reads one file of the pool; one that is not there has nothing to say. */
async function read(
  { folder, assets, from, to, onProblem }: Pool,
  file: string,
  grid: DurationMs,
  onReading: (reading: Reading) => void,
): Promise<void> {
  await eachRow(join(folder, file), {
    grid,
    isWanted: (symbol) => assets.has(assetOf(symbol)),
    onProblem,
    onRow(row, table) {
      // A day's figure is received up to a day after its label.
      if (row.at < from - DAY || row.at > to) return
      const cell = (column: string): string => {
        const place = table.column(column)
        if (place === undefined) throw new Error(`no column ${column}`)
        return row.cells[place]!
      }
      const number = (column: string) => toNumber(cell(column), { column, row, name: table.name, onProblem })
      onReading({ file, at: row.at, asset: assetOf(row.symbol), text: cell, number })
    },
  })
}

/** The number in a cell; one that is none is told and reads as empty. */
export function toNumber(
  cell: string,
  { column, row, name, onProblem }: { column: string; row: Row; name: string; onProblem: (problem: string) => void },
): number | undefined {
  if (cell === '') return undefined
  const value = Number(cell)
  if (Number.isFinite(value)) return value
  onProblem(`${name} line ${row.line} column ${column}: Expected a number, was "${cell}"; left out`)
  return undefined
}

const stamp = (venue: VenueId, asset: Asset, eventAt: TimestampMs, lag: DurationMs) => ({
  venue,
  asset,
  eventAt,
  receivedAt: later(eventAt, lag),
})
