import type { Clock, JobName } from '../ports.ts'

/**
 * The BullMQ queue a job travels in: one per job name.
 *
 * In one queue for all, an execution would wait behind forecasts and a burst of messages would hold up inference, and a
 * process could not take some jobs and leave others. With a queue and a worker each, every name has its own slots.
 *
 * Under a virtual clock there is a single one, worked in single file, so that a run's figures do not depend on who was faster.
 */
export type Lane = JobName | 'serial'

export const laneOf = (name: JobName, clock: Clock['kind']): Lane => (clock === 'virtual' ? 'serial' : name)
