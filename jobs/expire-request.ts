import { MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Expires what an admin asked for and no other decided, when its time has come. */
export default job({
  name: 'expire-request',
  role: 'worker',
  attempts: 3,
  timeout: MINUTE,
  run: (data, app) => app.expireRequest(data),
})
