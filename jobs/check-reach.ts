import { duration, MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Tries whether everyone who has to be reached in private can be. Not retried: the next one asks again. */
export default job({
  name: 'check-reach',
  role: 'bot',
  attempts: 1,
  timeout: duration(5 * MINUTE),
  run: (_, app) => app.checkReach(),
})
