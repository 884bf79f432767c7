import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { CNN_LSTM } from '../../models/cnn-lstm/network.ts'
import { loadEngine, loadGradients } from '../../models/engine.ts'
import { FEATURE_COUNT, FEATURES } from '../../models/features.ts'
import { createNetworkRung } from '../../models/fit-network.ts'
import { LSTM } from '../../models/lstm/network.ts'
import { TARGETS } from '../../models/targets.ts'
import { VENUE_FEATURE_COUNT, VENUE_FEATURES } from '../../models/venue-features.ts'
import { patternChecks } from '../../src/backtest/ladder-proof-report.ts'
import { type PatternProof, provePattern } from '../../src/backtest/pattern-proof.ts'
import { PATTERNS, type Pattern, PLANTED_TARGET, plantedHours, WINDOW } from '../../src/backtest/planted-worlds.ts'

const engine = await loadEngine()
await loadGradients(engine)

/** A fraction of the hours of `npm run prove`, and networks a quarter as wide; each as short as the pattern allows. */
const LITTLE = { learningRate: 0.01, dropout: 0, startSamples: 500 }
const HOURS = { train: 6_000, calibration: 500, test: 1_000 }
const SHORT = {
  temporal: {
    plan: { ...LITTLE, maxEpochs: 2, samplesPerEpoch: 1_800, batchSize: 32 },
    size: { channels: 8, hidden: 12, filters: 2, venueChannels: 4, kernel: 1 },
  },
  'cross-venue': {
    plan: { ...LITTLE, maxEpochs: 3, samplesPerEpoch: 1_200, batchSize: 24 },
    size: { channels: 2, hidden: 12, filters: 8, venueChannels: 12, kernel: 1 },
  },
}

const prove = (pattern: Pattern): Promise<PatternProof> =>
  provePattern(pattern, {
    seed: 1,
    hours: HOURS,
    networks: [LSTM, CNN_LSTM].map((architecture) => createNetworkRung(architecture, SHORT[pattern])),
    engine,
  })

suite('worlds with one pattern', () => {
  for (const pattern of PATTERNS) {
    test(`a ${pattern} world follows its seed and has one labelled target, an event of one hour in ten or so`, () => {
      const [one, again, other] = [7, 7, 8].map((seed) => plantedHours({ seed, hours: 4_000, pattern }))
      assert.deepEqual(one, again)
      assert.notDeepEqual(one!.values, other!.values)
      for (const { key } of TARGETS) {
        const known = one!.labels[key].filter((label) => !Number.isNaN(label))
        assert.equal(known.length, key === PLANTED_TARGET ? 4_000 - WINDOW : 0)
      }
      const labels = one!.labels[PLANTED_TARGET].slice(WINDOW)
      const rate = labels.reduce((sum, label) => sum + label, 0) / labels.length
      assert.ok(rate > 0.07 && rate < 0.2, `Expected a rate about 0.12, was ${rate}`)
    })
  }

  test('each pattern is there to be found, and neither half of it is all', () => {
    const temporal = plantedHours({ seed: 3, hours: 8_000, pattern: 'temporal' })
    const column = FEATURES.findIndex(({ name }) => name === 'return-1h')
    const returns = Array.from(temporal.instants, (_, i) => temporal.values[i * FEATURE_COUNT + column]!)
    const meanBefore = (from: number, to: number) => meanWhere(temporal.labels[PLANTED_TARGET], returns, from, to)
    assert.ok(meanBefore(12, 24) > 0.15 && meanBefore(0, 12) < -0.15)
    assert.ok(Math.abs(meanBefore(24, 60)) < 0.05)

    const venues = plantedHours({ seed: 3, hours: 8_000, pattern: 'cross-venue' })
    const funding = VENUE_FEATURES.findIndex(({ name }) => name === 'funding')
    const [first, second, third] = venues.venues.map(({ values }) => {
      const ofVenue = Array.from(venues.instants, (_, i) => values[i * VENUE_FEATURE_COUNT + funding]!)
      return meanWhere(venues.labels[PLANTED_TARGET], ofVenue, 0, 1)
    })
    assert.ok(first! > 0.6 && second! < -0.6 && Math.abs(third!) < 0.25, `${first}, ${second}, ${third}`)
  })
})

suite('networks on planted patterns', () => {
  for (const pattern of PATTERNS) {
    test(`${pattern}: what can see it finds it, and what cannot does not`, async (t) => {
      const before = engine.tf.memory().numTensors
      const proof = await prove(pattern)
      for (const { what, passed, figure } of patternChecks([proof])) {
        t.diagnostic(`${what}: ${figure}`)
        assert.ok(passed, `${what}: ${figure}`)
      }
      const [regression, lstm, cnnLstm] = proof.rows
      assert.ok(regression!.lift < 1.25)
      if (pattern === 'temporal') assert.ok(lstm!.lift > 1.5 && cnnLstm!.lift > 1.5)
      else assert.ok(lstm!.lift < 1.25 && cnnLstm!.lift > 2)
      assert.equal(engine.tf.memory().numTensors, before)
    })
  }
})

/** Mean of a series so many hours before hours with the event. */
function meanWhere(labels: Float32Array, series: readonly number[], from: number, to: number): number {
  let [sum, count] = [0, 0]
  labels.forEach((label, i) => {
    if (label !== 1) return
    for (let j = i - to + 1; j <= i - from; j++) {
      sum += series[j]!
      count++
    }
  })
  return sum / count
}
