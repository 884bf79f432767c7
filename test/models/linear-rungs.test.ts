import assert from 'node:assert/strict'
import { test } from 'node:test'
import { baseRateRung } from '../../models/base-rate/rung.ts'
import { FEATURE_COUNT } from '../../models/features.ts'
import { fiveFeatureRung } from '../../models/five-feature/rung.ts'
import { openInterestFundingRung } from '../../models/open-interest-funding/rung.ts'
import type { FittedModel, Rung } from '../../models/rung.ts'
import type { Sample } from '../../models/samples.ts'
import { TARGET_COUNT, type TargetKey, targetIndex } from '../../models/targets.ts'
import { volatilityOnlyRung } from '../../models/volatility-only/rung.ts'
import { sigmoid } from '../../src/domain/calibration.ts'
import { columnOf, samplesOf, taskOf } from './rows.ts'

const scoreOf = (model: FittedModel, samples: readonly Sample[], key: TargetKey, k = 0): number =>
  model.scores(samples)[k * TARGET_COUNT + targetIndex(key)]!
const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `Expected ${expected} ± ${tolerance}, was ${actual}`)
const chance = (p: number, random: () => number): number => (random() < p ? 1 : 0)

/** Open interest is unknown in half of the hours, and more happens then. */
const HALF_KNOWN = samplesOf({
  count: 8000,
  features: { 'open-interest-z': (_, random) => (random() < 0.5 ? Number.NaN : 2 * random()) },
  labels: {
    'cascade-down-24h': (feature, random) => {
      const z = feature('open-interest-z')
      return chance(sigmoid(Number.isNaN(z) ? 0.5 : -2 + z), random)
    },
    'volatility-24h': (feature) => 0.3 + 0.2 * feature('funding'),
  },
})

test('the base rate is the log odds of the share of positives, and the mean of values', async () => {
  const samples = samplesOf({
    count: 400,
    labels: { 'cascade-down-4h': (_, random) => chance(0.25, random), 'next-funding-8h': () => 3e-4 },
  })
  const model = await baseRateRung.fit(taskOf(samples, { train: samples }))
  const positives = samples.filter(({ hours, i }) => hours.labels['cascade-down-4h'][i] === 1).length
  near(scoreOf(model, samples, 'cascade-down-4h'), Math.log((positives + 0.5) / (400 - positives + 0.5)), 1e-6)
  near(scoreOf(model, samples, 'next-funding-8h', 7), 3e-4, 1e-9)
  assert.ok(Number.isNaN(scoreOf(model, samples, 'cascade-up-4h')), 'nothing is known of a target without labels')
})

test('a share of no positives at all still has log odds', async () => {
  const samples = samplesOf({ count: 50, labels: { 'cascade-down-4h': () => 0 } })
  const model = await baseRateRung.fit(taskOf(samples, { train: samples }))
  near(scoreOf(model, samples, 'cascade-down-4h'), Math.log(0.5 / 50.5), 1e-6)
})

test('a logistic regression finds the weights that made the labels, in the unit of the feature', async () => {
  const samples = samplesOf({
    count: 20_000,
    features: { 'log-volatility': (_, random) => -5 + random() },
    labels: {
      'cascade-down-4h': (feature, random) =>
        chance(sigmoid(-1 + 0.8 * feature('volatility-ratio-fast') - 0.6 * (feature('log-volatility') + 4.5)), random),
    },
  })
  const model = await volatilityOnlyRung.fit(taskOf(samples))
  for (const k of [0, 5, 11]) {
    const { hours, i } = samples[k]!
    const at = (name: string): number => hours.values[i * FEATURE_COUNT + columnOf(name)]!
    const truth = -1 + 0.8 * at('volatility-ratio-fast') - 0.6 * (at('log-volatility') + 4.5)
    near(scoreOf(model, samples, 'cascade-down-4h', k), truth, 0.15)
  }
})

test('a ridge regression finds a straight line through values', async () => {
  const model = await openInterestFundingRung.fit(taskOf(HALF_KNOWN))
  for (const k of [0, 1, 2]) {
    const { hours, i } = HALF_KNOWN[k]!
    const truth = 0.3 + 0.2 * hours.values[i * FEATURE_COUNT + columnOf('funding')]!
    near(scoreOf(model, HALF_KNOWN, 'volatility-24h', k), truth, 1e-3)
  }
})

test('being unknown has a weight of its own, and the known ones are not bent by it', async () => {
  const model = await openInterestFundingRung.fit(taskOf(HALF_KNOWN))
  const [unknown, low] = [Number.NaN, 0.2].map((z) =>
    samplesOf({ count: 1, features: { 'open-interest-z': () => z, funding: () => 0 }, labels: {} }),
  )
  near(scoreOf(model, unknown!, 'cascade-down-24h'), 0.5, 0.12)
  near(scoreOf(model, low!, 'cascade-down-24h'), -1.8, 0.2)
  const { contributions } = model.explain(unknown![0]!, 'cascade-down-24h')
  const own = contributions.find(({ feature }) => feature === 'open-interest-z')!
  assert.equal(own.value, undefined)
  assert.ok(own.contribution > 0.3, `${own.contribution}`)
})

test('what was always known in training counts as its mean when it is hidden; hiding all leaves no answer', async () => {
  const samples = samplesOf({
    count: 4000,
    labels: { 'cascade-down-4h': (feature, random) => chance(sigmoid(-1 + feature('funding')), random) },
  })
  const model = await openInterestFundingRung.fit(taskOf(samples))
  const hiding = (...names: string[]) => {
    const features = new Uint8Array(FEATURE_COUNT)
    for (const name of names) features[columnOf(name)] = 1
    return model.scores(samples.slice(0, 3), () => ({ features, hours: 0 }))
  }
  const head = targetIndex('cascade-down-4h')
  const { base, contributions } = model.explain(samples[0]!, 'cascade-down-4h')
  const others = contributions.filter(({ feature }) => feature !== 'funding')
  near(
    hiding('funding')[head]!,
    others.reduce((sum, { contribution }) => sum + contribution, base),
    1e-5,
  )
  assert.ok(Number.isNaN(hiding('funding', 'open-interest-z')[head]))
  assert.throws(() => model.explain(samples[0]!, 'cascade-up-4h'), /Expected a sample with an answer/)
})

test('with nine positives there is a rate and no weights', async () => {
  const samples = samplesOf({
    count: 1000,
    labels: { 'cascade-down-4h': (feature) => (feature('funding') > 2 ? 1 : 0) },
  })
  const positives = samples.filter(({ hours, i }) => hours.labels['cascade-down-4h'][i] === 1)
  assert.ok(positives.length >= 9)
  const train = [...samples.filter((sample) => !positives.includes(sample)), ...positives.slice(0, 9)]
  const model = await openInterestFundingRung.fit(taskOf(samples, { train }))
  const scores = samples.map((_, k) => scoreOf(model, samples.slice(k, k + 1), 'cascade-down-4h'))
  assert.ok(scores.every((score) => Math.abs(score - Math.log(9 / (train.length - 9))) < 1e-5))
})

test('five features look below the price for falls and above it for rises', async () => {
  const label = (name: string) => (feature: (name: string) => number, random: () => number) =>
    chance(sigmoid(-2 + 1.5 * feature(name)), random)
  const samples = samplesOf({
    count: 6000,
    labels: { 'cascade-down-24h': label('gain-below'), 'cascade-up-24h': label('gain-above') },
  })
  const model = await fiveFeatureRung.fit(taskOf(samples))
  const largest = (key: TargetKey): Set<string | undefined> =>
    new Set(samples.slice(0, 20).map((sample) => sizes(model, sample, key)[0]))
  const sizes = (model: FittedModel, sample: Sample, key: TargetKey): string[] =>
    model.explain(sample, key).contributions.map(({ feature }) => feature)
  assert.ok(largest('cascade-down-24h').has('gain-below'))
  assert.deepEqual(sizes(model, samples[0]!, 'cascade-up-24h').toSorted(), [
    'funding',
    'gain-above',
    'open-interest-change-24h',
    'open-interest-z',
    'volatility-ratio-fast',
  ])
  const rule = samples.slice(0, 200).map((sample) => model.explain(sample, 'cascade-up-24h'))
  const shareOfGain = rule.filter(({ contributions }) => contributions[0]!.feature === 'gain-above').length / 200
  assert.ok(shareOfGain > 0.8, `${shareOfGain}`)
})

const RUNGS: readonly Rung[] = [baseRateRung, volatilityOnlyRung, openInterestFundingRung, fiveFeatureRung]
for (const rung of RUNGS) {
  test(`${rung.title}: contributions and base add up to the score, and a stored model answers the same`, async () => {
    const model = await rung.fit(taskOf(HALF_KNOWN))
    const restored = rung.restore(JSON.parse(JSON.stringify(model.store())), taskOf(HALF_KNOWN).engine)
    const some = HALF_KNOWN.slice(0, 40)
    assert.deepEqual(restored.scores(some), model.scores(some))
    for (const [k, sample] of some.entries()) {
      for (const key of ['cascade-down-24h', 'volatility-24h'] as const) {
        const { base, score, contributions } = model.explain(sample, key)
        near(
          contributions.reduce((sum, { contribution }) => sum + contribution, base),
          score,
          1e-9,
        )
        near(scoreOf(model, some, key, k), score, 1e-6)
      }
    }
    assert.throws(
      () => rung.restore({ ...model.store(), rung: 'tcn' }, taskOf([]).engine),
      /Expected a stored model of/,
    )
    await assert.rejects(rung.fit(taskOf(HALF_KNOWN, { signal: AbortSignal.abort(new Error('enough')) })), /enough/)
  })
}

test('a stored regression on a feature that is no more is refused', async () => {
  const stored = (await openInterestFundingRung.fit(taskOf(HALF_KNOWN))).store()
  const text = JSON.stringify(stored).replaceAll('"open-interest-z"', '"moon-phase"')
  assert.throws(
    () => openInterestFundingRung.restore(JSON.parse(text), taskOf([]).engine),
    /Expected a feature called moon-phase/,
  )
})
