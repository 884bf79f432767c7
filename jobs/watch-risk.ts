import { MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** One round of judging every rail. Not retried: the next one is due before a retry would matter. */
export default job({
  name: 'watch-risk',
  role: 'worker',
  attempts: 1,
  timeout: MINUTE,
  run: (_, app) => app.watchRisk(),
})
