import { sql } from 'kysely'
import type { ClientOrderId } from '../domain/execution/order.ts'
import type { VenueId } from '../domain/market/tick.ts'
import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import type { Db } from './pool.ts'

export function createVenueOrderIds({ db }: StoreContext): Store['venueOrderIds'] {
  return {
    async reserve(venue, clientOrderId, candidates) {
      for (const candidate of candidates) {
        const { rows } = await sql<{ id: number }>`
          with mine as (
            insert into venue_order_ids (venue, client_order_id, short_id)
            values (${venue}, ${clientOrderId}, ${candidate}::bigint)
            on conflict do nothing
            returning short_id
          )
          select short_id as id from mine
          union all
          select short_id from venue_order_ids where venue = ${venue} and client_order_id = ${clientOrderId}`.execute(
          db,
        )
        if (rows[0]) return rows[0].id
      }
      // The last candidate may have been refused because the same order got one in that moment, seen only now.
      const own = await ownId(db, venue, clientOrderId)
      if (own !== undefined) return own
      throw new Error(
        `Expected a free short id for order ${clientOrderId} at ${venue}, was none among ${candidates.length} candidates`,
      )
    },

    async clientOrderIdOf(venue, shortId) {
      const row = await db
        .selectFrom('venue_order_ids')
        .select('client_order_id')
        .where('venue', '=', venue)
        .where('short_id', '=', shortId)
        .executeTakeFirst()
      return row?.client_order_id as ClientOrderId | undefined
    },
  }
}

async function ownId(db: Db, venue: VenueId, clientOrderId: ClientOrderId): Promise<number | undefined> {
  const row = await db
    .selectFrom('venue_order_ids')
    .select('short_id')
    .where('venue', '=', venue)
    .where('client_order_id', '=', clientOrderId)
    .executeTakeFirst()
  return row?.short_id
}
