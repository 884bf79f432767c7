import { sql } from 'kysely'
import type { ProposalId } from '../domain/proposal.ts'
import type { DurationMs } from '../domain/units.ts'
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
      and (
        lease_holder is null
        or lease_ends_at <= ${DATABASE_MS}
        or not ${sql.raw(isLive('lease_holder'))}
      )
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

/**
 * Holds the proposal's row until the transaction ends, so that nobody takes the lease between this check and the write.
 *
 * @throws {StaleLeaseError} when `lease` is not the proposal's current one
 */
export async function requireLease(tx: Db, proposalId: string, lease: number): Promise<void> {
  const row = await tx
    .selectFrom('proposals')
    .select('lease')
    .where('proposal_id', '=', proposalId)
    .forShare()
    .executeTakeFirst()
  if (!row) throw new RangeError(`Expected a stored proposal, was ${proposalId}, which does not exist`)
  if (row.lease !== lease) {
    throw new StaleLeaseError(
      `Expected the current lease ${row.lease} of proposal ${proposalId}, was ${lease}: another process has taken over`,
    )
  }
}
