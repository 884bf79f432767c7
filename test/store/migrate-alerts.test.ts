import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { timestamp } from '../../src/domain/units.ts'
import { createLog } from '../../src/log.ts'
import { migrate } from '../../src/store/migrate.ts'
import { SCHEMA } from '../../src/store/schema.ts'
import { createStore } from '../../src/store/store.ts'
import { aCluster, aForecast } from '../conformance/store-samples.ts'
import { emptyDatabase } from '../support/database.ts'

const log = createLog('silent')
const STEP = '006-alert-episodes'

/** A cluster as rows held it before confidence was told apart by horizon. */
const clusterBefore = (clusterId: string, horizon = 86_400_000) => {
  const { firstSeenAt: _, leverage: __, confidence: ___, ...kept } = aCluster({ clusterId })
  const said = { kind: 'estimated', confidence: 0.61, low: 0.5, high: 0.7, pTouch: 0.7, pEventGivenTouch: 0.87 }
  return { ...kept, confidence: { ...said, horizon, quality: 'good', calibratedOn: 'simulated' } }
}

const UNTOLD = { kind: 'undetermined', reason: 'NO_CALIBRATION' }
const clusterAfter = (clusterId: string, seenAt: number, horizon?: number) => ({
  ...clusterBefore(clusterId, horizon),
  firstSeenAt: seenAt,
  leverage: [],
  confidence: { '4h': UNTOLD, '24h': UNTOLD, '72h': UNTOLD },
  confidenceBefore: clusterBefore(clusterId, horizon).confidence,
})

test('alerts and clusters from before confidence had horizons keep what they said and claim nothing more', async (t) => {
  const { connectionString } = await emptyDatabase(t)
  const client = new pg.Client({ connectionString })
  await client.connect()
  await client.query('create table schema_migrations (name text primary key, applied_at bigint not null)')
  for (const step of SCHEMA.slice(
    0,
    SCHEMA.findIndex(({ name }) => name === STEP),
  )) {
    await client.query(step.sql)
    await client.query('insert into schema_migrations values ($1, 0)', [step.name])
  }
  const alerts = [
    ['a1', 'c1', 10, 20, 'touched', 86_400_000],
    ['a2', 'c2', 30, 40, 'faded', 14_400_000],
    ['a3', 'c3', 50, null, null, 3_600_000],
  ] as const
  for (const [alertId, clusterId, raisedAt, endedAt, reason, horizon] of alerts)
    await client.query(
      `insert into alerts (alert_id, cluster_id, asset, side, raised_at, ended_at, end_reason, threshold, peak_confidence, cluster)
        values ($1, $2, 'ETH', 'sell', $3, $4, $5, 0.3, 0.7, $6)`,
      [alertId, clusterId, raisedAt, endedAt, reason, clusterBefore(clusterId, horizon)],
    )
  const { prediction, market } = aForecast({ at: timestamp(0) })
  for (const [asset, at, clusters] of [
    ['ETH', 50, [clusterBefore('c3'), clusterBefore('c4')]],
    ['ETH', 40, [clusterBefore('c2')]],
    ['BTC', 40, []],
  ] as const)
    await client.query("insert into forecasts values ($1, $2, 'estimated', $3, $4, $5)", [
      asset,
      at,
      prediction,
      market,
      JSON.stringify(clusters),
    ])

  await client.end()
  await migrate(connectionString)

  const store = await createStore({ connectionString, log })
  t.after(() => store.close())
  const common = { asset: 'ETH', threshold: 0.3, peakConfidence: 0.7, severity: 'notice' }
  const migrated = await store.alerts.recent(3)
  for (const { raisedPrice } of migrated) assert.ok(Math.abs(raisedPrice - 2750.5 / (1 - 0.08333333333333334)) < 1e-6)
  assert.deepEqual(
    migrated.map(({ raisedPrice: _, ...alert }) => alert),
    [
      {
        ...common,
        alertId: 'a3',
        clusterId: 'c3',
        raisedAt: 50,
        horizon: '24h',
        stage: 'raised',
        stageTimes: { raised: 50 },
        cluster: clusterAfter('c3', 50, 3_600_000),
      },
      {
        ...common,
        alertId: 'a2',
        clusterId: 'c2',
        raisedAt: 30,
        horizon: '4h',
        stage: 'over',
        stageTimes: { raised: 30, over: 40 },
        endedAt: 40,
        endReason: 'faded',
        cluster: clusterAfter('c2', 30, 14_400_000),
      },
      {
        ...common,
        alertId: 'a1',
        clusterId: 'c1',
        raisedAt: 10,
        horizon: '24h',
        stage: 'over',
        stageTimes: { raised: 10, touched: 20, over: 20 },
        touch: { from: 20, at: 20 },
        endedAt: 20,
        endReason: 'unknown',
        cluster: clusterAfter('c1', 10),
      },
    ],
  )
  assert.deepEqual((await store.forecasts.latest('ETH'))?.clusters, [clusterAfter('c3', 50), clusterAfter('c4', 50)])
  assert.deepEqual((await store.forecasts.latest('BTC'))?.clusters, [])
})
