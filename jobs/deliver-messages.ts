import { duration, MINUTE } from '../src/domain/units.ts'
import { job } from './job.ts'

/** Sends what the outbox holds. */
export default job({
  name: 'deliver-messages',
  role: 'bot',
  attempts: 3,
  timeout: duration(5 * MINUTE),
  run: (_, app) => app.deliverMessages(),
})
