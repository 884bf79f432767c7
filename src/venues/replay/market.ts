/**
 * Recorded real history as a market source: CSV panels of 1 h, 4 h and 1 d, joined point in time.
 *
 * @module
 */
import { existsSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Asset, OpenInterest } from '../../domain/market/tick.ts'
import { DAY, type TimestampMs, timestamp } from '../../domain/units.ts'
import type { MarketSource } from '../../ports.ts'
import { readBars, withoutHoles } from './bars.ts'
import { AGGREGATE, panelName } from './columns.ts'
import { basisOf, panelGauges, readGauges } from './gauges.ts'
import { closesAt, formatLabel, type Grain, LENGTH } from './labels.ts'
import { readCandidates } from './observations.ts'
import { finest, playBack, type Recorded, recordedOf } from './playback.ts'
import { createPriceAt } from './price-at.ts'
import { type PanelFile, readPanel } from './read-panel.ts'
import { rebase } from './rebase.ts'

export interface ReplayOptions {
  /**
   * Holds `panel_1h_<asset>.csv[.gz]` and, where there are any, `panel_4h_…` and `panel_1d_…`. Beside one named `panel`, the
   * folders `positioning_flow`, `options`, `sentiment` and `onchain_daily` are read too where they are.
   */
  readonly folder: string
  readonly assets: readonly Asset[]
  /** First instant after warm-up; where left out, as early as the warm-up allows. */
  readonly from?: TimestampMs
  /** Last instant; where left out, the end of what is recorded. */
  readonly to?: TimestampMs
  /** Days of history before `from`, as far as there are any. */
  readonly warmupDays: number
}

/**
 * Reads the panels of each asset over warm-up and window, and plays them back.
 *
 * A step falls one minute after every hour, and ten minutes after it where something came in between, so that nothing is
 * seen before its time and little after it. Of a feed recorded at several grains the finest with an observation in the range
 * is played; `feeds` declares only what has one, at its true cadence. Input that could not be read, and what was taken out
 * of it, is in `problems()`.
 *
 * @throws {Error} for an absent folder or file, and for a window outside the recorded one: value and remedy
 */
export async function createReplayMarket(options: ReplayOptions): Promise<MarketSource> {
  const { folder, assets, warmupDays } = options
  if (assets.length === 0) throw new RangeError('Expected at least one asset to replay, was none')
  const { from, to } = await windowOf(options)
  if (!(from < to)) throw new RangeError(`Expected from before to, was ${formatLabel(from)} and ${formatLabel(to)}`)
  const problems: string[] = []
  const recorded = new Map<Asset, Recorded>()
  const start = timestamp(from - Math.max(0, warmupDays) * DAY)
  for (const asset of assets) {
    recorded.set(asset, await readAsset({ folder, asset, start, from, to }, (problem) => problems.push(problem)))
  }
  return playBack({ name: `replay of ${folder}`, recorded, start, from, to, problems })
}

async function readAsset(
  { folder, asset, start, from, to }: Window & { folder: string; asset: Asset; start: TimestampMs },
  onProblem: (problem: string) => void,
): Promise<Recorded> {
  // One bar earlier than the range, so that a bar that ends in it is there.
  const read = (grain: Grain) =>
    readPanel(folder, { grain, asset, range: { from: timestamp(start - LENGTH[grain]), to }, onProblem })
  const hours = requireHours(await read('1h'), { folder, asset })
  if (from < hours.recorded.from || to > hours.recorded.to) {
    throw new Error(
      `Expected a window within what ${folder}/${hours.name} holds (${formatWindow(hours.recorded)}), was ${formatWindow({ from, to })}. Move --from and --to inside it.`,
    )
  }
  const all = readBars(hours, asset, onProblem)
  const series = withoutHoles(all, hours, onProblem)
  const bars = series.flat()
  const priceAt = createPriceAt(bars)
  const files = { '1h': hours, '4h': await read('4h'), '1d': await read('1d') }
  const candidates = [
    ...readCandidates(files, { asset, priceAt, onProblem }),
    ...(await readGauges(resolve(folder), { asset, range: { from: start, to }, onProblem })),
    ...panelGauges(files, { asset, onProblem }),
    // A hole in the basis is a stale basis; a price with a hole would stand still.
    ...basisOf(all),
  ]
  const chosen = finest(candidates, start, to).map((one) =>
    one.feed === 'open-interest' && one.venue === AGGREGATE
      ? { ...one, ticks: rebase(one.ticks as readonly OpenInterest[], priceAt, onProblem) }
      : one,
  )
  return recordedOf(asset, { series, chosen, start, to })
}

interface Window {
  readonly from: TimestampMs
  readonly to: TimestampMs
}

/** The window asked for; what was left open comes from what the hourly panels of all assets cover together. */
async function windowOf({ folder, assets, from, to, warmupDays }: ReplayOptions): Promise<Window> {
  if (!existsSync(folder)) {
    throw new Error(`Expected a folder of recorded panels at ${folder}, was absent. Check the path after "replay:".`)
  }
  if (from !== undefined && to !== undefined) return { from, to }
  const [starts, ends]: [number[], number[]] = [[], []]
  for (const asset of assets) {
    const nothing = { from: timestamp(0), to: timestamp(0) }
    const file = await readPanel(folder, { grain: '1h', asset, range: nothing, onProblem: () => undefined })
    const { recorded } = requireHours(file, { folder, asset })
    starts.push(recorded.from)
    ends.push(recorded.to)
  }
  return {
    from: from ?? timestamp(Math.max(...starts) + Math.max(0, warmupDays) * DAY),
    to: to ?? timestamp(Math.min(...ends)),
  }
}

/** Prices come from the hourly panel: without one there is nothing to replay. */
function requireHours(
  file: PanelFile | undefined,
  { folder, asset }: { folder: string; asset: Asset },
): PanelFile & { readonly recorded: Window } {
  if (!file) {
    throw new Error(
      `Expected ${panelName('1h', asset)}.gz in ${folder}, was absent; it has ${recordedAssets(folder)}. Choose one of those or add the file.`,
    )
  }
  if (file.firstLabel === undefined || file.lastLabel === undefined) {
    throw new Error(`Expected rows in ${folder}/${file.name}, was only a header. Replace the file.`)
  }
  return { ...file, recorded: { from: file.firstLabel, to: closesAt(file.lastLabel, '1h') } }
}

const formatWindow = ({ from, to }: Window): string => `${formatLabel(from)} … ${formatLabel(to)}`

function recordedAssets(folder: string): string {
  const found = readdirSync(folder).flatMap((name) => /^panel_1h_(.+)\.csv(?:\.gz)?$/.exec(name)?.[1] ?? [])
  return found.length > 0 ? found.join(', ') : 'no panel_1h_* at all'
}
