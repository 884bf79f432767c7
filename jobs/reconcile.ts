import { duration, MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Rebuilds wake-ups from rows and holds every venue against our records. */
export default job({
  name: 'reconcile',
  role: 'worker',
  attempts: 1,
  timeout: duration(2 * MINUTE),
  run: (_, app) => app.reconcile(),
})
