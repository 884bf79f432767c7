import type { TimestampMs } from '../domain/units.ts'
import type { Clock, JobName, JobRequest } from '../ports.ts'

/** How requests reach the backend; the two clocks differ in little else. */
export interface HandOver {
  add(request: JobRequest): Promise<void>
  nextDueAt(): TimestampMs | undefined
  releaseDue(): Promise<void>
  settled(): Promise<void>
  /** The workers are up: what waits in this process may go. */
  started(): void
  /** A worker of this process finished a job for good, well or badly. */
  finished(jobId: string): void
  /** Hands nothing more over; resolves once what it was doing has ended. */
  close(): void
}

export interface HandOverOptions {
  readonly clock: Clock
  readonly onLost: (request: JobRequest, error: Error) => void
}

export const isFuture = (request: JobRequest<JobName>, now: TimestampMs): boolean =>
  request.at !== undefined && request.at > now
