import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import { createLog } from '../../src/log.ts'
import { type EmbeddedOptions, type EmbeddedServer, startEmbedded } from '../../src/store/embedded.ts'
import { readPostmaster } from '../../src/store/embedded-postmaster.ts'
import type { Cleanup } from './database.ts'
import { eventually } from './eventually.ts'

const log = createLog('silent')

const started = new Map<string, EmbeddedServer[]>()

/** A folder that everyone may enter; after the test every server on it is stopped and it is removed. */
export async function openFolder(t: Cleanup): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-embedded-'))
  await chmod(folder, 0o755)
  t.after(async () => {
    for (const [on, servers] of started) {
      if (on.startsWith(folder)) for (const server of servers) await server.stop()
    }
    await stopStray(join(folder, 'cluster', 'data'))
    await rm(folder, { recursive: true, force: true })
  })
  return folder
}

/** Stops a server that a process killed by the test left behind. */
async function stopStray(data: string): Promise<void> {
  const postmaster = await readPostmaster(data)
  if (!postmaster?.alive) return
  process.kill(postmaster.pid, 'SIGINT')
  await eventually(async () => ((await readPostmaster(data))?.alive ? undefined : true))
}

/** Starts or adopts a server without waiting for the disk; `openFolder` stops it after the test. */
export async function start(folder: string, options: Partial<EmbeddedOptions> = {}): Promise<EmbeddedServer> {
  const server = await startEmbedded({ folder, log, settings: { fsync: 'off' }, ...options })
  started.set(folder, [...(started.get(folder) ?? []), server])
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
