import assert from 'node:assert/strict'
import { test } from 'node:test'
import { MINUTE, SECOND } from '../../src/domain/units.ts'
import type { Pager, Store } from '../../src/ports.ts'
import { openDesk } from '../support/desk.ts'
import { type AlertDesk, type Known, openAlertDesk, PEOPLE } from './alert-desk.ts'

const TITLE = 'ETH: long liquidations at 2,750.50'
const LATE = `Not acknowledged: ${TITLE}`

/** A pager that keeps what it was sent, and is away for the first so many. */
function createTestPager(away = 0): Pager & { readonly pages: Parameters<Pager['page']>[0][] } {
  const pages: Parameters<Pager['page']>[0][] = []
  let left = away
  return {
    name: 'test',
    pages,
    async page(incident) {
      if (left-- > 0) throw new Error('HTTP 503')
      pages.push(incident)
    },
  }
}

const onTelegram = ({ heard }: AlertDesk, who: Known): readonly string[] =>
  heard(who).flatMap((line) => (line.startsWith('telegram: ') ? line.slice('telegram: '.length) : []))
const setOnCall = (store: Store, order: readonly string[]) =>
  store.settings.set('on-call', JSON.stringify({ order, every: 'off', since: 0 }))

test('what is critical and not acknowledged goes to the next on call, then to all who may, then to the pager', async (t) => {
  const pager = createTestPager()
  const opened = await openAlertDesk(t, { pager })
  const { desk, raise } = opened
  const waiting = (who: Known) => onTelegram(opened, who).filter((title) => title === LATE).length
  await setOnCall(desk.store, ['gil', 'hana'])
  const { alertId } = await raise('critical')
  await desk.pass(5 * MINUTE - SECOND)
  assert.deepEqual(onTelegram(opened, 'gil'), [TITLE])
  assert.deepEqual(onTelegram(opened, 'hana'), [])
  await desk.pass(SECOND)
  assert.deepEqual((['gil', 'hana', 'ida'] as const).map(waiting), [0, 1, 0])
  await desk.pass(5 * MINUTE)
  assert.deepEqual((['gil', 'hana', 'ida', 'jo', 'kai'] as const).map(waiting), [1, 2, 1, 0, 0])
  assert.equal(pager.pages.length, 0)
  await desk.pass(5 * MINUTE)
  assert.deepEqual(
    pager.pages.map(({ key, title, severity }) => [key, title, severity]),
    [[`alert-${alertId}`, TITLE, 'critical']],
  )
  assert.match(pager.pages[0]!.text, /^Nobody has acknowledged it for 15 min\..*\/ack /)
  await desk.pass(60 * MINUTE)
  assert.equal(pager.pages.length, 1)
  const steps = (await desk.store.audit.recent(50, { action: 'alert.escalated' })).map(({ details }) => details)
  assert.deepEqual(
    [steps.at(-1), steps[0]],
    [
      { step: 1, to: ['hana'] },
      { step: 3, to: ['pager:test'] },
    ],
  )
})

test('without an order the first step is every approver; a warning goes no further', async (t) => {
  const opened = await openAlertDesk(t)
  const { desk, look } = opened
  await look(0.35)
  await desk.pass(20 * MINUTE)
  for (const who of ['gil', 'hana', 'ida'] as const) assert.deepEqual(onTelegram(opened, who), [])
  await look(0.35, { gain: 2 })
  await desk.pass(5 * MINUTE)
  assert.deepEqual([onTelegram(opened, 'gil'), onTelegram(opened, 'hana')], [[LATE], [LATE]])
  assert.deepEqual(onTelegram(opened, 'ida'), [])
  assert.equal(await desk.store.audit.count('alert.escalated'), 1)
})

test('acknowledged, it goes no further, and every card of it says by whom and loses the button', async (t) => {
  const pager = createTestPager()
  const opened = await openAlertDesk(t, { pager })
  const { desk, raise, telegram, discord } = opened
  await setOnCall(desk.store, ['gil', 'hana'])
  const { alertId } = await raise('critical')
  await desk.pass(6 * MINUTE)
  const outcome = await desk.app.acknowledgeAlert({ alertId, by: PEOPLE.hana })
  assert.equal(outcome.kind, 'acknowledged')
  await desk.pass(60 * MINUTE)
  const posts = [...telegram.posts, ...discord.posts]
  assert.equal(posts.length, 6, 'the desk, Gil and the reminder to Hana, on both platforms')
  for (const { versions } of posts) {
    const { text, buttons, title } = versions.at(-1)!
    assert.equal(text, 'Acknowledged by Hana, 2026-01-05 12:06 UTC.')
    assert.deepEqual([title, buttons!.map(({ label }) => label)], [TITLE, ['Explain']])
  }
  assert.equal(pager.pages.length, 0)
  assert.equal(await desk.store.audit.count('alert.escalated'), 1)
  const again = await desk.app.acknowledgeAlert({ alertId: alertId.slice(0, 6).toUpperCase(), by: PEOPLE.gil })
  assert.ok(again.kind === 'already')
  assert.equal(again.by, 'Hana')
  assert.equal(await desk.store.audit.count('alert.acknowledged'), 1)
})

test('of many who acknowledge at once one is first, and the rest hear who', async (t) => {
  const { desk, raise } = await openAlertDesk(t)
  const { alertId } = await raise('critical')
  const people = [PEOPLE.gil, PEOPLE.hana, PEOPLE.ida]
  const outcomes = await Promise.all(people.map((by) => desk.app.acknowledgeAlert({ alertId, by })))
  const first = outcomes.find(({ kind }) => kind === 'acknowledged')
  const others = outcomes.filter((outcome) => outcome !== first)
  assert.ok(first?.kind === 'acknowledged')
  const winner = people.find(({ memberId }) => memberId === first.alert.acknowledgedBy)!
  for (const other of others) assert.ok(other.kind === 'already' && other.by === winner.name)
})

test('an alert that is over, unknown or meant by two ids is not acknowledged', async (t) => {
  const { desk, raise, look } = await openAlertDesk(t)
  const { alertId } = await raise('warning')
  const ask = async (id: string) => (await desk.app.acknowledgeAlert({ alertId: id, by: PEOPLE.ida })).kind
  assert.equal(await ask('zzzzzzzzzzzzzzzz'), 'not-found')
  await look(0.1)
  assert.equal(await ask(alertId), 'over')
  assert.equal(await ask(alertId.slice(0, 8)), 'not-found', 'the beginning of an id is that of an open alert')
})

test('a stage that comes after the acknowledgement keeps the word of it', async (t) => {
  const { desk, raise, look, telegram } = await openAlertDesk(t)
  const { alertId } = await raise('critical')
  await desk.app.acknowledgeAlert({ alertId, by: PEOPLE.ida })
  await look(0.35, { price: 2_790, gain: 2 })
  await desk.settle()
  const { title, text, buttons } = telegram.postsIn('t')[0]!.versions.at(-1)!
  assert.equal(title, 'ETH: price nears long liquidations at 2,750.50')
  assert.equal(text, 'Acknowledged by Ida, 2026-01-05 12:00 UTC.')
  assert.deepEqual(
    buttons!.map(({ label }) => label),
    ['Explain'],
  )
})

test('a pager that is away is tried again until it takes the page', async (t) => {
  const pager = createTestPager(3)
  const { desk, raise } = await openAlertDesk(t, { pager })
  await raise('critical')
  await desk.pass(15 * MINUTE)
  assert.equal(pager.pages.length, 1)
  assert.equal((await desk.store.alerts.open())[0]!.escalation, 3)
})

test('a pager that is away for longer is tried at every reconciliation', async (t) => {
  const pager = createTestPager(7)
  const { desk, raise } = await openAlertDesk(t, { pager })
  await raise('critical')
  await assert.rejects(desk.pass(15 * MINUTE), /HTTP 503/)
  assert.equal((await desk.store.alerts.open())[0]!.escalation, 2)
  await desk.app.reconcile()
  await desk.settle()
  assert.equal(pager.pages.length, 1)
})

test('a restart goes on from the step and the time that are on record', async (t) => {
  const opened = await openAlertDesk(t)
  const { desk, raise, telegram, discord } = opened
  await raise('critical')
  await desk.pass(7 * MINUTE)
  assert.equal(onTelegram(opened, 'hana').length, 1)
  await desk.die()
  const next = await openDesk(t, {
    database: desk.database,
    startAt: desk.clock.now(),
    notifiers: [discord, telegram],
    settings: { channels: desk.ports.settings.channels },
  })
  await next.app.reconcile()
  await next.app.reconcile()
  await next.pass(3 * MINUTE - SECOND)
  assert.equal(onTelegram(opened, 'ida').length, 0)
  await next.pass(SECOND)
  assert.equal(onTelegram(opened, 'ida').length, 1)
  assert.equal(onTelegram(opened, 'hana').length, 2)
})

test('a restart before the first step counts from when it became critical', async (t) => {
  const opened = await openAlertDesk(t)
  const { desk, look } = opened
  await look(0.35)
  await desk.pass(30 * MINUTE)
  await look(0.35, { gain: 2 })
  await desk.pass(2 * MINUTE)
  await desk.queue.close()
  await desk.app.reconcile()
  await desk.pass(3 * MINUTE - SECOND)
  assert.equal(await desk.store.audit.count('alert.escalated'), 0)
  await desk.pass(SECOND)
  assert.equal(await desk.store.audit.count('alert.escalated'), 1)
})
