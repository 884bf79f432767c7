import type { TimestampMs } from '../../../src/domain/units.ts'
import { connectVenue, type VenueClient } from '../../../src/venues/live/client.ts'
import { deribit } from '../../../src/venues/live/deribit.ts'
import { startVenues } from '../../support/venue-servers/index.ts'
import type { VenueServer } from '../../support/venue-servers/server.ts'

/** The real ccxt client against Deribit's loopback server, at a moment that stands still. */
export async function askingDeribit<T>(
  now: TimestampMs,
  ask: (client: VenueClient, server: VenueServer) => Promise<T>,
): Promise<T> {
  const venues = await startVenues({ now: () => now })
  const { venueId, options } = deribit
  const client = await connectVenue(deribit.module, { venueId, endpoint: venues.deribit.endpoint, options })
  try {
    await client.loadMarkets(false, deribit.marketParams ?? {})
    return await ask(client, venues.deribit)
  } finally {
    await client.close()
    await venues.stop()
  }
}
