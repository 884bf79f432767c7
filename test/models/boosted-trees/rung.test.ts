import assert from 'node:assert/strict'
import { test } from 'node:test'
import { NODES } from '../../../models/boosted-trees/forest.ts'
import { boostedTreesRung } from '../../../models/boosted-trees/rung.ts'
import { FEATURE_COUNT } from '../../../models/features.ts'
import type { FittedModel, StoredModel } from '../../../models/rung.ts'
import type { Sample } from '../../../models/samples.ts'
import { TARGET_COUNT, TARGETS, type TargetKey, targetIndex } from '../../../models/targets.ts'
import { sigmoid } from '../../../src/domain/calibration.ts'
import { columnOf, samplesOf, taskOf } from '../rows.ts'

const chance = (p: number, random: () => number): number => (random() < p ? 1 : 0)
const scoresOf = (model: FittedModel, samples: readonly Sample[], key: TargetKey): number[] => {
  const scores = model.scores(samples)
  return samples.map((_, k) => scores[k * TARGET_COUNT + targetIndex(key)]!)
}
const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length

/** A fall comes when open interest and volatility are both high, which no weighted sum says; half of the depths are unknown. */
const SAMPLES = samplesOf({
  count: 6000,
  features: { 'depth-z': (_, random) => (random() < 0.5 ? Number.NaN : random()) },
  labels: {
    'cascade-down-24h': (feature, random) =>
      chance(feature('open-interest-z') > 0 && feature('volatility-ratio-fast') > 0 ? 0.6 : 0.05, random),
    'cascade-up-24h': (feature, random) => chance(Number.isNaN(feature('depth-z')) ? 0.4 : 0.05, random),
    'cascade-down-72h': (feature) => (feature('funding') > 2.6 ? 1 : 0),
    'volatility-24h': (feature) => (feature('return-24h') > 0.5 ? 0.4 : -0.1),
  },
})
const QUICK = taskOf(SAMPLES, { effort: 'quick' })
const quick = boostedTreesRung.fit(QUICK)

test('what two features say together is found, and values are answered in their own unit', async () => {
  const model = await boostedTreesRung.fit(taskOf(SAMPLES))
  const held = SAMPLES.slice(4500)
  const scores = scoresOf(model, held, 'cascade-down-24h')
  const is = ({ hours, i }: Sample): boolean =>
    ['open-interest-z', 'volatility-ratio-fast'].every((name) => hours.values[i * FEATURE_COUNT + columnOf(name)]! > 0)
  const happened = ({ hours, i }: Sample): number => hours.labels['cascade-down-24h'][i]!
  for (const wanted of [true, false]) {
    const said = mean(scores.filter((_, k) => is(held[k]!) === wanted).map(sigmoid))
    const came = mean(held.filter((sample) => is(sample) === wanted).map(happened))
    assert.ok(Math.abs(said - came) < (wanted ? 0.1 : 0.03), `${said} said, ${came} came`)
  }
  const values = scoresOf(model, held, 'volatility-24h')
  const wrong = held.filter(({ hours, i }, k) => Math.abs(values[k]! - hours.labels['volatility-24h'][i]!) > 0.1)
  assert.ok(wrong.length < 0.05 * held.length, `${wrong.length}`)
})

test('a target with fewer than thirty positives, or without labels, is not answered', async () => {
  const model = await quick
  const positives = QUICK.train.filter(({ hours, i }) => hours.labels['cascade-down-72h'][i] === 1).length
  assert.ok(positives > 0 && positives < 30, `${positives}`)
  const answered = TARGETS.filter(({ key }) => !Number.isNaN(scoresOf(model, SAMPLES.slice(0, 1), key)[0]))
  assert.deepEqual(
    answered.map(({ key }) => key),
    ['cascade-down-24h', 'cascade-up-24h', 'volatility-24h'],
  )
  assert.throws(() => model.explain(SAMPLES[0]!, 'cascade-down-72h'), /Expected a sample with an answer/)
})

test('hiding a feature is the same as not knowing it', async () => {
  const model = await quick
  const known = SAMPLES.filter(({ hours, i }) => hours.mask[i * FEATURE_COUNT + columnOf('depth-z')] === 1).slice(0, 50)
  const features = new Uint8Array(FEATURE_COUNT)
  features[columnOf('depth-z')] = 1
  const head = targetIndex('cascade-up-24h')
  const [seen, hidden] = [model.scores(known), model.scores(known, () => ({ features, hours: 0 }))]
  for (let k = 0; k < known.length; k++) assert.ok(hidden[k * TARGET_COUNT + head]! > seen[k * TARGET_COUNT + head]!)
})

test('asked for some targets alone it says the same of them, and nothing of others', async () => {
  const model = await quick
  const asked: readonly TargetKey[] = ['cascade-up-24h']
  const [all, some] = [model.scores(SAMPLES), model.scores(SAMPLES, undefined, asked)]
  for (const { key } of TARGETS) {
    const head = targetIndex(key)
    const wanted = asked.includes(key) ? all[head] : Number.NaN
    assert.deepEqual(some[head], wanted, key)
  }
})

test('the same seed gives the same model, another seed another one', async () => {
  assert.deepEqual((await boostedTreesRung.fit(QUICK)).store(), (await quick).store())
  assert.notDeepEqual((await boostedTreesRung.fit({ ...QUICK, seed: 2 })).store(), (await quick).store())
})

test('a stored model answers the same to the last bit, and what is no such model is refused', async () => {
  const model = await quick
  const stored = JSON.parse(JSON.stringify(model.store())) as StoredModel
  const restored = boostedTreesRung.restore(stored, QUICK.engine)
  assert.deepEqual(restored.scores(SAMPLES), model.scores(SAMPLES))
  assert.equal(restored.architecture, model.architecture)

  const features = stored.settings.features as string[]
  const damaged: readonly StoredModel[] = [
    { ...stored, rung: 'five-feature' },
    { ...stored, settings: { ...stored.settings, features: features.toReversed() } },
    { ...stored, settings: { ...stored.settings, features: features.slice(1) } },
    { ...stored, arrays: {} },
    { ...stored, arrays: { ...stored.arrays, 'cascade-down-24h': { shape: [1, NODES, 4], data: 'AAAA' } } },
  ]
  for (const wrong of damaged) assert.throws(() => boostedTreesRung.restore(wrong, QUICK.engine), /Expected/)
})

test('contributions and base add up to the score, with the value each was read with', async () => {
  const model = await quick
  for (const [k, sample] of SAMPLES.slice(0, 30).entries()) {
    for (const key of ['cascade-up-24h', 'volatility-24h'] as const) {
      const { base, score, contributions } = model.explain(sample, key)
      const total = contributions.reduce((sum, { contribution }) => sum + contribution, base)
      assert.ok(Math.abs(total - score) < 1e-6, `${total} ${score}`)
      assert.ok(Math.abs(score - scoresOf(model, SAMPLES.slice(k, k + 1), key)[0]!) < 1e-6)
      const depth = contributions.find(({ feature }) => feature === 'depth-z')!
      const known = sample.hours.mask[sample.i * FEATURE_COUNT + columnOf('depth-z')] === 1
      assert.equal(depth.value !== undefined, known)
    }
  }
})

test('progress rises to the end, and a fit can be stopped', async () => {
  const shares: number[] = []
  await boostedTreesRung.fit({ ...QUICK, onProgress: (share) => shares.push(share) })
  assert.equal(shares.at(-1), 1)
  assert.ok(shares.every((share, k) => k === 0 || share >= shares[k - 1]!))
  const signal = AbortSignal.abort(new Error('enough'))
  await assert.rejects(boostedTreesRung.fit({ ...QUICK, signal }), /enough/)
})
