import { duration, MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Brings the protective stops of one leg to where its position is. */
export default job({
  name: 'tend-stops',
  role: 'worker',
  attempts: 2,
  timeout: duration(MINUTE),
  run: (data, app) => app.tendStops(data),
})
