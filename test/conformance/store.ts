import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Store } from '../../src/ports.ts'
import { describeButtonRecord } from './store-buttons.ts'
import { describeCommandRecord } from './store-commands.ts'
import { describeDeskRecord } from './store-desk.ts'
import { describeExecutionRecord } from './store-execution.ts'
import { describeHearing } from './store-hearing.ts'
import { describeLiquidationRecord } from './store-liquidation.ts'
import { describeLogRecord } from './store-log.ts'
import { describeMarginTierRecord } from './store-margin-tiers.ts'
import { describeMarketRecord } from './store-market.ts'
import { describeMemberRecord } from './store-members.ts'
import { describeModelRecord } from './store-models.ts'
import { describeOutboxRecord } from './store-outbox.ts'
import { describeRiskRecord } from './store-risk.ts'
import { anEntry, aProposal } from './store-samples.ts'

export type OpenStore = (t: { after(work: () => Promise<void>): void }) => Promise<Store>

/** What every store must do, whatever it is made of. Each test gets a store of its own, with nothing in it. */
export function describeStore(name: string, open: OpenStore): void {
  describe(`${name}: transactions`, () => {
    test('a throw inside a transaction takes everything back', async (t) => {
      const store = await open(t)
      const failing = store.transaction(async (tx) => {
        await tx.settings.set('colour', 'blue')
        await tx.proposals.open(aProposal())
        await tx.audit.append(anEntry('setting.changed'))
        throw new Error('changed my mind')
      })
      await assert.rejects(failing, /changed my mind/)
      assert.equal(await store.settings.get('colour'), undefined)
      assert.deepEqual(await store.proposals.list({ limit: 10 }), [])
      assert.equal(await store.audit.count('setting.changed'), 0)
    })

    test('a nested transaction is part of the outer one', async (t) => {
      const store = await open(t)
      const failing = store.transaction(async (tx) => {
        await tx.transaction((inner) => inner.settings.set('colour', 'blue'))
        assert.equal(await tx.settings.get('colour'), 'blue')
        throw new Error('changed my mind')
      })
      await assert.rejects(failing, /changed my mind/)
      assert.equal(await store.settings.get('colour'), undefined)
    })

    test('a transaction returns what its work returns, and its audit entries are in the log', async (t) => {
      const store = await open(t)
      const answer = await store.transaction(async (tx) => {
        await tx.audit.append(anEntry('setting.changed'))
        return tx.audit.count('setting.changed')
      })
      assert.equal(answer, 1)
      assert.equal(await store.audit.count('setting.changed'), 1)
    })
  })

  describeMarketRecord(name, open)
  describeMarginTierRecord(name, open)
  describeLiquidationRecord(name, open)
  describeDeskRecord(name, open)
  describeExecutionRecord(name, open)
  describeHearing(name, open)
  describeRiskRecord(name, open)
  describeMemberRecord(name, open)
  describeModelRecord(name, open)
  describeLogRecord(name, open)
  describeOutboxRecord(name, open)
  describeButtonRecord(name, open)
  describeCommandRecord(name, open)
}
