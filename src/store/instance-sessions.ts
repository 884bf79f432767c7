import type pg from 'pg'
import { INSTANCE_LOCKS, isLive } from './leases.ts'

const SINGLETON_LOCKS = 7_270_104
const PURGE_AFTER_MS = 3_600_000
const END_WITHIN_MS = 5_000
const MAX_NAME_LENGTH = 63 // PostgreSQL cuts off what is longer
const ID_LENGTH = 20

const DATABASE_MS = '(extract(epoch from clock_timestamp()) * 1000)::bigint'

/** Asks something on the instance's own connection. */
export type Ask = <Row extends pg.QueryResultRow>(text: string, values: readonly unknown[]) => Promise<readonly Row[]>

/**
 * How every connection of an instance is made: its `application_name` ends in the instance's id, after the name that the
 * connection string gives, so that another instance can end the sessions of one that froze.
 */
export function namedConnection(connectionString: string, instanceId: string): pg.ClientConfig {
  const name = (given: string): string =>
    `${given.replaceAll(/[^ -~]/g, '?').slice(0, MAX_NAME_LENGTH - ID_LENGTH - 1)} ${instanceId}`
  if (!URL.canParse(connectionString)) return { connectionString, application_name: name('breakwater') }
  // What the connection string names goes before what is named beside it.
  const url = new URL(connectionString)
  url.searchParams.set('application_name', name(url.searchParams.get('application_name') ?? 'breakwater'))
  return { connectionString: url.href }
}

/** Takes the lock that tells the others that this process lives; ends this process's own session from before, if it lingers. */
export async function takeInstanceLock(
  ask: Ask,
  instanceId: string,
  { previousPid }: { previousPid: number | undefined },
): Promise<void> {
  if (previousPid !== undefined) {
    await ask(
      `select pg_terminate_backend(pid, ${END_WITHIN_MS}) from pg_stat_activity
       where pid = $1 and right(application_name, ${ID_LENGTH}) = $2`,
      [previousPid, instanceId],
    )
  }
  await ask('select pg_advisory_lock($1, hashtext($2))', [INSTANCE_LOCKS, instanceId])
}

/** Says on the database's clock that this process runs. */
export async function beat(ask: Ask, instanceId: string): Promise<void> {
  await ask(
    `insert into instances (instance_id, beat_at) values ($1, ${DATABASE_MS})
     on conflict (instance_id) do update set beat_at = excluded.beat_at`,
    [instanceId],
  )
}

/** Forgets the instances that ended long ago. */
export async function purgeInstances(ask: Ask): Promise<void> {
  await ask(`delete from instances where beat_at < ${DATABASE_MS} - $1 and not ${isLive('instance_id')}`, [
    PURGE_AFTER_MS,
  ])
}

export async function tryName(ask: Ask, name: string): Promise<boolean> {
  const [row] = await ask<{ held: boolean }>('select pg_try_advisory_lock($1, hashtext($2)) as held', [
    SINGLETON_LOCKS,
    name,
  ])
  return row!.held
}

export async function releaseName(ask: Ask, name: string): Promise<void> {
  await ask('select pg_advisory_unlock($1, hashtext($2))', [SINGLETON_LOCKS, name])
}

/**
 * Ends the database sessions of the instance that has a name but has not been heard of for `staleMs`: it is stopped or cut
 * off, and would keep its locks and half-done transactions for as long as the database believes in its connections.
 *
 * @returns the id of the instance whose sessions were ended; undefined when the holder is well or there is none
 * @throws when the database does not let this user end sessions of that one
 */
export async function endFrozenHolder(ask: Ask, name: string, staleMs: number): Promise<string | undefined> {
  const rows = await ask<{ instanceId: string }>(
    `with frozen as (
       select instance_id from pg_locks
       join pg_stat_activity as holder using (pid)
       join instances on instance_id = right(holder.application_name, ${ID_LENGTH})
       where locktype = 'advisory' and granted and objsubid = 2
         and database = (select oid from pg_database where datname = current_database())
         and classid = ${SINGLETON_LOCKS}::bigint::oid
         and objid = (hashtext($1)::bigint & 4294967295)::oid
         and beat_at < ${DATABASE_MS} - $2::bigint
     )
     select instance_id as "instanceId", pg_terminate_backend(pid, ${END_WITHIN_MS})
     from frozen join pg_stat_activity on right(application_name, ${ID_LENGTH}) = instance_id
     where datname = current_database() and pid <> pg_backend_pid()`,
    [name, staleMs],
  )
  return rows[0]?.instanceId
}
