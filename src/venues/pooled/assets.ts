import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Asset } from '../../domain/market/tick.ts'
import { HOUR, later, type TimestampMs } from '../../domain/units.ts'
import { eachRow } from './rows.ts'

export interface PooledAsset {
  readonly asset: Asset
  /** The first bar's open and the last one's close, of the series that stands for the price. */
  readonly from: TimestampMs
  readonly to: TimestampMs
  /** Hourly bars of that series; fewer than the hours between where it has holes. */
  readonly rows: number
}

export const KLINES = 'klines_1h_multi.csv'

/** `1000PEPEUSDT` and `1000PEPE` → `1000PEPE`: some files name the contract, some the coin. */
export const assetOf = (symbol: string): Asset => symbol.replace(/USDT$/, '')

/**
 * Which coins have hourly prices, and from when to when.
 *
 * @returns the longest first
 * @throws {Error} when there is no such folder or file, or it cannot be read
 */
export async function pooledAssets(folder: string): Promise<readonly PooledAsset[]> {
  requireFolder(folder)
  const series = new Map<string, { asset: Asset; from: TimestampMs; to: TimestampMs; rows: number }>()
  await eachRow(join(folder, KLINES), {
    grid: HOUR,
    isWanted: () => true,
    onProblem: () => undefined,
    onRow({ at, symbol, cells }, table) {
      const key = `${symbol} ${cells[table.column('venue')!]}`
      const known = series.get(key)
      if (!known) series.set(key, { asset: assetOf(symbol), from: at, to: later(at, HOUR), rows: 1 })
      else {
        known.rows++
        if (at < known.from) known.from = at
        if (at >= known.to) known.to = later(at, HOUR)
      }
    },
  })
  const longest = new Map<Asset, PooledAsset>()
  for (const one of series.values()) {
    if (one.rows > (longest.get(one.asset)?.rows ?? 0)) longest.set(one.asset, one)
  }
  return [...longest.values()].sort((a, b) => b.rows - a.rows || (a.asset < b.asset ? -1 : 1))
}

/** @throws {Error} what is missing, and where */
export function requireFolder(folder: string): void {
  if (!existsSync(folder)) {
    throw new Error(`Expected a folder of many coins' records at ${folder}, was absent. Check the path.`)
  }
  if (![`${KLINES}.gz`, KLINES].some((name) => existsSync(join(folder, name)))) {
    throw new Error(`Expected ${KLINES}.gz in ${folder}, was absent. Prices come from there: add the file.`)
  }
}
