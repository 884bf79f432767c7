import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openAlertDesk } from './alert-desk.ts'

const DEMO_TITLE = 'members cannot be reached in private'

test('everyone who has to be reached in private is tried, and what does not work is known', async (t) => {
  const { desk, telegram, subscribe } = await openAlertDesk(t)
  telegram.refuse('user:42', 'chat not found')
  telegram.refuse('user:44', 'chat not found')
  const report = await desk.app.checkReach()
  assert.deepEqual([report.deskWorks, report.anythingWorks], [true, true])
  const known = async () =>
    (await desk.store.members.reach()).map(({ memberId, platform, works }) => `${memberId} ${platform} ${works}`).sort()
  assert.deepEqual(await known(), [
    'gil discord true',
    'gil telegram true',
    'hana discord true',
    'hana telegram false',
    'ida discord true',
    'ida telegram true',
  ])
  await subscribe('jo')
  await subscribe('kai')
  await desk.app.checkReach()
  assert.deepEqual((await known()).slice(6), ['jo discord true', 'jo telegram false'])
})

test('whom nothing reaches is told to the desk, once for each change', async (t) => {
  const { desk, telegram, discord } = await openAlertDesk(t)
  for (const channel of [telegram, discord]) channel.refuse('user:43', 'closed to the bot')
  const first = await desk.app.checkReach()
  assert.deepEqual(
    first.membersWithout.map(({ member }) => member.memberId).sort(),
    ['ana', 'ben', 'cleo', 'ida', 'tom'],
    'those known only at the terminal have no private chat here',
  )
  await desk.app.checkReach()
  await desk.settle()
  const cards = () => telegram.postsIn('t').map(({ versions }) => versions[0]!)
  assert.deepEqual(
    cards().map(({ title }) => title),
    [`5 ${DEMO_TITLE}`],
  )
  const ida = cards()[0]!.fields!.find(({ name }) => name === 'Ida')
  assert.equal(ida!.value, 'discord: closed to the bot\ntelegram: closed to the bot')
  telegram.accept('user:43')
  await desk.app.checkReach()
  await desk.settle()
  assert.deepEqual(
    cards().map(({ title }) => title),
    [`5 ${DEMO_TITLE}`, `4 ${DEMO_TITLE}`],
  )
  assert.equal(await desk.store.audit.count('reach.changed'), 2)
  for (const name of ['ana', 'ben', 'cleo', 'tom'] as const) await desk.store.members.setRole(name, 'none')
  await desk.store.members.setRole('ana', 'viewer')
  await desk.app.checkReach()
  await desk.settle()
  assert.equal(cards().at(-1)!.title, 'Everyone can be reached in private again')
})

test('that nothing works at all is reported, so that a start can be refused', async (t) => {
  const { desk, telegram, discord } = await openAlertDesk(t)
  for (const channel of [telegram, discord])
    for (const place of ['d', 't', 'user:41', 'user:42', 'user:43']) channel.refuse(place, 'no right to write here')
  const report = await desk.app.checkReach()
  assert.deepEqual([report.deskWorks, report.anythingWorks], [false, false])
  assert.deepEqual(
    report.desk.map(({ channel, reason }) => [channel, reason]),
    [
      ['d', 'no right to write here'],
      ['t', 'no right to write here'],
    ],
  )
})
