/**
 * What was recorded, as the panels that replay reads.
 *
 * @module
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Asset, Tick } from '../../domain/market/tick.ts'
import { HOUR } from '../../domain/units.ts'
import { panelName } from './columns.ts'
import { type Grids, type Kept, writeBar, writeFeed } from './export-feeds.ts'
import { createGrid } from './grid.ts'
import { createHourlyBars } from './hourly-bars.ts'
import { createPriceAt } from './price-at.ts'

export interface ExportResult {
  readonly files: readonly string[]
  /** What has no place in the panels and was left out, in words. */
  readonly leftOut: readonly string[]
}

/**
 * Writes `panel_1h_<asset>.csv.gz`, and the 4 h and 1 d ones where something belongs there, such that replaying them gives
 * the same observations at the same instants.
 *
 * Bars are joined to hours; liquidations and taker flow are summed to four hours; of open interest, funding, depth and
 * accounts the last observation up to each label stands. Open interest is written in USD at the price of its instant, funding
 * per the venue's own interval. When something was received is not in the layout: replay puts its own lags there. Nor are
 * disconnects: they are the empty cells.
 *
 * @param ticks - in order of receipt: where one event was received twice, the later one stands
 * @throws {Error} when the folder cannot be written
 */
export async function exportPanel(options: {
  readonly ticks: AsyncIterable<Tick>
  readonly folder: string
  readonly assets: readonly Asset[]
}): Promise<ExportResult> {
  const { folder, assets } = options
  const books = new Map(assets.map((asset) => [asset, { bars: createHourlyBars(), kept: new Map<string, Kept>() }]))
  const leftOut = new Map<string, number>()
  const leave = (what: string): void => {
    leftOut.set(what, (leftOut.get(what) ?? 0) + 1)
  }

  for await (const tick of options.ticks) {
    const book = books.get(tick.asset)
    if (!book || tick.type === 'disconnect') continue
    if (tick.type !== 'bar') keep(book.kept, tick)
    else if (!book.bars.add(tick)) leave(`${tick.asset} bars of ${tick.venue} that do not divide an hour`)
  }

  await mkdir(folder, { recursive: true })
  const files: string[] = []
  for (const [asset, { bars, kept }] of books) {
    const grids: Grids = { '1h': createGrid(), '4h': createGrid(), '1d': createGrid() }
    const { bars: whole, incomplete } = bars.finish()
    if (incomplete > 0) leftOut.set(`${asset} hours in which a bar is missing`, incomplete)
    for (const bar of whole) writeBar(grids['1h'], bar)
    const priceAt = createPriceAt(whole)
    const ordered = [...kept.values()].sort((a, b) => a.eventAt - b.eventAt)
    for (const feed of Map.groupBy(ordered, (tick) => `${tick.type}/${tick.venue}`).values()) {
      writeFeed(feed, { grids, priceAt, leave })
    }
    for (const grain of ['1h', '4h', '1d'] as const) {
      if (grids[grain].isEmpty) continue
      const path = join(folder, `${panelName(grain, asset)}.gz`)
      await grids[grain].write(path)
      files.push(path)
    }
  }
  return { files, leftOut: [...leftOut].map(([what, count]) => `${count} × ${what}`) }
}

/** Figures that are summed are all kept; of the others one for each hour is all that the layout can hold. */
function keep(kept: Map<string, Kept>, tick: Kept): void {
  const isSummed = tick.type === 'liquidations' || tick.type === 'taker-flow'
  const slot = isSummed ? tick.eventAt : Math.ceil(tick.eventAt / HOUR)
  const key = `${tick.type}/${tick.venue}/${slot}`
  const before = kept.get(key)
  if (!before || tick.eventAt >= before.eventAt) kept.set(key, tick)
}
