import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { decodeWeights, encodeWeights, MODEL_FILE, readArtifact, writeArtifact } from '../../models/artifact.ts'
import { readConfidence } from '../../models/confidence-file.ts'
import { HEADS } from '../../models/dataset.ts'
import { loadEngine } from '../../models/engine.ts'
import { createForecaster, readModelFacts } from '../../models/forecaster.ts'
import { listModels } from '../../models/registry.ts'
import { TRAINING_MARKET, type TrainingReport, trainModels } from '../../models/train.ts'
import { HORIZONS } from '../../src/domain/forecast.ts'
import type { Panel } from '../../src/domain/market/panel.ts'
import { createSimulatedMarket } from '../../src/venues/simulated/market.ts'
import { panelOf, recordMarket } from './market.ts'

let root: string
let folder: string
let report: TrainingReport
const told: [number, string][] = []
const source = () => createSimulatedMarket({ seed: 1, ...TRAINING_MARKET.quick })

before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'models-'))
  folder = path.join(root, 'first')
  report = await trainModels({
    source,
    outFolder: folder,
    quick: true,
    onProgress: (share, text) => told.push([share, text]),
  })
})
after(() => rm(root, { recursive: true }))

const artifactOf = async (of = folder) => (await readArtifact(of))!

test('the same market and seed give the same weights', async () => {
  const again = path.join(root, 'again')
  await trainModels({ source, outFolder: again, quick: true })
  const [first, second] = [await artifactOf(), await artifactOf(again)]
  assert.equal(second.weightsHash, first.weightsHash)
  assert.deepEqual(second.calibrators, first.calibrators)
  assert.deepEqual(second.metrics, first.metrics)
})

test('progress never goes back and ends at one', () => {
  const shares = told.map(([share]) => share)
  assert.deepEqual(
    shares,
    [...shares].sort((a, b) => a - b),
  )
  assert.equal(shares.at(-1), 1)
})

test('every figure of the model stands beside the baseline and the base rate', async () => {
  const { metrics } = await artifactOf()
  for (const head of HEADS) {
    for (const name of ['averagePrecision', 'lift', 'brierSkill', 'ece']) {
      const figure = metrics[`${head}.${name}`]!
      for (const value of [figure.model, figure.baseline, figure.base])
        assert.ok(Number.isFinite(value), `${head}.${name}`)
    }
    assert.ok(Math.abs(metrics[`${head}.lift`]!.base - 1) < 1e-9)
    const { intervals, reliability } = report.heads[head]
    assert.ok(intervals.lift.low <= intervals.lift.high)
    assert.equal(
      reliability.reduce((sum, { count }) => sum + count, 0),
      report.heads[head].samples,
    )
  }
})

test('a run writes the model, the confidence of clusters and the report', async () => {
  assert.deepEqual((await readdir(folder)).sort(), ['confidence.json', 'model.json', 'report.json'])
  const { horizons } = (await readConfidence(folder))!
  for (const horizon of HORIZONS) {
    assert.equal(horizons[horizon]!.calibratedOn, 'simulated')
    assert.ok(horizons[horizon]!.counts.events > 0, horizon)
  }
  assert.deepEqual(JSON.parse(await readFile(path.join(folder, 'report.json'), 'utf8')), report)
})

test('a cancelled run rejects with the reason and writes nothing', async () => {
  const out = path.join(root, 'cancelled')
  const stop = new AbortController()
  const reason = new Error('enough')
  const run = trainModels({
    source,
    outFolder: out,
    quick: true,
    signal: stop.signal,
    onProgress: (share) => share > 0.1 && stop.abort(reason),
  })
  await assert.rejects(run, reason)
  await assert.rejects(readdir(out), { code: 'ENOENT' })
})

test('a market too short to learn from is refused with the remedy', async () => {
  const { from } = TRAINING_MARKET.quick
  const short = () =>
    createSimulatedMarket({ seed: 1, ...TRAINING_MARKET.quick, to: (from + 40 * 86_400_000) as typeof from })
  await assert.rejects(
    trainModels({ source: short, outFolder: path.join(root, 'short'), quick: true }),
    /Expected .* to happen and not to happen in the .* segment.* Train on a longer market/,
  )
})

test('weights survive the way to disk and back to the bit', async () => {
  const values = Float32Array.from([0, -0, 1.5, -3.25e-20, Number.MAX_VALUE, Math.PI])
  assert.deepEqual(decodeWeights(encodeWeights(values)), values)
  const copy = path.join(root, 'copy')
  await writeArtifact(copy, await artifactOf())
  assert.deepEqual(await artifactOf(copy), await artifactOf())
  assert.deepEqual(await readModelFacts(copy, 'wasm'), await readModelFacts(folder, 'wasm'))
})

test('a reloaded model gives the same answer, on wasm and on the JavaScript engine', async () => {
  const market = await recordMarket()
  const panel = panelOf(market.ticks)
  const answers = []
  for (const prefer of ['wasm', 'wasm', 'cpu'] as const) {
    const forecaster = await createForecaster({ artifactFolder: folder, engine: await loadEngine({ prefer }) })
    const answer = await forecaster.predict(panel, 'ETH', market.to, market.feeds)
    assert.ok(answer.kind === 'estimated')
    answers.push(answer)
  }
  const [first, second, plain] = answers
  assert.deepEqual(second, first)
  assert.ok(Math.abs(plain!.cascades['24h'].pCascadeDown - first!.cascades['24h'].pCascadeDown) < 1e-4)
  assert.ok(Math.abs(plain!.overlayConfidence - first!.overlayConfidence) < 1e-4)
})

test('a model trained on other features is refused with both hashes', async () => {
  const other = path.join(root, 'other')
  await writeArtifact(other, { ...(await artifactOf()), featureHash: '0123456789abcdef' })
  const engine = await loadEngine()
  await assert.rejects(
    createForecaster({ artifactFolder: other, engine }),
    /Expected a model trained on features [0-9a-f]{16}, was one on 0123456789abcdef in .*npm run train/,
  )
  const models = await listModels(root)
  assert.equal(models.find((model) => model.folder === other)!.usable, false)
  assert.equal(models.find((model) => model.folder === folder)!.usable, true)
})

test('a damaged model file is refused by name', async () => {
  const damaged = path.join(root, 'damaged')
  const artifact = await artifactOf()
  const data = artifact.weights['head/bias']!.data
  const weights = { ...artifact.weights, 'head/bias': { shape: [HEADS.length], data: `AAAA${data.slice(4)}` } }
  await writeArtifact(damaged, { ...artifact, weights })
  await assert.rejects(readArtifact(damaged), /Expected weights .* the file was changed/)
  await writeFile(path.join(damaged, MODEL_FILE), '{"format": "breakwater-model/2"')
  await assert.rejects(readArtifact(damaged), /Expected JSON in .*model\.json/)
  await writeFile(path.join(damaged, MODEL_FILE), '{"format": "something else"}')
  await assert.rejects(readArtifact(damaged), /Expected a model in .*model\.json/)
  await rm(damaged, { recursive: true })
})

test('without a model every answer is NO_MODEL and says how to get one', async () => {
  const forecaster = await createForecaster({ artifactFolder: path.join(root, 'none'), engine: await loadEngine() })
  assert.equal(forecaster.model, undefined)
  const answer = await forecaster.predict({} as Panel, 'ETH', TRAINING_MARKET.quick.from, [])
  assert.equal(answer.kind, 'undetermined')
  assert.ok(answer.kind === 'undetermined' && answer.reason === 'NO_MODEL' && /npm run train/.test(answer.detail))
  assert.deepEqual(await listModels(path.join(root, 'none')), [])
})
