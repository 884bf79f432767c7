import { join } from 'node:path'
import pg from 'pg'
import type { Config } from '../config.ts'
import type { Logger } from '../log.ts'
import { startEmbedded } from '../store/embedded.ts'
import { isConnectionLost } from '../store/errors.ts'
import { migrate } from '../store/migrate.ts'

export interface Database {
  readonly connectionString: string
  /** Tells it from every other database on any server. */
  readonly identity: string
  close(): Promise<void>
}

interface OpenOptions {
  readonly name: string
  readonly fresh: boolean
  readonly mustExist?: boolean
  readonly log: Logger
  onProgress(text: string): void
}

/**
 * A migrated database: on the server of `DATABASE_URL` as it stands there, otherwise one of this name on the embedded server.
 *
 * @param fresh - drops what an earlier run left under that name; refused on a server of the user's own
 * @param mustExist - refuses to make one: an empty record is no answer to a question about an earlier run
 */
export async function openDatabase(
  config: Config,
  { name, fresh, mustExist = false, log, onProgress }: OpenOptions,
): Promise<Database> {
  if (config.store.connectionString !== undefined) {
    if (fresh)
      throw new Error(
        'Expected the embedded database for an unattended run, was DATABASE_URL: unset it, a run starts from an empty record',
      )
    await migrate(config.store.connectionString).catch((error: unknown) => {
      throw isUnreachable(error) ? unreachable(config.store.connectionString!, error) : error
    })
    const { connectionString } = config.store
    return { connectionString, identity: await identify(connectionString), close: async () => {} }
  }
  const server = await startEmbedded({ folder: join(config.data.folder, 'postgres'), log, onProgress })
  try {
    await ensureDatabase(server.connectionString(), { name, fresh, mustExist })
    const connectionString = server.connectionString(name)
    await migrate(connectionString)
    return { connectionString, identity: await identify(connectionString), close: () => server.stop() }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function identify(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const { rows } = await client.query<{ identity: string }>(
      `select system_identifier || '-' || oid as identity
       from pg_control_system(), pg_database where datname = current_database()`,
    )
    return rows[0]!.identity
  } finally {
    await client.end()
  }
}

async function ensureDatabase(
  adminConnectionString: string,
  { name, fresh, mustExist }: Required<Pick<OpenOptions, 'name' | 'fresh' | 'mustExist'>>,
): Promise<void> {
  const client = new pg.Client({ connectionString: adminConnectionString })
  await client.connect()
  try {
    const identifier = client.escapeIdentifier(name)
    if (fresh) await client.query(`drop database if exists ${identifier} with (force)`)
    const { rows } = await client.query<{ datname: string }>(
      `select datname from pg_database where not datistemplate and datname <> 'postgres' order by datname`,
    )
    const known = rows.map(({ datname }) => datname)
    if (known.includes(name)) return
    if (mustExist)
      throw new Error(
        `Expected --database to name a run stored here (${known.join(', ') || 'there is none yet'}), was ${name}`,
      )
    await client.query(`create database ${identifier}`)
  } finally {
    await client.end()
  }
}

/** Away, or there and not letting us in: wrong user or password (class 28), no such database (3D000). */
const isUnreachable = (error: unknown): boolean =>
  isConnectionLost(error) || /^(28\w{3}|3D000|ENOTFOUND|EAI_AGAIN)$/.test((error as { code?: string }).code ?? '')

/** Says where, without the user and the password that stand beside it. */
function unreachable(connectionString: string, cause: unknown): Error {
  const { hostname, port, pathname } = new URL(connectionString)
  return new Error(
    `Expected a PostgreSQL database at ${hostname}:${port || 5432}${pathname} (DATABASE_URL), was: ${(cause as Error).message || (cause as { code?: string }).code}. ` +
      'Start it or correct DATABASE_URL; left empty, Breakwater brings its own.',
    { cause },
  )
}
