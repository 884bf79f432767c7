import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { announce, tell } from '../../src/app/announce.ts'
import { createDeliverMessages } from '../../src/app/deliver-messages.ts'
import type { Card } from '../../src/domain/card.ts'
import type { Urgency } from '../../src/domain/delivery.ts'
import type { Member } from '../../src/domain/member.ts'
import { MINUTE, SECOND } from '../../src/domain/units.ts'
import type { Clock, Place } from '../../src/ports.ts'
import { createWallClock } from '../../src/venues/virtual-clock.ts'
import { createChannel } from '../support/channel.ts'
import { type DeskOptions, openDesk } from '../support/desk.ts'
import { eventually } from '../support/eventually.ts'

const cardOf = (title: string): Card => ({ tone: 'info', title })
const member = (memberId: string, role: Member['role'], number: number): Member => ({
  memberId,
  name: memberId,
  role,
  identities: [
    { platform: 'discord', platformUserId: String(number) },
    { platform: 'telegram', platformUserId: String(number) },
  ],
})
const privately = (memberId: string, number: number, platform: 'discord' | 'telegram' = 'telegram'): Place => ({
  platform,
  channel: `user:${number}`,
  memberId,
})

/** A desk on Discord and Telegram, whose clock stands still or is that of the wall. */
async function openCourier(t: TestContext, { clock, ...options }: DeskOptions & { clock?: Clock } = {}) {
  const [discord, telegram] = [
    createChannel('d', { platform: 'discord' }),
    createChannel('t', { platform: 'telegram' }),
  ]
  const channels = [
    { platform: 'discord', channel: 'd' },
    { platform: 'telegram', channel: 't' },
  ] as const
  const desk = await openDesk(t, {
    ...options,
    ...(clock && { clock }),
    notifiers: [discord, telegram],
    settings: { channels, ...options.settings },
  })
  for (const one of [member('pia', 'approver', 31), member('quin', 'viewer', 32)]) await desk.store.members.put(one)
  const deliver = createDeliverMessages(desk.ports, () => [discord, telegram])
  const say = (cardKey: string, urgency: Urgency, given: { title?: string; places?: readonly Place[] } = {}) =>
    announce(desk.store, desk.ports, {
      cardKey,
      card: cardOf(given.title ?? cardKey),
      at: desk.ports.clock.now(),
      urgency,
      places: given.places,
    })
  /** To private chats alone. */
  const tellOnly = (cardKey: string, urgency: Urgency, places: readonly Place[], title = cardKey) =>
    tell(desk.store, desk.ports, { cardKey, card: cardOf(title), at: desk.ports.clock.now(), urgency, places })
  const titles = (channel: ReturnType<typeof createChannel>, place?: string) =>
    (place === undefined ? channel.posts : channel.postsIn(place)).map(({ versions }) =>
      versions.map(({ title }) => title).join(' > '),
    )
  return { desk, discord, telegram, deliver, say, tellOnly, titles }
}

const many = (count: number): readonly Place[] =>
  Array.from({ length: count }, (_, i) => privately('quin', 100 + i, 'telegram'))

test('on a standing clock all that is due has been sent when it resolves, the most urgent first', async (t) => {
  const { deliver, say, titles, telegram, discord, desk } = await openCourier(t)
  await say('a', 'low')
  await say('b', 'normal')
  await say('c', 'urgent')
  await say('b', 'normal', { title: 'b2' })
  telegram.pace(() => 60_000)
  assert.deepEqual(await deliver(), { delivered: 6, failed: 0 })
  assert.deepEqual(titles(telegram), ['c', 'b2', 'a'], 'without regard to limits, which are of the wall clock')
  assert.deepEqual(titles(discord), ['c', 'b2', 'a'])
  assert.equal(await desk.store.outbox.undelivered(), 0)
  await say('b', 'normal', { title: 'b3' })
  await deliver()
  assert.deepEqual(titles(telegram), ['c', 'b2 > b3', 'a'])
})

test('a place that is slow holds up no other, and gets its own messages one after the other', async (t) => {
  const { deliver, tellOnly, telegram, titles } = await openCourier(t, { clock: createWallClock() })
  const slow = Promise.withResolvers<void>()
  telegram.hold('user:100', slow.promise)
  await tellOnly('a', 'normal', many(40))
  await tellOnly('b', 'normal', many(40))
  const delivering = deliver()
  assert.ok(await eventually(async () => telegram.posts.length === 78 || undefined))
  assert.deepEqual(titles(telegram, 'user:100'), [])
  slow.resolve()
  assert.deepEqual(await delivering, { delivered: 80, failed: 0 })
  assert.deepEqual(titles(telegram, 'user:100'), ['a', 'b'])
})

test('what a limit keeps back is not claimed, so that something more urgent still goes first', async (t) => {
  const { deliver, say, telegram, discord, titles, desk } = await openCourier(t, { clock: createWallClock() })
  let open = false
  telegram.pace((_, urgency) => (open || urgency === 'urgent' ? 0 : 50))
  await say('a', 'low')
  await say('b', 'normal')
  const delivering = deliver()
  assert.ok(await eventually(async () => discord.posts.length === 2 || undefined))
  await say('b', 'normal', { title: 'b2' })
  await say('c', 'urgent')
  const joined = deliver()
  assert.ok(await eventually(async () => telegram.posts.length === 1 || undefined))
  assert.deepEqual(titles(telegram), ['c'])
  open = true
  assert.equal((await delivering).failed, 0)
  assert.equal(await joined, await delivering, 'a call while one runs is answered by that run')
  assert.deepEqual(titles(telegram), ['c', 'b2', 'a'])
  assert.equal(await desk.store.outbox.undelivered(), 0)
})

test('what another process puts on record while one message is on its way is seen before that one arrives', async (t) => {
  const { deliver, tellOnly, telegram, titles } = await openCourier(t, { clock: createWallClock() })
  const slow = Promise.withResolvers<void>()
  telegram.hold('user:100', slow.promise)
  await tellOnly('a', 'normal', [privately('quin', 100)])
  const delivering = deliver()
  await tellOnly('b', 'urgent', [privately('quin', 101)])
  assert.ok(await eventually(async () => telegram.postsIn('user:101')[0]))
  slow.resolve()
  await delivering
  assert.deepEqual(titles(telegram), ['b', 'a'])
})

test('what a limit keeps back for long is left to a wake-up at its time', async (t) => {
  const { deliver, say, telegram, desk } = await openCourier(t, { clock: createWallClock() })
  telegram.pace(() => 20_000)
  await say('a', 'normal')
  const before = Date.now()
  assert.equal((await deliver()).delivered, 1)
  const [wake] = desk.queue.waiting()
  assert.equal(wake?.name, 'deliver-messages')
  assert.ok(wake?.at !== undefined && wake.at >= before + 20_000)
})

test('a fault of the store stops the run, which is reported, and loses nothing', async (t) => {
  let broken = true
  const { deliver, say, desk, telegram } = await openCourier(t, {
    clock: createWallClock(),
    wrapStore: (store) => ({
      ...store,
      outbox: {
        ...store.outbox,
        claim: async (...args) => {
          if (broken) throw new Error('the database went away')
          return store.outbox.claim(...args)
        },
      },
    }),
  })
  await say('a', 'normal')
  await assert.rejects(deliver(), /the database went away/)
  broken = false
  assert.equal((await deliver()).delivered, 2)
  assert.equal(telegram.posts.length, 1)
  assert.equal(await desk.store.outbox.undelivered(), 0)
})

test('a refusal is given up at once, on record, and the private chat is known not to work until it does', async (t) => {
  const { deliver, tellOnly, telegram, desk } = await openCourier(t)
  telegram.refuse('user:32', 'Forbidden: bot was blocked by the user')
  await tellOnly('a', 'normal', [privately('quin', 32)])
  assert.deepEqual(await deliver(), { delivered: 0, failed: 1 })
  const [entry] = await desk.store.audit.recent(1)
  assert.deepEqual(
    [entry!.action, entry!.subject, entry!.details],
    [
      'delivery.failed',
      'a',
      {
        platform: 'telegram',
        channel: 'user:32',
        memberId: 'quin',
        reason: 'Forbidden: bot was blocked by the user',
        refused: true,
      },
    ],
  )
  assert.deepEqual(await desk.store.members.reach(), [
    {
      memberId: 'quin',
      platform: 'telegram',
      works: false,
      reason: 'Forbidden: bot was blocked by the user',
      at: desk.clock.now(),
    },
  ])
  assert.equal(await desk.store.outbox.nextDueAt(), undefined)
  telegram.accept('user:32')
  await tellOnly('b', 'normal', [privately('quin', 32)])
  await deliver()
  assert.deepEqual(
    (await desk.store.members.reach()).map(({ works }) => works),
    [true],
  )
})

test('what is urgent and refused goes to the member’s other platform, once, and says why', async (t) => {
  const { deliver, tellOnly, telegram, discord, desk, titles } = await openCourier(t)
  telegram.refuse('user:31')
  await tellOnly('a', 'urgent', [privately('pia', 31)])
  await deliver()
  assert.deepEqual(titles(discord), ['a'])
  assert.equal(discord.posts[0]!.channel, 'user:31')
  assert.equal(discord.posts[0]!.versions[0]!.footer, 'Telegram refuses messages, so this came here.')
  await tellOnly('a', 'urgent', [privately('pia', 31)], 'a2')
  await deliver()
  assert.deepEqual(titles(discord), ['a > a2'], 'the later version edits the one message')
  await tellOnly('b', 'normal', [privately('pia', 31)])
  await deliver()
  assert.deepEqual(titles(discord), ['a > a2'], 'what is not urgent takes no other way')
  assert.equal(await desk.store.outbox.undelivered(), 0)
})

test('what is urgent and has failed for ten seconds takes the other way as well, and still arrives on its own', async (t) => {
  const { tellOnly, telegram, discord, desk, titles } = await openCourier(t)
  telegram.breakFor(5)
  await tellOnly('a', 'urgent', [privately('pia', 31)])
  await desk.app.deliverMessages()
  await desk.pass(9 * SECOND)
  assert.deepEqual(titles(discord), [])
  await desk.pass(SECOND)
  assert.deepEqual(titles(discord), ['a'])
  assert.equal(discord.posts[0]!.versions[0]!.footer, 'Telegram does not answer, so this came here.')
  await desk.pass(MINUTE)
  assert.deepEqual([titles(telegram), titles(discord)], [['a'], ['a']])
})

test('an urgent card that a desk channel refuses goes to who is on call, with buttons of its own', async (t) => {
  const { deliver, telegram, discord, desk } = await openCourier(t)
  await desk.store.settings.set('on-call', JSON.stringify({ order: ['pia'], every: 'off', since: 0 }))
  telegram.refuse('t', 'chat not found')
  await announce(desk.store, desk.ports, {
    cardKey: 'a',
    card: { ...cardOf('a'), buttons: [{ label: 'Help', command: '/help', style: 'neutral' }] },
    at: desk.clock.now(),
    urgency: 'urgent',
  })
  await deliver()
  const [inDesk, inPrivate] = [discord.postsIn('d')[0]!.versions[0]!, discord.postsIn('user:31')[0]!.versions[0]!]
  assert.equal(inPrivate.footer, "The desk's channel on Telegram refuses messages, so this came here.")
  assert.notEqual(inPrivate.buttons![0]!.id, inDesk.buttons![0]!.id)
  const button = await desk.store.buttons.find(inPrivate.buttons![0]!.id!)
  assert.deepEqual([button!.memberId, button!.channel], ['pia', 'user:31'])
  assert.equal(telegram.postsIn('user:31').length, 1)
})

test('two couriers at once send each message once', async (t) => {
  const { deliver, desk, tellOnly, telegram, discord } = await openCourier(t, { clock: createWallClock() })
  const other = createDeliverMessages(desk.ports, () => [discord, telegram])
  await tellOnly('a', 'normal', many(30))
  await tellOnly('b', 'low', many(30))
  const done = await Promise.all([deliver(), other()])
  await deliver()
  assert.equal(telegram.posts.length, 60)
  assert.equal(done[0].failed + done[1].failed, 0)
})
