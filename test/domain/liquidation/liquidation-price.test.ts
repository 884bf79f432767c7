import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import {
  accountLiquidationPrice,
  bankruptcyPrice,
  type IsolatedPosition,
  liquidationPrice,
} from '../../../src/domain/liquidation/liquidation-price.ts'
import { DEFAULT_TIER_TABLES, tierOf } from '../../../src/domain/liquidation/margin-tiers.ts'
import { baseQty, fraction, price } from '../../../src/domain/units.ts'

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
