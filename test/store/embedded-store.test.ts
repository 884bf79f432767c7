import { describeStore } from '../conformance/store.ts'
import { testDatabase } from '../support/database.ts'

describeStore('PostgreSQL store', async (t) => (await testDatabase(t)).store)
