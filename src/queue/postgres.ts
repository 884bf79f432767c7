import { EventEmitter } from 'node:events'
import {
  type BackendFactory,
  DEFAULT_SCHEMA,
  PostgresConnection,
  type PostgresConnectionOptions,
  PostgresQueueBackend,
  runMigrations,
  withBackend,
} from 'bullmq'
import pg from 'pg'
import type { Connections, Payload, QueueBackend } from './transport.ts'

const CONNECT_TIMEOUT_MS = 5_000
const POOL_SIZE = 3

/**
 * BullMQ on PostgreSQL, in its own schema of the given database, migrated here.
 *
 * All queues and workers of the process share one pool of three connections, opened as needed, and one that listens: left to
 * itself BullMQ opens two for each worker and one for each queue, fifteen with a database that may allow a hundred.
 *
 * @throws {Error} when the server does not answer or its schema belongs to a newer BullMQ
 */
export async function openPostgres(
  backend: Extract<QueueBackend, { kind: 'postgres' }>,
  onError: (error: Error) => void,
): Promise<Connections> {
  const { connectionString, schema = DEFAULT_SCHEMA } = backend
  await migrate(connectionString, schema)

  const options = { connectionString, max: POOL_SIZE, connectionTimeoutMillis: CONNECT_TIMEOUT_MS, schema }
  const shared = new PostgresConnection(options)
  shared.setMaxListeners(0) // one for each queue and worker
  shared.on('error', onError)

  const getListenClient = shared.getListenClient.bind(shared)
  shared.getListenClient = async () => inTurn(await getListenClient())

  // A backend that owns its connection listens again after a cut; one that does not, does not. So each "owns" the shared one,
  // and closing it only ends its wait for a job.
  const sharing: BackendFactory<PostgresQueueBackend, PostgresConnectionOptions> = (name, queueOptions) => {
    const own = new PostgresQueueBackend(shared, name, queueOptions, true)
    return Object.assign(own, { close: () => own.disconnectBlocking(false) })
  }
  const { Queue, Worker } = withBackend(sharing)

  return {
    producer: (name, rest) => new Queue<Payload, void>(name, { ...rest, connection: options }),
    worker: (name, process, rest) => new Worker<Payload, void>(name, process, { ...rest, connection: options }),
    close: () => shared.close(),
  }
}

type ListenClient = Awaited<ReturnType<PostgresConnection['getListenClient']>>

const queued = new WeakSet<ListenClient>()

/** Every worker sends its LISTEN over the one connection as it starts; pg wants one query at a time on it. */
function inTurn(client: ListenClient): ListenClient {
  if (queued.has(client)) return client
  queued.add(client)
  if (client instanceof EventEmitter) client.setMaxListeners(0) // one for each worker
  const query: ListenClient['query'] = client.query.bind(client)
  let last: Promise<unknown> = Promise.resolve()
  client.query = <R>(text: string, params?: readonly unknown[]) => {
    const next = last.then(() => query<R>(text, params))
    last = next.catch(() => undefined)
    return next
  }
  return client
}

async function migrate(connectionString: string, schema: string): Promise<void> {
  const client = new pg.Client({ connectionString, connectionTimeoutMillis: CONNECT_TIMEOUT_MS })
  client.on('error', () => undefined) // a cut connection rejects the query below, which is where it is told
  try {
    await client.connect()
    await runMigrations(client, schema)
  } catch (error) {
    throw new Error(
      `Expected a PostgreSQL server for the queue at ${client.host}:${client.port}, was: ${(error as Error).message || (error as NodeJS.ErrnoException).code}. Start it or correct the connection string.`,
      { cause: error },
    )
  } finally {
    await client.end().catch(() => undefined)
  }
}
