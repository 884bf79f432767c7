import type { TradingState } from '../domain/risk/trading-state.ts'
import { timestamp } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { storable } from './json.ts'

export function createSettings({ db }: StoreContext): Store['settings'] {
  return {
    async tradingState() {
      const row = await db.selectFrom('trading_state').selectAll().executeTakeFirstOrThrow()
      return {
        state: row.state as TradingState,
        by: row.changed_by,
        at: timestamp(row.changed_at),
        reason: row.reason,
      }
    },

    async setTradingState(state, { by, at, reason, from }) {
      const { numUpdatedRows } = await db
        .updateTable('trading_state')
        .set({ state, changed_by: by, changed_at: at, reason: storable(reason) })
        .$if(from !== undefined, (query) => query.where('state', '=', from!))
        .executeTakeFirstOrThrow()
      return numUpdatedRows > 0n
    },

    async get(key) {
      const row = await db.selectFrom('settings').select('value').where('key', '=', key).executeTakeFirst()
      return row?.value
    },

    async set(key, value) {
      await db
        .insertInto('settings')
        .values({ key, value: storable(value) })
        .onConflict((oc) => oc.column('key').doUpdateSet({ value: storable(value) }))
        .execute()
    },
  }
}
