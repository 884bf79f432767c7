import type { Asset } from '../../src/domain/market/tick.ts'
import { HOUR } from '../../src/domain/units.ts'

/** An hour of one asset at which an event was to come. */
export interface Positive {
  readonly asset: Asset
  readonly at: number
}

/** A run of positive hours, gaps of up to a day inside it. */
export interface Episode {
  readonly from: number
  readonly to: number
  /** In order of their first positive hour. */
  readonly assets: readonly Asset[]
}

/** Positive hours that are no further apart belong to one episode. */
export const EPISODE_GAP_HOURS = 24

/** Episodes of each asset on its own, in order of time. */
export function episodesOf(positives: readonly Positive[]): readonly Episode[] {
  const assets = [...new Set(positives.map(({ asset }) => asset))]
  return assets
    .flatMap((asset) => marketEpisodesOf(positives.filter((positive) => positive.asset === asset)))
    .sort((a, b) => a.from - b.from)
}

/**
 * Episodes of the whole market: what happened to several assets within a day of each other happened once. Coins fall in the same
 * hours, so this is the number that counts for significance.
 */
export function marketEpisodesOf(positives: readonly Positive[]): readonly Episode[] {
  const episodes: { from: number; to: number; assets: Asset[] }[] = []
  for (const { asset, at } of positives.toSorted((a, b) => a.at - b.at)) {
    const last = episodes.at(-1)
    if (last && at - last.to <= EPISODE_GAP_HOURS * HOUR) {
      last.to = at
      if (!last.assets.includes(asset)) last.assets.push(asset)
    } else episodes.push({ from: at, to: at, assets: [asset] })
  }
  return episodes
}
