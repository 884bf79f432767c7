import assert from 'node:assert/strict'
import { test } from 'node:test'
import { contractTerms } from '../../../src/domain/liquidation/contract-terms.ts'
import { atPrice, parseMarginTiers, sameTiers, tierOf, tiersAt } from '../../../src/domain/liquidation/margin-tiers.ts'
import { DEFAULT_TIER_TABLES } from '../../../src/domain/liquidation/tier-tables.ts'
import { fraction, price, timestamp } from '../../../src/domain/units.ts'

const GOOD = [
  { cap: 50_000, maintenanceRate: 0.004, maxLeverage: 125, deduction: 0 },
  { cap: 600_000, maintenanceRate: 0.005, maxLeverage: 100, deduction: 50 },
  { cap: 3_000_000, maintenanceRate: 0.0065, maxLeverage: 75, deduction: 950 },
]

test('every table that ships is complete: maintenance has no jump at any cap', () => {
  for (const { venue, contract, tiers } of DEFAULT_TIER_TABLES) {
    for (const [i, tier] of tiers.slice(1).entries()) {
      const below = tiers[i]!
      const jump = below.cap * (tier.maintenanceRate - below.maintenanceRate) - (tier.deduction - below.deduction)
      assert.ok(Math.abs(jump) < 0.01, `${venue} ${contract} row ${i + 2}: maintenance jumps by ${jump}`)
    }
  }
})

test('BTC and ETH of all six venues ship, each dated, with a source, found by the terms of its contract', () => {
  for (const venue of ['binance', 'bybit', 'okx', 'deribit', 'hyperliquid', 'dydx']) {
    for (const asset of ['BTC', 'ETH']) {
      const terms = contractTerms(venue, asset)!
      const table = tiersAt(DEFAULT_TIER_TABLES, terms, timestamp(Date.UTC(2026, 10, 1)))
      assert.ok(table, `${venue} ${asset}`)
      assert.match(table.source, /20\d\d/)
      assert.equal(table.referencePrice !== undefined, terms.sizedIn === 'coins')
      assert.equal(tiersAt(DEFAULT_TIER_TABLES, terms, timestamp(table.validFrom - 1)), undefined)
    }
  }
  assert.equal(DEFAULT_TIER_TABLES.length, 12)
})

test('rows of the long tables stand as their sources have them', () => {
  const rowOf = (contract: string, row: number) => {
    const { tiers } = DEFAULT_TIER_TABLES.find((table) => table.contract === contract && table.venue !== 'binance')!
    const { cap, maintenanceRate, maxLeverage } = tiers.at(row)!
    return [cap, maintenanceRate, maxLeverage]
  }
  // Contracts of 0.01 BTC at 100,000 and of 0.1 ETH at 3,000.
  assert.deepEqual(rowOf('BTC-USDT-SWAP', 35), [680_000_000, 0.1725, 5.4])
  assert.deepEqual(rowOf('BTC-USDT-SWAP', 71), [1_400_000_000, 0.3525, 2.73])
  assert.deepEqual(rowOf('BTC-USDT-SWAP', -1), [1_940_000_000, 0.4875, 2])
  assert.deepEqual(rowOf('ETH-USDT-SWAP', 41), [300_000_000, 0.2025, 4.65])
  assert.deepEqual(rowOf('ETH-USDT-SWAP', 92), [682_500_000, 0.4575, 2.12])
  assert.deepEqual(rowOf('BTCUSDT', 23), [100_000_000, 0.065, 10])
  assert.deepEqual(rowOf('ETHUSDT', -1), [1_000_000_000, 0.6, 1])
})

test('a table whose deduction does not follow from the row above is rejected by row', () => {
  const bybitMirror = [
    { cap: 2_000_000, maintenanceRate: 0.005, maxLeverage: 100, deduction: 0 },
    { cap: 2_600_000, maintenanceRate: 0.0056, maxLeverage: 90, deduction: 1_200 },
    { cap: 5_000_000, maintenanceRate: 0.0077, maxLeverage: 65, deduction: 8_460 },
  ]
  assert.deepEqual(parseMarginTiers(bybitMirror), {
    kind: 'rejected',
    row: 3,
    reason: 'expected a deduction of 6660, was 8460',
  })
})

test('a missing row shows as a deduction that does not follow', () => {
  const parsed = parseMarginTiers([GOOD[0]!, GOOD[2]!])
  assert.deepEqual(parsed.kind === 'rejected' && parsed.row, 2)
})

test('deductions a venue does not publish are computed', () => {
  const parsed = parseMarginTiers(GOOD.map(({ deduction: _, ...row }) => row))
  assert.deepEqual(parsed.kind === 'accepted' && parsed.tiers.map((tier) => Math.round(tier.deduction)), [0, 50, 950])
})

for (const [name, row, reason] of [
  ['a cap that does not rise', { ...GOOD[1]!, cap: 50_000 }, /cap above 50000, was 50000/],
  ['a rate that does not rise', { ...GOOD[1]!, maintenanceRate: 0.004 }, /above 0.004 and below 1, was 0.004/],
  ['a leverage that rises', { ...GOOD[1]!, maxLeverage: 150 }, /from 1 to 125, was 150/],
  ['a cap that is not a number', { ...GOOD[1]!, cap: Number.NaN }, /was NaN/],
] as const) {
  test(`${name} is rejected at its row`, () => {
    const parsed = parseMarginTiers([GOOD[0]!, row])
    assert.ok(parsed.kind === 'rejected' && parsed.row === 2)
    assert.match(parsed.reason, reason)
  })
}

test('a table is used only in the time it held', () => {
  const tables = [{ ...DEFAULT_TIER_TABLES[0]!, validTo: timestamp(Date.UTC(2025, 0, 1)) }]
  const contract = { venue: 'binance', contract: 'BTCUSDT' }
  const day = (year: number, month: number) => timestamp(Date.UTC(year, month, 15))
  assert.equal(tiersAt(tables, contract, day(2024, 8)), undefined)
  assert.equal(tiersAt(tables, contract, day(2024, 10))?.contract, 'BTCUSDT')
  assert.equal(tiersAt(tables, contract, day(2025, 0)), undefined)
})

test('a notional at the cap is in the tier, past the last cap in none', () => {
  const table = DEFAULT_TIER_TABLES[0]!
  assert.equal(tierOf(table, 50_000)?.maxLeverage, 125)
  assert.equal(tierOf(table, 50_001)?.maxLeverage, 100)
  assert.equal(tierOf(table, 2e9), undefined)
})

test('of two tables that hold, the newer one counts, wherever it stands', () => {
  const older = DEFAULT_TIER_TABLES[0]!
  const newer = { ...older, validFrom: timestamp(Date.UTC(2026, 0, 1)) }
  for (const tables of [
    [older, newer],
    [newer, older],
  ]) {
    assert.equal(tiersAt(tables, older, timestamp(Date.UTC(2026, 5, 1))), newer)
    assert.equal(tiersAt(tables, older, timestamp(Date.UTC(2025, 5, 1))), older)
  }
})

test('what counts coins moves with the price and stays the same table; what counts dollars does not move', () => {
  const okx = DEFAULT_TIER_TABLES.find(({ venue }) => venue === 'okx')!
  const cheap = atPrice(okx, price(50_000))
  assert.equal(cheap.tiers[0]!.cap, okx.tiers[0]!.cap / 2)
  assert.equal(cheap.tiers[1]!.deduction, okx.tiers[1]!.deduction / 2)
  assert.ok(sameTiers(okx, cheap) && sameTiers(cheap, okx))
  const binance = DEFAULT_TIER_TABLES[0]!
  assert.equal(atPrice(binance, price(50_000)), binance)
  assert.ok(!sameTiers(binance, DEFAULT_TIER_TABLES[1]!))
  assert.ok(!sameTiers(okx, { tiers: okx.tiers }))
  const [first, ...rest] = binance.tiers
  assert.ok(!sameTiers(binance, { tiers: [{ ...first!, maintenanceRate: fraction(0.0041) }, ...rest] }))
})
