import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import type { Card } from '../../src/domain/card.ts'
import { canonicalJson } from '../../src/domain/hash.ts'
import { duration } from '../../src/domain/units.ts'
import type { OutboxMessage, Place, Store } from '../../src/ports.ts'
import { profilePicture } from '../chat/picture-samples.ts'
import type { OpenStore } from './store.ts'
import { at } from './store-samples.ts'

const CLAIM = duration(100)

/** What is on its way to people. */
export function describeOutboxRecord(name: string, open: OpenStore): void {
  describe(`${name}: outbox`, () => {
    test('a message is delivered once and its post is found again', async (t) => {
      const { outbox } = await open(t)
      await outbox.add(aMessage('m1'))
      await outbox.add({ ...aMessage('m1'), revision: 'r2', card: { tone: 'ok', title: 'again' } })
      assert.equal(await outbox.undelivered(), 1)
      const due = await outbox.due(at(5), { limit: 10 })
      assert.deepEqual(due, [{ ...aMessage('m1'), foldable: false, attempts: 0, waitingSince: at(1) }])
      assert.equal(await outbox.claim('m1', at(5), CLAIM), true)
      await outbox.delivered('m1', 'post-1', at(6))
      assert.equal(await outbox.undelivered(), 0)
      assert.equal(await outbox.nextDueAt(), undefined)
      assert.deepEqual(await outbox.due(at(500), { limit: 10 }), [])
      assert.equal(await outbox.postedAt('card', 'console', 'desk'), 'post-1')
      assert.equal(await outbox.postedAt('card', 'console', 'other'), undefined)
    })

    test('cards that wait are told in another one, until they have a message of their own', async (t) => {
      const { outbox } = await open(t)
      const place = { platform: 'console', channel: 'desk' } as const
      const waiting = (name: string, more = {}) => ({
        ...aMessage(name),
        cardKey: `card-${name}`,
        foldable: true,
        ...more,
      })
      for (const name of ['a', 'b', 'c']) await outbox.add(waiting(name))
      await outbox.add(waiting('urgent', { urgency: 'urgent' }))
      await outbox.add(waiting('firm', { foldable: false }))
      await outbox.add(waiting('elsewhere', { channel: 'other' }))
      const keysOf = (messages: readonly { messageKey: string }[]) => messages.map(({ messageKey }) => messageKey)
      assert.deepEqual(keysOf(await outbox.foldable(place, at(5), 10)), ['a', 'b', 'c'])
      assert.equal(await outbox.lastFold(place, at(0)), undefined)

      await outbox.fold(['a', 'b'], 'together', at(6))
      assert.deepEqual(keysOf(await outbox.foldable(place, at(7), 10)), ['c'])
      assert.deepEqual(keysOf(await outbox.foldedInto('together')), ['a', 'b'])
      assert.equal(await outbox.lastFold(place, at(5)), 'together')
      assert.equal(await outbox.lastFold(place, at(6)), undefined)
      assert.equal(await outbox.postedAt('card-a', 'console', 'desk'), undefined)
      assert.deepEqual(await outbox.places('card-a'), [place])

      // A newer version is folded again and stands in its place; an urgent one gets a message, and leaves.
      await outbox.add(waiting('a2', { cardKey: 'card-a', revision: 'r2' }))
      await outbox.fold(['a2'], 'together', at(8))
      assert.deepEqual(keysOf(await outbox.foldedInto('together')), ['b', 'a2'])
      await outbox.add(waiting('b2', { cardKey: 'card-b', revision: 'r2', urgency: 'urgent' }))
      assert.equal(await outbox.claim('b2', at(9), CLAIM), true)
      await outbox.delivered('b2', 'post-b', at(9))
      assert.deepEqual(keysOf(await outbox.foldedInto('together')), ['a2'])
      assert.equal(await outbox.postedAt('card-b', 'console', 'desk'), 'post-b')
      await outbox.add(waiting('b3', { cardKey: 'card-b', revision: 'r3' }))
      assert.deepEqual(keysOf(await outbox.foldable(place, at(10), 10)), ['c'], 'b is edited where it stands')
    })

    test('a card keeps its picture, every number of it', async (t) => {
      const { outbox } = await open(t)
      const card: Card = { tone: 'info', title: 'Map', picture: profilePicture() }
      await outbox.add({ ...aMessage('m1'), card })
      const [due] = await outbox.due(at(5), { limit: 1 })
      assert.deepEqual(due?.card, card)
      assert.equal(canonicalJson(due?.card), canonicalJson(card))
    })

    test('a card holds whatever people typed', async (t) => {
      const { outbox } = await open(t)
      await outbox.add({ ...aMessage('m1'), card: { tone: 'info', title: 'NUL \0', text: 'half a pair \ud83d' } })
      const [due] = await outbox.due(at(5), { limit: 1 })
      assert.deepEqual(due?.card, { tone: 'info', title: 'NUL \uFFFD', text: 'half a pair \uFFFD' })
    })

    test('whose private chat a place is stays with the message', async (t) => {
      const { outbox } = await open(t)
      await outbox.add({ ...aMessage('m1'), platform: 'telegram', channel: 'user:42', memberId: 'ann' })
      const place: Place = { platform: 'telegram', channel: 'user:42', memberId: 'ann' }
      assert.equal((await outbox.due(at(5), { limit: 1 }))[0]?.memberId, 'ann')
      assert.deepEqual(await outbox.places('card'), [place])
    })
  })

  describe(`${name}: claims of messages`, () => {
    test('of many workers at once exactly one gets a message', async (t) => {
      const { outbox } = await open(t)
      for (let n = 0; n < 5; n++) await outbox.add({ ...aMessage(`m${n}`), cardKey: `card-${n}` })
      for (let n = 0; n < 5; n++) {
        const claims = await Promise.all(Array.from({ length: 8 }, () => outbox.claim(`m${n}`, at(5), CLAIM)))
        assert.equal(claims.filter(Boolean).length, 1)
      }
    })

    test('a claim that nobody finished is due again when it runs out', async (t) => {
      const { outbox } = await open(t)
      await outbox.add(aMessage('m1'))
      await outbox.claim('m1', at(5), CLAIM)
      assert.deepEqual(await keysDue(outbox, 104), [])
      assert.equal(await outbox.claim('m1', at(104), CLAIM), false)
      assert.equal(await outbox.nextDueAt(), at(105))
      assert.deepEqual(await keysDue(outbox, 105), ['m1'])
      assert.equal(await outbox.claim('m1', at(105), CLAIM), true)
    })

    test('a claim given back is due at once and counts as no attempt', async (t) => {
      const { outbox } = await open(t)
      await outbox.add(aMessage('m1'))
      await outbox.claim('m1', at(5), CLAIM)
      await outbox.unclaim('m1')
      assert.deepEqual(
        (await outbox.due(at(6), { limit: 1 })).map(({ messageKey, attempts }) => [messageKey, attempts]),
        [['m1', 0]],
      )
      assert.equal(await outbox.claim('m1', at(6), CLAIM), true)
    })

    test('what was delivered, given up or overtaken cannot be claimed', async (t) => {
      const { outbox } = await open(t)
      for (const key of ['delivered', 'given up', 'overtaken']) await outbox.add({ ...aMessage(key), cardKey: key })
      await outbox.delivered('delivered', 'post', at(2))
      await outbox.failed('given up', 'chat is gone', undefined)
      await outbox.add({ ...aMessage('newer'), cardKey: 'overtaken', revision: 'r2' })
      for (const key of ['delivered', 'given up', 'overtaken', 'never heard of']) {
        assert.equal(await outbox.claim(key, at(5), CLAIM), false, key)
      }
      assert.equal(await outbox.claim('newer', at(5), CLAIM), true)
    })

    test('of two versions of a card claimed at once only one is on its way', async (t) => {
      const { outbox } = await open(t)
      for (let n = 0; n < 10; n++) {
        const cardKey = `card-${n}`
        await outbox.add({ ...aMessage(`${n}-old`), cardKey })
        const [old, , fresh] = await Promise.all([
          outbox.claim(`${n}-old`, at(5), CLAIM),
          outbox.add({ ...aMessage(`${n}-new`), cardKey, revision: 'r2' }),
          outbox.claim(`${n}-new`, at(5), CLAIM),
        ])
        const late = !fresh && (await outbox.claim(`${n}-new`, at(5), CLAIM))
        assert.equal([old, fresh || late].filter(Boolean).length, 1)
      }
    })

    test('a failed message waits for its retry, then is given up', async (t) => {
      const { outbox } = await open(t)
      await outbox.add(aMessage('m1'))
      await outbox.claim('m1', at(5), CLAIM)
      await outbox.failed('m1', 'chat is down', at(50))
      assert.equal(await outbox.nextDueAt(), at(50))
      assert.deepEqual(await keysDue(outbox, 49), [])
      assert.equal(await outbox.claim('m1', at(49), CLAIM), false)
      assert.equal((await outbox.due(at(50), { limit: 1 }))[0]?.attempts, 1)
      await outbox.failed('m1', 'chat is gone', undefined)
      assert.equal(await outbox.undelivered(), 0)
      assert.deepEqual(await keysDue(outbox, 999), [])
    })
  })

  describe(`${name}: order of messages`, () => {
    test('a place gets the most urgent card first, then the one that waits longest', async (t) => {
      const { outbox } = await open(t)
      const cards = [
        ['calm', 'low', 1],
        ['later', 'normal', 3],
        ['sooner', 'normal', 2],
        ['fill', 'urgent', 4],
      ] as const
      for (const [key, urgency, createdAt] of cards) {
        await outbox.add({ ...aMessage(key), cardKey: key, urgency, createdAt: at(createdAt) })
      }
      const order: string[] = []
      for (let n = 0; n < cards.length; n++) {
        const [head, ...rest] = await keysDue(outbox, 10)
        assert.deepEqual(rest, [])
        order.push(head!)
        await outbox.delivered(head!, `post-${n}`, at(10))
      }
      assert.deepEqual(order, ['fill', 'sooner', 'later', 'calm'])
    })

    test('each place gets its own head, the most urgent place first', async (t) => {
      const { outbox } = await open(t)
      await outbox.add({ ...aMessage('m1'), channel: 'a', createdAt: at(1) })
      await outbox.add({ ...aMessage('m2'), channel: 'b', createdAt: at(3), urgency: 'urgent' })
      await outbox.add({ ...aMessage('m3'), channel: 'b', cardKey: 'another', createdAt: at(2) })
      await outbox.add({ ...aMessage('m4'), platform: 'discord', channel: 'a', createdAt: at(2) })
      assert.deepEqual(await keysDue(outbox, 10), ['m2', 'm1', 'm4'])
      assert.deepEqual(await keysDue(outbox, 10, { limit: 2 }), ['m2', 'm1'])
    })

    test('places that are let out stay out', async (t) => {
      const { outbox } = await open(t)
      await outbox.add({ ...aMessage('m1'), channel: 'a' })
      await outbox.add({ ...aMessage('m2'), channel: 'b' })
      await outbox.add({ ...aMessage('m3'), platform: 'discord', channel: 'a' })
      const except: Place[] = [
        { platform: 'console', channel: 'a' },
        { platform: 'telegram', channel: 'b' },
      ]
      assert.deepEqual(await keysDue(outbox, 10, { limit: 9, except }), ['m2', 'm3'])
    })

    test('a message that waits for its retry holds nobody up', async (t) => {
      const { outbox } = await open(t)
      await outbox.add({ ...aMessage('m1'), urgency: 'urgent' })
      await outbox.add({ ...aMessage('m2'), cardKey: 'another' })
      await outbox.failed('m1', 'slow down', at(50))
      assert.deepEqual(await keysDue(outbox, 10), ['m2'])
      assert.deepEqual(await keysDue(outbox, 50), ['m1'])
    })
  })

  describe(`${name}: versions of a card`, () => {
    test('of a card that changes while it waits only the newest version is sent', async (t) => {
      const { outbox } = await open(t)
      await outbox.add(aMessage('m1'))
      await outbox.failed('m1', 'chat is down', at(50))
      await outbox.add({ ...aMessage('m2'), revision: 'r2' })
      assert.equal(await outbox.undelivered(), 1)
      assert.deepEqual(await keysDue(outbox, 6), ['m2'])
      await outbox.claim('m2', at(6), CLAIM)
      await outbox.delivered('m2', 'post-1', at(7))
      assert.equal(await outbox.undelivered(), 0)
      assert.equal(await outbox.nextDueAt(), undefined)
      assert.deepEqual(await keysDue(outbox, 50), [])
    })

    test('the newest version takes over how urgent the card was and since when it waits', async (t) => {
      const { outbox } = await open(t)
      await outbox.add({ ...aMessage('m1'), urgency: 'urgent', createdAt: at(1) })
      await outbox.add({ ...aMessage('m2'), revision: 'r2', urgency: 'low', createdAt: at(2) })
      await outbox.add({ ...aMessage('m3'), revision: 'r3', urgency: 'normal', createdAt: at(3) })
      const [due] = await outbox.due(at(9), { limit: 1 })
      const { messageKey, urgency, createdAt, waitingSince } = due!
      assert.deepEqual([messageKey, urgency, createdAt, waitingSince], ['m3', 'urgent', at(3), at(1)])
    })

    test('what was delivered passes nothing on', async (t) => {
      const { outbox } = await open(t)
      await outbox.add({ ...aMessage('m1'), urgency: 'urgent', createdAt: at(1) })
      await outbox.delivered('m1', 'post-1', at(2))
      await outbox.add({ ...aMessage('m2'), revision: 'r2', urgency: 'low', createdAt: at(3) })
      const [due] = await outbox.due(at(9), { limit: 1 })
      assert.deepEqual([due?.urgency, due?.waitingSince], ['low', at(3)])
    })

    test('the same version is not sent to a place again, and is sent to another', async (t) => {
      const { outbox } = await open(t)
      await outbox.add(aMessage('m1'))
      await outbox.add(aMessage('m2'))
      assert.equal(await outbox.claim('m2', at(3), CLAIM), false)
      await outbox.delivered('m1', 'post-1', at(4))
      await outbox.add(aMessage('m3'))
      assert.equal(await outbox.undelivered(), 0)
      await outbox.add({ ...aMessage('m4'), channel: 'other' })
      assert.deepEqual(await keysDue(outbox, 9), ['m4'])
    })

    test('a card that changes and changes back is sent as it is now', async (t) => {
      const { outbox } = await open(t)
      await outbox.add({ ...aMessage('a1'), revision: 'A' })
      await outbox.claim('a1', at(2), CLAIM)
      await outbox.delivered('a1', 'post-1', at(3))
      await outbox.add({ ...aMessage('b'), revision: 'B' })
      await outbox.add({ ...aMessage('a2'), revision: 'A' })
      assert.deepEqual(await keysDue(outbox, 9), ['a2'])
    })

    test('what was given up may be said again', async (t) => {
      const { outbox } = await open(t)
      await outbox.add(aMessage('m1'))
      await outbox.failed('m1', 'chat is gone', undefined)
      await outbox.add(aMessage('m2'))
      assert.deepEqual(await keysDue(outbox, 9), ['m2'])
    })

    test('a newer version waits while an older one is on its way, and goes when that one is lost', async (t) => {
      const { outbox } = await open(t)
      await outbox.add(aMessage('m1'))
      await outbox.claim('m1', at(5), CLAIM)
      await outbox.add({ ...aMessage('m2'), revision: 'r2' })
      assert.deepEqual(await keysDue(outbox, 7), [])
      assert.equal(await outbox.claim('m2', at(7), CLAIM), false)
      assert.equal(await outbox.nextDueAt(), at(105))
      assert.deepEqual(await keysDue(outbox, 105), ['m2'])
    })

    test('a newer version goes as soon as the older one has arrived', async (t) => {
      const { outbox } = await open(t)
      await outbox.add(aMessage('m1'))
      await outbox.claim('m1', at(5), CLAIM)
      await outbox.add({ ...aMessage('m2'), revision: 'r2' })
      await outbox.delivered('m1', 'post-1', at(8))
      assert.equal(await outbox.nextDueAt(), at(1))
      assert.deepEqual(await keysDue(outbox, 9), ['m2'])
    })

    test('an older version does not come back when the newest is given up', async (t) => {
      const { outbox } = await open(t)
      await outbox.add(aMessage('m1'))
      await outbox.claim('m1', at(5), CLAIM)
      await outbox.add({ ...aMessage('m2'), revision: 'r2' })
      await outbox.claim('m2', at(105), CLAIM)
      await outbox.failed('m2', 'chat is gone', undefined)
      assert.deepEqual(await keysDue(outbox, 999), [])
      assert.equal(await outbox.undelivered(), 0)
    })
  })

  describe(`${name}: log of messages`, () => {
    test('a card is where it was delivered or is on its way, and not where it was refused', async (t) => {
      const { outbox } = await open(t)
      await outbox.add({ ...aMessage('m1'), channel: 'b' })
      await outbox.delivered('m1', 'post-1', at(2))
      await outbox.add({ ...aMessage('m2'), channel: 'b', revision: 'r2' })
      await outbox.add({ ...aMessage('m3'), channel: 'a' })
      await outbox.add({ ...aMessage('m4'), channel: 'c' })
      await outbox.failed('m4', 'the bot was blocked', undefined)
      assert.deepEqual(await outbox.places('card'), [
        { platform: 'console', channel: 'a' },
        { platform: 'console', channel: 'b' },
      ])
      assert.deepEqual(await outbox.places('another'), [])
    })

    test('the log says of each message what became of it, newest first', async (t) => {
      const { outbox } = await open(t)
      await outbox.add({ ...aMessage('m1'), urgency: 'urgent' })
      await outbox.delivered('m1', 'post-1', at(4))
      await outbox.add({ ...aMessage('m2'), revision: 'r2', createdAt: at(5) })
      await outbox.failed('m2', 'slow down', at(60))
      await outbox.add({ ...aMessage('m3'), revision: 'r3', createdAt: at(6) })
      await outbox.add({ ...aMessage('m4'), cardKey: 'other', channel: 'user:42', memberId: 'ann' })
      await outbox.failed('m4', 'the bot was blocked', undefined)

      const about = { cardKey: 'card', title: 'A card', platform: 'console', channel: 'desk' } as const
      const refused = {
        ...{ ...about, cardKey: 'other', channel: 'user:42', memberId: 'ann', urgency: 'normal' },
        ...{ waitingSince: at(1), attempts: 1, lastError: 'the bot was blocked', state: 'given-up' },
      }
      const waiting = { ...about, urgency: 'normal', waitingSince: at(5), attempts: 0, state: 'waiting' }
      const superseded = {
        ...{ ...about, urgency: 'normal', waitingSince: at(5) },
        ...{ attempts: 1, lastError: 'superseded by m3', state: 'superseded' },
      }
      const delivered = {
        ...{ ...about, urgency: 'urgent', waitingSince: at(1) },
        ...{ attempts: 0, deliveredAt: at(4), state: 'delivered' },
      }
      assert.deepEqual(await outbox.log({ limit: 9 }), [refused, waiting, superseded, delivered])
      assert.deepEqual(await outbox.log({ cardKey: 'card', limit: 2 }), [waiting, superseded])
      assert.deepEqual(await outbox.log({ urgency: 'urgent', limit: 9 }), [delivered])
    })

    test('forgetting keeps what waits, and of each card and place the post that stands', async (t) => {
      const { outbox } = await open(t)
      for (const [n, channel] of [
        [1, 'desk'],
        [2, 'desk'],
        [3, 'other'],
      ] as const) {
        await outbox.add({ ...aMessage(`m${n}`), channel, revision: `r${n}` })
        await outbox.delivered(`m${n}`, `post-${channel}`, at(n))
      }
      await outbox.add({ ...aMessage('m4'), revision: 'r4' })
      await outbox.failed('m4', 'chat is gone', undefined)
      await outbox.add({ ...aMessage('m5'), revision: 'r5' })
      await outbox.add({ ...aMessage('m6'), channel: 'third', createdAt: at(90) })

      assert.equal(await outbox.forgetBefore(at(1)), 0)
      assert.equal(await outbox.forgetBefore(at(50)), 2)
      assert.equal(await outbox.postedAt('card', 'console', 'desk'), 'post-desk')
      assert.equal(await outbox.postedAt('card', 'console', 'other'), 'post-other')
      assert.deepEqual(await keysDue(outbox, 99), ['m5', 'm6'])
      assert.equal((await outbox.log({ limit: 99 })).length, 4)
    })
  })
}

const CARD: Card = { tone: 'info', title: 'A card', fields: [{ name: 'Price', value: '1' }] }

const aMessage = (messageKey: string): Omit<OutboxMessage, 'attempts' | 'waitingSince'> => ({
  messageKey,
  cardKey: 'card',
  platform: 'console',
  channel: 'desk',
  card: CARD,
  revision: 'r1',
  urgency: 'normal',
  createdAt: at(1),
})

const keysDue = async (
  outbox: Store['outbox'],
  when: number,
  options: Parameters<Store['outbox']['due']>[1] = { limit: 10 },
): Promise<string[]> => (await outbox.due(at(when), options)).map(({ messageKey }) => messageKey)
