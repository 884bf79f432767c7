import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { duration, type TimestampMs } from '../../src/domain/units.ts'
import type { OpenStore } from './store.ts'
import {
  aBar,
  aFill,
  aForecast,
  anAlert,
  anEntry,
  anOrder,
  aProposal,
  at,
  ended,
  everyKindOfTick,
  HOLDER,
  proposalId,
} from './store-samples.ts'

/** The audit log and the figures of a run. */
export function describeLogRecord(name: string, open: OpenStore): void {
  describe(`${name}: audit`, () => {
    test('an empty log is intact', async (t) => {
      const store = await open(t)
      assert.deepEqual(await store.audit.verify(), { kind: 'intact', rows: 0, lastHash: '0'.repeat(64) })
    })

    test('fifty writers at once make one unbroken chain', async (t) => {
      const store = await open(t)
      await Promise.all(
        Array.from({ length: 50 }, (_, n) =>
          n % 2 === 0
            ? store.audit.append(anEntry('written.alone', { n }))
            : store.transaction((tx) => tx.audit.append(anEntry('written.inside', { n }))),
        ),
      )
      const verdict = await store.audit.verify()
      assert.equal(verdict.kind, 'intact')
      assert.equal(verdict.rows, 50)
      assert.equal((await store.audit.count('written.alone')) + (await store.audit.count('written.inside')), 50)
    })

    test('entries come back newest first, whatever people typed', async (t) => {
      const store = await open(t)
      const details = {
        text: 'NUL \0, half a pair \ud83d, ünïcode',
        nested: { list: [1, 1e-7, 1e21, null] },
        b: 1,
        a: 2,
      }
      await store.audit.append(anEntry('first'))
      await store.audit.append({ ...anEntry('second'), details })
      const [second, first] = await store.audit.recent(2)
      assert.equal(first?.action, 'first')
      assert.deepEqual(second?.details, { ...details, text: 'NUL \uFFFD, half a pair \uFFFD, ünïcode' })
      assert.equal((await store.audit.verify()).kind, 'intact')
    })

    test('entries are picked by who acted and by how the action begins', async (t) => {
      const store = await open(t)
      for (const [actor, action] of [
        ['ann', 'proposal.approved'],
        ['bob', 'proposal.approved'],
        ['ann', 'proposal_approved'],
        ['ann', 'order.sent'],
        ['ann', 'proposal.declined'],
      ] as const) {
        await store.audit.append({ ...anEntry(action), actor })
      }
      const recent = async (...input: Parameters<typeof store.audit.recent>) =>
        (await store.audit.recent(...input)).map(({ actor, action }) => `${actor} ${action}`)
      assert.deepEqual(await recent(9, { actor: 'bob' }), ['bob proposal.approved'])
      const [declined, approved] = ['ann proposal.declined', 'ann proposal.approved']
      assert.deepEqual(await recent(9, { action: 'proposal.' }), [declined, 'bob proposal.approved', approved])
      assert.deepEqual(await recent(1, { action: 'proposal.' }), [declined])
      assert.deepEqual(await recent(9, { actor: 'ann', action: 'proposal.a' }), [approved])
    })

    test('signs of a pattern in what is looked for stand for themselves', async (t) => {
      const store = await open(t)
      for (const action of ['limits.changed', 'limitsXchanged', '100%.done']) await store.audit.append(anEntry(action))
      const found = async (action: string) => (await store.audit.recent(9, { action })).map((entry) => entry.action)
      assert.deepEqual(await found('limits_'), [])
      assert.deepEqual(await found('%'), [])
      assert.deepEqual(await found('100%'), ['100%.done'])
      assert.deepEqual(await found('\\'), [])
    })
  })

  describe(`${name}: figures`, () => {
    test('a run is counted from the rows of its window', async (t) => {
      const store = await open(t)
      await store.observations.declareFeeds([
        { feed: 'bar', venue: 'binance', asset: 'ETH', cadence: duration(60_000) },
        { feed: 'bar', venue: 'binance', asset: 'BTC', cadence: duration(60_000) },
        // Of gauges, which no asset is expected to have, one that came and one that did not.
        { feed: 'basis', venue: 'binance', asset: 'ETH', cadence: duration(60_000) },
        { feed: 'basis', venue: 'binance', asset: 'BTC', cadence: duration(60_000) },
      ])
      await store.observations.append([
        ...everyKindOfTick().filter((tick) => tick.type !== 'book-depth'),
        aBar({ eventAt: 20, receivedAt: 20 }),
        aBar({ eventAt: 20, receivedAt: 21, venue: 'okx' }),
        aBar({ eventAt: 500, receivedAt: 500 }),
      ])
      await store.forecasts.save(aForecast({ at: at(10) }), [])
      await store.forecasts.save(anUndetermined({ at: at(20) }), [])
      await store.forecasts.save(aForecast({ at: at(101) }), [])
      // Under alert 10–40 twice over, 30–60, and from 90 on: 60 of 100.
      for (const [alertId, raised, over] of [
        ['a1', 10, 40],
        ['a2', 10, 40],
        ['a3', 30, 60],
        ['a4', 90, undefined],
      ] as const) {
        const alert = anAlert({ alertId, clusterId: alertId, raisedAt: at(raised) })
        await store.alerts.raise(alert)
        if (over !== undefined) await store.alerts.advance(ended(alert, at(over), 'faded'))
      }
      await store.proposals.open(aProposal({ n: 1, proposedAt: at(10) }))
      await store.proposals.move(proposalId(1), ['pending'], 'approved', { decidedBy: 'ann', decidedAt: at(11) })
      await store.proposals.open(aProposal({ n: 2, proposedAt: at(12) }))
      await store.proposals.move(proposalId(2), ['pending'], 'declined', { decidedBy: 'ann', decidedAt: at(13) })
      const lease = await store.proposals.takeLease(proposalId(1), HOLDER, duration(60_000))
      await store.orders.save(anOrder({ n: 1 }), lease!)
      await store.orders.save({ ...anOrder({ n: 2 }), state: 'denied' }, lease!)
      const { clientOrderId } = anOrder({ n: 1 })
      await store.orders.hear(clientOrderId, { kind: 'submitted' }, { at: at(20), fills: [aFill({ n: 1 })] })
      await store.audit.append({ ...anEntry('risk.denied'), at: at(30) })
      await store.audit.append({ ...anEntry('command.forbidden'), at: at(30) })
      await store.audit.append({ ...anEntry('command.forbidden'), at: at(300) })

      assert.deepEqual(await store.figures.run(at(0), at(100)), {
        bars: 2,
        forecasts: 1,
        undetermined: 1,
        alerts: 4,
        shareOfTimeUnderAlert: 0.6,
        proposals: 2,
        approved: 1,
        orders: 1,
        fills: 1,
        denied: 1,
        forbidden: 1,
        missingFeeds: [
          'account-ratio/BTC',
          'bar/BTC',
          'basis/BTC',
          'book-depth/BTC',
          'book-depth/ETH',
          'funding/BTC',
          'liquidations/BTC',
          'open-interest/BTC',
          'taker-flow/BTC',
        ],
      })
    })

    test('a window of no length is refused', async (t) => {
      const store = await open(t)
      await assert.rejects(store.figures.run(at(5), at(5)), /Expected a window that ends after/)
    })
  })
}

const anUndetermined = ({ at: instant }: { at: TimestampMs }) => ({
  ...aForecast({ at: instant }),
  prediction: { kind: 'undetermined', reason: 'NO_MODEL', detail: 'none was trained' } as const,
})
