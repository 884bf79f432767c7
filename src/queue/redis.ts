import { Queue, Worker } from 'bullmq'
import { Redis, type RedisOptions } from 'ioredis'
import type { Connections, QueueBackend } from './transport.ts'

const CONNECT_TIMEOUT_MS = 5_000
const MAX_RECONNECT_DELAY_MS = 2_000

/**
 * BullMQ on Redis: one connection for producers, one for all workers' commands, and the one each worker blocks on.
 *
 * @throws {Error} when the server does not answer
 */
export async function openRedis(
  backend: Extract<QueueBackend, { kind: 'redis' }>,
  onError: (error: Error) => void,
): Promise<Connections> {
  const options: RedisOptions = {
    lazyConnect: true,
    connectTimeout: CONNECT_TIMEOUT_MS,
    retryStrategy: (times) => Math.min(times * 100, MAX_RECONNECT_DELAY_MS),
  }
  // A producer fails within seconds when Redis is gone, so that no one hangs on `add`; a worker waits for it to return.
  const producers = new Redis(backend.url, { ...options, maxRetriesPerRequest: 3 })
  const workers = new Redis(backend.url, { ...options, maxRetriesPerRequest: null })
  for (const connection of [producers, workers]) connection.on('error', onError)

  try {
    await producers.connect()
    await producers.ping()
  } catch (error) {
    producers.disconnect()
    workers.disconnect()
    throw new Error(
      `Expected a Redis server at ${hostOf(backend.url)}, was: ${(error as Error).message}. Start it, correct the URL, or leave the URL out to keep the queue in PostgreSQL.`,
      { cause: error },
    )
  }

  return {
    producer: (name, rest) => new Queue(name, { ...rest, connection: producers }),
    worker: (name, process, rest) => new Worker(name, process, { ...rest, connection: workers }),
    async close() {
      producers.disconnect()
      workers.disconnect()
    },
  }
}

/** Without user and password, which do not belong in an error. */
const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'the given URL')
