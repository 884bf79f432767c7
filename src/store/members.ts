import { sql } from 'kysely'
import type { Identity, Member, MemberRole, Role } from '../domain/member.ts'
import type { Store } from '../ports.ts'
import { atomically, type StoreContext } from './context.ts'
import { storable } from './json.ts'
import type { Db } from './pool.ts'
import { createPreferences } from './preferences.ts'
import { createSubscriptions } from './subscriptions.ts'

/** Any number, the same in every process: who holds it may change who is an admin. */
const ADMINS_LOCK = 7_270_106

/** Who is who, what they may do, and how they want to be told. */
export function createMembers(context: StoreContext): Store['members'] {
  const { db } = context
  return {
    ...createPreferences(context),
    ...createSubscriptions(context),

    put: (member) =>
      atomically(context, async (tx) => {
        const said = { name: storable(member.name), role: member.role }
        await tx
          .insertInto('members')
          .values({ member_id: member.memberId, ...said })
          .onConflict((oc) => oc.column('member_id').doUpdateSet(said))
          .execute()
        await tx.deleteFrom('member_identities').where('member_id', '=', member.memberId).execute()
        for (const identity of member.identities) await own(tx, member.memberId, identity)
      }),

    find: (memberId) => findMember(db, memberId),

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

    seed: (member) =>
      atomically(context, async (tx) => {
        await lockAdmins(tx)
        await tx
          .insertInto('members')
          .values({ member_id: member.memberId, name: storable(member.name), role: member.role })
          .onConflict((oc) => oc.column('member_id').doNothing())
          .execute()
        for (const identity of member.identities) await join(tx, member.memberId, identity)
        if (member.role === 'admin' && !(await hasAdmin(tx))) await writeRole(tx, member.memberId, 'admin')
        return (await findMember(tx, member.memberId))!
      }),

    setRole: (memberId, role) =>
      atomically(context, async (tx) => {
        await lockAdmins(tx)
        const member = await findMember(tx, memberId)
        if (!member) return 'unknown'
        if (member.role === role) return 'unchanged'
        if (member.role === 'admin' && !(await hasAdminBesides(tx, memberId))) return 'last-admin'
        await writeRole(tx, memberId, role)
        return 'changed'
      }),

    addIdentity: (memberId, identity) =>
      atomically(context, async (tx) => {
        if (!(await findMember(tx, memberId))) return 'unknown'
        const { owner, added } = await join(tx, memberId, identity)
        return added ? 'added' : owner === memberId ? 'theirs' : 'taken'
      }),
  }
}

const lockAdmins = (tx: Db) => sql`select pg_advisory_xact_lock(${ADMINS_LOCK}::bigint)`.execute(tx)

const findMember = async (db: Db, memberId: string): Promise<Member | undefined> =>
  (await read(db, (query) => query.where('members.member_id', '=', memberId)))[0]

const writeRole = (tx: Db, memberId: string, role: MemberRole) =>
  tx.updateTable('members').set({ role }).where('member_id', '=', memberId).execute()

const hasAdmin = async (tx: Db): Promise<boolean> =>
  (await tx.selectFrom('members').select('member_id').where('role', '=', 'admin').limit(1).execute()).length > 0

/** Whether somebody else is an admin who can be recognised: one without any identity could undo nothing. */
const hasAdminBesides = async (tx: Db, memberId: string): Promise<boolean> =>
  (
    await read(tx, (query) => query.where('members.role', '=', 'admin').where('members.member_id', '!=', memberId))
  ).some(({ identities }) => identities.length > 0)

/** Joins an identity to a member unless it has an owner. */
async function join(
  tx: Db,
  memberId: string,
  { platform, platformUserId }: Identity,
): Promise<{ readonly owner: string; readonly added: boolean }> {
  const added = await tx
    .insertInto('member_identities')
    .values({ platform, platform_user_id: platformUserId, member_id: memberId })
    .onConflict((oc) => oc.columns(['platform', 'platform_user_id']).doNothing())
    .returning('member_id')
    .execute()
  if (added.length > 0) return { owner: memberId, added: true }
  const { member_id: owner } = await tx
    .selectFrom('member_identities')
    .select('member_id')
    .where('platform', '=', platform)
    .where('platform_user_id', '=', platformUserId)
    .executeTakeFirstOrThrow()
  return { owner, added: false }
}

/** The same, where another owner is a mistake. */
async function own(tx: Db, memberId: string, identity: Identity): Promise<void> {
  const { owner } = await join(tx, memberId, identity)
  if (owner === memberId) return
  const { platform, platformUserId } = identity
  throw new Error(`Expected ${platform} user ${platformUserId} to belong to nobody else, was ${owner}'s`)
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
    role: row.role as MemberRole,
    identities: row.identities,
  }))
}
