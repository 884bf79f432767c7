import assert from 'node:assert/strict'
import { test } from 'node:test'
import { effectsOf } from '../../../src/domain/risk/effects.ts'
import type { RailFacts } from '../../../src/domain/risk/facts.ts'
import { DEFAULT_LIMITS } from '../../../src/domain/risk/limits.ts'
import type { RailEffects, RailLevel, RailName, RailState } from '../../../src/domain/risk/rail.ts'
import { type FundingPer8h, fraction, price, usd } from '../../../src/domain/units.ts'
import { calm, calmAccount, NOON, watch } from './calm.ts'

const at = (rail: RailName, scope: string, level: RailLevel, variant?: string): RailState => ({
  rail,
  scope,
  level,
  since: NOON,
  heldForPerson: false,
  text: 'as found',
  variant,
})
const effects = (states: readonly RailState[], facts: RailFacts = calm()): RailEffects =>
  effectsOf(states, facts, DEFAULT_LIMITS)

const spike = at('funding-spike', 'ETH', 'degraded', 'positive')
const longs = at('one-sided-open-interest', 'ETH', 'degraded', 'longs-crowded')
const shorts = at('one-sided-open-interest', 'ETH', 'degraded', 'shorts-crowded')
const book = (value: number, priceNow = 3030): RailFacts =>
  calm({
    book: {
      valueAtDayStart: usd(10e6),
      value: usd(value),
      prices: [{ asset: 'ETH', priceAtDayStart: price(3000), price: price(priceNow) }],
    },
  })
const LOSING = book(9.95e6)

test('funding spike against one-sided open interest: hedge ratio up, gross leverage not up', () => {
  const both = effects([spike, longs])
  assert.deepEqual(both.hedgeToMax, ['ETH'])
  assert.equal(both.noNewLeverage, 'everywhere')
  assert.deepEqual(both.keepHedge, ['ETH'])
  assert.deepEqual(both.overlayShare, {})
  assert.deepEqual(effects([spike]).overlayShare, { ETH: 0.5 })
  assert.deepEqual(effects([longs]).noNewLeverage, [])
})

test('the same conflict from market figures', () => {
  const desk = watch()
  const found = desk.see(
    calm({
      funding: ['binance', 'bybit'].map((venue) => ({
        asset: 'ETH',
        venue,
        funding: 0.0015 as FundingPer8h,
        robustZ: 6,
      })),
      crowding: [{ asset: 'ETH', openInterestZ: 2.6, longShare: fraction(0.66), gain: 0.8, gainP95: 0.5 }],
    }),
  ).effects
  assert.deepEqual([found.hedgeToMax, found.noNewLeverage, found.keepHedge], [['ETH'], 'everywhere', ['ETH']])
})

test('crowded shorts take no more short, whatever else is crowded', () => {
  const found = effects([{ ...shorts, variant: 'longs-crowded+shorts-crowded' }])
  assert.deepEqual([found.noMoreShort, found.hedgeToMax], [['ETH'], []])
})

test('the account comes before the market: no hedge to the maximum where every venue is to be reduced', () => {
  const reduce = ['binance', 'bybit'].map((venue) => at('liquidation-distance', venue, 'degraded'))
  assert.deepEqual(effects([...reduce, longs]).hedgeToMax, [])
  assert.deepEqual(effects([reduce[0]!, longs]).hedgeToMax, ['ETH'])
  assert.deepEqual(effects([reduce[0]!, longs]).venuesToReduce, ['binance'])
})

test('data come before the market: no hedge to the maximum on figures that are not to be trusted', () => {
  assert.deepEqual(effects([at('data', 'ETH', 'degraded', 'few-venues'), longs]).hedgeToMax, [])
  assert.deepEqual(effects([at('data', 'BTC', 'degraded', 'few-venues'), longs]).hedgeToMax, ['ETH'])
})

test('no rail sells protection while the book is losing: what an account asks for can then only be moved', () => {
  for (const rail of ['liquidation-distance', 'margin', 'leverage'] as const) {
    const state = at(rail, 'binance', 'reducing')
    assert.deepEqual(effects([state]).keepHedge, [], rail)
    assert.equal(effects([state], LOSING).keepHedge, 'everything', rail)
    assert.deepEqual(effects([state], LOSING).venuesToReduce, ['binance'])
  }
  assert.equal(effects([spike], LOSING).keepHedge, 'everything')
  assert.equal(effects([at('data', 'ETH', 'degraded', 'few-venues')], LOSING).keepHedge, 'everything')
})

test('data, venue and model lower no hedge below the day’s start of the price, nor where that is not known', () => {
  const soft: readonly RailState[] = [
    at('data', 'ETH', 'degraded', 'few-venues'),
    at('venue-status', 'binance', 'degraded', 'halted'),
    at('model-health', 'desk', 'degraded', 'calibration'),
  ]
  for (const state of soft) {
    assert.deepEqual(effects([state]).keepHedge, [], state.rail)
    assert.deepEqual(effects([state], book(10.1e6, 2999)).keepHedge, ['ETH'], state.rail)
    assert.deepEqual(effects([state], calm({ book: { prices: [] } })).keepHedge, ['ETH'], state.rail)
  }
})

test('a warning holds nothing back', () => {
  const warnings = (['liquidation-distance', 'margin', 'leverage'] as const).map((rail) =>
    at(rail, 'binance', 'caution'),
  )
  const others = [
    at('daily-loss', 'desk', 'caution', 'loss-of-2026-01-05'),
    at('data', 'ETH', 'caution', 'venue-dropped'),
    at('venue-status', 'binance', 'caution', 'deleveraging'),
    at('funding-spike', 'ETH', 'caution', 'negative'),
    at('model-health', 'desk', 'caution', 'drift'),
  ]
  assert.deepEqual(effects([...warnings, ...others], LOSING), effects([]))
})

test('the strictest rail sets the trading state, and says why first', () => {
  const found = effects([
    at('leverage', 'binance', 'reducing'),
    at('kill', 'desk', 'halted', 'killed'),
    at('daily-loss', 'desk', 'reducing'),
  ])
  assert.equal(found.tradingState, 'halted')
  assert.deepEqual(
    found.because.map((text) => text.split(' ')[0]),
    ['kill', 'leverage', 'daily-loss'],
  )
})

test('caps of all rails add up', () => {
  const found = effects([
    at('leverage', 'binance', 'degraded'),
    at('margin', 'okx', 'degraded', 'margin-use'),
    at('venue-status', 'bybit', 'degraded', 'halted'),
    at('data', 'ETH', 'degraded', 'price-stale'),
    at('data', 'BTC', 'degraded', 'few-venues'),
    at('model-health', 'desk', 'degraded', 'drift'),
  ])
  assert.deepEqual(found.noNewLeverage, ['binance', 'okx'])
  assert.deepEqual(found.frozenVenues, ['bybit'])
  assert.deepEqual(found.assetsWithoutPrice, ['ETH'])
  assert.deepEqual(found.policyFor, { BTC: 'volatility-timed', ETH: 'static' })
  assert.equal(found.policy, 'volatility-timed')
  assert.deepEqual(found.overlayShare, { BTC: 0, ETH: 0 })
})

test('a rail at a venue that is gone from the facts still counts', () => {
  const facts = calm({ accounts: [calmAccount({ venue: 'bybit' })] })
  assert.deepEqual(effects([at('venue-status', 'binance', 'degraded', 'halted')], facts).frozenVenues, ['binance'])
})
