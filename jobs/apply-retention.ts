import { duration, MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Deletes observations older than the retention, from the record and from memory. */
export default job({
  name: 'apply-retention',
  role: 'worker',
  attempts: 1,
  timeout: duration(10 * MINUTE),
  run: (_, app) => app.applyRetention(),
})
