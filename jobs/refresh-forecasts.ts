import { MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Forecasts and clusters of every asset, then alerts. Not retried: the next one is due before a retry would matter. */
export default job({
  name: 'refresh-forecasts',
  role: 'worker',
  attempts: 1,
  timeout: MINUTE,
  run: (data, app) => app.refreshForecasts(data),
})
