/**
 * Recorded history of many coins as a market source: files of many coins, read for those asked for.
 *
 * @module
 */
import { basename, dirname, join, resolve } from 'node:path'
import type { Asset, OpenInterest } from '../../domain/market/tick.ts'
import { DAY, HOUR, type TimestampMs, timestamp } from '../../domain/units.ts'
import type { MarketSource } from '../../ports.ts'
import { AGGREGATE } from '../replay/columns.ts'
import { basisOf, readGauges } from '../replay/gauges.ts'
import { formatLabel } from '../replay/labels.ts'
import { finest, playBack, type Recorded, recordedOf } from '../replay/playback.ts'
import { createPriceAt, type PriceAt } from '../replay/price-at.ts'
import { rebase } from '../replay/rebase.ts'
import { pooledAssets, requireFolder } from './assets.ts'
import { readPooledBars } from './bars.ts'
import { type Pool, readPool } from './observations.ts'

export interface PooledOptions {
  /** Holds `klines_1h_multi.csv[.gz]` and, where there are any, `funding_multi`, `oi_…_multi` and `liq_multi`. */
  readonly folder: string
  /**
   * A few at a time: what is read of an asset is held until the market is let go, about 15 MB for three years of two venues.
   * Default all.
   */
  readonly assets?: 'all' | readonly Asset[]
  /** First instant after warm-up; where left out, the first bar of any of the assets. */
  readonly from?: TimestampMs
  /** Last instant; where left out, the end of what is recorded. */
  readonly to?: TimestampMs
  /** Days of history before `from`, as far as there are any; default none. */
  readonly warmupDays?: number
  /** Assets with fewer days of hourly bars in the range are left out, and said so; default any number will do. */
  readonly minimumDays?: number
}

/**
 * Reads the assets asked for over warm-up and window, each file once, and plays them back as `createReplayMarket` does.
 *
 * An asset's price is that of the perpetual with the longest history, else of spot; the other series are feeds of their own.
 * A series with holes has them here too: where a price is stale, it is not known. `feeds` declares what has an observation.
 *
 * An asset without bars is left out, and said so.
 *
 * @throws {Error} for an absent folder or file, and where none of the assets has bars in the range
 */
export async function createPooledMarket(options: PooledOptions): Promise<MarketSource> {
  const { warmupDays = 0, minimumDays = 0 } = options
  const folder = resolve(options.folder)
  requireFolder(folder)
  const span = await spanOf(folder, options)
  const { from, to } = span
  if (!(from < to)) throw new RangeError(`Expected from before to, was ${formatLabel(from)} and ${formatLabel(to)}`)
  const start = timestamp(from - Math.max(0, warmupDays) * DAY)
  const problems: string[] = []
  const onProblem = (problem: string) => void problems.push(problem)

  const pool: Pool = { folder, assets: new Set(span.assets), from: start, to, onProblem }
  const bars = await readPooledBars(pool)
  // Few coins have open interest in USD, and so few need theirs.
  const priceAts = new Map<Asset, PriceAt>()
  const priceOf = (asset: Asset): PriceAt => {
    const known = priceAts.get(asset) ?? createPriceAt((bars.get(asset) ?? []).flat())
    priceAts.set(asset, known)
    return known
  }
  const others = await readPool(pool, priceOf)

  const recorded = new Map<Asset, Recorded>()
  for (const asset of span.assets) {
    const series = bars.get(asset) ?? []
    const hours = Math.max(0, ...series.map((one) => one.length))
    if (hours === 0 || hours * HOUR < minimumDays * DAY) {
      onProblem(`${asset}: Expected at least ${minimumDays} days of hourly bars, was ${hours} hours; asset left out`)
      continue
    }
    // How the market as a whole feels is recorded once for all of them.
    const feeling = await readGauges(join(dirname(folder), 'panel'), {
      asset,
      range: { from: start, to },
      onProblem,
      kinds: ['fear-greed'],
    })
    const candidates = [...(others.get(asset) ?? []), ...feeling, ...basisOf(series)]
    const chosen = finest(candidates, start, to).map((one) =>
      one.feed === 'open-interest' && one.venue === AGGREGATE
        ? { ...one, ticks: rebase(one.ticks as readonly OpenInterest[], priceOf(asset), onProblem) }
        : one,
    )
    recorded.set(asset, recordedOf(asset, { series, chosen, start, to }))
  }
  if (recorded.size === 0) {
    throw new Error(
      `Expected bars of ${span.assets.join(', ')} between ${formatLabel(start)} and ${formatLabel(to)} in ${folder}, were too few: ${problems.slice(0, 3).join(' ')} Choose other assets or a longer range.`,
    )
  }
  return playBack({ name: `replay of ${basename(folder)}`, recorded, start, from, to, problems })
}

/** The assets and the range asked for; what was left open comes from what is recorded of them. */
async function spanOf(
  folder: string,
  { assets = 'all', from, to }: PooledOptions,
): Promise<{ readonly assets: readonly Asset[]; readonly from: TimestampMs; readonly to: TimestampMs }> {
  if (assets !== 'all' && assets.length === 0) throw new RangeError('Expected at least one asset to replay, was none')
  if (assets !== 'all' && from !== undefined && to !== undefined) return { assets: [...new Set(assets)], from, to }
  const all = await pooledAssets(folder)
  const asked = assets === 'all' ? all : all.filter(({ asset }) => assets.includes(asset))
  if (asked.length === 0) {
    throw new Error(
      `Expected assets with hourly bars in ${folder}, was ${assets}; it has ${all.map(({ asset }) => asset).join(', ')}. Choose of those.`,
    )
  }
  return {
    assets: assets === 'all' ? asked.map(({ asset }) => asset) : [...new Set(assets)],
    from: from ?? timestamp(Math.min(...asked.map((one) => one.from))),
    to: to ?? timestamp(Math.max(...asked.map((one) => one.to))),
  }
}
