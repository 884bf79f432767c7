import { duration, MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Writes down what became of the clusters of past days. Not retried: the next hour asks again. */
export default job({
  name: 'judge-clusters',
  role: 'worker',
  attempts: 1,
  timeout: duration(5 * MINUTE),
  run: (data, app) => app.judgeClusters(data),
})
