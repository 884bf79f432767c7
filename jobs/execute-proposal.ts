import { MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** One wake-up of an execution. Never retried by the queue: the verb schedules its own next wake-up under a new fencing number. */
export default job({
  name: 'execute-proposal',
  role: 'worker',
  attempts: 1,
  timeout: MINUTE,
  run: (data, app) => app.executeProposal(data),
})
