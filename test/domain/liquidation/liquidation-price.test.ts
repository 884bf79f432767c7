import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { contractTerms } from '../../../src/domain/liquidation/contract-terms.ts'
import {
  accountLiquidationPrice,
  bankruptcyPrice,
  contractLiquidationPrice,
  type IsolatedPosition,
  liquidationPrice,
} from '../../../src/domain/liquidation/liquidation-price.ts'
import { atPrice, tierOf, tiersAt } from '../../../src/domain/liquidation/margin-tiers.ts'
import { DEFAULT_TIER_TABLES } from '../../../src/domain/liquidation/tier-tables.ts'
import { baseQty, fraction, price, timestamp } from '../../../src/domain/units.ts'

const LEVERAGES = [10, 20, 50, 100]

const isolated = (change: Partial<IsolatedPosition>): IsolatedPosition => ({
  contract: 'linear',
  quantity: 1,
  entryPrice: price(100),
  leverage: 10,
  maintenanceRate: fraction(0.005),
  ...change,
})

const near = (actual: number | undefined, expected: number, tolerance = 1e-3): void =>
  assert.ok(
    actual !== undefined && Math.abs(actual - expected) <= tolerance,
    `Expected ${expected} ± ${tolerance}, was ${actual}`,
  )

const TABLE: readonly [string, Partial<IsolatedPosition>, readonly number[]][] = [
  ['a linear long', { contract: 'linear', quantity: 1 }, [90.452, 95.477, 98.492, 99.497]],
  ['a linear short', { contract: 'linear', quantity: -1 }, [109.453, 104.478, 101.493, 100.498]],
  ['an inverse long', { contract: 'inverse', quantity: 100 }, [91.364, 95.714, 98.529, 99.505]],
  ['an inverse short', { contract: 'inverse', quantity: -100 }, [110.556, 104.737, 101.531, 100.505]],
]
for (const [name, position, expected] of TABLE) {
  test(`${name} from 100 at 0.5 % maintenance is liquidated where the specification says`, () => {
    LEVERAGES.forEach((leverage, i) => {
      near(liquidationPrice(isolated({ ...position, leverage })), expected[i]!)
    })
  })
}

test('maintenance charged on entry moves the price by the rate times the entry', () => {
  near(liquidationPrice(isolated({ maintenanceOn: 'entry' })), 90.5)
  near(liquidationPrice(isolated({ maintenanceOn: 'entry', quantity: -2 })), 109.5)
  near(liquidationPrice(isolated({ contract: 'inverse', maintenanceOn: 'entry', quantity: 100 })), 100 / 1.095)
})

test('extra margin and a deduction put liquidation off, for longs and shorts, linear and inverse', () => {
  for (const contract of ['linear', 'inverse'] as const) {
    for (const quantity of [50, -50]) {
      const bare = liquidationPrice(isolated({ contract, quantity }))!
      const cushion = contract === 'linear' ? 20 : 0.005
      for (const better of [{ extraMargin: cushion }, { deduction: cushion }]) {
        const moved = liquidationPrice(isolated({ contract, quantity, ...better }))!
        assert.ok(Math.sign(quantity) * (bare - moved) > 0, `${contract} ${quantity}: ${bare} became ${moved}`)
      }
    }
  }
})

test('bankruptcy comes after liquidation', () => {
  near(bankruptcyPrice(isolated({ leverage: 10 })), 90)
  near(bankruptcyPrice(isolated({ leverage: 20, quantity: -3 })), 105)
})

test('nothing liquidates a linear long or an inverse short at 1x', () => {
  assert.equal(liquidationPrice(isolated({ leverage: 1 })), undefined)
  assert.equal(liquidationPrice(isolated({ contract: 'inverse', leverage: 1, quantity: -100 })), undefined)
})

test('what cannot be a position is refused with its value', () => {
  assert.throws(() => liquidationPrice(isolated({ leverage: 0.5 })), /leverage of at least 1, was 0.5/)
  assert.throws(() => liquidationPrice(isolated({ quantity: 0 })), /quantity, was 0/)
  assert.throws(() => liquidationPrice(isolated({ maintenanceRate: fraction(1) })), /\[0, 1\), was 1/)
})

const positions = fc.record({
  entry: fc.double({ min: 0.01, max: 100_000, noNaN: true }),
  leverage: fc.double({ min: 1.01, max: 125, noNaN: true }),
  rate: fc.double({ min: 0, max: 0.02, noNaN: true }),
  side: fc.constantFrom(1, -1),
})

test('an inverse position at E is a linear one of the other side at 1/E', () => {
  fc.assert(
    fc.property(positions, ({ entry, leverage, rate, side }) => {
      const common = { leverage, maintenanceRate: fraction(rate) }
      const inverse = liquidationPrice(
        isolated({ ...common, contract: 'inverse', quantity: side, entryPrice: price(entry) }),
      )
      const linear = liquidationPrice(isolated({ ...common, quantity: -side, entryPrice: price(1 / entry) }))
      assert.ok(inverse !== undefined && linear !== undefined)
      near((1 / inverse) * entry, linear * entry, 1e-9)
    }),
  )
})

test('an account that holds only the initial margin is liquidated where the isolated position is', () => {
  const binance = DEFAULT_TIER_TABLES[0]!
  fc.assert(
    fc.property(positions, fc.double({ min: 10, max: 1e9, noNaN: true }), ({ entry, leverage, side }, size) => {
      const quantity = baseQty((side * size) / entry)
      const account = { walletBalance: size / leverage, quantity, entryPrice: price(entry) }
      const found = accountLiquidationPrice(account, binance)
      if (found.kind !== 'at') return assert.equal(found.kind, side > 0 ? 'never' : 'beyond-tiers')
      const tier = binance.tiers[found.tier]!
      const { maintenanceRate, deduction } = tier
      const same = liquidationPrice(
        isolated({ quantity, entryPrice: price(entry), leverage, maintenanceRate, deduction }),
      )
      near(same! / found.price, 1, 1e-9)
      assert.equal(tierOf(binance, Math.abs(quantity) * found.price), tier)
    }),
  )
})

test('a position past the last tier is named as such', () => {
  const account = { walletBalance: 1e9, quantity: baseQty(-30_000), entryPrice: price(100_000) }
  const found = accountLiquidationPrice(account, DEFAULT_TIER_TABLES[0]!)
  assert.deepEqual(
    { kind: found.kind, max: 'maxNotional' in found && found.maxNotional },
    { kind: 'beyond-tiers', max: 1.8e9 },
  )
})

const NOW = timestamp(Date.UTC(2026, 10, 1))
const onVenue = (venue: string, asset: 'BTC' | 'ETH' = 'BTC') => {
  const terms = contractTerms(venue, asset)!
  const table = tiersAt(DEFAULT_TIER_TABLES, terms, NOW)!
  return {
    table,
    liquidation: (quantity: number, entry: number, leverage: number) =>
      contractLiquidationPrice({ quantity, entryPrice: price(entry), leverage }, terms, table),
  }
}
const levelOf = (found: ReturnType<typeof contractLiquidationPrice>): number =>
  found.kind === 'at' ? found.price : assert.fail(`Expected a price, was ${found.kind}`)
const close = (actual: number, expected: number, relative = 1e-9): void =>
  assert.ok(Math.abs(actual / expected - 1) <= relative, `Expected ${expected}, was ${actual}`)

const sizes = fc.record({
  side: fc.constantFrom(1, -1),
  entry: fc.double({ min: 10_000, max: 200_000, noNaN: true }),
  notional: fc.double({ min: 100, max: 300_000_000, noNaN: true }),
  leverage: fc.double({ min: 1.5, max: 40, noNaN: true }),
})

test('Hyperliquid comes out as its own formula: maintenance is half the initial margin at maximum leverage', () => {
  const { liquidation, table } = onVenue('hyperliquid')
  fc.assert(
    fc.property(sizes, ({ side, entry, notional, leverage }) => {
      const quantity = (side * notional) / entry
      const found = liquidation(quantity, entry, leverage)
      if (found.kind !== 'at') return assert.fail(found.kind)
      const tier = table.tiers[found.tier]!
      const l = 1 / (2 * tier.maxLeverage)
      const available = notional / leverage - (l * notional - tier.deduction)
      close(found.price, entry - (side * available) / Math.abs(quantity) / (1 - l * side))
    }),
  )
})

test('dYdX comes out as its own formula', () => {
  const { liquidation } = onVenue('dydx', 'ETH')
  fc.assert(
    fc.property(sizes, ({ side, entry, notional, leverage }) => {
      const quantity = (side * notional) / entry
      // p = (equity − s·p₀)/(|s|·maintenance − s), equity being the margin posted
      const expected = (notional / leverage - quantity * entry) / (Math.abs(quantity) * 0.012 - quantity)
      close(levelOf(liquidation(quantity, entry, leverage)), expected)
    }),
  )
})

test('at the price found, what is left of the margin is exactly the maintenance of the tier that holds there', () => {
  for (const venue of ['binance', 'hyperliquid', 'deribit'] as const) {
    const { liquidation, table } = onVenue(venue)
    const inverse = venue === 'deribit'
    fc.assert(
      fc.property(sizes, ({ side, entry, notional, leverage }) => {
        const quantity = inverse ? side * notional : (side * notional) / entry
        const found = liquidation(quantity, entry, leverage)
        if (found.kind !== 'at') return assert.equal(found.kind, 'beyond-tiers')
        const level = found.price
        const size = Math.abs(quantity)
        const equity = inverse
          ? size / entry / leverage + quantity * (1 / entry - 1 / level)
          : notional / leverage + quantity * (level - entry)
        const held = inverse ? size / level : size * level
        const { tiers } = inverse ? atPrice(table, price(1)) : table
        const tier = tierOf({ tiers }, held)!
        assert.equal(tiers.indexOf(tier), found.tier)
        const owed = tier.maintenanceRate * held - tier.deduction
        assert.ok(Math.abs(equity - owed) < 1e-6 * owed, `${venue}: ${equity} left, ${owed} owed`)
      }),
    )
  }
})

test('Deribit asks one percent of a small position and half a percent more for every hundred coins', () => {
  const { table } = onVenue('deribit')
  const inCoins = atPrice(table, price(1)).tiers
  const maintenance = (coins: number): number => {
    const { maintenanceRate, deduction } = tierOf({ tiers: inCoins }, coins)!
    return maintenanceRate * coins - deduction
  }
  for (const coins of [1, 25, 100, 400, 2_500]) close(maintenance(coins), coins * (0.01 + 0.00005 * coins), 1e-6)
  close(maintenance(150), 150 * 0.0175, 0.01)
})

test('Bybit, charging on entry, chooses the tier by the entry and takes its deduction', () => {
  const { liquidation } = onVenue('bybit')
  // 3 M: 0.63 % less 3,020; long E(1 − 1/10 + m) − ded/q
  close(levelOf(liquidation(30, 100_000, 10)), 100_000 * (0.9 + 0.0063) - 3_020 / 30)
  close(levelOf(liquidation(-30, 100_000, 10)), 100_000 * (1.1 - 0.0063) + 3_020 / 30)
})

test('OKX charges all of a position its tier by coins, whatever the price', () => {
  const { liquidation } = onVenue('okx')
  // 40 BTC are 4,000 contracts: tier 2, 0.5 %, no deduction.
  for (const entry of [20_000, 100_000]) close(levelOf(liquidation(-40, entry, 10)), (entry * 1.1) / 1.005)
  assert.deepEqual(liquidation(20_000, 100_000, 2), { kind: 'beyond-tiers', notional: 2e9, maxNotional: 1.94e9 })
})

test('nothing liquidates an inverse short at 1x, on any tier', () => {
  const { liquidation } = onVenue('deribit')
  assert.deepEqual(liquidation(-100_000, 50_000, 1), { kind: 'never' })
})

test('tiers that count coins are refused without the price they were converted at', () => {
  const terms = contractTerms('okx', 'BTC')!
  const { tiers } = tiersAt(DEFAULT_TIER_TABLES, terms, NOW)!
  const position = { quantity: 1, entryPrice: price(100_000), leverage: 10 }
  assert.throws(
    () => contractLiquidationPrice(position, terms, { tiers }),
    /reference price beside tiers that count coins/,
  )
})
