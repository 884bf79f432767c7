import assert from 'node:assert/strict'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import os from 'node:os'
import path from 'node:path'
import { after, before, test } from 'node:test'
import { type Engine, loadEngine } from '../../models/engine.ts'
import { FEATURES } from '../../models/features.ts'
import { createNetworkRung, type NetworkRungOptions } from '../../models/fit-network.ts'
import type { FittedNetwork } from '../../models/fitted-network.ts'
import type { FitTask, StoredModel } from '../../models/rung.ts'
import { featureOf, type Sample } from '../../models/samples.ts'
import { TARGET_COUNT, TARGETS, targetIndex } from '../../models/targets.ts'
import { TCN } from '../../models/tcn/network.ts'
import { TRANSFORMER } from '../../models/transformer/network.ts'
import { makeHours } from './made-hours.ts'

/** What came five hours ago makes a fall likely: a regression on the last row cannot see it. */
const FEATURE = 'open-interest-change-4h'
const HOURS_AGO = 5

const TINY: NetworkRungOptions = {
  size: { channels: 6, kernel: 3 },
  plan: { maxEpochs: 3, samplesPerEpoch: 96, batchSize: 32, calibrationSamples: 60, startSamples: 80 },
}

let engine: Engine
let samples: readonly Sample[]
let folder: string
before(async () => {
  engine = await loadEngine({ prefer: 'wasm' })
  samples = made(300)
  folder = await mkdtemp(path.join(os.tmpdir(), 'fit-network-'))
})
after(() => rm(folder, { recursive: true }))

function made(hours: number): readonly Sample[] {
  const asset = makeHours({
    hours,
    label: (key, { value, random }) => {
      const cause = value(FEATURE, HOURS_AGO)
      if (key === 'cascade-down-4h') return random() < (cause > 0.5 ? 0.9 : 0.1) ? 1 : 0
      if (key === 'cascade-up-24h') return value(FEATURE) + random() > 0.5 ? 1 : 0
      if (key === 'open-interest-change-24h') return 0.05 * (value(FEATURE) + 0.2 * random())
      return Number.NaN
    },
  })
  return Array.from({ length: hours - 72 }, (_, k) => ({ hours: asset, i: k + 72 }))
}

const taskOf = (over: Partial<FitTask> = {}): FitTask => ({
  train: samples.slice(0, 160),
  calibration: samples.slice(160),
  seed: 1,
  effort: 'quick',
  engine,
  ...over,
})

const fit = async (over: Partial<FitTask> = {}, options = TINY): Promise<FittedNetwork> =>
  (await createNetworkRung(TCN, options).fit(taskOf(over))) as FittedNetwork

async function stored(over: Partial<FitTask> = {}): Promise<StoredModel> {
  const model = await fit(over)
  const kept = model.store()
  model.dispose()
  return kept
}

test('the same seed gives the same weights, another seed others', async () => {
  const [first, again, other] = [await stored(), await stored(), await stored({ seed: 2 })]
  assert.deepEqual(first, again)
  assert.notDeepEqual(first.arrays, other.arrays)
  assert.ok((first.settings.fit as { epochs: number }).epochs > 0)
})

test('a fit that was killed goes on from its last epoch and ends with the very same weights', async () => {
  const checkpointFile = path.join(folder, 'fit.json')
  const controller = new AbortController()
  const said: string[] = []
  const killed = fit({
    checkpointFile,
    signal: controller.signal,
    onProgress: (_, text) => {
      said.push(text)
      if (text.startsWith('epoch 2 of 3')) controller.abort(new Error('killed'))
    },
  })
  await assert.rejects(killed, /killed/)
  assert.deepEqual(await readdir(folder), ['fit.json'])

  const later: string[] = []
  const resumed = await stored({ checkpointFile, onProgress: (_, text) => later.push(text) })
  assert.ok(later[0]!.startsWith('epoch 2 of 3'), later[0])
  assert.deepEqual(resumed, await stored())
  assert.deepEqual(await readdir(folder), [])
})

test('a checkpoint of another fit is not gone on from', async () => {
  const checkpointFile = path.join(folder, 'other.json')
  const controller = new AbortController()
  const onProgress = (_: number, text: string) => {
    if (text.startsWith('epoch 2 of 3')) controller.abort()
  }
  await assert.rejects(fit({ checkpointFile, seed: 3, signal: controller.signal, onProgress }), { name: 'AbortError' })
  assert.deepEqual(await stored({ checkpointFile }), await stored())
})

test('a model that was kept and built anew answers the very same', async () => {
  for (const [architecture, options] of [
    [TCN, TINY],
    [TRANSFORMER, { ...TINY, size: { width: 8, heads: 2, selection: 4, patchHours: 6 } }],
  ] as const) {
    const rung = createNetworkRung(architecture, options)
    const model = await rung.fit(taskOf())
    const restored = rung.restore(JSON.parse(JSON.stringify(model.store())), engine)
    assert.deepEqual(restored.scores(samples), model.scores(samples))
    assert.equal(restored.architecture, model.architecture)
    assert.deepEqual(restored.store(), model.store())
    model.dispose()
    restored.dispose()
  }
})

test('a model of another rung or of other features is not built', async () => {
  const kept = await stored()
  const numTensors = engine.tf.memory().numTensors
  assert.throws(() => createNetworkRung(TRANSFORMER).restore(kept, engine), /Expected a transformer, was a tcn/)
  const renamed = { ...kept, settings: { ...kept.settings, features: ['another'] } }
  assert.throws(() => createNetworkRung(TCN).restore(renamed, engine), /whose features are/)
  const short = { ...kept, arrays: { ...kept.arrays, 'head/bias': { shape: [1], data: 'AAAAAA==' } } }
  assert.throws(() => createNetworkRung(TCN).restore(short, engine), /Expected weights head\/bias/)
  assert.equal(engine.tf.memory().numTensors, numTensors)
})

test('twenty fits leave no tensor behind, nor does one that is aborted', async () => {
  const options = { ...TINY, plan: { ...TINY.plan, maxEpochs: 1, samplesPerEpoch: 16, batchSize: 8, startSamples: 40 } }
  const once = async (): Promise<number> => {
    const model = await fit({}, options)
    model.scores(samples.slice(0, 3))
    model.explain(samples[0]!, 'cascade-down-4h')
    model.dispose()
    return engine.tf.memory().numTensors
  }
  const first = await once()
  for (let k = 1; k < 20; k++) assert.equal(await once(), first)
  const signal = AbortSignal.abort(new Error('not wanted any more'))
  await assert.rejects(fit({ signal }), /not wanted any more/)
  const controller = new AbortController()
  const onProgress = (share: number) => share > 0.2 && controller.abort(new Error('stopped'))
  await assert.rejects(fit({ signal: controller.signal, onProgress }), /stopped/)
  assert.equal(engine.tf.memory().numTensors, first)
})

test('it answers what it had labels of, values in their unit, and nothing else', async () => {
  const model = await fit()
  const scores = model.scores(samples)
  assert.equal(scores.length, samples.length * TARGET_COUNT)
  const answered = new Set(['cascade-down-4h', 'cascade-up-24h', 'open-interest-change-24h'])
  for (const { key } of TARGETS) {
    const own = samples.map((_, k) => scores[k * TARGET_COUNT + targetIndex(key)]!)
    assert.ok(
      own.every((score) => Number.isFinite(score) === answered.has(key)),
      key,
    )
  }
  // The value is 0.05 a feature's unit: a ridge regression of 160 hours is within some hundredths of it.
  const change = targetIndex('open-interest-change-24h')
  const errors = samples.map((sample, k) =>
    Math.abs(scores[k * TARGET_COUNT + change]! - 0.05 * featureOf(sample, featureIndex())),
  )
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length
  assert.ok(mean < 0.03, `Expected an error below 0.03, was ${mean}`)
  model.dispose()
})

const featureIndex = (): number => FEATURES.findIndex(({ name }) => name === FEATURE)
