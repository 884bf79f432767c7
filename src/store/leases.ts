import { sql } from 'kysely'
import type { ProposalId } from '../domain/proposal.ts'
import type { DurationMs } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import type { StoreContext } from './context.ts'
import { StaleLeaseError } from './errors.ts'
import type { Db } from './pool.ts'

/** First half of every instance lock's key; the second is the hash of the instance's name. */
export const INSTANCE_LOCKS = 7_270_102

const DATABASE_MS = sql`(extract(epoch from clock_timestamp()) * 1000)::bigint`

/** SQL: whether the process that a column names lives, its own connection still holding its instance lock. */
export const isLive = (column: string): string => `exists (
  select from pg_locks
  where locktype = 'advisory' and granted and objsubid = 2
    and database = (select oid from pg_database where datname = current_database())
    and classid = ${INSTANCE_LOCKS}::bigint::oid
    and objid = (hashtext(${column})::bigint & 4294967295)::oid
)`

/** Nobody has it, or it has run out, or its holder is gone. */
const isFree = (table: 'proposals' | 'leases') => sql`(
  ${sql.ref(`${table}.lease_holder`)} is null
  or ${sql.ref(`${table}.lease_ends_at`)} <= ${DATABASE_MS}
  or not ${sql.raw(isLive(`${table}.lease_holder`))}
)`

/**
 * Takes the right to execute a proposal and raises its fencing number.
 *
 * Takeable when nobody has it, when it ran out on the database's clock, or when the holder's instance lock is gone: that
 * lock is held by the process's own connection, so it ends with the process, and a restarted process need not wait for the
 * lease to run out. A holder that has it is refused too: two executions in one process are two all the same.
 *
 * @returns the fencing number, or undefined when a live holder has the lease or there is no such proposal
 */
export async function takeLease(
  db: Db,
  proposalId: ProposalId,
  { holder, ttl }: { holder: string; ttl: DurationMs },
): Promise<number | undefined> {
  const { rows } = await sql<{ lease: number }>`
    update proposals
    set lease = lease + 1, lease_holder = ${holder}, lease_ends_at = ${DATABASE_MS} + ${ttl}::bigint
    where proposal_id = ${proposalId}
      and ${isFree('proposals')}
    returning lease`.execute(db)
  return rows[0]?.lease
}

/** Gives the right back; the fencing number stays, so the same process may still record what it had sent. */
export async function releaseLease(db: Db, proposalId: ProposalId, lease: number): Promise<void> {
  await db
    .updateTable('proposals')
    .set({ lease_holder: null, lease_ends_at: null })
    .where('proposal_id', '=', proposalId)
    .where('lease', '=', lease)
    .execute()
}

/** Takes a lease by name, under the rules of a proposal's; the first to take a name makes it. */
export async function takeNamedLease(
  db: Db,
  name: string,
  { holder, ttl }: { holder: string; ttl: DurationMs },
): Promise<number | undefined> {
  const { rows } = await sql<{ lease: number }>`
    insert into leases (name, lease, lease_holder, lease_ends_at)
    values (${name}, 1, ${holder}, ${DATABASE_MS} + ${ttl}::bigint)
    on conflict (name) do update
    set lease = leases.lease + 1, lease_holder = excluded.lease_holder, lease_ends_at = excluded.lease_ends_at
    where ${isFree('leases')}
    returning lease`.execute(db)
  return rows[0]?.lease
}

/** @throws {StaleLeaseError} when `lease` is not the current one of what `name` says */
export function requireCurrent(current: number | null, lease: number, name: string): void {
  if (current === null) throw new RangeError(`Expected a lease of ${name}, was none: it does not exist`)
  if (current !== lease) {
    throw new StaleLeaseError(
      `Expected the current lease ${current} of ${name}, was ${lease}: another process has taken over`,
    )
  }
}

export function createLeases({ db }: StoreContext): Store['leases'] {
  return {
    take: (name, holder, ttl) => takeNamedLease(db, name, { holder, ttl }),
    async release(name, lease) {
      await db
        .updateTable('leases')
        .set({ lease_holder: null, lease_ends_at: null })
        .where('name', '=', name)
        .where('lease', '=', lease)
        .execute()
    },
  }
}
