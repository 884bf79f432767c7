import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordedMarket } from '../backtest/recorded-validation.ts'
import { marginsOf } from '../domain/liquidation/bucket-margins.ts'
import { DEFAULT_TIER_TABLES } from '../domain/liquidation/tier-tables.ts'
import type { Asset } from '../domain/market/tick.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { MarketSource } from '../ports.ts'
import { createReplayMarket } from '../venues/replay/market.ts'

/** As far back as anything is learned from. */
const HISTORY_DAYS = 3 * 365

/** The folder itself when it holds panels, else its `panel` folder. */
export function panelFolder(folder: string): string {
  const holds = (path: string): boolean => existsSync(path) && readdirSync(path).some((name) => PANEL.test(name))
  const found = [folder, join(folder, 'panel')].find(holds)
  if (found) return found
  throw new Error(
    `Expected a folder with panels such as panel_1h_ETH.csv.gz, in it or in its folder "panel", was ${folder}. Check --data.`,
  )
}

const PANEL = /^panel_(1h|4h|1d)_([A-Z0-9]+)\.csv(\.gz)?$/

/** Assets with open interest every four hours or finer: those whose map can be judged. */
export const assetsIn = (folder: string): readonly Asset[] =>
  [
    ...new Set(
      readdirSync(folder).flatMap((name) => {
        const found = PANEL.exec(name)
        return found?.[1] === '4h' ? [found[2]!] : []
      }),
    ),
  ].sort()

/** One asset's record up to `to`, with all history before it that anything is learned from. */
export async function openRecorded(
  folder: string,
  { asset, from, to }: { asset: Asset; from: TimestampMs; to: TimestampMs },
): Promise<{ readonly market: RecordedMarket; readonly source: MarketSource }> {
  const source = await createReplayMarket({ folder, assets: [asset], from, to, warmupDays: HISTORY_DAYS })
  const margins = marginsOf(asset, () => DEFAULT_TIER_TABLES)
  return { source, market: { asset, feeds: source.feeds, steps: () => source.steps(), map: { margins } } }
}
