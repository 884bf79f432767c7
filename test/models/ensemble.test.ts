import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { CNN_LSTM } from '../../models/cnn-lstm/network.ts'
import { type Engine, loadEngine } from '../../models/engine.ts'
import { createEnsemble, splitEnsemble } from '../../models/ensemble.ts'
import { FEATURES, VENUE_FEATURE_COUNT } from '../../models/features.ts'
import { createNetworkRung } from '../../models/fit-network.ts'
import { allButPriceAndFunding, createHiding } from '../../models/hiding.ts'
import type { FittedModel, Rung } from '../../models/rung.ts'
import { featureOf, type Sample } from '../../models/samples.ts'
import { TCN } from '../../models/tcn/network.ts'
import { createRandom } from '../../src/domain/random.ts'
import { makeHours } from './made-hours.ts'

const PLAN = { maxEpochs: 1, samplesPerEpoch: 64, batchSize: 32, calibrationSamples: 20, startSamples: 60 }
const TCN_RUNG = createNetworkRung(TCN, { size: { channels: 6 }, plan: PLAN })
const VENUE_RUNG = createNetworkRung(CNN_LSTM, { plan: PLAN })

let engine: Engine
let samples: readonly Sample[]
before(async () => {
  engine = await loadEngine({ prefer: 'wasm' })
  samples = made(200)
})

/** Labels that follow from a feature of the market; two venues with rows of their own. */
function made(hours: number): readonly Sample[] {
  const asset = makeHours({
    hours,
    label: (key, { value, random }) => {
      if (key === 'cascade-down-4h') return value('open-interest-change-4h') + random() > 0.8 ? 1 : 0
      return key === 'next-funding-8h' ? 1e-4 * value('open-interest-change-4h') : Number.NaN
    },
  })
  const size = hours * VENUE_FEATURE_COUNT
  const random = createRandom(9)
  const venues = ['binance', 'okx'].map((venue) => ({
    venue,
    values: Float32Array.from({ length: size }, () => random()),
    mask: new Uint8Array(size).fill(1),
  }))
  return Array.from({ length: hours - 72 }, (_, k) => ({ hours: { ...asset, venues }, i: k + 72 }))
}

const fit = (rung: Rung, seed: number): Promise<FittedModel> =>
  rung.fit({ train: samples.slice(0, 90), calibration: samples.slice(90), seed, effort: 'quick', engine })

/** The hours in which the cause is lowest and highest. */
function extremes(): readonly Sample[] {
  const cause = FEATURES.findIndex(({ name }) => name === 'open-interest-change-4h')
  const sorted = [...samples].sort((a, b) => featureOf(a, cause) - featureOf(b, cause))
  return [sorted[0]!, sorted.at(-1)!]
}

test('an ensemble answers with the mean logit and the mean value of its members', async () => {
  const members = [await fit(TCN_RUNG, 1), await fit(TCN_RUNG, 2), await fit(TCN_RUNG, 3)]
  const ensemble = createEnsemble(members)
  const own = members.map((member) => member.scores(samples))
  const mean = own[0]!.map((_, k) => (own[0]![k]! + own[1]![k]! + own[2]![k]!) / 3)
  const found = ensemble.scores(samples)
  assert.notDeepEqual(own[0], own[1])
  for (const [k, score] of found.entries()) {
    if (Number.isNaN(mean[k]!)) assert.ok(Number.isNaN(score))
    else assert.ok(Math.abs(score - mean[k]!) < 1e-5 * Math.max(1, Math.abs(mean[k]!)))
  }
  const bare = allButPriceAndFunding()
  const hiding = () => createHiding(createRandom(4))
  assert.deepEqual(ensemble.scores(samples, hiding()), ensemble.scores(samples, hiding()))
  assert.notDeepEqual(
    ensemble.scores(samples, () => bare),
    found,
  )
  assert.deepEqual(ensemble.foreign!(samples[0]!), members[0]!.foreign!(samples[0]!))
  assert.match(ensemble.architecture, /^mean of 3: dilated causal TCN/)
  ensemble.dispose()
})

test('an ensemble can be kept and taken apart again', async () => {
  const ensemble = createEnsemble([await fit(TCN_RUNG, 1), await fit(TCN_RUNG, 2)])
  const parts = splitEnsemble(JSON.parse(JSON.stringify(ensemble.store())))
  assert.equal(parts.length, 2)
  const again = createEnsemble(parts.map((stored) => TCN_RUNG.restore(stored, engine)))
  assert.deepEqual(again.scores(samples), ensemble.scores(samples))
  const single = await fit(TCN_RUNG, 1)
  assert.deepEqual(splitEnsemble(single.store()), [single.store()])
  for (const model of [again, ensemble, single]) model.dispose()
})

test('members of several rungs make no ensemble', async () => {
  const [tcn, other] = [await fit(TCN_RUNG, 1), await fit(VENUE_RUNG, 1)]
  assert.throws(() => createEnsemble([]), RangeError)
  assert.throws(() => createEnsemble([tcn, other]), /Expected members of one rung/)
  tcn.dispose()
  other.dispose()
})

test('contributions add up to the score within one per cent, of a network, of one with venues and of an ensemble', async () => {
  const models = [
    await fit(TCN_RUNG, 1),
    await fit(VENUE_RUNG, 1),
    createEnsemble([await fit(TCN_RUNG, 2), await fit(TCN_RUNG, 3)]),
  ]
  for (const model of models) {
    for (const key of ['cascade-down-4h', 'next-funding-8h'] as const) {
      for (const sample of extremes()) {
        const { base, score, contributions } = model.explain(sample, key)
        const sum = contributions.reduce((total, { contribution }) => total + contribution, 0)
        const scale = key === 'next-funding-8h' ? 1e-4 : 1
        assert.ok(
          Math.abs(base + sum - score) <= Math.max(0.01 * Math.abs(score - base), 1e-3 * scale),
          model.architecture,
        )
        assert.equal(contributions[0]!.feature, 'open-interest-change-4h')
        assert.ok(
          contributions.every(
            (entry, k) => k === 0 || Math.abs(entry.contribution) <= Math.abs(contributions[k - 1]!.contribution),
          ),
        )
      }
    }
    assert.throws(() => model.explain(samples[0]!, 'cascade-up-4h'), /Expected a target that the/)
  }
  const features = models[1]!.explain(samples[3]!, 'cascade-down-4h').contributions.map(({ feature }) => feature)
  assert.ok(features.some((feature) => feature.startsWith('binance ')))
  for (const model of models) model.dispose()
})
