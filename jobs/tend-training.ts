import { MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** How far training is, told to the desk; a model that is trained goes on record. */
export default job({
  name: 'tend-training',
  role: 'worker',
  attempts: 1,
  timeout: MINUTE,
  run: (_, app) => app.tendTraining(),
})
