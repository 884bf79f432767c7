import { describeQueue } from '../conformance/queue.ts'
import { emptyDatabase } from '../support/database.ts'

describeQueue('PostgreSQL', async (cleanup) => {
  const { connectionString } = await emptyDatabase(cleanup)
  return { kind: 'postgres', connectionString }
})
