import { MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Reminds the desk of a proposal about to expire. */
export default job({
  name: 'remind-approvers',
  role: 'worker',
  attempts: 3,
  timeout: MINUTE,
  run: (data, app) => app.remindApprovers(data),
})
