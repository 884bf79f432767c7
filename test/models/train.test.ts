import assert from 'node:assert/strict'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { decodeWeights, encodeWeights, MODEL_FILE, readArtifact, writeArtifact } from '../../models/artifact.ts'
import { loadEngine } from '../../models/engine.ts'
import { FEATURE_COUNT, FEATURES } from '../../models/features.ts'
import { createForecaster, readModelFacts } from '../../models/forecaster.ts'
import { listModels } from '../../models/registry.ts'
import { PRICE_ONLY, TARGETS } from '../../models/targets.ts'
import { TooLittleDataError, type TrainingReport, type TrainOptions, trainModel } from '../../models/train.ts'
import { sigmoid } from '../../src/domain/calibration.ts'
import type { Panel } from '../../src/domain/market/panel.ts'
import { DAY, timestamp } from '../../src/domain/units.ts'
import { makeHours } from './made-hours.ts'
import { panelOf, recordMarket } from './market.ts'

const DAYS = 330
const made = makeHours({
  hours: DAYS * 24,
  label: (key, { value, random }) => {
    const target = TARGETS.find((one) => one.key === key)!
    const score = -1.5 + 0.8 * value('volatility-ratio-fast') + 0.8 * value('funding-z')
    return target.kind === 'event' ? (random() < sigmoid(score) ? 1 : 0) : value('return-1h') * target.scale
  },
})

let root: string
let folder: string
let report: TrainingReport
const told: [number, string][] = []
let clock = Date.UTC(2026, 0, 1)

const options = (outFolder: string, over: Partial<TrainOptions> = {}): TrainOptions => ({
  market: 'simulated',
  rung: 'gru',
  seeds: [1],
  hours: async () => ({ assets: [made], described: 'made-up hours of ETH' }),
  outFolder,
  effort: 'quick',
  codeVersion: 'test',
  now: () => (clock += 1000),
  ...over,
})

before(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'models-'))
  folder = path.join(root, 'first')
  report = await trainModel(options(folder, { onProgress: (share, text) => told.push([share, text]) }))
})
after(() => rm(root, { recursive: true }))

const artifactOf = async (of = folder) => (await readArtifact(of))!

test('the same hours and seed give the same weights', async () => {
  const again = path.join(root, 'again')
  await trainModel(options(again))
  const [first, second] = [await artifactOf(), await artifactOf(again)]
  assert.equal(second.weightsHash, first.weightsHash)
  assert.equal(second.modelId, first.modelId)
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
  for (const key of PRICE_ONLY) {
    for (const name of ['averagePrecision', 'lift', 'brierSkill', 'ece']) {
      const { model, baseline, base } = metrics[`${key}.${name}`]!
      for (const value of [model, baseline, base]) assert.ok(Number.isFinite(value), `${key}.${name}`)
    }
    assert.ok(Math.abs(metrics[`${key}.lift`]!.base - 1) < 1e-9)
  }
  assert.deepEqual(report.ladder.rungs, ['base-rate', 'volatility-only', 'boosted-trees', 'gru'])
})

test('a model knows what it was made of, and what its promotion will be judged by', async () => {
  const artifact = await artifactOf()
  assert.match(artifact.modelId, /^gru-simulated-[0-9a-f]{8}$/)
  assert.equal(artifact.codeVersion, 'test')
  assert.deepEqual(artifact.seeds, [1])
  assert.match(artifact.dataHash, /^[0-9a-f]{16}$/)
  const { overBelow, heldOut } = artifact.record as { overBelow: { rung: string }; heldOut: string }
  assert.equal(overBelow.rung, 'boosted-trees')
  assert.match(heldOut, /^2022-.* to 2022-.*, ETH$/)
})

test('a run writes the model and a report of it', async () => {
  assert.deepEqual((await readdir(folder)).sort(), ['model.json', 'report.json'])
  const kept = JSON.parse(await readFile(path.join(folder, 'report.json'), 'utf8')) as TrainingReport
  assert.equal(kept.modelId, report.modelId)
  assert.deepEqual(kept.samples, report.samples)
  assert.equal(kept.ladder.events.length, report.ladder.events.length)
})

test('several members answer with their mean log odds', async () => {
  const out = path.join(root, 'members')
  await trainModel(options(out, { rung: 'boosted-trees', seeds: [1, 2] }))
  const artifact = await artifactOf(out)
  assert.equal(artifact.members.length, 2)
  assert.match(artifact.modelId, /^boosted-trees-simulated-/)
})

test('a cancelled run rejects with the reason and writes nothing', async () => {
  const out = path.join(root, 'cancelled')
  const stop = new AbortController()
  const reason = new Error('enough')
  const run = trainModel(
    options(out, { signal: stop.signal, onProgress: (share) => share > 0.2 && stop.abort(reason) }),
  )
  await assert.rejects(run, reason)
  await assert.rejects(readdir(out), { code: 'ENOENT' })
})

test('too little history is refused group by group, unless a reason is given, which stands on the card', async () => {
  const out = path.join(root, 'override')
  const full = { effort: 'full', rung: 'volatility-only' } as const
  await assert.rejects(trainModel(options(out, full)), (error) => {
    assert.ok(error instanceof TooLittleDataError)
    assert.deepEqual(
      error.groups.map(({ group }) => group),
      ['returns and volatility'],
    )
    assert.match(
      error.message,
      /Expected 730 days of history .* was less for returns and volatility 1\d\d days.*--override/,
    )
    return true
  })
  await trainModel(options(out, { ...full, override: 'there is no more yet' }))
  const facts = await readModelFacts(out, 'wasm')
  assert.equal(facts!.override, 'there is no more yet')
})

test('a feature that is known too seldom is not learned from, and is hidden from the model later too', async () => {
  const out = path.join(root, 'seldom')
  const f = FEATURES.findIndex(({ name }) => name === 'fear-greed')
  const mask = made.mask.map((known, at) => (at % FEATURE_COUNT === f && at / FEATURE_COUNT < 120 * 24 ? 0 : known))
  const trained = await trainModel(
    options(out, {
      rung: 'five-feature',
      hours: async () => ({ assets: [{ ...made, mask }], described: 'made-up hours' }),
    }),
  )
  assert.deepEqual(trained.leftOut, ['fear-greed'])
  assert.deepEqual((await artifactOf(out)).leftOut, ['fear-greed'])
})

test('a market in which nothing happens is refused with the remedy', async () => {
  const quiet = makeHours({ hours: DAYS * 24, label: () => 0 })
  await assert.rejects(
    trainModel(options(path.join(root, 'quiet'), { hours: async () => ({ assets: [quiet], described: 'quiet' }) })),
    /Expected cascade-down-4h to happen and not to happen in the train segment, happened in 0 of .* Train on a longer market/,
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

test('an answer says why, and its contributions add up to the score', async () => {
  const market = await recordMarket()
  const forecaster = await createForecaster({ artifactFolder: folder, engine: await loadEngine() })
  const ask = (at = market.to) => forecaster.predict(panelOf(market.ticks), 'ETH', at, market.feeds)
  const answer = await ask()
  assert.ok(answer.kind === 'estimated' && answer.why)
  assert.deepEqual(
    answer.why.map(({ target }) => target),
    ['cascade-down-24h', 'overlay-pays-24h'],
  )
  for (const { base, score, contributions } of answer.why) {
    const sum = contributions.reduce((all, { contribution }) => all + contribution, base)
    assert.ok(Math.abs(sum - score) <= 0.01 * Math.max(1, Math.abs(score)), `Expected ${score}, was ${sum}`)
  }
  const soon = await ask(timestamp(market.to + 60_000))
  assert.ok(soon.kind === 'estimated' && soon.why === undefined, 'a network is explained once an hour')
})

test('a network that nobody holds any more leaves no tensor behind', async () => {
  const engine = await loadEngine()
  const market = await recordMarket()
  const count = () => engine.tf.memory().numTensors
  const ask = async () => {
    const forecaster = await createForecaster({ artifactFolder: folder, engine })
    const answer = await forecaster.predict(panelOf(market.ticks), 'ETH', market.to, market.feeds)
    return [answer.kind, count()] as const
  }
  await collectGarbage()
  const before = count()
  const [kind, during] = await ask()
  assert.equal(kind, 'estimated')
  assert.ok(during > before)
  await collectGarbage(() => count() === before)
  assert.equal(count(), before)
})

test('a model trained on other features is refused with both hashes', async () => {
  const other = path.join(root, 'other')
  await writeArtifact(other, { ...(await artifactOf()), featureHash: '0123456789abcdef' })
  const engine = await loadEngine()
  await assert.rejects(
    createForecaster({ artifactFolder: other, engine }),
    /Expected a model trained on features [0-9a-f]{16}, was gru-simulated-[0-9a-f]{8} on 0123456789abcdef.*npm run train/,
  )
  const models = await listModels(root)
  assert.equal(models.find((model) => model.folder === other)!.usable, false)
  assert.equal(models.find((model) => model.folder === folder)!.usable, true)
})

test('a damaged model file is refused by name', async () => {
  const damaged = path.join(root, 'damaged')
  const artifact = await artifactOf()
  const [member] = artifact.members
  await writeArtifact(damaged, {
    ...artifact,
    members: [{ ...member!, settings: { ...member!.settings, changed: 1 } }],
  })
  await assert.rejects(readArtifact(damaged), /Expected weights .* the file was changed/)
  await writeFile(path.join(damaged, MODEL_FILE), '{"format": "breakwater-model/3"')
  await assert.rejects(readArtifact(damaged), /Expected JSON in .*model\.json/)
  await writeFile(path.join(damaged, MODEL_FILE), '{"format": "something else"}')
  await assert.rejects(readArtifact(damaged), /Expected a model in .*model\.json/)
  await rm(damaged, { recursive: true })
})

test('without a model every answer is NO_MODEL and says how to get one', async () => {
  const forecaster = await createForecaster({ artifactFolder: path.join(root, 'none'), engine: await loadEngine() })
  assert.equal(forecaster.model, undefined)
  const answer = await forecaster.predict({} as Panel, 'ETH', timestamp(DAY), [])
  assert.ok(answer.kind === 'undetermined' && answer.reason === 'NO_MODEL' && /npm run train/.test(answer.detail))
  assert.deepEqual(await listModels(path.join(root, 'none')), [])
})

/** Until it is done, or what there was to collect has been, ten times over. */
async function collectGarbage(isDone = () => false): Promise<void> {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  for (let k = 0; k < 10 && !isDone(); k++) {
    collect()
    await setTimeout(10)
  }
}
