import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import pg from 'pg'
import { findRedis } from '../../setup/redis.ts'
import { NO_RAIL_EFFECTS } from '../../src/domain/risk/rail.ts'
import { baseQty, duration, fraction, price, timestamp } from '../../src/domain/units.ts'
import { createLog } from '../../src/log.ts'
import { DEMO_MEMBERS } from '../../src/main/demo-members.ts'
import { openPostgres } from '../../src/queue/postgres.ts'
import { startEmbedded } from '../../src/store/embedded.ts'
import { freePort } from '../../src/store/embedded-port.ts'
import { readPostmaster } from '../../src/store/embedded-postmaster.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createStore } from '../../src/store/store.ts'
import { ASSET, BASE_PRICE } from './market.ts'

const log = createLog('silent')
const TEMPLATE = 'faults_template'
/** One process of the desk opens about ten. */
const MAX_CONNECTIONS = '400'

export interface DatabaseServer {
  /** A migrated database with members and a forecast on record, and nothing else. */
  createDatabase(name: string): Promise<string>
  dropDatabase(name: string): Promise<void>
  /** `fast` lets it write its last words; `hard` is a power cut. Resolves when it answers again. */
  restart(how: 'fast' | 'hard'): Promise<void>
  stop(): Promise<void>
}

export interface RedisServer {
  readonly url: string
  /** Undefined where the server is not ours. Everything that was in it is gone afterwards. */
  restart: (() => Promise<void>) | undefined
  /** Forgets the queues of one run. */
  forget(queueName: string): Promise<void>
  stop(): Promise<void>
}

/** A PostgreSQL server of the harness's own, in a folder of its own. */
export async function startDatabase(): Promise<DatabaseServer> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-faults-'))
  const settings = {
    fsync: 'off',
    autovacuum: 'off',
    max_connections: MAX_CONNECTIONS,
    shared_buffers: '64MB',
    scram_iterations: '1', // thousands of connections, each asked for its password
  }
  const open = () => startEmbedded({ folder, log, settings })
  let server = await open()
  const admin = async (statement: string): Promise<void> => {
    const client = new pg.Client({ connectionString: server.connectionString() })
    client.on('error', () => undefined) // the query below tells
    await client.connect()
    try {
      await client.query(statement)
    } finally {
      await client.end()
    }
  }
  const signal = async (name: 'SIGINT' | 'SIGQUIT'): Promise<void> => {
    const data = join(server.home, 'cluster', 'data')
    const postmaster = await readPostmaster(data)
    if (!postmaster?.alive) return
    process.kill(postmaster.pid, name)
    while ((await readPostmaster(data))?.alive) await sleep(20)
  }
  const { username, password } = new URL(server.connectionString())
  await admin(`alter role ${username} password '${password}'`) // stored anew with the fewer iterations
  await admin(`create database ${TEMPLATE} template template0`)
  await fillTemplate(server.connectionString(TEMPLATE))
  return {
    async createDatabase(name) {
      await admin(`create database ${name} template ${TEMPLATE} strategy file_copy`)
      return server.connectionString(name)
    },
    dropDatabase: (name) => admin(`drop database if exists ${name} with (force)`),
    async restart(how) {
      await signal(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
      server = await open()
    },
    async stop() {
      await signal('SIGINT')
      await rm(folder, { recursive: true, force: true })
      if (server.home !== folder) await rm(server.home, { recursive: true, force: true })
    },
  }
}

/** Everything that a run finds on record, once for all runs. */
async function fillTemplate(connectionString: string): Promise<void> {
  await migrate(connectionString)
  const queue = await openPostgres({ kind: 'postgres', connectionString }, () => undefined)
  await queue.close()
  const store = await createStore({ connectionString, log })
  const at = timestamp(Date.now())
  for (const member of DEMO_MEMBERS) await store.members.put(member)
  await store.rails.write({ states: [], effects: NO_RAIL_EFFECTS, at }, [])
  await store.forecasts.save(
    {
      asset: ASSET,
      at,
      prediction: { kind: 'undetermined', reason: 'NO_MODEL', detail: 'no model is loaded' },
      market: {
        price: price(BASE_PRICE),
        priceAt: at,
        hourlyVolatility: fraction(0.0075),
        fundingCorrelation: fraction(0),
        openInterest: baseQty(1_000_000),
        freshness: [{ feed: 'bar', venue: 'binance', freshness: { state: 'fresh', age: duration(0) } }],
      },
    },
    [],
  )
  await store.close()
}

/** A Redis server of our own where the machine has the program, else the one that tests may use; undefined where there is none. */
export async function startRedis(): Promise<RedisServer | undefined> {
  return (await startOwnRedis()) ?? (await borrowRedis())
}

async function startOwnRedis(): Promise<RedisServer | undefined> {
  const port = await freePort()
  const url = `redis://127.0.0.1:${port}`
  const start = async (): Promise<ChildProcess | undefined> => {
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no']
    const child = spawn('redis-server', flags, { stdio: 'ignore', cwd: tmpdir() })
    const isGone = new Promise<true>((resolve) => {
      child.once('error', () => resolve(true))
      child.once('exit', () => resolve(true))
    })
    const isUp = await Promise.race([isGone.then(() => false), answers(port)])
    return isUp ? child : undefined
  }
  let child = await start()
  if (!child) return undefined
  const end = async (): Promise<void> => {
    const ended = new Promise((resolve) => child!.once('exit', resolve))
    child!.kill('SIGKILL')
    await ended
  }
  return {
    url,
    async restart() {
      await end()
      await sleep(150)
      child = await start()
      if (!child) throw new Error(`Expected Redis to start again on port ${port}, did not`)
    },
    forget: (queueName) => forget(url, queueName),
    stop: end,
  }
}

async function borrowRedis(): Promise<RedisServer | undefined> {
  const { url } = await findRedis(process.env.TEST_REDIS_URL)
  if (url === undefined) return undefined
  return { url, restart: undefined, forget: (queueName) => forget(url, queueName), stop: async () => undefined }
}

async function answers(port: number): Promise<boolean> {
  for (let tries = 0; tries < 100; tries++) {
    const isOpen = await new Promise<boolean>((resolve) => {
      const socket = connect({ host: '127.0.0.1', port })
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('close', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })
    if (isOpen) return true
    await sleep(30)
  }
  return false
}

async function forget(url: string, queueName: string): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, maxRetriesPerRequest: 2 })
  client.on('error', () => undefined) // the commands below tell
  try {
    await client.connect()
    for await (const keys of client.scanStream({ match: `bull:${queueName}-*`, count: 1000 }) as AsyncIterable<
      string[]
    >)
      if (keys.length > 0) await client.unlink(keys)
  } finally {
    client.disconnect()
  }
}
