import { MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Tells each member what was held for them, once it may be told. */
export default job({
  name: 'send-digests',
  role: 'worker',
  attempts: 3,
  timeout: MINUTE,
  run: (_, app) => app.sendDigests(),
})
