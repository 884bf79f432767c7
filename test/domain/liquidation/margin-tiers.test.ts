import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DEFAULT_TIER_TABLES, parseMarginTiers, tierOf, tiersAt } from '../../../src/domain/liquidation/margin-tiers.ts'
import { timestamp } from '../../../src/domain/units.ts'

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
