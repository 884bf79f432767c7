import { describeQueue } from '../conformance/queue.ts'

const url = process.env.TEST_DATABASE_URL

describeQueue('PostgreSQL', async () => ({ kind: 'postgres', connectionString: url! }))
