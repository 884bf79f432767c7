import pg from 'pg'
import { SCHEMA } from './schema.ts'

/** Any number, the same in every process: who holds it may change the schema. */
const MIGRATION_LOCK = 7_270_101

export interface MigrationResult {
  /** Names of the steps that this call applied, in order; empty when the schema was up to date. */
  readonly applied: string[]
}

/**
 * Brings the schema up to date: every missing step, in order, in one transaction. Safe to call from several processes
 * at once; each waits for the one before.
 *
 * @throws {Error} when the database was migrated by a newer version of the product
 */
export async function migrate(target: string | pg.Pool): Promise<MigrationResult> {
  if (typeof target !== 'string') {
    const client = await target.connect()
    try {
      return await applyMissing(client)
    } finally {
      client.release()
    }
  }
  const client = new pg.Client({ connectionString: target })
  client.on('error', () => {})
  await client.connect()
  try {
    return await applyMissing(client)
  } finally {
    await client.end()
  }
}

async function applyMissing(client: pg.ClientBase): Promise<MigrationResult> {
  await client.query('begin')
  try {
    await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK])
    await client.query(
      'create table if not exists schema_migrations (name text primary key, applied_at bigint not null)',
    )
    const { rows } = await client.query<{ name: string }>('select name from schema_migrations')
    const missing = missingSteps(rows.map((row) => row.name))
    for (const step of missing) {
      await client.query(step.sql)
      await client.query('insert into schema_migrations (name, applied_at) values ($1, $2)', [step.name, Date.now()])
    }
    await client.query('commit')
    return { applied: missing.map((step) => step.name) }
  } catch (error) {
    await client.query('rollback').catch(() => {})
    throw error
  }
}

/**
 * The steps that a database still lacks.
 *
 * @param applied - names of the steps it has
 * @throws {Error} when it has one that this version does not know
 */
export function missingSteps(applied: readonly string[]) {
  const known = new Set(SCHEMA.map((step) => step.name))
  const foreign = applied.filter((name) => !known.has(name))
  if (foreign.length > 0) {
    throw new Error(
      `The database was set up by a newer version of Breakwater (it has the schema steps ${foreign.join(', ')}). ` +
        'Update Breakwater, or point DATABASE_URL at another database.',
    )
  }
  return SCHEMA.filter((step) => !applied.includes(step.name))
}
