import { basename, dirname, join } from 'node:path'
import type { Bar, Gauge, GaugeKind, VenueId } from '../../domain/market/tick.ts'
import {
  DAY,
  type DurationMs,
  duration,
  HOUR,
  later,
  MINUTE,
  type TimestampMs,
  timestamp,
  toBps,
} from '../../domain/units.ts'
import { AGGREGATE, gaugeOf } from './columns.ts'
import { closesAt, type Grain, LENGTH, RECEIPT_LAG } from './labels.ts'
import type { Candidate } from './observations.ts'
import { type PanelFile, type PanelRow, type Range, readTable } from './read-panel.ts'

/** A gauge in a file of its own, in a folder beside the panels. */
interface Source {
  readonly kind: GaugeKind
  readonly venue: VenueId
  readonly file: (asset: string) => string
  readonly grain: Grain
  readonly columns: readonly string[]
  /** In the unit of the kind; the columns are all there. */
  readonly value: (...cells: number[]) => number
}

/** Where it is not the vendor's (specification §2.2). Funds report until the morning after in New York: noon, UTC. */
const LAG: Partial<Record<GaugeKind, DurationMs>> = {
  basis: RECEIPT_LAG.kline,
  'implied-volatility': duration(2 * MINUTE),
  'etf-flow': duration(12 * HOUR),
  'exchange-netflow': duration(60 * MINUTE),
}
/** Funds trade on weekdays: a weekend is three days between two figures, four with a holiday, which is twice this. */
const CADENCE: Partial<Record<GaugeKind, DurationMs>> = { 'etf-flow': duration(2 * DAY) }
const lagOf = (kind: GaugeKind): DurationMs => LAG[kind] ?? RECEIPT_LAG.vendor

const OPTION_VENUES = ['Deribit', 'CME', 'OKX', 'Binance', 'Bybit'] as const
const [percent, same] = [(cell: number) => cell / 100, (cell: number) => cell]

/**
 * Finest first. All are labelled at the bar's open and taken as known at its close. The vendor's own `basis_*` is not among
 * them: it compares the perpetual with prices of days before (up to ±9 % for BTC), which is no basis.
 */
const SOURCES: readonly Source[] = [
  {
    kind: 'top-account-ratio',
    venue: 'binance',
    file: (asset) => `positioning_flow/top_ls_account_${asset}_4h.csv`,
    grain: '4h',
    columns: ['top_account_long_percent'],
    value: percent,
  },
  {
    kind: 'top-position-ratio',
    venue: 'binance',
    file: (asset) => `positioning_flow/top_ls_position_${asset}_4h.csv`,
    grain: '4h',
    columns: ['top_position_long_percent'],
    value: percent,
  },
  ...(['4h', '1d'] as const).map(
    (grain): Source => ({
      kind: 'coin-premium',
      venue: 'coinbase',
      file: (asset) => `positioning_flow/coinbase_premium_${asset}_${grain}.csv`,
      grain,
      columns: ['premium_rate'],
      value: percent,
    }),
  ),
  ...OPTION_VENUES.flatMap((name): readonly Source[] => [
    {
      kind: 'option-open-interest',
      venue: name.toLowerCase(),
      file: (asset) => `options/option_oi_by_exchange_${asset}_4h_usd.csv`,
      grain: '4h',
      columns: [name],
      value: same,
    },
    {
      kind: 'option-volume',
      venue: name.toLowerCase(),
      file: (asset) => `options/option_volume_by_exchange_${asset}_1d_usd.csv`,
      grain: '1d',
      columns: [name],
      value: same,
    },
  ]),
  {
    kind: 'fear-greed',
    venue: 'alternative-me',
    file: () => 'sentiment/fear_greed_1d.csv',
    grain: '1d',
    columns: ['fng'],
    value: same,
  },
  {
    kind: 'etf-flow',
    venue: 'us-funds',
    file: (asset) => `sentiment/etf_flow_${asset}_1d.csv`,
    grain: '1d',
    columns: ['flow_usd'],
    value: same,
  },
  {
    kind: 'exchange-netflow',
    venue: AGGREGATE,
    file: (asset) => `onchain_daily/coinmetrics_${asset}_1d.csv`,
    grain: '1d',
    columns: ['Exchange Deposits (USD)', 'Exchange Withdrawals (USD)'],
    value: (deposits, withdrawals) => deposits! - withdrawals!,
  },
]

/** The vendor's columns in the panels; ratios are long over short, to two decimals. */
const PANEL_SOURCES: readonly Omit<Source, 'file'>[] = [
  ...(['account', 'position'] as const).map((what) => ({
    kind: `top-${what}-ratio` as const,
    venue: 'binance',
    grain: '4h' as const,
    columns: [`top_${what}_long_short_ratio`],
    value: (ratio: number) => ratio / (1 + ratio),
  })),
  { kind: 'coin-premium', venue: 'coinbase', grain: '4h', columns: ['coinbase_premium_rate'], value: percent },
  { kind: 'option-volume', venue: 'deribit', grain: '1d', columns: ['deribit_option_vol_usd'], value: same },
  { kind: 'fear-greed', venue: 'alternative-me', grain: '1d', columns: ['fng'], value: same },
]

/** What a reading can be; anything else is told and left out. */
const POSSIBLE: Partial<Record<GaugeKind, readonly [low: number, high: number]>> = {
  'implied-volatility': [0, 10],
  'option-term-slope': [-10, 10],
  'option-skew-7d': [-10, 10],
  'option-skew-30d': [-10, 10],
  'option-open-interest': [0, Number.MAX_VALUE],
  'option-volume': [0, Number.MAX_VALUE],
  'fear-greed': [0, 100],
  'coin-premium': [-0.5, 0.5],
  'top-account-ratio': [0, 1],
  'top-position-ratio': [0, 1],
}

interface Context {
  readonly asset: string
  readonly onProblem: (problem: string) => void
}

/**
 * The gauges that the files beside the panels hold, of one asset; none where there are no such folders.
 *
 * @param folder - of the panels; only one named `panel` has data beside it
 * @throws {Error} where a file cannot be read
 */
export async function readGauges(
  folder: string,
  { asset, range, onProblem, kinds }: Context & { readonly range: Range; readonly kinds?: readonly GaugeKind[] },
): Promise<readonly Candidate[]> {
  if (basename(folder) !== 'panel') return []
  const found: Candidate[] = []
  const files = new Map<string, PanelFile | undefined>()
  for (const source of SOURCES) {
    if (kinds && !kinds.includes(source.kind)) continue
    const name = source.file(asset)
    if (!files.has(name)) {
      const wanted = SOURCES.filter((one) => one.file(asset) === name).flatMap((one) => one.columns)
      const isWanted = (column: string) => wanted.includes(column)
      const { grain } = source
      // What an earlier row says may be received as much as a lag later.
      const since = later(range.from, -LENGTH[grain] - lagOf(source.kind))
      files.set(
        name,
        await readTable(join(dirname(folder), name), { grain, range: { ...range, from: since }, isWanted, onProblem }),
      )
    }
    const file = files.get(name)
    if (file) found.push(fromRows(file, source, { asset, onProblem }))
  }
  return found
}

/** The gauges among the columns of the panels, finest first: those named as such before the vendor's columns. */
export function panelGauges(files: Partial<Record<Grain, PanelFile>>, context: Context): readonly Candidate[] {
  return (['1h', '4h', '1d'] as const).flatMap((grain) => {
    const file = files[grain]
    if (!file) return []
    const sources = file.columns.flatMap((column): readonly Omit<Source, 'file'>[] => {
      const gauge = gaugeOf(column)
      return gauge ? [{ ...gauge, grain, columns: [column], value: same }] : []
    })
    return [...sources, ...PANEL_SOURCES.filter((one) => one.grain === grain)].map((source) =>
      fromRows(file, source, context),
    )
  })
}

function fromRows(
  file: PanelFile,
  source: Omit<Source, 'file'>,
  { asset, onProblem }: { asset: string; onProblem: (problem: string) => void },
): Candidate {
  const { kind, venue, grain, columns, value } = source
  const [low, high] = POSSIBLE[kind] ?? [-Number.MAX_VALUE, Number.MAX_VALUE]
  const read = (row: PanelRow): Gauge[] => {
    const cells = columns.map((column) => row.value(column))
    if (!cells.every((cell) => cell !== undefined)) return []
    const reading = value(...cells)
    if (!(reading >= low && reading <= high)) {
      onProblem(
        `${file.name} line ${row.line} column ${columns.join(', ')}: Expected a ${kind} of ${low} to ${high}, was ${reading}; left out`,
      )
      return []
    }
    const eventAt = closesAt(row.label, grain)
    return [{ type: kind, venue, asset, eventAt, receivedAt: later(eventAt, lagOf(kind)), value: reading } as Gauge]
  }
  return { feed: kind, venue, cadence: CADENCE[kind] ?? LENGTH[grain], ticks: file.rows.flatMap(read) }
}

/**
 * The basis at the close of each hour, of every venue with a mark price or a perpetual. Where no index is recorded, spot
 * stands in for it: the venue's own before Binance's before any other.
 *
 * @param series - of one asset, each of one venue
 */
export function basisOf(series: readonly (readonly Bar[])[]): readonly Candidate[] {
  const spots = series.filter(([first]) => first?.series === 'spot')
  const derived = series.filter(([first]) => first && first.series !== 'spot')
  const byVenue = Map.groupBy(derived, ([first]) => first!.venue)
  return [...byVenue].flatMap(([venue, candidates]): readonly Candidate[] => {
    const bars = candidates.find(([first]) => first!.series === 'mark') ?? candidates[0]!
    const spotOf = (name: VenueId) => spots.find(([first]) => first!.venue === name)
    const index = spotOf(`${venue}-spot`) ?? spotOf('binance-spot') ?? spots[0]
    if (!index) return []
    const closes = new Map<TimestampMs, Bar>(index.map((bar) => [bar.eventAt, bar]))
    const ticks = bars.flatMap((bar): Gauge[] => {
      const spot = closes.get(bar.eventAt)
      if (!spot) return []
      const { asset, eventAt } = bar
      const receivedAt = timestamp(Math.max(bar.receivedAt, spot.receivedAt))
      return [{ type: 'basis', venue, asset, eventAt, receivedAt, value: toBps(bar.closePrice / spot.closePrice - 1) }]
    })
    return ticks.length === 0 ? [] : [{ feed: 'basis', venue, cadence: bars[0]!.interval, ticks }]
  })
}
