import type { Queue } from '../ports.ts'

/** Has the rails judged now: after fills, and after what a person has changed. While one round waits, another is the same. */
export const wakeRiskWatch = (queue: Queue): Promise<void> =>
  queue.add({ name: 'watch-risk', data: {}, jobId: 'watch-risk' })
