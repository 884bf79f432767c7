import { MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Keeps what champion and challengers say, to be judged by. Not retried: by then the hour would be another. */
export default job({
  name: 'record-model-forecasts',
  role: 'worker',
  attempts: 1,
  timeout: MINUTE,
  run: (data, app) => app.recordModelForecasts(data),
})
