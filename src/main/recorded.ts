import { existsSync, readdirSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordedMarket } from '../backtest/recorded-validation.ts'
import { marginsOf } from '../domain/liquidation/bucket-margins.ts'
import { DEFAULT_TIER_TABLES } from '../domain/liquidation/tier-tables.ts'
import type { Asset } from '../domain/market/tick.ts'
import { HOUR, later, type TimestampMs, timestamp } from '../domain/units.ts'
import type { MarketSource } from '../ports.ts'
import { createReplayMarket } from '../venues/replay/market.ts'
import { readPanel } from '../venues/replay/read-panel.ts'

/** As far back as anything is learned from. */
const HISTORY_DAYS = 3 * 365

export interface Window {
  readonly from: TimestampMs
  readonly to: TimestampMs
}

/**
 * The folder itself when it holds panels, else its `panel` folder.
 *
 * @throws {Error} when it is absent, no folder or without panels: value and remedy
 */
export function panelFolder(folder: string): string {
  const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory()
  const holds = (path: string): boolean => isFolder(path) && readdirSync(path).some((name) => PANEL.test(name))
  const found = [folder, join(folder, 'panel')].find(holds)
  if (found) return found
  const what = !existsSync(folder) ? 'absent' : isFolder(folder) ? 'a folder without any' : 'a file'
  throw new Error(
    `Expected a folder with panels such as panel_1h_ETH.csv.gz, in it or in its folder "panel", at ${folder}, was ${what}. Check --data.`,
  )
}

const PANEL = /^panel_(1h|4h|1d)_([A-Z0-9]+)\.csv(\.gz)?$/

/** @throws {Error} when the window asked for does not end after it begins */
export function checkWindow({ from, to }: Window): void {
  if (from < to) return
  throw new Error(
    `Expected --from before --to, was ${new Date(from).toISOString()} and ${new Date(to).toISOString()} (a day given as --to ends at its midnight). Swap them or choose a later --to.`,
  )
}

/**
 * The asset asked for, and those whose past is fitted on beside it: the others with open interest every four hours, each with
 * as much of the window as its own record holds.
 */
export async function assetsToFit(
  folder: string,
  { asset, from, to }: Window & { asset: Asset },
): Promise<readonly (Window & { readonly asset: Asset })[]> {
  const names = readdirSync(folder).flatMap((name) => {
    const found = PANEL.exec(name)
    return found?.[1] === '4h' && found[2] !== asset ? [found[2]!] : []
  })
  const windows = [{ asset, from, to }]
  for (const other of [...new Set(names)].sort()) {
    const span = await recordedSpan(folder, other)
    if (!span || span.from >= Math.min(from, span.to - 1)) continue
    const until = timestamp(Math.min(to, span.to))
    windows.push({ asset: other, from: timestamp(Math.min(from, until - 1)), to: until })
  }
  return windows
}

/** From the first to the last hour with prices; undefined where there are none. */
export async function recordedSpan(folder: string, asset: Asset): Promise<Window | undefined> {
  const nothing = { from: timestamp(0), to: timestamp(0) }
  const file = await readPanel(folder, { grain: '1h', asset, range: nothing, onProblem: () => undefined })
  if (file?.firstLabel === undefined || file.lastLabel === undefined) return undefined
  return { from: file.firstLabel, to: later(file.lastLabel, HOUR) }
}

/** @throws {Error} when an asset is not recorded in the folder, or not at that instant: value and remedy */
export async function checkRecorded(folder: string, { asset, at }: { asset: Asset; at: TimestampMs }): Promise<void> {
  const span = await recordedSpan(folder, asset)
  // Which assets there are instead is said when the market is opened.
  if (!span || (at > span.from && at <= span.to)) return
  throw new Error(
    `Expected --at within the record of ${asset} in ${folder} (${new Date(span.from).toISOString()} … ${new Date(span.to).toISOString()}), was ${new Date(at).toISOString()}. Choose an instant inside it.`,
  )
}

/** One asset's record up to `to`, with all history before it that anything is learned from. */
export async function openRecorded(
  folder: string,
  { asset, from, to }: Window & { asset: Asset },
): Promise<{ readonly market: RecordedMarket; readonly source: MarketSource }> {
  const source = await createReplayMarket({ folder, assets: [asset], from, to, warmupDays: HISTORY_DAYS })
  const margins = marginsOf(asset, () => DEFAULT_TIER_TABLES)
  return { source, market: { asset, feeds: source.feeds, steps: () => source.steps(), map: { margins } } }
}
