import { type MapSnapshot, snapshotOf } from '../domain/liquidation/snapshot.ts'
import type { Asset } from '../domain/market/tick.ts'
import { HOUR, price, type TimestampMs } from '../domain/units.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'

const hourOf = (at: TimestampMs): number => Math.floor(at / HOUR)

/**
 * Puts the map of an asset on record, once an hour and asset: the first time it is asked in each UTC hour.
 *
 * @returns whether it was recorded now; never before the first price or while no open interest has been heard
 */
export const createRecordMap = ({ store }: Ports, market: MarketState) => {
  const recordedAt = new Map<Asset, TimestampMs>()
  return async ({ asset, at }: { asset: Asset; at: TimestampMs }): Promise<boolean> => {
    const before = recordedAt.get(asset) ?? (await store.maps.latest(asset))?.at
    if (before !== undefined) recordedAt.set(asset, before)
    if (before !== undefined && hourOf(before) >= hourOf(at)) return false
    const snapshot = mapAt(market, asset, { at, since: before })
    if (!snapshot) return false
    recordedAt.set(asset, at)
    return store.maps.save(snapshot)
  }
}

/** The map as this process has followed it, with the prices reached since; undefined while there is none. */
export function mapAt(
  market: MarketState,
  asset: Asset,
  { at, since }: { at: TimestampMs; since?: TimestampMs },
): MapSnapshot | undefined {
  const map = market.maps.get(asset)
  const last = market.panel.lastBar(asset, at)
  if (!map || map.venues.size === 0 || !last) return undefined
  const bars =
    since === undefined
      ? [last]
      : market.panel.between('bar', last.venue, asset, since, at).filter((bar) => bar.eventAt > since)
  const now = last.closePrice
  return snapshotOf(map, {
    at,
    price: now,
    lowPrice: price(bars.reduce<number>((low, bar) => Math.min(low, bar.lowPrice), now)),
    highPrice: price(bars.reduce<number>((high, bar) => Math.max(high, bar.highPrice), now)),
  })
}
