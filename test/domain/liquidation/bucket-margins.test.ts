import assert from 'node:assert/strict'
import { test } from 'node:test'
import { bucketMargins } from '../../../src/domain/liquidation/bucket-margins.ts'
import { LEVERAGE_BUCKETS, type LeverageBucket } from '../../../src/domain/liquidation/leverage.ts'
import { DEFAULT_TIER_TABLES } from '../../../src/domain/liquidation/tier-tables.ts'
import { fraction, timestamp } from '../../../src/domain/units.ts'

const NOW = timestamp(Date.UTC(2026, 10, 1))
const BUCKETS: readonly LeverageBucket[] = [5, 10, 20, 50, 100].map((leverage) => ({
  ...LEVERAGE_BUCKETS[0]!,
  leverage,
  maintenanceRate: 0.123,
}))

const of = (venue: string, asset = 'BTC', at = NOW) => bucketMargins(DEFAULT_TIER_TABLES, { venue, asset, at }, BUCKETS)
const rates = (venue: string, asset = 'BTC') =>
  of(venue, asset).map(({ maintenanceRate }) => Number(maintenanceRate.toFixed(6)))
const allowed = (venue: string, asset = 'BTC') => of(venue, asset).map((margin) => margin.allowed)

test('Binance charges small positions tiers 1 and 2, larger ones a mid tier with its deduction taken off', () => {
  // 5 M in the 1 % tier: 50,000 − 11,450; 100,000 in the 0.5 % tier: 500 − 50.
  assert.deepEqual(rates('binance'), [0.00771, 0.00771, 0.0045, 0.0045, 0.0045])
  assert.ok(allowed('binance').every(Boolean))
})

test('a leverage that is granted to small positions only is judged at the largest of them', () => {
  const [at125] = bucketMargins(DEFAULT_TIER_TABLES, { venue: 'binance', asset: 'BTC', at: NOW }, [
    { ...BUCKETS[0]!, leverage: 125 },
  ])
  assert.deepEqual(at125, { maintenanceRate: fraction(0.004), allowed: true, maintenanceOn: 'mark' })
})

test('Hyperliquid and Deribit do not grant the leverage that others do', () => {
  assert.deepEqual(allowed('hyperliquid'), [true, true, true, false, false])
  assert.deepEqual(rates('hyperliquid'), [0.0125, 0.0125, 0.0125, 0.123, 0.123])
  assert.deepEqual(allowed('hyperliquid', 'ETH'), [true, true, true, false, false])
  assert.deepEqual(allowed('deribit'), [true, true, true, true, false])
  assert.deepEqual(allowed('dydx'), [true, true, true, true, false])
  assert.equal(rates('dydx')[0], 0.012)
})

test('Deribit asks more of a large position, OKX the rate of the tier for all of it', () => {
  // 5 M are 50 BTC at the reference price: 1 % + 0.25 %, within a percent of it for the chords.
  assert.ok(Math.abs(of('deribit')[0]!.maintenanceRate / 0.0125 - 1) < 0.01)
  assert.deepEqual(rates('okx'), [0.005, 0.005, 0.004, 0.004, 0.004])
})

test('Bybit charges on entry, the others on mark', () => {
  assert.ok(of('bybit').every(({ maintenanceOn }) => maintenanceOn === 'entry'))
  assert.ok(of('okx').every(({ maintenanceOn }) => maintenanceOn === 'mark'))
})

test('of a venue or a time that no table speaks of, each bucket keeps its own rate and is allowed', () => {
  for (const margins of [of('kraken'), of('simulated'), of('binance', 'BTC', timestamp(0)), of('toString')]) {
    assert.deepEqual(
      margins.map(({ maintenanceRate, allowed }) => [maintenanceRate, allowed]),
      BUCKETS.map(() => [0.123, true]),
    )
  }
})

test('the answer changes with the table in force, and not because an earlier one was kept', () => {
  const binance = DEFAULT_TIER_TABLES[0]!
  const dearer = {
    ...binance,
    validFrom: timestamp(Date.UTC(2026, 0, 1)),
    tiers: binance.tiers.map((tier) => ({ ...tier, maintenanceRate: fraction(tier.maintenanceRate + 0.001) })),
  }
  const tables = [binance, dearer]
  const at = (year: number) =>
    bucketMargins(tables, { venue: 'binance', asset: 'BTC', at: timestamp(Date.UTC(year, 5, 1)) }, BUCKETS)
  const before = at(2025)
  assert.equal(at(2025), before, 'the same answer is not worked out twice')
  assert.ok(at(2026)[2]!.maintenanceRate > before[2]!.maintenanceRate)
  assert.deepEqual(at(2025), before)
})

test('a bar costs well under a hundredth of a millisecond', () => {
  const question = { venue: 'okx', asset: 'ETH', at: NOW }
  const start = performance.now()
  for (let bar = 0; bar < 100_000; bar++) bucketMargins(DEFAULT_TIER_TABLES, question, BUCKETS)
  const perBar = (performance.now() - start) / 100_000
  assert.ok(perBar < 0.01, `${perBar} ms a bar`)
})
