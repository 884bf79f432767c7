import { createHash, randomBytes } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import pg from 'pg'
import { createLog } from '../../src/log.ts'
import { startEmbedded } from '../../src/store/embedded.ts'
import { migrate } from '../../src/store/migrate.ts'
import { SCHEMA } from '../../src/store/schema.ts'
import { createStore, type PostgresStore } from '../../src/store/store.ts'

const TEMPLATE_LOCK = 7_270_201
const TEMPLATE = `breakwater_template_${createHash('sha256').update(JSON.stringify(SCHEMA)).digest('hex').slice(0, 12)}`
const log = createLog('silent')

interface Admin {
  readonly url: string
  readonly client: pg.Client
  stop(): Promise<void>
}

let admin: Promise<Admin> | undefined

/** What a test hands over to be tidied up after: node:test's context, or `{ after }` of a suite. */
export interface Cleanup {
  after(work: () => Promise<void>): void
}

export interface TestDatabase {
  readonly connectionString: string
  readonly store: PostgresStore
}

/**
 * A database of its own for one test, migrated, with an open store; closed and dropped when the test is over.
 *
 * It is made on the server of TEST_DATABASE_URL, else on an embedded one in the temporary folder that all test files share.
 */
export async function testDatabase(t: Cleanup): Promise<TestDatabase> {
  const database = await createDatabase(await template())
  const store = await createStore({ connectionString: database.connectionString, log })
  t.after(async () => {
    await store.close()
    await database.drop()
  })
  return { connectionString: database.connectionString, store }
}

/** A database of its own without any tables; dropped when the test is over. */
export async function emptyDatabase(t: Cleanup): Promise<{ connectionString: string }> {
  const { connectionString, drop } = await createDatabase('template0')
  t.after(drop)
  return { connectionString }
}

async function createDatabase(from: string): Promise<{ connectionString: string; drop(): Promise<void> }> {
  const { client, url } = await openAdmin()
  const name = `breakwater_test_${process.pid}_${randomBytes(6).toString('hex')}`
  // Copying files is the faster way, but only where nothing waits for the disk.
  const { rows } = await client.query<{ fsync: string }>('show fsync')
  const strategy = rows[0]?.fsync === 'off' ? 'file_copy' : 'wal_log'
  await client.query(`create database ${name} template ${from} strategy ${strategy}`)
  return {
    connectionString: withDatabase(url, name),
    drop: async () => void (await client.query(`drop database if exists ${name} with (force)`)),
  }
}

/** Connects as the server's superuser to its maintenance database. */
export const adminConnectionString = async (): Promise<string> => (await openAdmin()).url

const openAdmin = (): Promise<Admin> => {
  admin ??= connectAdmin()
  return admin
}

async function connectAdmin(): Promise<Admin> {
  const given = process.env.TEST_DATABASE_URL
  if (given) return { url: given, client: await connect(given), stop: async () => {} }
  const folder = join(tmpdir(), `breakwater-test-${process.getuid?.() ?? 'user'}`)
  for (let attempt = 1; ; attempt++) {
    const server = await startEmbedded({ folder, log, settings: { fsync: 'off' } })
    try {
      const url = server.connectionString()
      return { url, client: await connect(url), stop: server.stop }
    } catch (error) {
      // The last other test file stopped the server just as we adopted it.
      if (attempt === 3) throw error
    }
  }
}

async function connect(connectionString: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString })
  client.on('error', () => {})
  await client.connect()
  return client
}

after(async () => {
  if (!admin) return
  const { client, stop } = await admin
  await client.end()
  await stop()
})

/** The name of a migrated database to copy from: made once per schema, by whichever test file is first. */
async function template(): Promise<string> {
  const { client, url } = await openAdmin()
  await client.query('select pg_advisory_lock($1)', [TEMPLATE_LOCK])
  try {
    const { rows } = await client.query('select from pg_database where datname = $1', [TEMPLATE])
    if (rows.length > 0) return TEMPLATE
    // Under another name until it is complete.
    const draft = `${TEMPLATE}_draft`
    await client.query(`drop database if exists ${draft} with (force)`)
    await client.query(`create database ${draft} template template0`)
    await migrate(withDatabase(url, draft))
    await client.query(`alter database ${draft} rename to ${TEMPLATE}`)
    return TEMPLATE
  } finally {
    await client.query('select pg_advisory_unlock($1)', [TEMPLATE_LOCK])
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url)
  changed.pathname = `/${name}`
  return changed.href
}
