import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { ConfigReading } from '../../config.ts'
import type { MemberRole, Platform } from '../../domain/member.ts'
import { type DurationMs, duration } from '../../domain/units.ts'
import { createLog } from '../../log.ts'
import { startEmbedded } from '../../store/embedded.ts'
import { missingSteps } from '../../store/migrate.ts'
import { SCHEMA } from '../../store/schema.ts'
import { type Check, checksOf } from './check.ts'
import type { RecordedMember } from './people.ts'

/** The first start makes the data folder, which slow disks take a while for. */
const EMBEDDED_WITHIN: DurationMs = duration(30_000)
const DATABASE = 'breakwater'
/** The queue's functions need it. */
const OLDEST_VERSION = 13

const { ok, wrong, skipped } = checksOf('Database')

export interface DatabaseSeen {
  readonly checks: readonly Check[]
  /** Undefined where the record could not be read; empty where there is none yet. */
  readonly members?: readonly RecordedMember[]
}

/** Whether the record can be opened, and by this version; changes no schema. */
export async function checkDatabase(
  { values, given }: Pick<ConfigReading, 'values' | 'given'>,
  timeout: DurationMs,
): Promise<DatabaseSeen> {
  if (values.DATABASE_URL !== undefined) return checkServer(values.DATABASE_URL, timeout)
  if (given.has('DATABASE_URL')) return { checks: [skipped('server', 'DATABASE_URL cannot be read yet')] }
  if (values.DATA_DIR === undefined) return { checks: [skipped('server', 'DATA_DIR cannot be read yet')] }
  return checkEmbedded(join(values.DATA_DIR, 'postgres'), timeout)
}

async function checkServer(connectionString: string, timeout: DurationMs): Promise<DatabaseSeen> {
  const { hostname, port, pathname } = new URL(connectionString)
  const where = `${hostname}:${port || 5432}${pathname}`
  const seen = await withClient(connectionString, timeout, async (client) => {
    const { rows } = await client.query<{ version: string; major: number; may_create: boolean }>(
      `select current_setting('server_version') as version, current_setting('server_version_num')::int / 10000 as major,
         has_schema_privilege(current_user, 'public', 'create') as may_create`,
    )
    const { version, major, may_create: mayCreate } = rows[0]!
    const server =
      major < OLDEST_VERSION
        ? wrong('server', `${where} is PostgreSQL ${version}`, `use ${OLDEST_VERSION} or newer, or empty DATABASE_URL`)
        : ok('server', `${where} answers, PostgreSQL ${version}`)
    const rights = mayCreate
      ? []
      : [
          wrong(
            'rights',
            'this user may make no tables there',
            'grant create on schema public to that user, as the owner',
          ),
        ]
    const record = await readRecord(client)
    return { ...record, checks: [server, ...rights, ...record.checks] }
  })
  if ('checks' in seen) return seen
  const next = 'start it or correct DATABASE_URL; left empty, Breakwater brings its own'
  return { checks: [wrong('server', `${where} does not let us in: ${seen.why}`, next)] }
}

async function checkEmbedded(folder: string, timeout: DurationMs): Promise<DatabaseSeen> {
  const started = startEmbedded({ folder, log: createLog('silent') })
  const late = sleep(EMBEDDED_WITHIN, undefined, { ref: false })
  try {
    const server = await Promise.race([started, late])
    if (server === undefined) {
      started.then((one) => one.stop()).catch(() => {})
      return {
        checks: [
          wrong('embedded', `did not start within ${EMBEDDED_WITHIN / 1000} s`, `look at server.log below ${folder}`),
        ],
      }
    }
    const starts = ok('embedded', `PostgreSQL ${server.adopted ? 'runs' : 'starts'}, its data in ${server.home}`)
    try {
      const record = await readEmbedded(server.connectionString, timeout)
      return { ...record, checks: [starts, ...record.checks] }
    } finally {
      await server.stop()
    }
  } catch (error) {
    return { checks: [wrong('embedded', (error as Error).message)] }
  }
}

async function readEmbedded(address: (database?: string) => string, timeout: DurationMs): Promise<DatabaseSeen> {
  const exists = await withClient(address(), timeout, async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [DATABASE])
    return { there: rowCount === 1 }
  })
  if ('why' in exists) return { checks: [wrong('schema', `the embedded server does not answer: ${exists.why}`)] }
  if (!exists.there) return { checks: [ok('schema', 'none yet, it is made at the first npm start')], members: [] }
  const seen = await withClient(address(DATABASE), timeout, readRecord)
  return 'why' in seen ? { checks: [wrong('schema', `the record cannot be read: ${seen.why}`)] } : seen
}

async function readRecord(client: pg.Client): Promise<DatabaseSeen> {
  const { rows } = await client.query<{ there: boolean }>(
    `select to_regclass('schema_migrations') is not null as there`,
  )
  if (!rows[0]!.there) return { checks: [ok('schema', 'none yet, it is made at the first npm start')], members: [] }
  const applied = await client.query<{ name: string }>('select name from schema_migrations')
  try {
    const steps = missingSteps(applied.rows.map(({ name }) => name))
    const schema =
      steps.length === 0
        ? ok('schema', `up to date, ${SCHEMA.length} steps`)
        : ok('schema', `${steps.length} of ${SCHEMA.length} steps still to come; they are made at the next npm start`)
    return { checks: [schema], members: await readMembers(client) }
  } catch (error) {
    return { checks: [wrong('schema', (error as Error).message)] }
  }
}

async function readMembers(client: pg.Client): Promise<readonly RecordedMember[]> {
  const { rowCount } = await client.query(`select where to_regclass('members') is not null`)
  if (rowCount === 0) return [] // a step that is still to come makes them
  const { rows } = await client.query<{ member_id: string; name: string; role: MemberRole; platforms: Platform[] }>(
    `select member_id, name, role, array_remove(array_agg(distinct platform), null) as platforms
     from members left join member_identities using (member_id) group by member_id order by member_id`,
  )
  return rows.map(({ member_id: memberId, ...member }) => ({ memberId, ...member }))
}

async function withClient<T>(
  connectionString: string,
  timeout: DurationMs,
  work: (client: pg.Client) => Promise<T>,
): Promise<T | { readonly why: string }> {
  const client = new pg.Client({
    connectionString,
    application_name: 'doctor',
    connectionTimeoutMillis: timeout,
    query_timeout: timeout,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    return await work(client)
  } catch (error) {
    const { message, code } = error as { message?: string; code?: string }
    return { why: message || code || 'without a reason' }
  } finally {
    await client.end().catch(() => {})
  }
}
