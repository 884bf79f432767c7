import type { AlertSeverity } from '../domain/alert.ts'
import { fraction, timestamp } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'

type Subscriptions = Pick<Store['members'], 'subscriptions' | 'subscribe' | 'unsubscribe' | 'mutes' | 'mute'>

/** What of the alerts each member wants in private, and what for now they do not. */
export function createSubscriptions({ db }: StoreContext): Subscriptions {
  return {
    async subscriptions(memberId) {
      const rows = await db
        .selectFrom('subscriptions')
        .selectAll()
        .$if(memberId !== undefined, (query) => query.where('member_id', '=', memberId!))
        .orderBy('member_id')
        .orderBy('asset')
        .execute()
      return rows.map((row) => ({
        memberId: row.member_id,
        asset: row.asset,
        minSeverity: row.min_severity as AlertSeverity,
        minConfidence: fraction(row.min_confidence),
      }))
    },

    async subscribe(memberId, { asset, minSeverity, minConfidence }) {
      const wanted = { min_severity: minSeverity, min_confidence: minConfidence }
      await db
        .insertInto('subscriptions')
        .values({ member_id: memberId, asset, ...wanted })
        .onConflict((oc) => oc.columns(['member_id', 'asset']).doUpdateSet(wanted))
        .execute()
    },

    async unsubscribe(memberId, asset) {
      const rows = await db
        .deleteFrom('subscriptions')
        .where('member_id', '=', memberId)
        .$if(asset !== '*', (query) => query.where('asset', '=', asset))
        .returning('asset')
        .execute()
      return rows.length
    },

    async mutes(at) {
      const rows = await db
        .selectFrom('mutes')
        .selectAll()
        .where('muted_until', '>', at)
        .orderBy('member_id')
        .orderBy('asset')
        .execute()
      return rows.map((row) => ({ memberId: row.member_id, asset: row.asset, until: timestamp(row.muted_until) }))
    },

    // One that ends it is kept like any other: it holds at no time that is asked for from now on.
    async mute(memberId, { asset, until }) {
      await db
        .insertInto('mutes')
        .values({ member_id: memberId, asset, muted_until: until })
        .onConflict((oc) => oc.columns(['member_id', 'asset']).doUpdateSet({ muted_until: until }))
        .execute()
    },
  }
}
