import { MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Expires a pending proposal when its time has come. */
export default job({
  name: 'expire-proposal',
  role: 'worker',
  attempts: 3,
  timeout: MINUTE,
  run: (data, app) => app.expireProposal(data),
})
