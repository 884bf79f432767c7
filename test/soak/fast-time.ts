import { setTimeout as sleep } from 'node:timers/promises'
import { type TimestampMs, timestamp } from '../../src/domain/units.ts'
import type { Clock, JobHandlers, JobName, JobRequest, Queue } from '../../src/ports.ts'
import { checkJobId } from '../../src/queue/job-id.ts'

/** A wall clock on which time goes by `speed` times as fast as on the machine's. */
export interface FastClock extends Clock {
  readonly kind: 'wall'
  /** ms of the machine's until an instant of this clock; 0 where it has come. */
  until(at: TimestampMs): number
}

export function createFastClock(speed: number, start: TimestampMs): FastClock {
  const began = performance.now()
  const now = (): TimestampMs => timestamp(Math.floor(start + (performance.now() - began) * speed))
  return { kind: 'wall', now, until: (at) => Math.max(0, (at - now()) / speed) }
}

export interface TimedQueue extends Queue {
  /** Waiting or running. */
  size(): number
  /** What jobs have thrown on their last attempt. */
  readonly failures: readonly string[]
}

/** Jobs of one name at once. */
const CONCURRENCY = 4
/** Remembered in words; the rest are counted. */
const REMEMBERED = 20

/**
 * A queue in this process: no job runs twice at once under one id, one that is added while it runs runs once more, and what is to
 * run later waits on a timer. Transport only, like the others.
 */
export function createTimedQueue(clock: FastClock): TimedQueue {
  const later = new Map<string, { timer: NodeJS.Timeout; at: TimestampMs }>()
  const waiting = new Map<string, JobRequest>()
  const running = new Map<string, JobName>()
  const failures: string[] = []
  let handlers: Partial<JobHandlers> = {}
  let closed = false

  const run = async ({ name, jobId, data }: JobRequest): Promise<void> => {
    const handler = handlers[name]
    if (!handler) throw new Error(`Expected a handler for ${jobId}, was none for ${name}`)
    for (let attempt = 1; ; attempt++) {
      try {
        return await (handler.run as (data: unknown) => Promise<void>)(data)
      } catch (error) {
        if (attempt < handler.attempts) continue
        const text = `${name}: ${error instanceof Error ? error.message : error}`
        if (failures.length < REMEMBERED) failures.push(text)
        return
      }
    }
  }
  const pump = (): void => {
    for (const [jobId, request] of waiting) {
      const alike = [...running.values()].filter((name) => name === request.name).length
      if (closed || running.has(jobId) || alike >= CONCURRENCY) continue
      waiting.delete(jobId)
      running.set(jobId, request.name)
      void run(request).finally(() => {
        running.delete(jobId)
        pump()
      })
    }
  }
  const enqueue = (request: JobRequest): void => {
    if (!waiting.has(request.jobId)) waiting.set(request.jobId, request)
    pump()
  }

  return {
    failures,
    size: () => waiting.size + running.size,
    async add(request) {
      checkJobId(request.jobId)
      if (closed) return
      const due = request as JobRequest
      if (due.at === undefined || due.at <= clock.now()) return enqueue(due)
      const before = later.get(due.jobId)
      if (before && before.at <= due.at) return
      clearTimeout(before?.timer)
      const timer = setTimeout(() => {
        later.delete(due.jobId)
        enqueue(due)
      }, clock.until(due.at))
      later.set(due.jobId, { timer, at: due.at })
    },
    async start(given) {
      handlers = given
    },
    nextDueAt: () => undefined,
    releaseDue: async () => undefined,
    async settled() {
      while (waiting.size + running.size > 0) await sleep(5)
    },
    async close() {
      closed = true
      for (const { timer } of later.values()) clearTimeout(timer)
      later.clear()
      waiting.clear()
      while (running.size > 0) await sleep(5)
    },
  }
}
