import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readArtifact } from '../../models/artifact.ts'
import { applyCalibrator } from '../../models/calibrate.ts'
import { collectHours } from '../../models/dataset.ts'
import { loadEngine } from '../../models/engine.ts'
import { featureHash } from '../../models/features.ts'
import { createForecaster, restoreModel } from '../../models/forecaster.ts'
import { withoutFeatures } from '../../models/history.ts'
import { labelOf, type Sample } from '../../models/samples.ts'
import { type EventKey, PRICE_ONLY, TARGET_COUNT, targetIndex } from '../../models/targets.ts'
import { type CascadeForecast, HORIZONS } from '../../src/domain/forecast.ts'
import { DAY, HOUR, later, MINUTE, timestamp } from '../../src/domain/units.ts'
import type { Forecaster } from '../../src/ports.ts'
import { createSimulatedMarket } from '../../src/venues/simulated/market.ts'
import { panelOf, type RecordedMarket, recordMarket } from './market.ts'

const SHIPPED = fileURLToPath(new URL('../../models/artifacts/simulated', import.meta.url))

let market: RecordedMarket
let forecaster: Forecaster
before(async () => {
  market = await recordMarket(5, ['ETH', 'BTC'])
  forecaster = await createForecaster({ artifactFolder: SHIPPED, engine: await loadEngine() })
})

test('the shipped models fit the features of this code, and say from when on they have seen nothing', async () => {
  assert.equal((await readArtifact(SHIPPED))!.featureHash, featureHash())
  const recorded = (await readArtifact(SHIPPED.replace(/simulated$/, 'recorded')))!
  assert.equal(recorded.featureHash, featureHash())
  assert.equal(recorded.calibratedOn, 'recorded')
  assert.equal(recorded.fittedUntil, '2024-07-15T00:00:00.000Z')
})

test('an estimate carries the baseline, the model and what it was calibrated on', async () => {
  const answer = await forecaster.predict(panelOf(market.ticks), 'ETH', market.to, market.feeds)
  assert.ok(answer.kind === 'estimated')
  const gates = (await readArtifact(SHIPPED))!.gates.full
  for (const horizon of HORIZONS) {
    const { pCascadeDown, pCascadeUp, baseline, gatePassed }: CascadeForecast = answer.cascades[horizon]!
    for (const p of [pCascadeDown, pCascadeUp, baseline.pCascadeDown, baseline.pCascadeUp]) assert.ok(p > 0 && p < 1)
    assert.deepEqual(gatePassed, { down: gates[`cascade-down-${horizon}`], up: gates[`cascade-up-${horizon}`] })
  }
  assert.ok(answer.overlayConfidence > 0 && answer.overlayConfidence < 1)
  assert.equal(answer.calibratedOn, 'simulated')
  assert.equal(answer.modelId, forecaster.model!.modelId)
  assert.equal(answer.overlayHorizon, DAY)
  assert.deepEqual(answer.maskedFeeds, [])
})

test('a price older than twice its cadence is STALE_PRICE, with its age and the limit', async () => {
  const panel = panelOf(market.ticks)
  const fresh = await forecaster.predict(panel, 'ETH', later(market.to, 10 * MINUTE), market.feeds)
  assert.equal(fresh.kind, 'estimated')
  const stale = await forecaster.predict(panel, 'ETH', later(market.to, 11 * MINUTE), market.feeds)
  assert.deepEqual(stale, {
    kind: 'undetermined',
    reason: 'STALE_PRICE',
    detail: 'the price of ETH from sim-a is 11 min old, limit 10 min',
  })
})

test('a slow feed is stale only after twice its own cadence', async () => {
  const hourly = market.ticks.filter((tick) => tick.type !== 'bar' || tick.eventAt % HOUR === 0)
  const feeds = market.feeds.map((feed) => (feed.feed === 'bar' ? { ...feed, cadence: HOUR } : feed))
  const answer = await forecaster.predict(panelOf(hourly), 'ETH', later(market.to, 2 * HOUR), feeds)
  assert.equal(answer.kind, 'estimated')
})

test('fewer than 48 hours of price are too little history', async () => {
  const first = market.ticks[0]!.receivedAt
  const answers = []
  for (const hours of [46, 47]) {
    const at = timestamp(Math.ceil(first / HOUR) * HOUR + hours * HOUR)
    answers.push(await forecaster.predict(panelOf(market.ticks), 'ETH', at, market.feeds))
  }
  const [short, enough] = answers
  assert.ok(short!.kind === 'undetermined' && short!.reason === 'TOO_LITTLE_HISTORY')
  assert.match(short!.detail, /47 of 48 hourly prices of ETH are known/)
  assert.notEqual(enough!.kind === 'undetermined' && enough!.reason, 'TOO_LITTLE_HISTORY')
})

test('an asset nobody has heard of is undetermined', async () => {
  const answer = await forecaster.predict(panelOf(market.ticks), 'DOGE', market.to, market.feeds)
  assert.ok(answer.kind === 'undetermined' && answer.reason === 'TOO_LITTLE_HISTORY')
})

test('missing feeds are named and the answer still comes', async () => {
  const feeds = market.feeds.filter(({ feed }) => feed === 'bar' || feed === 'funding')
  const answer = await forecaster.predict(panelOf(market.ticks), 'ETH', market.to, feeds)
  assert.ok(answer.kind === 'estimated')
  assert.deepEqual([...answer.maskedFeeds].sort(), [
    'account-ratio',
    'book-depth',
    'liquidations',
    'open-interest',
    'taker-flow',
  ])
  const whole = await forecaster.predict(panelOf(market.ticks), 'ETH', market.to, market.feeds)
  assert.ok(whole.kind === 'estimated')
  assert.notEqual(answer.overlayConfidence, whole.overlayConfidence)
})

test('the answer changes little from one minute to the next', async () => {
  const panel = panelOf(market.ticks)
  let [before, largest] = [Number.NaN, 0]
  for (let minutes = 0; minutes <= 9; minutes++) {
    const answer = await forecaster.predict(panel, 'ETH', later(market.to, minutes * MINUTE), market.feeds)
    assert.ok(answer.kind === 'estimated')
    if (minutes > 0) largest = Math.max(largest, Math.abs(Math.log(answer.overlayConfidence / before)))
    before = answer.overlayConfidence
  }
  assert.ok(largest < 0.1, `Expected less than a tenth, was ${largest}`)
})

test('on a market it has not seen its mean forecasts are near the rates that come', async () => {
  const engine = await loadEngine()
  const artifact = (await readArtifact(SHIPPED))!
  const model = restoreModel(artifact, engine)
  const from = timestamp(Date.UTC(2030, 0, 1))
  const unseen = createSimulatedMarket({
    seed: 4_711,
    assets: ['ETH'],
    from,
    to: later(from, 300 * DAY),
    warmupDays: 1,
  })
  const [hours] = withoutFeatures(await collectHours(unseen, { phases: [0] }), artifact.leftOut)
  const keys: readonly EventKey[] = [...PRICE_ONLY, 'overlay-pays-24h']
  const samples: Sample[] = []
  for (let i = hours!.firstUsable; i < hours!.instants.length; i += 8) {
    if (keys.every((key) => hours!.labels[key][i]! >= 0)) samples.push({ hours: hours!, i })
  }
  const scores = model.scores(samples)
  const ratio = (key: EventKey): number => {
    let [forecast, came] = [0, 0]
    samples.forEach((sample, k) => {
      forecast += applyCalibrator(artifact.calibrators.full[key], scores[k * TARGET_COUNT + targetIndex(key)]!, key)
      came += labelOf(sample, key)
    })
    return forecast / came
  }
  // Three hundred days hold about fifteen cascades of a day each way, fewer of three days: half or twice as many would still be chance.
  for (const key of keys) {
    const [low, high] = key === 'overlay-pays-24h' ? [0.85, 1.2] : [0.4, 2.5]
    const found = ratio(key)
    assert.ok(found >= low && found <= high, `${key}: Expected ${low} to ${high}, was ${found}`)
  }
  model.dispose()
})
