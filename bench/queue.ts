/**
 * Add → processor through our queue, beside BullMQ's own minimal example with the same payload on the same server.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { ProposalId } from '../src/domain/proposal.ts'
import { MINUTE, timestamp } from '../src/domain/units.ts'
import { createLog } from '../src/log.ts'
import { createQueue, type QueueBackend } from '../src/queue/queue.ts'
import { startEmbedded } from '../src/store/embedded.ts'
import { type Bench, compare, type Measured, type Skipped } from './bench.ts'
import { barePostgresQueue } from './limits/queue-postgres.ts'
import { bareRedisQueue } from './limits/queue-redis.ts'
import { closing, inTemporaryFolder } from './temporary.ts'

const WARM_UP = 50
const PER_ROUND = 150
const ROUNDS = 3
const PAYLOAD = { proposalId: '7K3M9QX2TB' as ProposalId, lease: 1 }
const log = createLog('silent')

/** Embedded PostgreSQL in a folder of its own, removed afterwards. */
export const queuePostgres: Bench = {
  name: 'queue-postgres',
  run: () =>
    inTemporaryFolder(async (folder) => {
      const server = await startEmbedded({ folder, log })
      const connectionString = server.connectionString()
      const bare = (count: number) => barePostgresQueue(connectionString, PAYLOAD, count)
      return closing(server.stop, () => measure({ kind: 'postgres', connectionString }, bare))
    }),
}

/** A `redis-server` of its own on a free port, without persistence; skipped where there is no such program. */
export const queueRedis: Bench = {
  name: 'queue-redis',
  run: () =>
    withRedis((url) => measure({ kind: 'redis', url }, (count: number) => bareRedisQueue(url, PAYLOAD, count))),
}

/** Starts a Redis for `work` and ends it afterwards. */
export async function withRedis(work: (url: string) => Promise<Measured>): Promise<Measured | Skipped> {
  const server = await startRedis()
  if (!server) return { skipped: 'there is no redis-server program here: apt-get install redis-server' }
  return closing(server.stop, () => work(server.url))
}

async function measure(backend: QueueBackend, bare: (count: number) => Promise<number[]>): Promise<Measured> {
  await bare(WARM_UP)
  await ours(backend, WARM_UP)
  const [limits, latencies]: [number[], number[]] = [[], []]
  for (let round = 0; round < ROUNDS; round++) {
    limits.push(...(await bare(PER_ROUND)))
    latencies.push(...(await ours(backend, PER_ROUND)))
  }
  return compare({ unit: 'ms', ours: latencies, limits })
}

async function ours(backend: QueueBackend, count: number): Promise<number[]> {
  const clock = { kind: 'wall', now: () => timestamp(Date.now()) } as const
  const queue = await createQueue({ backend, clock, log, name: 'bench-ours' })
  let arrived = (_at: number): void => undefined
  const run = async () => arrived(performance.now())
  await queue.start({ 'execute-proposal': { run, attempts: 3, timeout: MINUTE } })
  const latencies: number[] = []
  for (let i = 0; i < count; i++) {
    const arrival = Promise.withResolvers<number>()
    arrived = arrival.resolve
    const start = performance.now()
    await queue.add({ name: 'execute-proposal', data: PAYLOAD, jobId: `execute-${PAYLOAD.proposalId}-${i}` })
    latencies.push((await arrival.promise) - start)
  }
  await queue.settled()
  await queue.close()
  return latencies
}

/** @returns undefined when the program is not installed */
async function startRedis(): Promise<{ url: string; stop(): Promise<void> } | undefined> {
  const port = await freePort()
  const server = spawn(
    'redis-server',
    ['--port', `${port}`, '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    {
      stdio: 'ignore',
    },
  )
  let isAbsent = false
  server.on('error', () => {
    isAbsent = true
  })
  const url = `redis://127.0.0.1:${port}`
  const probe = new Redis(url, { lazyConnect: true, retryStrategy: null, maxRetriesPerRequest: 0 })
  probe.on('error', () => undefined)
  for (let tries = 0; tries < 100; tries++) {
    if (isAbsent) return undefined
    try {
      await probe.connect()
      await probe.ping()
      probe.disconnect()
      return {
        url,
        async stop() {
          server.kill('SIGTERM')
          await once(server, 'exit')
        },
      }
    } catch {
      await sleep(50)
    }
  }
  server.kill('SIGKILL')
  throw new Error(`Expected redis-server to answer on port ${port} within 5 s, was silent`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  server.close()
  return port
}
