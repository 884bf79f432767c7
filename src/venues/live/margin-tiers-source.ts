import type { Asset, VenueId } from '../../domain/market/tick.ts'
import type { Clock, MarginTierReading, MarginTierSource } from '../../ports.ts'
import { connectVenue, type Endpoint } from './client.ts'
import { loadMarginTiers, outcomeWithoutAsking, TIER_SOURCES } from './margin-tiers.ts'

export interface MarginTierSourceOptions {
  readonly venues: readonly VenueId[]
  readonly assets: readonly Asset[]
  /** Other addresses than the venues' own. */
  readonly endpoints?: Readonly<Partial<Record<VenueId, Endpoint>>>
  readonly clock: Clock
}

/** The maintenance tables of live venues through ccxt: connects for each load and leaves nothing open. */
export function createMarginTierSource({
  venues,
  assets,
  endpoints = {},
  clock,
}: MarginTierSourceOptions): MarginTierSource {
  const loadVenue = async (name: VenueId): Promise<readonly MarginTierReading[]> => {
    const known = outcomeWithoutAsking(name)
    if (known) return assets.map((asset) => ({ venue: name, asset, outcome: known }))
    const { venue } = TIER_SOURCES[name]!
    const { options, marketParams = {} } = venue
    const client = await connectVenue(venue.module, { venueId: name, endpoint: endpoints[name], options })
    try {
      await client.loadMarkets(false, marketParams)
      const readings: MarginTierReading[] = []
      for (const asset of assets) {
        const outcome = await loadMarginTiers(client, { venue: name, asset }, clock.now())
        readings.push({ venue: name, asset, outcome })
      }
      return readings
    } catch (error) {
      const outcome = { kind: 'unavailable', reason: error instanceof Error ? error.message : String(error) } as const
      return assets.map((asset) => ({ venue: name, asset, outcome }))
    } finally {
      await client.close()
    }
  }
  return { load: async () => (await Promise.all(venues.map(loadVenue))).flat() }
}
