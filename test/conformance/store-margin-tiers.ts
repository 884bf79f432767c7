import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { contractTerms } from '../../src/domain/liquidation/contract-terms.ts'
import { atPrice, type TierTable, tiersAt } from '../../src/domain/liquidation/margin-tiers.ts'
import { DEFAULT_TIER_TABLES } from '../../src/domain/liquidation/tier-tables.ts'
import { fraction, price, timestamp } from '../../src/domain/units.ts'
import type { OpenStore } from './store.ts'
import { at } from './store-samples.ts'

const SHIPPED = DEFAULT_TIER_TABLES.find(({ venue, contract }) => venue === 'bybit' && contract === 'ETHUSDT')!
const COUNTED = DEFAULT_TIER_TABLES.find(({ venue }) => venue === 'okx')!

/** The shipped table as loaded at an instant; each rate higher by `dearer`. */
const loaded = (from: number, dearer = 0): TierTable => ({
  ...SHIPPED,
  validFrom: at(from),
  source: 'loaded',
  tiers: SHIPPED.tiers.map((tier) => ({ ...tier, maintenanceRate: fraction(tier.maintenanceRate + dearer) })),
})

export function describeMarginTierRecord(name: string, open: OpenStore): void {
  describe(`${name}: margin tiers`, () => {
    test('a table comes back as it went in, whether it counts dollars or coins', async (t) => {
      const store = await open(t)
      assert.deepEqual(await store.marginTiers.list(), [])
      assert.equal(await store.marginTiers.save(SHIPPED, at(5)), 'first')
      assert.equal(await store.marginTiers.save(COUNTED, at(5)), 'first')
      assert.deepEqual(await store.marginTiers.list(), [SHIPPED, COUNTED])
    })

    test('what has not changed is not saved again, not even when coins are worth something else', async (t) => {
      const store = await open(t)
      await store.marginTiers.save(COUNTED, at(5))
      const later = { ...atPrice(COUNTED, price(63_123.4)), validFrom: at(COUNTED.validFrom + 10) }
      assert.equal(await store.marginTiers.save(later, at(15)), 'unchanged')
      assert.deepEqual(await store.marginTiers.list(), [COUNTED])
    })

    test('a changed table ends the one before, of its own contract only', async (t) => {
      const store = await open(t)
      await store.marginTiers.save(COUNTED, at(5))
      assert.equal(await store.marginTiers.save(loaded(1_000), at(1_000)), 'first')
      assert.equal(await store.marginTiers.save(loaded(2_000, 0.001), at(2_000)), 'changed')
      assert.deepEqual(await store.marginTiers.list(), [
        { ...loaded(1_000), validTo: at(2_000) },
        loaded(2_000, 0.001),
        COUNTED,
      ])
    })

    test('at any time the table of that time is found among stored and shipped ones', async (t) => {
      const store = await open(t)
      const day = 86_400_000
      const first = SHIPPED.validFrom + 10 * day
      await store.marginTiers.save(loaded(first, 0.001), at(first))
      await store.marginTiers.save(loaded(first + day, 0.002), at(first + day))
      const tables = [...(await store.marginTiers.list()), ...DEFAULT_TIER_TABLES]
      const rateAt = (when: number) =>
        tiersAt(tables, contractTerms('bybit', 'ETH')!, timestamp(when))?.tiers[0]?.maintenanceRate
      assert.equal(rateAt(SHIPPED.validFrom - 1), undefined)
      assert.equal(rateAt(SHIPPED.validFrom), 0.005)
      assert.equal(rateAt(first), 0.006)
      assert.equal(rateAt(first + day), 0.007)
      assert.equal(rateAt(first + 100 * day), 0.007)
    })
  })
}
