import type { Platform } from '../domain/member.ts'
import { DEFAULT_PREFERENCES } from '../domain/preferences.ts'
import { timestamp } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { jsonb, storable } from './json.ts'

type Telling = Pick<Store['members'], 'preferences' | 'setPreferences' | 'reach' | 'noteReach'>

/** How each member wants to be told, and whether their private chats take it. */
export function createPreferences({ db }: StoreContext): Telling {
  return {
    async preferences(memberId) {
      const row = await db
        .selectFrom('members')
        .select('preferences')
        .where('member_id', '=', memberId)
        .executeTakeFirst()
      return { ...DEFAULT_PREFERENCES, ...row?.preferences }
    },

    async setPreferences(memberId, preferences) {
      const rows = await db
        .updateTable('members')
        .set({ preferences: jsonb(preferences) })
        .where('member_id', '=', memberId)
        .returning('member_id')
        .execute()
      if (rows.length === 0) throw new Error(`Expected a member on record, was ${memberId}`)
    },

    async reach() {
      const rows = await db
        .selectFrom('reach')
        .innerJoin('members', 'members.member_id', 'reach.member_id')
        .selectAll('reach')
        .orderBy('members.seq')
        .orderBy('reach.platform')
        .execute()
      return rows.map((row) => ({
        memberId: row.member_id,
        platform: row.platform as Platform,
        works: row.works,
        ...(row.reason === null ? {} : { reason: row.reason }),
        at: timestamp(row.noted_at),
      }))
    },

    async noteReach({ memberId, platform, works, reason, at }) {
      const noted = { works, reason: works || reason === undefined ? null : storable(reason), noted_at: at }
      await db
        .insertInto('reach')
        .values({ member_id: memberId, platform, ...noted })
        .onConflict((oc) =>
          oc
            .columns(['member_id', 'platform'])
            .doUpdateSet(noted)
            // A try that ended late does not stand over one that was made after it.
            .where('reach.noted_at', '<=', at),
        )
        .execute()
    },
  }
}
