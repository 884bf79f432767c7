import type { Store, VenueStanding } from '../ports.ts'
import type { StoreContext } from './context.ts'

export function createStandings({ db }: StoreContext): Store['standings'] {
  return {
    async read(instrumentId) {
      const row = await db
        .selectFrom('standings')
        .selectAll()
        .where('instrument_id', '=', instrumentId)
        .executeTakeFirst()
      return (
        row &&
        ({
          instrumentId: row.instrument_id,
          foreignQuantity: row.foreign_quantity_base,
          fillsUntil: row.fills_until,
          unexplainedQuantity: row.unexplained_quantity_base,
          unexplainedNotional: row.unexplained_notional_usd,
          dirtyPolls: row.dirty_polls,
          cleanPolls: row.clean_polls,
          checkedAt: row.checked_at,
        } as VenueStanding)
      )
    },

    async write(standing) {
      const values = {
        foreign_quantity_base: standing.foreignQuantity,
        fills_until: standing.fillsUntil,
        unexplained_quantity_base: standing.unexplainedQuantity,
        unexplained_notional_usd: standing.unexplainedNotional,
        dirty_polls: standing.dirtyPolls,
        clean_polls: standing.cleanPolls,
        checked_at: standing.checkedAt,
      }
      await db
        .insertInto('standings')
        .values({ instrument_id: standing.instrumentId, ...values })
        .onConflict((oc) => oc.column('instrument_id').doUpdateSet(values))
        .execute()
    },

    async noteForeign(instrumentId, tradeId, at) {
      const rows = await db
        .insertInto('foreign_fills')
        .values({ instrument_id: instrumentId, trade_id: tradeId, noted_at: at })
        .onConflict((oc) => oc.doNothing())
        .returning('trade_id')
        .execute()
      return rows.length > 0
    },
  }
}
