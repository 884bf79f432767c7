import type { TimestampMs } from '../../src/domain/units.ts'
import type { Clock, JobHandlers, JobRequest, Queue } from '../../src/ports.ts'
import { checkJobId } from '../../src/queue/job-id.ts'

export interface InlineQueue extends Queue {
  /** What waits now, handed over or held for later. */
  waiting(): readonly JobRequest[]
}

/**
 * A queue in the test's own process: nothing runs until `settled` is called, and then one job after the other.
 *
 * The same id deduplicates while it waits; of two future times for one id the earlier wins.
 *
 * @throws from `settled` what a job threw on its last attempt
 */
export function createInlineQueue(clock: Clock): InlineQueue {
  const held = new Map<string, JobRequest>()
  const line: JobRequest[] = []
  let handlers: Partial<JobHandlers> = {}

  const enqueue = (request: JobRequest): void => {
    if (!line.some((waiting) => waiting.jobId === request.jobId)) line.push(request)
  }
  const run = async ({ name, jobId, data }: JobRequest): Promise<void> => {
    const handler = handlers[name]
    if (!handler) throw new Error(`Expected a handler for ${jobId}, was none for ${name}`)
    for (let attempt = 1; ; attempt++) {
      try {
        return await (handler.run as (data: unknown) => Promise<void>)(data)
      } catch (error) {
        if (attempt >= handler.attempts) throw error
      }
    }
  }

  return {
    waiting: () => [...line, ...held.values()],
    async add(request) {
      checkJobId(request.jobId)
      if (request.at === undefined || request.at <= clock.now()) return enqueue(request as JobRequest)
      const before = held.get(request.jobId)
      if (!before || request.at < before.at!) held.set(request.jobId, request as JobRequest)
    },
    async start(given) {
      handlers = given
    },
    nextDueAt: () =>
      [...held.values()].reduce<TimestampMs | undefined>(
        (next, { at }) => (next === undefined || at! < next ? at : next),
        undefined,
      ),
    async releaseDue() {
      const due = [...held.values()].filter(({ at }) => at! <= clock.now()).sort((a, b) => a.at! - b.at!)
      for (const request of due) {
        held.delete(request.jobId)
        enqueue(request)
      }
    },
    async settled() {
      for (let request = line.shift(); request; request = line.shift()) await run(request)
    },
    async close() {
      held.clear()
      line.length = 0
    },
  }
}
