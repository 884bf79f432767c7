import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createLog } from '../../src/log.ts'
import { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from '../../src/store/embedded.ts'
import type { Cleanup } from './database.ts'

const log = createLog('silent')

/** A folder that everyone may enter, removed after the test. */
export async function openFolder(t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-embedded-'))
  await chmod(folder, 0o755)
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Starts or adopts a server without waiting for the disk, and stops it after the test. */
export async function start(
  t: Cleanup,
  folder: string,
  options: Partial<EmbeddedOptions> = {},
): Promise<EmbeddedServer> {
  const server = await startEmbedded({ folder, log, settings: { fsync: 'off' }, ...options })
  t.after(() => server.stop())
  return server
}

/** Runs one statement on a connection of its own and returns the rows. */
export async function query(connectionString: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}
