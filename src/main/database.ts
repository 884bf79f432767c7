import { join } from 'node:path'
import pg from 'pg'
import type { Config } from '../config.ts'
import type { Logger } from '../log.ts'
import { startEmbedded } from '../store/embedded.ts'
import { migrate } from '../store/migrate.ts'

export interface Database {
  readonly connectionString: string
  close(): Promise<void>
}

/**
 * A migrated database: on the server of `DATABASE_URL` as it stands there, otherwise one of this name on the embedded server.
 *
 * @param fresh - drops what an earlier run left under that name; refused on a server of the user's own
 */
export async function openDatabase(
  config: Config,
  { name, fresh, log, onProgress }: { name: string; fresh: boolean; log: Logger; onProgress(text: string): void },
): Promise<Database> {
  if (config.store.connectionString !== undefined) {
    if (fresh)
      throw new Error(
        'Expected the embedded database for an unattended run, was DATABASE_URL: unset it, a run starts from an empty record',
      )
    await migrate(config.store.connectionString)
    return { connectionString: config.store.connectionString, close: async () => {} }
  }
  const server = await startEmbedded({ folder: join(config.data.folder, 'postgres'), log, onProgress })
  try {
    await ensureDatabase(server.connectionString(), name, fresh)
    const connectionString = server.connectionString(name)
    await migrate(connectionString)
    return { connectionString, close: () => server.stop() }
  } catch (error) {
    await server.stop()
    throw error
  }
}

async function ensureDatabase(adminConnectionString: string, name: string, fresh: boolean): Promise<void> {
  const client = new pg.Client({ connectionString: adminConnectionString })
  await client.connect()
  try {
    const identifier = client.escapeIdentifier(name)
    if (fresh) await client.query(`drop database if exists ${identifier} with (force)`)
    const { rowCount } = await client.query('select from pg_database where datname = $1', [name])
    if (rowCount === 0) await client.query(`create database ${identifier}`)
  } finally {
    await client.end()
  }
}
