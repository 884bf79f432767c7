import { sql } from 'kysely'
import type { Member } from '../domain/member.ts'
import { DEFAULT_PREFERENCES, type Preferences } from '../domain/preferences.ts'
import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { storable } from './json.ts'
import { isLive } from './leases.ts'

interface Row {
  readonly mine: boolean
  readonly answered: boolean
  readonly memberId: string | null
  readonly name: string
  readonly role: Member['role']
  readonly preferences: Partial<Preferences> | null
  readonly identities: Member['identities']
}

export function createCommands({ db }: StoreContext): Store['commands'] {
  return {
    async hear({ identity: { platform, platformUserId }, interactionId }, holder, at) {
      const id = storable(interactionId)
      const { rows } = await sql<Row>`
        with claimed as (
          insert into seen_interactions as seen (platform, interaction_id, seen_at, holder)
          values (${platform}, ${id}, ${at}, ${holder})
          on conflict (platform, interaction_id) do update set holder = excluded.holder, seen_at = excluded.seen_at
          where seen.answered_at is null
            and (seen.holder is null or seen.holder <> excluded.holder and not ${sql.raw(isLive('seen.holder'))})
          returning holder
        )
        select exists (select from claimed) as mine,
          exists (
            select from seen_interactions
            where platform = ${platform} and interaction_id = ${id} and answered_at is not null
          ) as answered,
          members.member_id as "memberId", members.name, members.role, members.preferences,
          (
            select jsonb_agg(jsonb_build_object('platform', platform, 'platformUserId', platform_user_id) order by seq)
            from member_identities as theirs where theirs.member_id = members.member_id
          ) as identities
        from (select) as anyone left join members on members.member_id = (
          select member_id from member_identities
          where platform = ${platform} and platform_user_id = ${storable(platformUserId)}
        )`.execute(db)
      const row = rows[0]!
      return {
        claim: row.mine ? 'mine' : row.answered ? 'answered' : 'busy',
        member: memberOf(row),
        preferences: { ...DEFAULT_PREFERENCES, ...row.preferences },
      }
    },

    async answered(platform, interactionId, at) {
      await db
        .updateTable('seen_interactions')
        .set({ answered_at: at })
        .where('platform', '=', platform)
        .where('interaction_id', '=', storable(interactionId))
        .where('answered_at', 'is', null)
        .execute()
    },

    async forgetBefore(at) {
      const { numDeletedRows } = await db
        .deleteFrom('seen_interactions')
        .where('seen_at', '<', at)
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}

const memberOf = ({ memberId, name, role, identities }: Row): Member | undefined =>
  memberId === null ? undefined : { memberId, name, role, identities }
