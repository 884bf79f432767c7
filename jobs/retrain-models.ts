import { MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Trains a new model when one is due, and compares those there are once a month; also looks after one that is in training. */
export default job({
  name: 'retrain-models',
  role: 'worker',
  attempts: 1,
  timeout: MINUTE,
  async run(_, app) {
    await app.tendTraining()
    await app.retrainModels()
  },
})
