import { MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Asks for every asset whether its hedge should change, unasked. The next forecast asks again. */
export default job({
  name: 'propose-hedges',
  role: 'worker',
  attempts: 1,
  timeout: MINUTE,
  run: (data, app) => app.proposeHedges(data),
})
