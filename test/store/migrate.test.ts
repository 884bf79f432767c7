import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { createLog } from '../../src/log.ts'
import { migrate } from '../../src/store/migrate.ts'
import { SCHEMA } from '../../src/store/schema.ts'
import { createStore } from '../../src/store/store.ts'
import { emptyDatabase } from '../support/database.ts'

const log = createLog('silent')

test('every step is applied once, in order, however many processes migrate at once', async (t) => {
  const { connectionString } = await emptyDatabase(t)
  const results = await Promise.all(Array.from({ length: 4 }, () => migrate(connectionString)))
  const applied = results.flatMap((result) => result.applied)
  assert.deepEqual(
    applied,
    SCHEMA.map((step) => step.name),
  )
})

test('a pool will do instead of a connection string', async (t) => {
  const { connectionString } = await emptyDatabase(t)
  const pool = new pg.Pool({ connectionString })
  pool.on('error', () => {}) // dropping the database may cut its last connection
  assert.equal((await migrate(pool)).applied.length, SCHEMA.length)
  assert.deepEqual(await migrate(pool), { applied: [] })
  await pool.end()
})

test('a store on an empty database says which command to run', async (t) => {
  const { connectionString } = await emptyDatabase(t)
  await assert.rejects(createStore({ connectionString, log }), /lacks the schema steps 001-market.*db migrate/)
})

test('a database of a newer version is left alone', async (t) => {
  const { connectionString } = await emptyDatabase(t)
  await migrate(connectionString)
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query("insert into schema_migrations (name, applied_at) values ('999-future', 0)")
  await client.end()
  await assert.rejects(migrate(connectionString), /newer version of Breakwater .*999-future/)
  await assert.rejects(createStore({ connectionString, log }), /newer version of Breakwater .*999-future/)
})
