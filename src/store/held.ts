import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'

/** Episodes kept for a member's next digest. */
export function createHeld({ db }: StoreContext): Store['held'] {
  return {
    async add(memberId, alertId, at) {
      await db
        .insertInto('held_alerts')
        .values({ member_id: memberId, alert_id: alertId, held_at: at })
        .onConflict((oc) => oc.columns(['member_id', 'alert_id']).doNothing())
        .execute()
    },

    async take(memberId) {
      const rows = await db
        .deleteFrom('held_alerts')
        .where('member_id', '=', memberId)
        .returning(['alert_id', 'seq'])
        .execute()
      return rows.sort((a, b) => a.seq - b.seq).map((row) => row.alert_id)
    },

    async members() {
      const rows = await db.selectFrom('held_alerts').select('member_id').distinct().orderBy('member_id').execute()
      return rows.map((row) => row.member_id)
    },
  }
}
