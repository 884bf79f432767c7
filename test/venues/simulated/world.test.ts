import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { createGaussian, createRandom } from '../../../src/domain/random.ts'
import { createDynamics } from '../../../src/venues/simulated/dynamics.ts'
import { PRESETS, STEPS_PER_HOUR, VENUES } from '../../../src/venues/simulated/presets.ts'
import { createWorld } from '../../../src/venues/simulated/world.ts'

const REFERENCE = new URL('../../../../shared/reference/market-sim.mjs', import.meta.url)
const OPTIONS = { seed: 11, preset: 'realistic', asset: 'ETH', startPrice: 3000, openInterestUsd: 8e9 } as const

test('the mechanics follow the reference prototype step by step', {
  skip: existsSync(REFERENCE) ? false : 'needs ../shared/reference/market-sim.mjs',
}, async () => {
  const { simulate } = await import(pathToFileURL(REFERENCE.pathname).href)
  for (const [seed, preset, over] of [
    [3, 'realistic', { upDepth: 2.2, sentMu: 0.8, aLong: 0.42, aShort: 0.5, D0: 4 }],
    [4, 'strong', { D0: 3.5, thick: 20 }],
    [5, 'null', { kappa: 0 }],
  ] as const) {
    const reference = simulate(seed, { years: 0.2, ...over })
    const random = createRandom(seed * 7919 + 13)
    const normal = createGaussian(random)
    const ours = createDynamics(PRESETS[preset], normal, random)
    for (let hour = 0; hour < reference.p.length; hour++) {
      let longs = 0
      for (let i = 0; i < STEPS_PER_HOUR; i++) {
        ours.step()
        longs += ours.cascade.longs.reduce((sum, amount) => sum + amount)
      }
      // The prototype measures funding, takers, volume and depth with noise from the same stream, once an hour.
      for (let i = 0; i < 4; i++) normal()
      assertClose(ours.state.logPrice, reference.p[hour], `log price, ${preset}, hour ${hour}`)
      assertClose(ours.openInterest(), reference.oi[hour], `open interest, ${preset}, hour ${hour}`)
      assertClose(longs, reference.liqL[hour], `liquidated longs, ${preset}, hour ${hour}`)
      assertClose(ours.gain(), reference.gain[hour], `gain, ${preset}, hour ${hour}`)
    }
  }
})

test('longs equal shorts at every venue after every step', () => {
  const random = createRandom(21)
  const dynamics = createDynamics(PRESETS.strong, createGaussian(random), random)
  for (let i = 0; i < 20_000; i++) {
    dynamics.step()
    for (const venue of VENUES.keys()) {
      const relative = dynamics.book.imbalance(venue) / dynamics.book.openInterest(venue)
      assert.ok(Math.abs(relative) < 1e-9, `Expected a balanced venue ${venue} at step ${i}, was ${relative}`)
    }
  }
})

test('the same options give the same steps', () => {
  const [one, two] = [createWorld(OPTIONS), createWorld(OPTIONS)]
  for (let i = 0; i < 500; i++) assert.deepEqual(one.step(), two.step())
})

test('a world starts at its price and open interest, and a bar contains its own prices', () => {
  const world = createWorld(OPTIONS)
  let earlier = 3000
  for (let i = 0; i < 5000; i++) {
    const step = world.step()
    assertClose(step.openPrice / earlier, 1, `open of step ${i} against the close before`)
    assert.ok(step.lowPrice <= Math.min(step.openPrice, step.closePrice))
    assert.ok(step.highPrice >= Math.max(step.openPrice, step.closePrice))
    earlier = step.closePrice
    const notional = step.openInterest.reduce((sum, coins) => sum + coins) * step.closePrice
    assert.ok(notional > 1.5e9 && notional < 40e9, `Expected open interest of the order of 8e9 USD, was ${notional}`)
  }
})

test('the true map holds longs below the price and shorts above it, and no more than the open interest', () => {
  const world = createWorld(OPTIONS)
  for (let i = 0; i < 288; i++) world.step()
  const truth = world.truth()
  const sum = (bins: Float64Array) => bins.reduce((total, coins) => total + coins, 0)
  const openInterest = truth.openInterest.reduce((total, coins) => total + coins)
  assert.equal(truth.longs.length, 120)
  assert.ok(sum(truth.longs.subarray(0, 58)) > 0.9 * sum(truth.longs), 'longs are liquidated below')
  assert.ok(sum(truth.shorts.subarray(63)) > 0.9 * sum(truth.shorts), 'shorts are liquidated above')
  assert.ok(sum(truth.longs) > 0.05 * openInterest && sum(truth.longs) < openInterest)
})

test('a step says only what happened: it cannot be asked for positions', () => {
  assert.deepEqual(Object.keys(createWorld(OPTIONS)).sort(), ['asset', 'parameters', 'step', 'truth'])
  assert.ok(!('longs' in createWorld(OPTIONS).step()))
})

test('a price or an open interest that is not positive is refused by name and value', () => {
  assert.throws(() => createWorld({ ...OPTIONS, startPrice: 0 }), /Expected a positive start price, was 0/)
  assert.throws(() => createWorld({ ...OPTIONS, openInterestUsd: Number.NaN }), /open interest in USD, was NaN/)
})

function assertClose(actual: number, expected: number, what: string): void {
  assert.ok(Math.abs(actual - expected) < 1e-9, `Expected ${what} of ${expected}, was ${actual}`)
}
