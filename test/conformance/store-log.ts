import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Card } from '../../src/domain/card.ts'
import { canonicalJson } from '../../src/domain/hash.ts'
import { duration, type TimestampMs } from '../../src/domain/units.ts'
import type { OutboxMessage } from '../../src/ports.ts'
import { profilePicture } from '../chat/picture-samples.ts'
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

/** The outbox, the audit log and the figures of a run. */
export function describeLogRecord(name: string, open: OpenStore): void {
  describe(`${name}: outbox`, () => {
    test('a message is delivered once and its post is found again', async (t) => {
      const store = await open(t)
      await store.outbox.add(aMessage('m1'))
      await store.outbox.add({ ...aMessage('m1'), card: { tone: 'ok', title: 'again' } })
      assert.equal(await store.outbox.undelivered(), 1)
      const claimed = await store.outbox.claim(10, at(5), duration(100))
      assert.deepEqual(claimed, [{ ...aMessage('m1'), attempts: 0 }])
      await store.outbox.delivered('m1', 'post-1', at(6))
      assert.equal(await store.outbox.undelivered(), 0)
      assert.equal(await store.outbox.nextDueAt(), undefined)
      assert.equal(await store.outbox.postedAt('card', 'console', 'desk'), 'post-1')
      assert.equal(await store.outbox.postedAt('card', 'console', 'other'), undefined)
    })

    test('a card keeps its picture, every number of it', async (t) => {
      const store = await open(t)
      const card: Card = { tone: 'info', title: 'Map', picture: profilePicture() }
      await store.outbox.add({ ...aMessage('m1'), card })
      const [claimed] = await store.outbox.claim(1, at(5), duration(100))
      assert.deepEqual(claimed?.card, card)
      assert.equal(canonicalJson(claimed?.card), canonicalJson(card))
    })

    test('claimers at once never get the same message', async (t) => {
      const store = await open(t)
      for (let n = 0; n < 30; n++) await store.outbox.add({ ...aMessage(`m${n}`), cardKey: `card-${n}` })
      const claims = await Promise.all(Array.from({ length: 6 }, () => store.outbox.claim(10, at(5), duration(100))))
      const keys = claims.flat().map((message) => message.messageKey)
      assert.equal(new Set(keys).size, keys.length)
      const rest = await store.outbox.claim(30, at(5), duration(100))
      assert.equal(keys.length + rest.length, 30)
    })

    test('a claim that nobody finished is due again when it runs out', async (t) => {
      const store = await open(t)
      await store.outbox.add(aMessage('m1'))
      await store.outbox.claim(10, at(5), duration(100))
      assert.deepEqual(await store.outbox.claim(10, at(104), duration(100)), [])
      assert.equal(await store.outbox.nextDueAt(), at(105))
      assert.equal((await store.outbox.claim(10, at(105), duration(100))).length, 1)
    })

    test('a failed message waits for its retry, then is given up', async (t) => {
      const store = await open(t)
      await store.outbox.add(aMessage('m1'))
      await store.outbox.claim(1, at(5), duration(100))
      await store.outbox.failed('m1', 'chat is down', at(50))
      assert.equal(await store.outbox.nextDueAt(), at(50))
      assert.deepEqual(await store.outbox.claim(1, at(49), duration(100)), [])
      assert.equal((await store.outbox.claim(1, at(50), duration(100)))[0]?.attempts, 1)
      await store.outbox.failed('m1', 'chat is gone', undefined)
      assert.equal(await store.outbox.undelivered(), 0)
      assert.deepEqual(await store.outbox.claim(1, at(999), duration(100)), [])
    })

    test('what is said about one card goes out in order, and waits while an older one is on its way', async (t) => {
      const store = await open(t)
      const keys = async (when: number) =>
        (await store.outbox.claim(10, at(when), duration(100))).map((message) => message.messageKey)
      for (const key of ['m1', 'm2']) await store.outbox.add(aMessage(key))
      assert.deepEqual(await keys(5), ['m1', 'm2'])
      await store.outbox.delivered('m1', 'post-1', at(6))
      await store.outbox.add(aMessage('m3'))
      assert.deepEqual(await keys(7), [])
      assert.equal(await store.outbox.nextDueAt(), at(105))
      await store.outbox.delivered('m2', 'post-1', at(8))
      assert.equal(await store.outbox.nextDueAt(), at(1))
      assert.deepEqual(await keys(9), ['m3'])
    })

    test('a card that was overtaken by a newer one is not sent any more', async (t) => {
      const store = await open(t)
      await store.outbox.add(aMessage('m1'))
      await store.outbox.claim(10, at(5), duration(100))
      await store.outbox.failed('m1', 'chat is down', at(50))
      await store.outbox.add(aMessage('m2'))
      assert.equal((await store.outbox.claim(10, at(6), duration(100)))[0]?.messageKey, 'm2')
      await store.outbox.delivered('m2', 'post-1', at(7))
      assert.equal(await store.outbox.undelivered(), 0)
      assert.deepEqual(await store.outbox.claim(10, at(50), duration(100)), [])
    })
  })

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
  })

  describe(`${name}: figures`, () => {
    test('a run is counted from the rows of its window', async (t) => {
      const store = await open(t)
      await store.observations.declareFeeds([
        { feed: 'bar', venue: 'binance', asset: 'ETH', cadence: duration(60_000) },
        { feed: 'bar', venue: 'binance', asset: 'BTC', cadence: duration(60_000) },
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
      await store.orders.bookFill(aFill({ n: 1 }))
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

const CARD: Card = { tone: 'info', title: 'A card', fields: [{ name: 'Price', value: '1' }] }

const aMessage = (messageKey: string): Omit<OutboxMessage, 'attempts'> => ({
  messageKey,
  cardKey: 'card',
  platform: 'console',
  channel: 'desk',
  card: CARD,
  createdAt: at(1),
})

const anUndetermined = ({ at: instant }: { at: TimestampMs }) => ({
  ...aForecast({ at: instant }),
  prediction: { kind: 'undetermined', reason: 'NO_MODEL', detail: 'none was trained' } as const,
})
