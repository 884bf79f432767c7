import { sql } from 'kysely'
import type { Identity, Member, Role } from '../domain/member.ts'
import type { Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { storable } from './json.ts'
import type { Db } from './pool.ts'

export function createMembers(context: StoreContext): Store['members'] {
  const { db } = context
  return {
    put: (member) =>
      atomically(context, async (tx) => {
        const said = { name: storable(member.name), role: member.role }
        await tx
          .insertInto('members')
          .values({ member_id: member.memberId, ...said })
          .onConflict((oc) => oc.column('member_id').doUpdateSet(said))
          .execute()
        await tx.deleteFrom('member_identities').where('member_id', '=', member.memberId).execute()
        for (const identity of member.identities) await addIdentity(tx, member.memberId, identity)
      }),

    find: async (memberId) => (await read(db, (query) => query.where('members.member_id', '=', memberId)))[0],

    findByIdentity: async ({ platform, platformUserId }) =>
      (
        await read(db, (query) =>
          query.where('members.member_id', 'in', (eb) =>
            eb
              .selectFrom('member_identities')
              .select('member_id')
              .where('platform', '=', platform)
              .where('platform_user_id', '=', platformUserId),
          ),
        )
      )[0],

    list: () => read(db, (query) => query),
    withRole: (role: Role) => read(db, (query) => query.where('members.role', '=', role)),
  }
}

async function addIdentity(tx: Db, memberId: string, { platform, platformUserId }: Identity): Promise<void> {
  const added = await tx
    .insertInto('member_identities')
    .values({ platform, platform_user_id: platformUserId, member_id: memberId })
    .onConflict((oc) => oc.columns(['platform', 'platform_user_id']).doNothing())
    .returning('member_id')
    .execute()
  if (added.length > 0) return
  const { member_id: owner } = await tx
    .selectFrom('member_identities')
    .select('member_id')
    .where('platform', '=', platform)
    .where('platform_user_id', '=', platformUserId)
    .executeTakeFirstOrThrow()
  if (owner !== memberId) {
    throw new Error(`Expected ${platform} user ${platformUserId} to belong to nobody else, was ${owner}'s`)
  }
}

const selectMembers = (db: Db) =>
  db
    .selectFrom('members')
    .selectAll()
    .select(
      sql<Member['identities']>`coalesce(
        (select jsonb_agg(jsonb_build_object('platform', platform, 'platformUserId', platform_user_id) order by seq)
         from member_identities where member_identities.member_id = members.member_id), '[]')`.as('identities'),
    )

async function read(
  db: Db,
  narrow: (query: ReturnType<typeof selectMembers>) => ReturnType<typeof selectMembers>,
): Promise<Member[]> {
  const rows = await narrow(selectMembers(db)).orderBy('members.seq').execute()
  return rows.map((row) => ({
    memberId: row.member_id,
    name: row.name,
    role: row.role as Role,
    identities: row.identities,
  }))
}
