import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { type Artifact, hashOfMembers, readArtifact, writeArtifact } from '../../models/artifact.ts'
import { type Engine, loadEngine } from '../../models/engine.ts'
import { FEATURES, featureHash } from '../../models/features.ts'
import { createForecasterOf } from '../../models/forecaster.ts'
import { rungOf } from '../../models/ladder.ts'
import { baselineOf, readRegistration, shippedModels, toRegistration, unpackArtifact } from '../../models/registry.ts'
import type { RungName } from '../../models/rung.ts'
import type { AssetHours, Sample } from '../../models/samples.ts'
import { byTarget, TARGETS } from '../../models/targets.ts'
import { sigmoid } from '../../src/domain/calibration.ts'
import { createPanel } from '../../src/domain/market/panel.ts'
import { timestamp } from '../../src/domain/units.ts'
import { createLog } from '../../src/log.ts'
import { createChampionForecaster } from '../../src/main/champion.ts'
import type { Forecaster } from '../../src/ports.ts'
import { makeHours } from '../models/made-hours.ts'
import { type RecordedMarket, recordMarket } from '../models/market.ts'
import { testDatabase } from '../support/database.ts'
import { openDesk, UNDETERMINED } from '../support/desk.ts'
import { modelFiles, someMetrics } from '../support/models.ts'

const RUNG: RungName = 'open-interest-funding'
const OTHERWISE: Forecaster = { model: undefined, predict: async () => UNDETERMINED }
const files = { market: 'simulated', featureHash: featureHash() } as const
const log = createLog('silent')

let root: string
let engine: Engine
let market: RecordedMarket

/** Two models on record: the trained one, and its like under another name. */
async function twoModels() {
  const file = path.join(root, 'trained', 'model.json')
  const text = await readFile(file, 'utf8')
  const first = toRegistration(file, text, 'trained')
  const other = text.replaceAll(first.modelId, `${first.modelId}-2`)
  return [first, toRegistration(file, other, 'trained')] as const
}

before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'champion-'))
  engine = await loadEngine()
  market = await recordMarket()
  const made = makeHours({
    hours: 100 * 24,
    label: (key, { value, random }) => {
      const target = TARGETS.find((one) => one.key === key)!
      if (target.kind === 'value') return value('return-1h') * target.scale
      return random() < sigmoid(-1.5 + 0.8 * value('volatility-ratio-fast') + 0.8 * value('funding-z')) ? 1 : 0
    },
  })
  await writeArtifact(path.join(root, 'trained'), await fitArtifact(made))
})
after(() => rm(root, { recursive: true }))

/** Fitted in a moment and judged by nobody: whether it is any good is not what is tested here. */
async function fitArtifact(hours: AssetHours): Promise<Artifact> {
  const samples = Array.from({ length: 400 }, (_, n): Sample => ({ hours, i: hours.firstUsable + 4 * n }))
  const task = { train: samples, calibration: samples.slice(0, 100), seed: 1, effort: 'quick', engine } as const
  const [model, baseline] = await Promise.all([RUNG, 'volatility-only' as const].map((name) => rungOf(name).fit(task)))
  const members = [model!.store()]
  const asIs = byTarget(() => ({ kind: 'as-is' as const }))
  const passed = Object.fromEntries(TARGETS.map(({ key }) => [key, true]))
  const artifact: Artifact = {
    format: 'breakwater-model/3',
    modelId: `${RUNG}-simulated-1`,
    rung: RUNG,
    architecture: model!.architecture,
    calibratedOn: 'simulated',
    trainedAt: '2026-01-01T00:00:00.000Z',
    fittedUntil: '2026-01-01T00:00:00Z',
    trainedOn: 'made-up hours of ETH',
    seeds: [1],
    dataHash: 'data',
    codeVersion: 'test',
    override: 'made up, to see that it works',
    featureHash: featureHash(),
    features: FEATURES.map(({ name }) => name),
    leftOut: [],
    expected: [],
    members,
    weightsHash: hashOfMembers(members),
    calibrators: { full: asIs, reduced: asIs },
    baseline: { model: baseline!.store(), calibrators: asIs },
    trainingMean: byTarget(() => 0.1),
    gates: { full: passed, reduced: passed },
    metrics: {},
    record: { ...someMetrics() },
  }
  return JSON.parse(JSON.stringify(artifact)) as Artifact
}

const ask = async (forecaster: Forecaster) => {
  const panel = createPanel()
  for (const tick of market.ticks) panel.apply(tick)
  return forecaster.predict(panel, 'ETH', market.to, market.feeds)
}

test('a model on record is the one in its file: what it is, what it is judged by, and what it answers', async () => {
  const artifact = (await readArtifact(path.join(root, 'trained')))!
  const registration = await readRegistration(path.join(root, 'trained'), 'trained')
  assert.equal(registration.modelId, artifact.modelId)
  assert.deepEqual(
    [registration.rung, registration.market, registration.override, registration.seeds, registration.codeVersion],
    [RUNG, 'simulated', 'made up, to see that it works', [1], 'test'],
  )
  assert.equal(registration.featureHash, featureHash())
  assert.deepEqual(registration.metrics, someMetrics())
  assert.deepEqual(unpackArtifact(registration.modelId, registration.artifact), artifact)
  assert.deepEqual(await shippedModels(root), [{ ...registration, origin: 'shipped' }])
})

test('a file that does not say what its model is judged by is refused by name', async () => {
  const file = path.join(path.join(root, 'trained'), 'model.json')
  const { record: _, ...rest } = JSON.parse(await readFile(file, 'utf8'))
  const without = JSON.stringify({ ...rest, record: { targets: {} } })
  assert.throws(
    () => toRegistration(file, without, 'trained'),
    /Expected figures to judge open-interest-funding-simulated-.* by in .*heldOut/s,
  )
})

test('whoever is in force answers from the next forecast on: promotion, rollback, demotion', async (t) => {
  const { store } = await testDatabase(t)
  const [first, second] = await twoModels()
  const forecaster = await createChampionForecaster({ store, files, engine, otherwise: OTHERWISE, log })
  assert.equal(forecaster.model?.modelId, undefined)
  assert.equal((await ask(forecaster)).kind, 'undetermined')

  for (const model of [first, second]) await store.models.register(model, timestamp(1))
  const change = { at: timestamp(2), by: 'ben', reason: 'ok' }
  await store.models.promote({ ...change, modelId: first.modelId, over: undefined })
  const answer = await ask(forecaster)
  assert.equal(forecaster.model?.modelId, first.modelId)
  assert.deepEqual(
    answer,
    await ask(await createForecasterOf((await readArtifact(path.join(root, 'trained')))!, engine)),
  )
  assert.deepEqual(
    forecaster.shadow?.map(({ model }) => model?.modelId),
    [second.modelId],
  )

  await store.models.promote({ ...change, modelId: second.modelId, over: first.modelId })
  await forecaster.refresh()
  assert.equal(forecaster.model?.modelId, second.modelId)
  assert.deepEqual(forecaster.shadow, [], 'a retired model is asked no more')

  await store.models.rollBack({ ...change, market: 'simulated', over: second.modelId, featureHash: featureHash() })
  assert.deepEqual(await ask(forecaster), answer)

  await store.models.demote({ ...change, modelId: first.modelId })
  const bare = await ask(forecaster)
  const baseline = baselineOf((await readArtifact(path.join(root, 'trained')))!)
  assert.equal(forecaster.model?.modelId, `volatility-only-of-${first.modelId}`)
  assert.deepEqual(bare, await ask(await createForecasterOf(baseline, engine)))
  assert.ok(bare.kind === 'estimated' && !bare.overlayGatePassed, 'nothing is sized by it')
  assert.deepEqual(
    Object.values(bare.cascades).flatMap(({ gatePassed }) => Object.values(gatePassed).filter(Boolean)),
    [],
  )
})

test('a process that forecasts nothing says who is in force since another process promoted it', async (t) => {
  const { store } = await testDatabase(t)
  const [first] = await twoModels()
  const forecaster = await createChampionForecaster({ store, files, engine, otherwise: OTHERWISE, log })
  const desk = await openDesk(t, { forecaster })
  assert.equal((await desk.say('vera', '/model status')).title, 'No model is loaded')
  await store.models.register(first, timestamp(1))
  await store.models.promote({ modelId: first.modelId, over: undefined, at: timestamp(2), by: 'ben', reason: 'ok' })
  assert.equal((await desk.say('vera', '/model status')).title, `Model ${first.modelId}`)
})

test("a champion of another version's features stops no start: what ships answers, until it is put in its place", async (t) => {
  const database = await testDatabase(t)
  const { store } = database
  const [first, second] = await twoModels()
  const packed = gzipSync(gunzipSync(first.artifact).toString().replaceAll(featureHash(), '0123456789abcdef'))
  await store.models.register({ ...first, featureHash: '0123456789abcdef', artifact: packed }, timestamp(1))
  const change = { at: timestamp(2), by: 'system', reason: 'it shipped' }
  await store.models.promote({ ...change, modelId: first.modelId, over: undefined })
  const forecaster = await createChampionForecaster({ store, files, engine, otherwise: OTHERWISE, log })
  assert.equal(forecaster.model?.modelId, undefined)
  assert.equal((await ask(forecaster)).kind, 'undetermined')
  const shipped = async () => [{ ...second, origin: 'shipped' as const }]
  const desk = await openDesk(t, { database, forecaster, models: modelFiles({ ...files, shipped }) })
  await desk.app.registerShipped()
  assert.equal((await ask(forecaster)).kind, 'estimated')
  assert.equal(forecaster.model?.modelId, second.modelId)
})

test('a challenger whose artifact is damaged is left out, and the champion answers on', async (t) => {
  const { store } = await testDatabase(t)
  const [first, second] = await twoModels()
  await store.models.register(first, timestamp(1))
  await store.models.register({ ...second, artifact: new Uint8Array([1, 2, 3]) }, timestamp(1))
  await store.models.promote({ modelId: first.modelId, over: undefined, at: timestamp(2), by: 'ben', reason: 'ok' })
  const forecaster = await createChampionForecaster({ store, files, engine, otherwise: OTHERWISE, log })
  assert.equal((await ask(forecaster)).kind, 'estimated')
  assert.deepEqual(forecaster.shadow, [])
})
