import { mkdir } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Logger } from '../log.ts'
import { type Cluster, createCluster } from './embedded-cluster.ts'
import { chooseHome } from './embedded-home.ts'
import { freePort, isPortFree } from './embedded-port.ts'
import { readPostmaster } from './embedded-postmaster.ts'
import { findPrograms, type Programs, usablePrograms } from './embedded-programs.ts'
import { EmbeddedPostgresError, explain, run } from './embedded-run.ts'

const START_WITHIN_MS = 60_000
const ATTEMPTS = 5

/** One connection is some 5 MB and each process here needs about fifteen. */
const SETTINGS: Readonly<Record<string, string>> = {
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  max_connections: '100',
  shared_buffers: '32MB',
  max_wal_size: '256MB',
  synchronous_commit: 'on',
  io_method: 'sync', // the default keeps three more processes waiting
  max_parallel_workers_per_gather: '0', // parallel workers need more shared memory than containers give
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
  log_checkpoints: 'off',
}

export interface EmbeddedOptions {
  /** Where the data is to live; made when absent. */
  readonly folder: string
  readonly log: Logger
  /** Told in a few plain words what is being waited for. */
  readonly onProgress?: (what: string) => void
  /** Where data and programs go when the server's user cannot reach `folder`; `/var/lib/breakwater` by default. */
  readonly readableFolder?: string
  /** Server settings over the defaults, by PostgreSQL's names. */
  readonly settings?: Readonly<Record<string, string>>
}

export interface EmbeddedServer {
  /** For a database on this server, `postgres` by default. Contains the password: never log it. */
  connectionString(database?: string): string
  readonly port: number
  /** Where the data really is: `folder`, or below `readableFolder`. */
  readonly home: string
  /** The server was already running, started by another process or by one that was killed. */
  readonly adopted: boolean
  /** Stops the server, unless another process of ours is connected: the last one to leave stops it. */
  stop(): Promise<void>
}

/**
 * Starts a PostgreSQL server of our own on 127.0.0.1, or adopts the one that already runs on the folder.
 *
 * Several processes may call this on one folder at once: making the data folder is one atomic rename, and PostgreSQL's own
 * `postmaster.pid`, which is never touched here, lets only one server start; the others adopt it.
 *
 * @throws {EmbeddedPostgresError} in one sentence that names the remedy: no programs for this platform, no permission,
 *   disk full, data of another version
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedServer> {
  const { log, onProgress = () => {} } = options
  const { folder, user, relocated } = await chooseHome(options.folder, options.readableFolder)
  if (relocated) log.info({ folder: options.folder, home: folder }, 'the database lives where its user can read it')
  await mkdir(folder, { recursive: true })
  const programs = await usablePrograms(await findPrograms(), { user, copyTo: folder })
  const cluster = await createCluster({ folder, user, programs, onProgress, sync: options.settings?.fsync !== 'off' })

  const { port, adopted } = await startOrAdopt(cluster, programs, { ...SETTINGS, ...options.settings }, options)
  const connectionString = (database = 'postgres') =>
    `postgres://${cluster.userName}:${cluster.password}@127.0.0.1:${port}/${database}?application_name=${OURS}${process.pid}`
  log.info({ port, adopted, home: folder }, adopted ? 'adopted the running database' : 'started the database')

  return {
    connectionString,
    port,
    home: folder,
    adopted,
    async stop() {
      if (await othersConnected(connectionString())) {
        log.info({ port }, 'left the database running for the other processes that use it')
        return
      }
      await stopServer(cluster, programs)
    },
  }
}

const OURS = 'breakwater-'

async function startOrAdopt(
  cluster: Cluster,
  programs: Programs,
  settings: Readonly<Record<string, string>>,
  { log, onProgress = () => {} }: EmbeddedOptions,
): Promise<{ port: number; adopted: boolean }> {
  for (let attempt = 1; ; attempt++) {
    const running = await waitUntilReady(cluster)
    if (running) return { port: running, adopted: true }

    const port = await choosePort(cluster, log)
    onProgress('Starting the database')
    const flags = Object.entries({ ...settings, port: String(port) }).map(([name, value]) => `-c ${name}=${value}`)
    const outcome = await run(
      programs.pgCtl,
      [
        'start',
        '-w',
        '-t',
        String(START_WITHIN_MS / 1_000),
        '-D',
        cluster.data,
        '-l',
        cluster.log,
        '-o',
        flags.join(' '),
      ],
      cluster.user,
    )
    if (outcome.code === 0 && (await readPostmaster(cluster.data))?.port === port) return { port, adopted: false }

    // Another process was faster, or something took the port in between: look again.
    const why = `${outcome.output}\n${await cluster.readLogTail()}`
    if (attempt >= ATTEMPTS || !/lock file|already running|already in use|could not bind/i.test(why)) {
      throw explain(why, `start the database in ${cluster.data}`)
    }
    if (/already in use|could not bind/i.test(why)) await cluster.rememberPort(await freePort())
    await sleep(100 * attempt)
  }
}

/**
 * @returns the port of the live server on our data, once it is ready; undefined when there is none
 * @throws {EmbeddedPostgresError} when a live process has the data folder but does not become ready
 */
async function waitUntilReady(cluster: Cluster): Promise<number | undefined> {
  const givesUpAt = Date.now() + START_WITHIN_MS
  let refusal = 'it is still starting or stopping'
  while (Date.now() < givesUpAt) {
    const postmaster = await readPostmaster(cluster.data)
    if (!postmaster?.alive) return undefined
    if (postmaster.ready) {
      const answer = await probe(cluster, postmaster.port)
      if (answer === 'ours') return postmaster.port
      if (answer === 'foreign') return undefined
      refusal = answer
      if (answer.includes('password')) break
    }
    await sleep(50)
  }
  throw new EmbeddedPostgresError(
    `Process ${(await readPostmaster(cluster.data))?.pid} has the database in ${cluster.data} but cannot be used: ${refusal}. ` +
      'Stop that process and start again.',
  )
}

/** Asks whoever listens on the port whether it is the server on our data folder. */
async function probe(cluster: Cluster, port: number): Promise<'ours' | 'foreign' | (string & {})> {
  const client = new pg.Client({
    host: '127.0.0.1',
    port,
    user: cluster.userName,
    password: cluster.password,
    database: 'postgres',
    connectionTimeoutMillis: 2_000,
  })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ data_directory: string }>('show data_directory')
    return (await cluster.isOurs(rows[0]!.data_directory)) ? 'ours' : 'foreign'
  } catch (error) {
    // Nobody listens: the pid in the file belongs to some other program now. PostgreSQL itself judges that on start.
    if ((error as { code?: string }).code === 'ECONNREFUSED') return 'foreign'
    return (error as Error).message
  } finally {
    await client.end().catch(() => {})
  }
}

async function choosePort(cluster: Cluster, log: Logger): Promise<number> {
  const remembered = await cluster.port()
  if (await isPortFree(remembered)) return remembered
  const port = await freePort()
  log.warn({ taken: remembered, port }, 'another program has the database port; using a new one from now on')
  await cluster.rememberPort(port)
  return port
}

/** Whether another live process of ours holds a connection to this server. */
async function othersConnected(connectionString: string): Promise<boolean> {
  // Not under a name of ours: two processes that leave together would each stay for the other's question.
  const asking = new URL(connectionString)
  asking.searchParams.set('application_name', 'leaving')
  const client = new pg.Client({ connectionString: asking.href, connectionTimeoutMillis: 2_000 })
  client.on('error', () => {})
  try {
    await client.connect()
    const { rows } = await client.query<{ others: boolean }>(
      `select exists (
         select from pg_stat_activity
         where backend_type = 'client backend' and starts_with(application_name, $1)
           and split_part(application_name, ' ', 1) <> $2
       ) as others`,
      [OURS, `${OURS}${process.pid}`],
    )
    return rows[0]!.others
  } catch {
    return false // not even reachable: nobody can be using it
  } finally {
    await client.end().catch(() => {})
  }
}

async function stopServer(cluster: Cluster, programs: Programs): Promise<void> {
  if (!(await readPostmaster(cluster.data))?.alive) return
  const outcome = await run(programs.pgCtl, ['stop', '-w', '-m', 'fast', '-D', cluster.data], cluster.user)
  if (outcome.code !== 0 && (await readPostmaster(cluster.data))?.alive) {
    throw explain(outcome.output, `stop the database in ${cluster.data}`)
  }
}
