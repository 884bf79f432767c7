import type { Bar } from '../../domain/market/tick.ts'
import { baseQty, HOUR, later, price, type TimestampMs } from '../../domain/units.ts'
import { type PriceColumns, priceColumns, pricePrefix, volumeUnit } from './columns.ts'
import { closesAt, RECEIPT_LAG } from './labels.ts'
import type { PanelFile, PanelRow } from './read-panel.ts'

/** A series with more hours missing than this, or a longer hole, leaves the desk without a price for too long. */
const MISSING_SHARE = 0.01
const LONGEST_HOLE_HOURS = 3

/** The hourly bars of every series in the file, each received five seconds after its close. */
export const readBars = (
  file: PanelFile,
  asset: string,
  onProblem: (problem: string) => void,
): readonly (readonly Bar[])[] =>
  priceColumns(file.columns)
    .map((columns) => file.rows.flatMap((row) => toBar(row, columns, { asset, file: file.name, onProblem }) ?? []))
    .filter((bars) => bars.length > 0)

/**
 * The series without those that would stand for the price and cannot.
 *
 * A perpetual's or mark price with holes in the range (Binance's perpetual from 2024-05 to 2025-03) is left out whole where
 * another series has fewer: the panel prefers a perpetual to spot for an asset's price and would stay with it through the
 * hole. Spot is always in.
 */
export function withoutHoles(
  all: readonly (readonly Bar[])[],
  file: PanelFile,
  onProblem: (problem: string) => void,
): readonly (readonly Bar[])[] {
  const hours = file.rows.length === 0 ? 0 : (closesAt(file.rows.at(-1)!.label, '1h') - file.rows[0]!.label) / HOUR
  const fewest = Math.min(...all.map((bars) => hours - bars.length))
  return all.filter((bars) => {
    const { series, venue } = bars[0]!
    const missing = hours - bars.length
    const hole = longestHole(file.rows, bars)
    const hasHoles = missing > hours * MISSING_SHARE || hole > LONGEST_HOLE_HOURS
    if (series === 'spot' || missing === fewest || !hasHoles) return true
    onProblem(
      `${file.name} columns ${pricePrefix(series, venue)}_*: Expected bars without holes, was ${missing} of ${hours} hours missing (${hole} in a row); series left out`,
    )
    return false
  })
}

function toBar(
  row: PanelRow,
  { prefix, series, venue }: PriceColumns,
  { asset, file, onProblem }: { asset: string; file: string; onProblem: (problem: string) => void },
): Bar | undefined {
  const [open, high, low, close] = ['open', 'high', 'low', 'close'].map((name) => row.value(`${prefix}_${name}`))
  if (open === undefined || high === undefined || low === undefined || close === undefined) return undefined
  if (!(low > 0 && low <= Math.min(open, close) && high >= Math.max(open, close))) {
    onProblem(
      `${file} line ${row.line} columns ${prefix}_*: Expected 0 < low <= open, close <= high, was ${open} ${high} ${low} ${close}; bar skipped`,
    )
    return undefined
  }
  const eventAt = closesAt(row.label, '1h')
  const unit = volumeUnit(venue, asset)
  const volume = row.value(`${prefix}_volume`)
  return {
    type: 'bar',
    venue,
    asset,
    series,
    interval: HOUR,
    eventAt,
    receivedAt: later(eventAt, RECEIPT_LAG.kline),
    openPrice: price(open),
    highPrice: price(high),
    lowPrice: price(low),
    closePrice: price(close),
    volume: volume === undefined || unit === undefined ? undefined : baseQty(volume * unit),
  }
}

/** Longest run of hours without a bar, from the first row to the last. */
function longestHole(rows: readonly PanelRow[], bars: readonly Bar[]): number {
  const edges: TimestampMs[] = [rows[0]!.label, ...bars.map((bar) => bar.eventAt), closesAt(rows.at(-1)!.label, '1h')]
  return edges.reduce(
    (most, edge, i) => (i === 0 ? 0 : Math.max(most, Math.round((edge - edges[i - 1]!) / HOUR) - 1)),
    0,
  )
}
