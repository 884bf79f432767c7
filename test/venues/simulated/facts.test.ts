import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { PresetName } from '../../../src/venues/simulated/presets.ts'
import { createWorld } from '../../../src/venues/simulated/world.ts'
import { type Facts, measureFacts, median } from './facts.ts'

const SEEDS = [1, 2, 3, 4, 5]
const HOURS = 1.5 * 365 * 24

const measure = (preset: PresetName): { readonly [K in keyof Facts]: number } => {
  const runs = SEEDS.map((seed) =>
    measureFacts(createWorld({ seed, preset, asset: 'ETH', startPrice: 3000, openInterestUsd: 8e9 }), HOURS),
  )
  const keys = Object.keys(runs[0]!) as (keyof Facts)[]
  return Object.fromEntries(keys.map((key) => [key, median(runs.map((run) => run[key]))])) as Record<
    keyof Facts,
    number
  >
}

const within = (facts: Facts, name: keyof Facts, low: number, high: number): void =>
  assert.ok(facts[name] >= low && facts[name] <= high, `Expected ${name} in [${low}, ${high}], was ${facts[name]}`)

// Medians over seeds; ranges around the figures of specification §7.2 and §7.3 (realistic preset).
test('the realistic world has the stylised facts of a crypto perpetual', (t) => {
  const facts = measure('realistic')
  t.diagnostic(JSON.stringify(facts))
  within(facts, 'annualVolatility', 0.6, 0.9)
  within(facts, 'kurtosisHour', 12, 120)
  within(facts, 'kurtosisDay', 1, 10)
  within(facts, 'skewHour', -3, 1)
  within(facts, 'absoluteReturnAutocorrelation', 0.1, 0.35)
  within(facts, 'worstHour', -0.2, -0.08)
  within(facts, 'openInterestInWorstHours', -0.25, -0.08)
  within(facts, 'meanFunding', 5e-5, 3e-4)
  // One seed and a half years scatter by 0.045 around 0.585.
  within(facts, 'positiveFunding', 0.51, 0.69)
  within(facts, 'fundingAgainstReturn72h', 0.5, 0.8)
  within(facts, 'dailyLongLiquidations', 0.015, 0.045)
  within(facts, 'meanGain', 0.1, 0.3)
})

test('where liquidations cannot move the price, volatility is lower and tails are thin', (t) => {
  const facts = measure('realistic-null')
  t.diagnostic(JSON.stringify(facts))
  within(facts, 'annualVolatility', 0.5, 0.72)
  within(facts, 'kurtosisHour', 1, 15)
  within(facts, 'worstHour', -0.09, -0.03)
  assert.equal(facts.meanGain, 0)
})
