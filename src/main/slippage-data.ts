import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { parse } from 'csv-parse/sync'
import type { MinuteBar, SlippageSource } from '../backtest/slippage-market.ts'
import { type DurationMs, duration, HOUR, later, MINUTE, type TimestampMs, timestamp } from '../domain/units.ts'

interface Recording {
  readonly name: string
  readonly asset: string
  readonly tickSize: string
  readonly minutes: string
  readonly depth: string
  /** Labels stand at the start of so long a stretch, and are known at its end. */
  readonly depthEvery: DurationMs
  readonly note: string
}

/** Minutes of the perpetual over which depth was recorded too. */
const RECORDINGS: readonly Recording[] = [
  {
    name: 'BTC, May 2025',
    asset: 'BTC',
    tickSize: '0.1',
    minutes: 'klines/perp_binance_BTC_1m_2025-05_2025-06.csv.gz',
    depth: 'orderbook_depth/depth_binance_futures_BTCUSDT_4h.csv.gz',
    depthEvery: duration(4 * HOUR),
    note: 'minutes of Binance’s BTC perpetual; depth of the same book every four hours',
  },
  {
    name: 'ETH, May and June 2025',
    asset: 'ETH',
    tickSize: '0.01',
    minutes: 'klines/perp_binance_ETH_1m_2025-05_2025-06.csv.gz',
    depth: 'orderbook_depth/depth_aggregated_futures_ETH_8h.csv.gz',
    depthEvery: duration(8 * HOUR),
    note: 'minutes of Binance’s ETH perpetual; depth of all futures venues together every eight hours, which is deeper than one book and so favours the sweep',
  },
  {
    name: 'ETH, December 2024 and January 2025',
    asset: 'ETH',
    tickSize: '0.01',
    minutes: 'klines/perp_binance_ETH_1m_2024-12_2025-01.csv.gz',
    depth: 'orderbook_depth/depth_aggregated_futures_ETH_8h.csv.gz',
    depthEvery: duration(8 * HOUR),
    note: 'minutes of Binance’s ETH perpetual; depth of all futures venues together every eight hours, which is deeper than one book and so favours the sweep',
  },
]

/**
 * The recorded minutes in a folder, each with the depth that was known at the time.
 *
 * @throws {Error} when a file is missing, a cell is no number or minutes have a hole
 */
export function readRecordings(folder: string): readonly SlippageSource[] {
  return RECORDINGS.map((recording) => {
    const bars = readMinutes(join(folder, recording.minutes))
    const depths = readRows(join(folder, recording.depth)).map((row) => ({
      knownAt: later(row.at, recording.depthEvery),
      depth: Math.min(row.number('bids_usd'), row.number('asks_usd')),
    }))
    return {
      name: recording.name,
      asset: recording.asset,
      origin: 'recorded',
      tickSize: recording.tickSize,
      bars,
      depthAt: (at) => depths.findLast(({ knownAt }) => knownAt <= at)?.depth,
      note: `${recording.note}; ${day(bars[0]!.at)} to ${day(bars.at(-1)!.at)}`,
    }
  })
}

function readMinutes(path: string): readonly MinuteBar[] {
  const bars = readRows(path).map(
    ({ at, number }): MinuteBar => ({
      at,
      open: number('open'),
      high: number('high'),
      low: number('low'),
      close: number('close'),
      volume: number('volume'),
    }),
  )
  const hole = bars.findIndex((bar, i) => i > 0 && bar.at !== bars[i - 1]!.at + MINUTE)
  if (hole > 0)
    throw new Error(`Expected every minute in ${path}, was none before ${new Date(bars[hole]!.at).toISOString()}`)
  return bars
}

interface Row {
  readonly at: TimestampMs
  /** Of a column, or of the one that ends in `_<name>`. */
  number(name: string): number
}

function readRows(path: string): readonly Row[] {
  if (!existsSync(path)) throw new Error(`Expected recorded data at ${path}, was nothing`)
  const rows = parse(gunzipSync(readFileSync(path)), { columns: true }) as readonly Record<string, string>[]
  return rows.map((row, i) => ({
    at: timestamp(Date.parse(row.time!)),
    number(name) {
      const column = Object.keys(row).find((one) => one === name || one.endsWith(`_${name}`))
      const value = column === undefined ? Number.NaN : Number(row[column])
      if (!Number.isFinite(value) || row[column!] === '')
        throw new Error(`Expected a number for ${name} in row ${i + 2} of ${path}, was ${column && row[column]}`)
      return value
    },
  }))
}

const day = (at: TimestampMs): string => new Date(at).toISOString().slice(0, 10)
