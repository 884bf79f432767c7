import { sql } from 'kysely'
import type { Member, Platform } from '../domain/member.ts'
import { DEFAULT_PREFERENCES, type Preferences } from '../domain/preferences.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Heard, Store } from '../ports.ts'
import { inBatches } from './batch.ts'
import type { StoreContext } from './context.ts'
import { storable } from './json.ts'
import { isLive } from './leases.ts'
import type { Db } from './pool.ts'

interface Row {
  readonly claim: Heard['claim']
  readonly memberId: string | null
  readonly name: string
  readonly role: Member['role']
  readonly preferences: Partial<Preferences> | null
  readonly identities: Member['identities']
}

interface Claim {
  readonly platform: Platform
  readonly interactionId: string
  readonly platformUserId: string
  readonly holder: string
  readonly at: TimestampMs
}

interface Done {
  readonly platform: Platform
  readonly interactionId: string
  readonly at: TimestampMs
}

/** Fifty people speak in one moment: those heard at once are claimed and looked up in one statement. */
export function createCommands({ db }: StoreContext): Store['commands'] {
  const hear = inBatches((claims: readonly Claim[]) => claimAll(db, claims), { keyOf })
  const answered = inBatches((done: readonly Done[]) => noteAll(db, done), { keyOf })
  return {
    async hear({ identity: { platform, platformUserId }, interactionId }, holder, at) {
      const row = await hear({
        platform,
        interactionId: storable(interactionId),
        platformUserId: storable(platformUserId),
        holder,
        at,
      })
      return {
        claim: row.claim,
        member: memberOf(row),
        preferences: { ...DEFAULT_PREFERENCES, ...row.preferences },
      }
    },

    answered: (platform, interactionId, at) => answered({ platform, interactionId: storable(interactionId), at }),

    async forgetBefore(at) {
      const { numDeletedRows } = await db
        .deleteFrom('seen_interactions')
        .where('seen_at', '<', at)
        .executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}

const keyOf = ({ platform, interactionId }: Pick<Claim, 'platform' | 'interactionId'>): string =>
  `${platform}/${interactionId}`

/**
 * Whoever is first has it. The rows are written in one order everywhere, so that no two processes wait for each other, and only
 * where someone was before it is asked whether they live: that takes longer than all the rest.
 */
async function claimAll(db: Db, claims: readonly Claim[]): Promise<readonly Row[]> {
  const { rows } = await sql<Omit<Row, 'claim'> & { readonly claimed: boolean }>`
    with heard as (${unnested(claims)}), claimed as (
      insert into seen_interactions (platform, interaction_id, seen_at, holder)
      select platform, interaction_id, heard_at, holder from heard order by platform, interaction_id
      on conflict (platform, interaction_id) do nothing
      returning platform, interaction_id
    )
    select claimed.interaction_id is not null as claimed,
      members.member_id as "memberId", members.name, members.role, members.preferences,
      (
        select jsonb_agg(jsonb_build_object('platform', platform, 'platformUserId', platform_user_id) order by seq)
        from member_identities as theirs where theirs.member_id = members.member_id
      ) as identities
    from heard
      left join claimed using (platform, interaction_id)
      left join member_identities as mine using (platform, platform_user_id)
      left join members on members.member_id = mine.member_id
    order by heard.place`.execute(db)
  const before = await takeOver(
    db,
    claims.filter((_, i) => !rows[i]!.claimed),
  )
  return rows.map(({ claimed, ...row }, i) => ({
    ...row,
    claim: claimed ? 'mine' : (before.get(keyOf(claims[i]!)) ?? 'busy'),
  }))
}

/** Those that someone claimed before: they are ours where that process has died before it answered. */
async function takeOver(db: Db, claims: readonly Claim[]): Promise<ReadonlyMap<string, Heard['claim']>> {
  if (claims.length === 0) return new Map()
  const { rows } = await sql<Pick<Claim, 'platform' | 'interactionId'> & { readonly claim: Heard['claim'] }>`
    with heard as (${unnested(claims)}), taken as (
      update seen_interactions as seen set holder = heard.holder, seen_at = heard.heard_at
      from heard
      where seen.platform = heard.platform and seen.interaction_id = heard.interaction_id and seen.answered_at is null
        and (seen.holder is null or seen.holder <> heard.holder and not ${sql.raw(isLive('seen.holder'))})
      returning seen.platform, seen.interaction_id
    )
    select platform, interaction_id as "interactionId",
      case when taken is not null then 'mine' when seen.answered_at is not null then 'answered' else 'busy' end as claim
    from heard
      join seen_interactions as seen using (platform, interaction_id)
      left join taken using (platform, interaction_id)`.execute(db)
  return new Map(rows.map((row) => [keyOf(row), row.claim]))
}

const unnested = (claims: readonly Claim[]) => {
  const column = <Name extends keyof Claim>(name: Name) => claims.map((claim) => claim[name])
  return sql`
    select * from unnest(
      ${column('platform')}::text[], ${column('interactionId')}::text[], ${column('platformUserId')}::text[],
      ${column('holder')}::text[], ${column('at')}::bigint[]
    ) with ordinality as heard (platform, interaction_id, platform_user_id, holder, heard_at, place)`
}

async function noteAll(db: Db, done: readonly Done[]): Promise<readonly undefined[]> {
  const column = <Name extends keyof Done>(name: Name) => done.map((one) => one[name])
  await sql`
    update seen_interactions as seen set answered_at = done.at
    from unnest(${column('platform')}::text[], ${column('interactionId')}::text[], ${column('at')}::bigint[])
      as done (platform, interaction_id, at)
    where seen.platform = done.platform and seen.interaction_id = done.interaction_id and seen.answered_at is null
    `.execute(db)
  return done.map(() => undefined)
}

const memberOf = ({ memberId, name, role, identities }: Row): Member | undefined =>
  memberId === null ? undefined : { memberId, name, role, identities }
