import { MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Takes a critical alert that nobody has acknowledged one step further. Tried again when the pager does not answer. */
export default job({
  name: 'escalate-alert',
  role: 'worker',
  attempts: 5,
  timeout: MINUTE,
  run: (data, app) => app.escalateAlert(data),
})
