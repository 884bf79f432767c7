/**
 * The queue port on BullMQ, on Redis or on PostgreSQL. Transport only: emptied, it is rebuilt from rows.
 *
 * @module
 */
import type { DurationMs } from '../domain/units.ts'
import { duration } from '../domain/units.ts'
import type { Logger } from '../log.ts'
import type { Clock, JobName, Queue } from '../ports.ts'
import { checkJobId } from './job-id.ts'
import { type Lane, laneOf } from './lane.ts'
import { createRunner, isFinal, logFailure, type Runner } from './run-job.ts'
import { type LaneWorker, openTransport, type QueueBackend } from './transport.ts'
import { createVirtualHandOver } from './virtual-hand-over.ts'
import { createWallHandOver } from './wall-hand-over.ts'

export type { QueueBackend } from './transport.ts'

export interface QueueConfig {
  readonly backend: QueueBackend
  readonly clock: Clock
  readonly log: Logger
  /** Jobs of one name at once (default 4); under a virtual clock always one of all. */
  readonly concurrency?: number
  /** Prefix of the BullMQ queues (default `breakwater`): letters, digits, `-`. Processes that share it share the work. */
  readonly name?: string
  /** How long `close` waits for running jobs (default 10 s) before it leaves them behind. */
  readonly closeTimeout?: DurationMs
}

const NAME = /^[A-Za-z0-9-]+$/
const DEFAULT_CLOSE_TIMEOUT = duration(10_000)

/**
 * Opens the queue: connects, and migrates BullMQ's own schema on PostgreSQL.
 *
 * At least once: a job may run twice when its worker dies or its event loop stands still for 15 s, and a job whose worker
 * died is not run again by itself. Under a virtual clock `start` empties what an earlier run of the same name left behind.
 *
 * @throws {Error} when the backend cannot be reached: which, why, and what to do
 */
export async function createQueue(config: QueueConfig): Promise<Queue> {
  const { backend, clock, log, concurrency = 4, name = 'breakwater', closeTimeout = DEFAULT_CLOSE_TIMEOUT } = config
  if (!NAME.test(name)) throw new RangeError(`Expected a queue name of letters, digits and "-", was "${name}"`)
  if (!(Number.isInteger(concurrency) && concurrency > 0)) {
    throw new RangeError(`Expected a whole number of jobs at once above 0, was ${concurrency}`)
  }

  const virtual = clock.kind === 'virtual'
  const transport = await openTransport({ backend, name, log })
  const handOver = virtual
    ? createVirtualHandOver({
        clock,
        transport,
        onLost: (request, error) =>
          log.error({ job: request.name, jobId: request.jobId, reason: error.message }, 'job could not be handed over'),
      })
    : createWallHandOver({ clock, transport })
  const workers: LaneWorker[] = []
  let runner: Runner | undefined
  let closing: Promise<void> | undefined

  const close = async (): Promise<void> => {
    handOver.close()
    await Promise.all(workers.map((worker) => worker.pause(true)))
    await runner?.idle(closeTimeout)
    const left = runner?.running() ?? []
    if (left.length > 0) log.warn({ jobIds: left, closeTimeoutMs: closeTimeout }, 'jobs left running at close')
    await Promise.all(workers.map((worker) => worker.close(left.length > 0)))
    await transport.close()
  }

  return {
    async add(request) {
      checkJobId(request.jobId)
      if (closing) throw new Error(`Expected an open queue for ${request.jobId}, was closed`)
      await handOver.add(request)
    },
    async start(handlers) {
      if (runner) throw new Error('Expected start once, was called again')
      if (closing) throw new Error('Expected an open queue to start, was closed')
      runner = createRunner({ handlers, log })
      const lanes = new Set<Lane>(Object.keys(handlers).map((job) => laneOf(job as JobName, clock.kind)))
      for (const lane of lanes) {
        if (virtual) await transport.empty(lane)
        const worker = transport.work(lane, runner.run, virtual ? 1 : concurrency)
        workers.push(worker)
        worker.on('completed', (job) => handOver.finished(job.data.jobId))
        worker.on('failed', (job, error) => {
          logFailure(log, job, error)
          if (job && isFinal(error)) handOver.finished(job.data.jobId)
        })
      }
      await Promise.all(workers.map((worker) => worker.waitUntilReady()))
      handOver.started()
    },
    nextDueAt: handOver.nextDueAt,
    releaseDue: handOver.releaseDue,
    settled: handOver.settled,
    close() {
      closing ??= close()
      return closing
    },
  }
}
