import type { LimitKey } from '../domain/risk/limits.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'

export function createLimits({ db }: StoreContext): Store['limits'] {
  return {
    async overrides() {
      const rows = await db.selectFrom('limit_overrides').selectAll().orderBy('limit_key').execute()
      return rows.map((row) => ({
        key: row.limit_key as LimitKey,
        value: row.value,
        requestedBy: row.requested_by,
        approvedBy: row.approved_by,
        at: row.approved_at as TimestampMs,
      }))
    },

    async set({ key, value, requestedBy, approvedBy, at }) {
      const values = { value, requested_by: requestedBy, approved_by: approvedBy, approved_at: at }
      await db
        .insertInto('limit_overrides')
        .values({ limit_key: key, ...values })
        .onConflict((oc) => oc.column('limit_key').doUpdateSet(values))
        .execute()
    },
  }
}
