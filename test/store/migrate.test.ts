import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { timestamp } from '../../src/domain/units.ts'
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

test('a forecast from before horizons were told apart keeps what it said of the day, and claims nothing more', async (t) => {
  const { connectionString } = await emptyDatabase(t)
  const client = new pg.Client({ connectionString })
  await client.connect()
  const before = SCHEMA.slice(
    0,
    SCHEMA.findIndex(({ name }) => name === '005-cascades-by-horizon'),
  )
  await client.query('create table schema_migrations (name text primary key, applied_at bigint not null)')
  for (const step of before) {
    await client.query(step.sql)
    await client.query('insert into schema_migrations values ($1, 0)', [step.name])
  }
  const told = {
    kind: 'estimated',
    horizon: 86_400_000,
    pCascadeDown: 0.021,
    pCascadeUp: 0.004,
    overlayConfidence: 0.55,
    overlayGatePassed: true,
    baseline: { pCascadeDown: 0.012, pCascadeUp: 0.011 },
    maskedFeeds: ['book-depth'],
    modelId: 'tcn-1',
    calibratedOn: 'simulated',
  }
  const untold = { kind: 'undetermined', reason: 'NO_MODEL', detail: 'none yet' }
  for (const [at, prediction] of [told, untold].entries()) {
    await client.query("insert into forecasts values ('ETH', $1, $2, $3, '{}', '[]')", [
      at,
      prediction.kind,
      prediction,
    ])
  }
  await client.end()

  await migrate(connectionString)
  const store = await createStore({ connectionString, log })
  const predictions = (await store.forecasts.between('ETH', timestamp(0), timestamp(1))).map((row) => row.prediction)
  await store.close()
  assert.deepEqual(predictions, [
    {
      kind: 'estimated',
      cascades: {
        '24h': {
          pCascadeDown: 0.021,
          pCascadeUp: 0.004,
          baseline: { pCascadeDown: 0.012, pCascadeUp: 0.011 },
          gatePassed: {},
        },
      },
      overlayHorizon: 86_400_000,
      overlayConfidence: 0.55,
      overlayGatePassed: true,
      maskedFeeds: ['book-depth'],
      modelId: 'tcn-1',
      calibratedOn: 'simulated',
    },
    untold,
  ])
})
