import type { Cluster, Forecast } from '../domain/forecast.ts'
import type { MapSnapshot } from '../domain/liquidation/snapshot.ts'
import type { Asset } from '../domain/market/tick.ts'
import { HOUR, later } from '../domain/units.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'
import { mapAt } from './record-map.ts'

export interface MapReading {
  readonly forecast: Forecast
  readonly clusters: readonly Cluster[]
  /** The newest map there is: of this process where it follows the market, else the last on record. */
  readonly current?: MapSnapshot
  /** On record within the hours asked for, oldest first. */
  readonly history: readonly MapSnapshot[]
}

/**
 * The map and clusters of an asset, for a process that follows the market as for one that does not.
 *
 * @returns undefined when no forecast was ever made for it
 */
export const createReadMap =
  ({ store, clock }: Ports, market: MarketState) =>
  async ({ asset, hours = 0 }: { asset: Asset; hours?: number }): Promise<MapReading | undefined> => {
    const latest = await store.forecasts.latest(asset)
    if (!latest) return undefined
    const now = clock.now()
    const followedTo = market.maps.get(asset)?.advancedTo
    const own = followedTo === undefined ? undefined : mapAt(market, asset, { at: followedTo })
    return {
      ...latest,
      current: own ?? (await store.maps.latest(asset)),
      history: hours > 0 ? await store.maps.between(asset, later(now, -hours * HOUR), now) : [],
    }
  }
