import type { Job, Processor, Queue, QueueOptions, Worker, WorkerOptions } from 'bullmq'
import type { Logger } from '../log.ts'
import type { Lane } from './lane.ts'
import { openPostgres } from './postgres.ts'
import { openRedis } from './redis.ts'

export type QueueBackend =
  | { readonly kind: 'redis'; readonly url: string }
  /** `schema` is where BullMQ keeps its tables (default `bullmq`), beside the store's in the same database. */
  | { readonly kind: 'postgres'; readonly connectionString: string; readonly schema?: string }

/** What travels: `data` for the handler, the rest for this adapter. */
export interface Payload {
  readonly jobId: string
  /** Wall-clock ms at which it was wanted. */
  readonly dueAt: number
  readonly data: unknown
}

/** What this adapter uses of BullMQ: the classes themselves carry their backend's type through every member. */
export type LaneQueue = Pick<
  Queue<Payload, void, string>,
  'add' | 'getJob' | 'getJobState' | 'getDeduplicationJobId' | 'obliterate' | 'close'
> & { on(event: 'error', listener: (error: Error) => void): unknown }
export type LaneWorker = Pick<Worker<Payload, void, string>, 'pause' | 'close' | 'waitUntilReady'> & {
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'completed', listener: (job: LaneJob) => void): unknown
  on(event: 'failed', listener: (job: LaneJob | undefined, error: Error) => void): unknown
}
export type LaneJob = Job<Payload, void, string>

/** Everything a backend decides: how producers and workers connect, and what closing means. */
export interface Connections {
  producer(name: string, options: Omit<QueueOptions, 'connection'>): LaneQueue
  worker(name: string, process: Processor<Payload>, options: Omit<WorkerOptions, 'connection'>): LaneWorker
  close(): Promise<void>
}

export interface Transport {
  /** Hands a job over, `delay` in wall-clock ms; returns BullMQ's own id of it, or of the one already there under `key`. */
  add(lane: Lane, job: string, payload: Payload, options?: { key?: string; delay?: number }): Promise<string>
  /** Whether a job under this deduplication key waits, runs or will be retried, anywhere. */
  holds(lane: Lane, key: string): Promise<boolean>
  /** Whether the backend still has the job BullMQ knows by this id. */
  has(lane: Lane, bullId: string): Promise<boolean>
  empty(lane: Lane): Promise<void>
  work(lane: Lane, process: (job: LaneJob) => Promise<void>, concurrency: number): LaneWorker
  close(): Promise<void>
}

/** A handler's own limit decides; this only has to be above any of them. */
const MANY_ATTEMPTS = 1_000
/** First retry, doubling: long enough for a connection to come back, short enough that settled() does not dawdle. */
const BACKOFF_MS = 200
/** Longer than any pause of the event loop we tolerate; a worker that is gone loses its job after this and one check. */
const LOCK_MS = 15_000
const STALLED_CHECK_MS = 5_000
const REPEAT_LOG_MS = 10_000

/**
 * Connects to the backend, migrating it where it has a schema. Each lane is a BullMQ queue, opened when first used.
 *
 * @throws {Error} when the backend cannot be reached: which, why, and what to do
 */
export async function openTransport(options: {
  readonly backend: QueueBackend
  readonly name: string
  readonly log: Logger
}): Promise<Transport> {
  const { backend, name } = options
  const onError = createErrorLog(options.log)
  const connections =
    backend.kind === 'redis' ? await openRedis(backend, onError) : await openPostgres(backend, onError)

  const queues = new Map<Lane, LaneQueue>()
  const queueOf = (lane: Lane): LaneQueue => {
    const known = queues.get(lane)
    if (known) return known
    const queue = connections.producer(`${name}-${lane}`, {})
    queue.on('error', onError)
    queues.set(lane, queue)
    return queue
  }

  return {
    async add(lane, job, payload, { key, delay } = {}) {
      const added = await queueOf(lane).add(job, payload, {
        deduplication: key === undefined ? undefined : { id: key, keepLastIfActive: true },
        delay,
        attempts: MANY_ATTEMPTS,
        backoff: { type: 'exponential', delay: BACKOFF_MS },
        removeOnComplete: true,
        removeOnFail: true,
      })
      if (added.id === undefined) throw new Error(`Expected an id from BullMQ for ${payload.jobId}, was none`)
      if (delay !== undefined) await pullForward(queueOf(lane), added.id, payload.dueAt)
      return added.id
    },
    holds: async (lane, key) => (await queueOf(lane).getDeduplicationJobId(key)) !== null,
    has: async (lane, bullId) => (await queueOf(lane).getJobState(bullId)) !== 'unknown',
    empty: (lane) => queueOf(lane).obliterate({ force: true }),
    work(lane, process, concurrency) {
      const worker = connections.worker(`${name}-${lane}`, process, {
        concurrency,
        maxStalledCount: 0, // what a dead worker left behind is rebuilt from rows, never run blindly
        lockDuration: LOCK_MS,
        stalledInterval: STALLED_CHECK_MS,
      })
      worker.on('error', onError)
      return worker
    },
    async close() {
      await Promise.all([...queues.values()].map((queue) => queue.close()))
      await connections.close()
    },
  }
}

/** Of two delayed jobs under one key the earlier wins; BullMQ keeps the first, so that one is moved. */
async function pullForward(queue: LaneQueue, bullId: string, dueAt: number): Promise<void> {
  const kept = await queue.getJob(bullId)
  if (!kept || kept.data.dueAt <= dueAt) return
  try {
    await kept.changeDelay(Math.max(0, dueAt - Date.now()))
    await kept.updateData({ ...kept.data, dueAt })
  } catch (error) {
    if ((await kept.getState()) === 'delayed') throw error // otherwise it came due meanwhile, which is what we wanted
  }
}

/** Connection trouble repeats itself on every retry; once in a while is enough to say so. */
function createErrorLog(log: Logger): (error: Error) => void {
  let last = { text: '', at: 0 }
  return (error) => {
    const text = error.message || String((error as NodeJS.ErrnoException).code ?? error.name)
    if (text === last.text && Date.now() - last.at < REPEAT_LOG_MS) return
    last = { text, at: Date.now() }
    log.warn({ reason: text }, 'queue backend error')
  }
}
