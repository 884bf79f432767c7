import type { TimestampMs } from '../domain/units.ts'
import type { LivePermission, Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { storable } from './json.ts'

export function createLive({ db }: StoreContext): Store['live'] {
  return {
    async permission() {
      const row = await db.selectFrom('live_permission').selectAll().executeTakeFirstOrThrow()
      return {
        state: row.state as LivePermission['state'],
        by: row.changed_by,
        at: row.changed_at as TimestampMs,
        reason: row.reason,
      }
    },

    async setPermission({ state, by, at, reason }) {
      await db
        .updateTable('live_permission')
        .set({ state, changed_by: [...by], changed_at: at, reason: storable(reason) })
        .execute()
    },
  }
}
