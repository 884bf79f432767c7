import assert from 'node:assert/strict'
import { test } from 'node:test'
import { commands } from '../../commands/index.ts'
import { HOUR } from '../../src/domain/units.ts'
import { GROUP, PEOPLE, person } from '../support/chat-desk.ts'
import { ARGUMENTS, RIGHTS } from '../support/rights.ts'
import { ADA, idOf, openTarget, STRANGER, type Target } from './target.ts'

const [ADAM, ARNE, TESS, NILS] = [PEOPLE.admin, PEOPLE.approver, PEOPLE.trader, PEOPLE.none].map(idOf) as [
  number,
  number,
  number,
  number,
]
const CODE = /\b[0-9A-HJKMNP-TV-Z]{4}(?:-[0-9A-HJKMNP-TV-Z]{4}){3}\b/
const FOR_MEMBERS = commands.filter(({ name }) => !RIGHTS[name]?.includes('stranger'))

const codeIn = (text: string): string => {
  const [code] = CODE.exec(text) ?? []
  assert.ok(code, `Expected a code, was ${text}`)
  return code
}
const invite = async ({ discord }: Target, by: number, name: string): Promise<string> =>
  codeIn(
    (await discord.sendCommand({ userId: String(by), name: 'invite', options: { name, role: 'trader' } }).answer())
      .text,
  )

test('being in the group, its admin, or called as an admin of the desk gives no right on either platform', async (t) => {
  const target = await openTarget(t)
  const { discord, telegram } = target
  const before = await target.record()
  for (const { name } of FOR_MEMBERS) {
    const options = ARGUMENTS[name]
    for (const as of [{}, { name: 'Adam' }, { name: 'adam', permissions: String((1n << 53n) - 1n) }]) {
      const answer = await discord.sendCommand({ userId: String(STRANGER), name, options, as }).answer()
      assert.match(answer.text, /^Forbidden\n.*not a member/s, `/${name} of ${JSON.stringify(as)}`)
      assert.equal(answer.ephemeral, true)
    }
    const words = [`/${name.replace(' ', '_')}`, ...Object.values(options ?? {})].join(' ')
    const from = { id: STRANGER, is_bot: false, first_name: 'Adam', username: 'adam', language_code: 'en' }
    telegram.say(words, {
      from: { id: STRANGER },
      chat: GROUP,
      more: { from, author_signature: 'owner', sender_tag: 'admin' },
    })
  }
  await target.heard()
  const told = telegram.messages.filter(({ text }) => text.includes('not a member'))
  assert.equal(told.length, FOR_MEMBERS.length)
  assert.deepEqual(await target.record(), before)
})

test('an account is one platform’s: the same number on the other is a stranger', async (t) => {
  const target = await openTarget(t)
  const member = { ...person('dora', 'admin', 910) }
  await target.desk.store.members.put({
    ...member,
    identities: member.identities.filter(({ platform }) => platform === 'discord'),
  })
  const here = await target.discord.sendCommand({ userId: '910', name: 'risk status' }).answer()
  assert.doesNotMatch(here.text, /Forbidden/)
  assert.match((await target.tell(910, '/risk_status')).text, /Forbidden[\s\S]*telegram id 910/)
  assert.match((await target.tell(910, '/risk_halt')).text, /Forbidden/)
  assert.equal((await target.desk.store.settings.tradingState()).state, 'active')
})

test('a role that was taken is gone at once: typed, pressed, completed, in a window and in a question', async (t) => {
  const target = await openTarget(t)
  const { discord, telegram, desk } = target
  const offer = await target.offer()
  const userId = String(ARNE)
  const offered = () => discord.completeOption({ userId, name: 'approve', option: 'proposal' }).choices()
  const opened = discord.pressButton({ userId, message: offer.onDiscord, label: 'Decline' })
  await opened.modal()
  const at = offer.onTelegram.buttons.findIndex(({ text }) => text === 'Decline')
  telegram.press(offer.onTelegram.messageId, at, { from: { id: ARNE } })
  const question = await telegram.waitFor(({ forceReply }) => forceReply !== undefined)
  assert.equal((await offered()).length, 1)

  const taken = await discord
    .sendCommand({ userId: String(ADAM), name: 'role', options: { member: 'arne', role: 'none' } })
    .answer()
  assert.match(taken.text, /^Arne: approver → none/)
  const gone = /no role on this desk any more/
  for (const { name } of FOR_MEMBERS)
    assert.match((await discord.sendCommand({ userId, name, options: ARGUMENTS[name] }).answer()).text, gone, name)
  assert.match((await discord.pressButton({ userId, message: offer.onDiscord, label: 'Approve' }).answer()).text, gone)
  assert.match((await discord.pressButton({ userId, message: offer.onDiscord, label: 'Why' }).answer()).text, gone)
  assert.match((await (await discord.submitModal({ userId, opened, value: 'no' })).answer()).text, gone)
  assert.deepEqual(await offered(), [])
  telegram.reply(question.messageId, 'no', { from: { id: ARNE } })
  telegram.press(offer.onTelegram.messageId, 0, { from: { id: ARNE } })
  await telegram.until(() => telegram.messages.filter(({ text }) => gone.test(text)).length === 2 || undefined)
  assert.equal(await target.stateOf(offer.proposal), 'pending')

  // Neither a code of their own nor an invitation brings back what an admin took.
  assert.match((await discord.sendCommand({ userId, name: 'link' }).answer()).text, gone)
  const code = await invite(target, ADAM, 'newcomer')
  await discord.sendCommand({ userId, name: 'start', options: { code } }).answer()
  assert.equal((await desk.store.members.find('arne'))?.role, 'none')
  assert.equal(await desk.store.members.find('newcomer'), undefined)
})

test('who comes first to a desk becomes nobody: the first admin is named in the settings', async (t) => {
  const target = await openTarget(t, { members: [ADA] })
  const { discord, telegram, desk } = target
  const before = await desk.store.members.list()
  for (const { name } of commands) {
    await discord.sendCommand({ userId: String(STRANGER), name, options: ARGUMENTS[name] }).answer()
    telegram.say([`/${name.replace(' ', '_')}`, ...Object.values(ARGUMENTS[name] ?? {})].join(' '), {
      from: { id: STRANGER },
      chat: STRANGER,
    })
  }
  for (const text of ['/start', '/start ADMIN', '/start admin=yes', '/invite me admin', '/role me admin'])
    telegram.say(text, { from: { id: STRANGER }, chat: STRANGER })
  await target.heard(STRANGER)
  assert.deepEqual(await desk.store.members.list(), before)
  assert.equal(await desk.store.audit.count('member.joined'), 0)
})

test('an invitation lets one in, once: of twenty at once on both platforms, and of who comes later', async (t) => {
  const target = await openTarget(t)
  const { discord, telegram, desk } = target
  const code = await invite(target, ADAM, 'dana')
  const numbers = Array.from({ length: 10 }, (_, i) => 700 + i)
  for (const id of numbers) telegram.say(`/start ${code}`, { from: { id }, chat: id })
  const told = await Promise.all([
    ...numbers.map(
      async (id) => (await discord.sendCommand({ userId: String(id), name: 'start', options: { code } }).answer()).text,
    ),
    ...numbers.map(async (id) => (await telegram.waitFor(({ chat }) => chat === String(id))).text),
  ])
  assert.equal(told.filter((text) => /Welcome, dana/.test(text)).length, 1)
  assert.equal(told.filter((text) => /This code opens nothing/.test(text)).length, 19)
  const dana = await desk.store.members.find('dana')
  assert.deepEqual([dana?.role, dana?.identities.length], ['trader', 1])
  assert.match((await target.tell(711, `/start ${code}`, 711)).text, /opens nothing/)
})

test('an invitation is worth what its inviter may do when it is used, and a day at most', async (t) => {
  const target = await openTarget(t)
  const { desk } = target
  const [early, late] = [await invite(target, ADAM, 'dana'), await invite(target, idOf(ADA), 'dora')]
  await desk.store.members.setRole('adam', 'approver')
  assert.match((await target.tell(712, `/start ${early}`, 712)).text, /does not hold any more/)
  await desk.store.members.setRole('adam', 'admin')
  assert.match((await target.tell(712, `/start ${early}`, 712)).text, /opens nothing/, 'it was used up')
  await desk.pass(24 * HOUR)
  assert.match((await target.tell(713, `/start ${late}`, 713)).text, /opens nothing/)
  for (const name of ['dana', 'dora']) assert.equal(await desk.store.members.find(name), undefined)
})

test('whoever sends a member’s code becomes that member and no more, so it is shown to nobody else', async (t) => {
  const target = await openTarget(t)
  const { discord, telegram, desk } = target
  assert.match((await target.tell(TESS, '/link')).text, /others would read it/)
  assert.match((await target.tell(ADAM, '/invite dana admin')).text, /others would read it/)
  assert.equal(await desk.store.audit.count('identity.link-offered'), 0)

  const shown = await discord.sendCommand({ userId: String(TESS), name: 'link' }).answer()
  assert.equal(shown.ephemeral, true)
  const joined = await target.tell(720, `/link ${codeIn(shown.text)}`, 720)
  assert.match(joined.text, /You are Tess here too/)
  assert.match((await target.tell(720, '/risk_halt', 720)).text, /needs the role admin; you are trader/)
  assert.match((await target.tell(721, `/link ${codeIn(shown.text)}`, 721)).text, /opens nothing/)

  // Theirs already, or another member's: nobody's account changes hands.
  const second = codeIn((await target.tell(TESS, '/link', TESS)).text)
  assert.match((await target.tell(ADAM, `/link ${second}`, ADAM)).text, /belongs to another member/)
  assert.match((await target.tell(720, `/link ${second}`, 720)).text, /opens nothing/)
  assert.equal(
    (await desk.store.members.findByIdentity({ platform: 'telegram', platformUserId: String(ADAM) }))?.memberId,
    'adam',
  )
  assert.match((await target.tell(NILS, '/link', NILS)).text, /no role/)
  assert.equal(telegram.problems.length, 0)
})

test('a code stands in the one private message that shows it: in no channel, log, record or audit', async (t) => {
  const target = await openTarget(t)
  const { discord, telegram, desk, logged } = target
  const codes = [
    await invite(target, ADAM, 'dana'),
    codeIn((await discord.sendCommand({ userId: String(TESS), name: 'link' }).answer()).text),
    codeIn((await target.tell(TESS, '/link', TESS)).text),
    codeIn((await target.tell(ADAM, '/invite dora viewer', ADAM)).text),
  ]
  await target.tell(730, `/start ${codes[0]}`, 730)
  await target.tell(731, `/start ${codes[0]}`, 731)
  await target.tell(732, `/link ${codes[2]}`, 732)
  await target.tell(733, `/start ${codes[3]} please`, 733)

  // The same where the answer cannot be shown: what is said of the fault says nothing of the answer.
  const shownBefore = telegram.messages.length
  telegram.fail('sendMessage', { error_code: 400, description: 'Bad Request: something' })
  telegram.say('/link', { from: { id: TESS }, chat: TESS })
  await telegram.until(() => logged.some((line) => line.includes('telegram answer not sent')) || undefined)
  discord.failNext('POST', /^\/webhooks/, { status: 400, times: 1 })
  discord.sendCommand({ userId: String(ADAM), name: 'invite', options: { name: 'doro', role: 'viewer' } })
  const hint = await discord.waitForMessage(({ content }) => content.includes('too late'))
  const lost = JSON.stringify(discord.requests.filter(({ path, status }) => /^\/webhooks/.test(path) && status === 400))
  codes.push(codeIn(lost))
  const unsent = telegram.calls.filter(
    ({ method, params }) => method === 'sendMessage' && CODE.test(String(params.text)),
  )
  codes.push(codeIn(String(unsent.at(-1)!.params.text)))
  assert.equal(new Set(codes).size, 6)
  assert.ok(telegram.messages.slice(shownBefore).every(({ text }) => !CODE.test(text)))

  await desk.settle()
  const places: Readonly<Record<string, string>> = {
    'the log': logged.join('\n'),
    'the record': await target.everything(),
    'the Discord channel': JSON.stringify([...discord.messages, hint]),
    'the Telegram group': JSON.stringify(telegram.messages.filter(({ chat }) => chat === String(GROUP))),
  }
  for (const [place, text] of Object.entries(places)) {
    for (const code of codes) {
      for (const form of [code, code.replaceAll('-', '')])
        assert.ok(!text.toUpperCase().includes(form), `${form} stands in ${place}`)
    }
  }
})

test('the last admin stays, whoever asks and however often', async (t) => {
  const target = await openTarget(t, { members: Object.values(PEOPLE) })
  const { discord, desk } = target
  await desk.store.members.setRole('ana', 'viewer')
  for (const role of ['none', 'viewer', 'approver']) {
    const said = await discord
      .sendCommand({ userId: String(ADAM), name: 'role', options: { member: 'adam', role } })
      .answer()
    assert.match(said.text, /^Adam is the last admin/)
    assert.match((await target.tell(ADAM, `/role ADAM ${role}`)).text, /Adam is the last admin/)
    assert.match((await target.tell(ARNE, `/role adam ${role}`)).text, /Forbidden/)
  }
  assert.deepEqual(
    (await desk.store.members.withRole('admin')).map(({ memberId }) => memberId),
    ['adam'],
  )
})
