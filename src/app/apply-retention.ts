import { later } from '../domain/units.ts'
import type { MarketState } from './market-state.ts'
import type { Ports } from './ports.ts'

/** Deletes observations and maps older than the retention and returns how many rows went; keeps all without a retention. */
export const createApplyRetention =
  ({ store, clock, settings }: Ports, market: MarketState) =>
  async (): Promise<number> => {
    if (settings.retention === undefined) return 0
    const before = later(clock.now(), -settings.retention)
    market.panel.forget(before)
    return (await store.observations.deleteBefore(before)) + (await store.maps.deleteBefore(before))
  }
