import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import {
  type ProofOptions,
  proveConfidence,
  type WorldKind,
  type WorldProof,
} from '../../src/backtest/simulated-proof.ts'
import { HORIZONS } from '../../src/domain/forecast.ts'
import { timestamp } from '../../src/domain/units.ts'
import { createSimulatedMarket } from '../../src/venues/simulated/market.ts'

const FROM = timestamp(Date.UTC(2025, 0, 1))
/** Half of what `npm run prove` asks of each seed, and a quarter of its seeds. */
const [DAYS, TRAIN, TEST] = [180, [105, 106], [5, 6]]

const options: ProofOptions = {
  trainSeeds: TRAIN,
  testSeeds: TEST,
  open: (seed, world) =>
    createSimulatedMarket({
      seed,
      assets: ['ETH'],
      from: FROM,
      to: FROM,
      warmupDays: DAYS,
      preset: world === 'null' ? 'realistic-null' : 'realistic',
    }),
}

const prove = async (world: WorldKind): Promise<WorldProof> => (await proveConfidence(world, options)).proof

suite('on seeds that nothing was fitted on', () => {
  test('the confidence within a day is calibrated and knows more than distance and volatility', async (t) => {
    const told: string[] = []
    const { proof, fitted } = await proveConfidence('planted', { ...options, onProgress: (text) => told.push(text) })
    assert.ok(proof.trainSamples > 1000 && proof.testSamples > 1000)
    assert.equal(told.filter((text) => text.startsWith('planted world, seed ')).length, TRAIN.length + TEST.length)
    const day = proof.event['24h']!
    t.diagnostic(`ECE ${day.ece}, skill ${day.brierSkillOverDistance}, gate ${JSON.stringify(day.gate)}`)
    assert.ok(day.ece < 0.02, `ECE was ${day.ece}`)
    assert.ok(day.brierSkillInterval.low > 0, `skill was ${JSON.stringify(day.brierSkillInterval)}`)
    assert.equal(day.gate.passed, true)
    for (const horizon of HORIZONS) {
      const row = proof.event[horizon]
      if (!row) continue
      const { ece, eceBound, slope, brierSkill } = row.gate
      assert.ok(ece >= 0 && ece <= 1 && eceBound > 0 && eceBound < 0.2)
      assert.ok(slope.low < slope.high && Number.isFinite(slope.low + slope.high))
      assert.equal(brierSkill, row.brierSkill)
      assert.ok(row.samples <= proof.testSamples && row.touched >= row.events && row.episodes <= row.events)
    }
    const calibration = fitted.horizons['24h']!
    assert.deepEqual(
      [calibration.kind, calibration.calibratedOn, calibration.trainedOn],
      ['fitted', 'simulated', 'planted world, seeds 105, 106'],
    )
  })

  test('clusters of another market are worth no more than distance and volatility', async (t) => {
    const { event } = await prove('placebo')
    const { low, high } = event['24h']!.brierSkillInterval
    t.diagnostic(`skill of the placebo from ${low} to ${high}`)
    assert.ok(low <= 0 && high < 0.03, `skill was from ${low} to ${high}`)
  })

  test('where liquidations move no price and no book is shown, nobody knows that price will go on', async (t) => {
    const { continued } = await prove('null-without-book')
    const { low, high } = continued['24h']!.brierSkillInterval
    t.diagnostic(`skill for price going on from ${low} to ${high}`)
    assert.ok(low <= 0 && high < 0.03, `skill was from ${low} to ${high}`)
  })
})
