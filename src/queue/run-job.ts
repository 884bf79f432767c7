import { UnrecoverableError } from 'bullmq'
import type { Logger } from '../log.ts'
import type { JobHandlers, JobName } from '../ports.ts'
import type { LaneJob } from './transport.ts'

/** How often this adapter reached for a job's handler, and what is still running. */
export interface Runner {
  run(job: LaneJob): Promise<void>
  running(): readonly string[]
  /** Resolves when nothing runs, or after `ms`. */
  idle(ms: number): Promise<void>
}

/**
 * Runs a job's handler within the job's own limits.
 *
 * A handler that throws is tried again until its `attempts` are used up. One that outlives its `timeout` (wall-clock, as a
 * hung call does not follow a simulated clock) fails for good and is not tried again: it cannot be stopped, and a second run
 * beside it would make two. When it does end after all, that is logged.
 */
export function createRunner({ handlers, log }: { handlers: Partial<JobHandlers>; log: Logger }): Runner {
  const running = new Map<Promise<void>, string>()

  const runWithin = async (job: LaneJob): Promise<void> => {
    const handler = handlers[job.name as JobName] as JobHandlers[JobName] | undefined
    if (!handler)
      throw new UnrecoverableError(`Expected one of the jobs ${Object.keys(handlers).join(', ')}, was ${job.name}`)

    const { jobId, data } = job.data
    const late = Promise.withResolvers<never>()
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      late.reject(new UnrecoverableError(`still running after its timeout of ${handler.timeout} ms`))
    }, handler.timeout)
    const work = Promise.resolve().then(() => (handler.run as (data: unknown) => Promise<void>)(data))
    work
      .then(
        () => 'done',
        (error: Error) => `failed: ${error.message}`,
      )
      .then((outcome) => isLate && log.warn({ job: job.name, jobId, outcome }, 'job ended after its timeout'))

    try {
      await Promise.race([work, late.promise])
    } catch (error) {
      if (error instanceof UnrecoverableError || job.attemptsMade + 1 < handler.attempts) throw error
      throw Object.assign(new UnrecoverableError(messageOf(error)), { cause: error })
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    run(job) {
      const work = runWithin(job)
      running.set(work, job.data.jobId)
      return work.finally(() => running.delete(work))
    },
    running: () => [...running.values()],
    async idle(ms) {
      const enough = Promise.withResolvers<void>()
      const timer = setTimeout(enough.resolve, ms)
      await Promise.race([Promise.allSettled(running.keys()), enough.promise])
      clearTimeout(timer)
    },
  }
}

/** Logs how a try ended: a warning when another follows, an error when none does. */
export function logFailure(log: Logger, job: LaneJob | undefined, error: Error): void {
  const fields = { job: job?.name, jobId: job?.data.jobId, attempt: job?.attemptsMade, reason: messageOf(error) }
  if (isFinal(error))
    log.error({ ...fields, err: error.cause instanceof Error ? error.cause : undefined }, 'job failed')
  else log.warn(fields, 'job failed, will be tried again')
}

export const isFinal = (error: Error): boolean => error instanceof UnrecoverableError

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
