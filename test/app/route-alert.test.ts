import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HOUR, later, MINUTE } from '../../src/domain/units.ts'
import { openAlertDesk } from './alert-desk.ts'

const TITLE = 'ETH: long liquidations at 2,750.50'
const NEAR = 'ETH: price nears long liquidations at 2,750.50'
const OVER = 'Alert over, faded: ETH long liquidations at 2,750.50'

test('an alert goes to the desk and, in private, to who subscribed to as much, on every platform of theirs', async (t) => {
  const { desk, raise, subscribe, heard, telegram, discord } = await openAlertDesk(t)
  await subscribe('jo', 'warning')
  await subscribe('ida', 'critical')
  await subscribe('hana', 'notice', 0.5)
  await subscribe('kai')
  await raise('warning')
  await desk.settle()
  assert.deepEqual([discord.postsIn('d').length, telegram.postsIn('t').length], [1, 1])
  assert.deepEqual(heard('jo'), [`discord: ${TITLE}`, `telegram: ${TITLE}`])
  for (const nobody of ['ida', 'hana', 'gil', 'kai'] as const) assert.deepEqual(heard(nobody), [], nobody)
})

test('who asked for more confidence is told when it is reached, though nothing else has changed', async (t) => {
  const { desk, look, subscribe, heard, telegram } = await openAlertDesk(t)
  await subscribe('hana', 'notice', 0.4)
  await look(0.35)
  await look(0.39)
  await desk.settle()
  assert.deepEqual(heard('hana'), [])
  await look(0.41)
  await look(0.42)
  await desk.settle()
  assert.deepEqual(heard('hana'), [`discord: ${TITLE}`, `telegram: ${TITLE}`])
  assert.equal(telegram.postsIn('t')[0]!.versions.length, 1, 'the desk is not told anew')
})

test('an episode stays one message a place, edited to its end, also where it was muted meanwhile', async (t) => {
  const { desk, look, subscribe, heard } = await openAlertDesk(t)
  await subscribe('jo')
  await look(0.35)
  await desk.settle()
  await desk.store.members.mute('jo', { asset: '*', until: later(desk.clock.now(), HOUR) })
  await look(0.35, { price: 2_790 })
  await desk.settle()
  await look(0.1)
  await desk.settle()
  const course = [TITLE, NEAR, OVER].join(' > ')
  assert.deepEqual(heard('jo'), [`discord: ${course}`, `telegram: ${course}`])
  assert.deepEqual(await desk.store.held.members(), [])
})

test('who has not heard of an alert is not told of its end', async (t) => {
  const { desk, look, subscribe, heard } = await openAlertDesk(t)
  await look(0.35)
  await subscribe('jo')
  await look(0.1)
  await desk.settle()
  assert.deepEqual(heard('jo'), [])
})

test('a notice makes no sound in private, and times are said on the reader’s clocks', async (t) => {
  const { desk, raise, subscribe, prefer, cards, telegram } = await openAlertDesk(t)
  await subscribe('jo')
  await prefer('jo', { timeZone: 'Europe/Berlin' })
  await raise('notice')
  await desk.settle()
  const [mine, desks] = [cards('jo')[0]!, telegram.postsIn('t').at(-1)!.versions[0]!]
  assert.deepEqual([mine.silent, desks.silent], [true, undefined])
  assert.match(mine.fields!.at(-1)!.value, /^raised 2026-01-05 13:00 UTC \(14:00 Berlin\)/)
  assert.match(desks.fields!.at(-1)!.value, /^raised 2026-01-05 13:00 UTC$/)
})

test('what is critical goes through quiet hours and mutes, and to who is on call without asking', async (t) => {
  const { desk, raise, subscribe, prefer, heard } = await openAlertDesk(t)
  const quietHours = { fromMinute: 0, toMinute: 23 * 60 }
  for (const who of ['jo', 'gil'] as const) {
    await prefer(who, { quietHours })
    await desk.store.members.mute(who, { asset: '*', until: later(desk.clock.now(), HOUR) })
  }
  await subscribe('jo', 'critical')
  await desk.store.settings.set('on-call', JSON.stringify({ order: ['gil', 'hana'], every: 'off', since: 0 }))
  await raise('critical')
  await desk.settle()
  assert.deepEqual(heard('jo'), [`discord: ${TITLE}`, `telegram: ${TITLE}`])
  assert.deepEqual(heard('gil'), [`discord: ${TITLE}`, `telegram: ${TITLE}`])
  assert.deepEqual(heard('hana'), [])
})

test('a private chat known to be broken is left out while another works', async (t) => {
  const { desk, raise, subscribe, heard } = await openAlertDesk(t)
  await subscribe('jo')
  const at = desk.clock.now()
  await desk.store.members.noteReach({ memberId: 'jo', platform: 'discord', works: false, reason: 'closed', at })
  await raise('warning')
  await desk.settle()
  assert.deepEqual(heard('jo'), [`telegram: ${TITLE}`])
})

test('the buttons of an alert: acknowledge while it matters, and explain', async (t) => {
  const { desk, raise, look, telegram } = await openAlertDesk(t)
  const { alertId } = await raise('warning')
  await desk.settle()
  const labels = () =>
    telegram
      .postsIn('t')[0]!
      .versions.at(-1)!
      .buttons!.map(({ label, command }) => [label, command])
  const explain = ['Explain', '/liq explain ETH-sell-1']
  assert.deepEqual(labels(), [['Acknowledge', `/ack ${alertId}`], explain])
  assert.equal(telegram.postsIn('t')[0]!.versions[0]!.buttons![0]!.once, true)
  await look(0.1)
  await desk.settle()
  assert.deepEqual(labels(), [explain])
})

test('a notice asks nobody to acknowledge it', async (t) => {
  const { desk, raise, telegram } = await openAlertDesk(t)
  await raise('notice')
  await desk.settle()
  assert.deepEqual(
    telegram
      .postsIn('t')
      .at(-1)!
      .versions[0]!.buttons!.map(({ label }) => label),
    ['Explain'],
  )
})

test('what was held back is told once quiet hours are over, in one card, with how it stands', async (t) => {
  const { desk, look, subscribe, prefer, heard, cards } = await openAlertDesk(t)
  await subscribe('jo')
  await prefer('jo', { quietHours: { fromMinute: 11 * 60, toMinute: 13 * 60 + 20 } })
  await look(0.35)
  await desk.pass(HOUR)
  await look(0.1)
  await desk.pass(HOUR - 30 * MINUTE)
  assert.deepEqual(heard('jo'), [
    'discord: While you were not disturbed: 1 alert',
    'telegram: While you were not disturbed: 1 alert',
  ])
  const [card] = cards('jo')
  assert.deepEqual(card!.fields, [
    {
      name: 'ETH longs at 2,750.50',
      value:
        'raised 2026-01-05 12:00 UTC, over 2026-01-05 13:00 UTC (faded), warning at most\nhighest confidence 35.0 % within 24h',
    },
  ])
  assert.match(card!.footer!, /^2026-01-05 13:30 UTC\. /)
  await desk.pass(HOUR)
  assert.equal(heard('jo').length, 2)
  assert.deepEqual(desk.queue.waiting(), [], 'with nothing held nothing is woken')
})

test('a digest by the hour tells what stayed below the threshold; by the day it waits for 08:00 there', async (t) => {
  const { desk, look, subscribe, prefer, heard, cards } = await openAlertDesk(t)
  await subscribe('jo', 'critical')
  await prefer('jo', { digest: 'hourly' })
  await subscribe('ida', 'critical')
  await prefer('ida', { digest: 'daily', timeZone: 'Asia/Tokyo' })
  await desk.pass(20 * MINUTE)
  await look(0.35)
  await desk.forecast({ price: 2_990, clusters: [] })
  await desk.pass(30 * MINUTE)
  assert.deepEqual(heard('jo'), [])
  await desk.pass(10 * MINUTE)
  assert.equal(heard('jo').length, 2)
  assert.match(cards('jo')[0]!.fields![0]!.value, /^open since 2026-01-05 12:20 UTC, raised, warning\n/)
  await desk.pass(9 * HOUR + 45 * MINUTE)
  assert.deepEqual(heard('ida'), [])
  await desk.pass(15 * MINUTE)
  assert.equal(desk.clock.now(), Date.UTC(2026, 0, 5, 23))
  assert.equal(heard('ida').length, 2)
  assert.match(cards('ida')[0]!.footer!, /23:00 UTC \(Jan 6, 08:00 Tokyo\)/)
})

test('what is muted stays held until the mute is over; a restart forgets nothing of it', async (t) => {
  const { desk, look, subscribe, heard } = await openAlertDesk(t)
  await subscribe('jo')
  await desk.store.members.mute('jo', { asset: 'ETH', until: later(desk.clock.now(), 2 * HOUR) })
  await look(0.35)
  await desk.pass(HOUR)
  assert.deepEqual(heard('jo'), [])
  assert.deepEqual(await desk.store.held.members(), ['jo'])
  await desk.queue.close()
  await desk.pass(HOUR)
  await desk.app.reconcile()
  await desk.pass(15 * MINUTE)
  assert.equal(heard('jo').length, 2)
})

test('an alert that was held and then sent is not told again in the digest', async (t) => {
  const { desk, look, subscribe, prefer, heard } = await openAlertDesk(t)
  await subscribe('jo')
  await prefer('jo', { quietHours: { fromMinute: 11 * 60, toMinute: 13 * 60 } })
  await look(0.35)
  await look(0.35, { gain: 2 })
  await desk.pass(2 * HOUR)
  assert.deepEqual(
    heard('jo').filter((line) => line.includes('disturbed')),
    [],
  )
  assert.ok(heard('jo').length >= 2)
})
