import { duration, MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Judges every model in use on what came of its answers. Not retried: it is asked for again on every start and every day. */
export default job({
  name: 'measure-model-health',
  role: 'worker',
  attempts: 1,
  timeout: duration(10 * MINUTE),
  run: (data, app) => app.measureModelHealth(data),
})
