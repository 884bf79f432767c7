import type { App } from '../src/app/app.ts'
import type { DurationMs } from '../src/domain/units.ts'
import type { JobData, JobName } from '../src/ports.ts'

/** One thing that happens on its own, written once; which process runs it is the role's business. */
export interface Job<N extends JobName = JobName> {
  readonly name: N
  /** `bot` jobs need the chat connections; `worker` jobs need the market, the models or the venue. */
  readonly role: 'bot' | 'worker'
  /** How often a failing run is tried in all. The rows, not the retries, make work certain. */
  readonly attempts: number
  readonly timeout: DurationMs
  run(data: JobData[N], app: App): Promise<unknown>
}

export const job = <N extends JobName>(definition: Job<N>): Job<N> => definition
