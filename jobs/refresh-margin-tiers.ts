import { duration, MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Maintenance tables of the live venues. Not retried: what cannot be loaded leaves yesterday's in force. */
export default job({
  name: 'refresh-margin-tiers',
  role: 'worker',
  attempts: 1,
  timeout: duration(5 * MINUTE),
  run: (_, app) => app.loadMarginTiers(),
})
