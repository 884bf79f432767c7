import assert from 'node:assert/strict'
import { test } from 'node:test'
import audit from '../../commands/audit.ts'
import invite from '../../commands/invite.ts'
import link from '../../commands/link.ts'
import members from '../../commands/members.ts'
import role from '../../commands/role.ts'
import settings from '../../commands/settings.ts'
import start from '../../commands/start.ts'
import version from '../../commands/version.ts'
import whoami from '../../commands/whoami.ts'
import { createChangePreferences } from '../../src/app/change-preferences.ts'
import { createChangeRole } from '../../src/app/change-role.ts'
import { createDescribeMember, createListMembers } from '../../src/app/describe-member.ts'
import { createDescribeVersion } from '../../src/app/describe-version.ts'
import { createInviteMember } from '../../src/app/invite-member.ts'
import { createOfferLink } from '../../src/app/link-identity.ts'
import { createReadAudit } from '../../src/app/read-audit.ts'
import { createRedeemCode } from '../../src/app/redeem-code.ts'
import type { Command, Incoming } from '../../src/chat/command.ts'
import { createDispatch } from '../../src/chat/dispatch.ts'
import type { Card } from '../../src/domain/card.ts'
import type { Identity, Member } from '../../src/domain/member.ts'
import { HOUR, later, MINUTE } from '../../src/domain/units.ts'
import { createLog } from '../../src/log.ts'
import type { Cleanup } from '../support/database.ts'
import { openDesk, START } from '../support/desk.ts'

const COMMANDS: readonly Command[] = [start, whoami, link, invite, members, role, settings, audit, version]
const GROUP = { telegram: '-1001', discord: '2001', console: 'desk' } as const
const on = (platform: Identity['platform'], platformUserId: string): Identity => ({ platform, platformUserId })
const PEOPLE: readonly Member[] = [
  { memberId: 'adam', name: 'Adam', role: 'admin', identities: [on('telegram', '1'), on('discord', '1')] },
  { memberId: 'arne', name: 'Arne', role: 'approver', identities: [on('telegram', '2')] },
  { memberId: 'vito', name: 'Vito', role: 'viewer', identities: [on('telegram', '3')] },
  { memberId: 'nils', name: 'Nils', role: 'none', identities: [on('telegram', '4')] },
]
const [ADAM, ARNE, VITO, NILS] = PEOPLE.map(({ identities }) => identities[0]!) as [
  Identity,
  Identity,
  Identity,
  Identity,
]
const STRANGER = on('telegram', '77')

/** A desk of four in chat, with a Telegram group and a Discord channel of its own. */
async function openRoom(t: Cleanup) {
  const channels = (['telegram', 'discord'] as const).map((platform) => ({ platform, channel: GROUP[platform] }))
  const access = { channels: channels.map((place) => ({ ...place, most: 'admin' as const })), commands: {} }
  const desk = await openDesk(t, { settings: { access } })
  const { store, clock, ids, instanceId } = desk.ports
  for (const member of PEOPLE) await store.members.put(member)
  for (const memberId of ['ana', 'ben', 'cleo', 'tom', 'vera']) await store.members.setRole(memberId, 'none')
  const app = {
    ...desk.app,
    changePreferences: createChangePreferences(desk.ports),
    changeRole: createChangeRole(desk.ports),
    describeMember: createDescribeMember(desk.ports),
    describeVersion: createDescribeVersion(desk.ports, {
      version: '1.2.3',
      commit: 'abcdef0',
      node: 'v24.0.0',
      startedAt: later(START, -2 * HOUR),
      databaseVersion: async () => '17.2',
    }),
    inviteMember: createInviteMember(desk.ports),
    listMembers: createListMembers(desk.ports),
    offerLink: createOfferLink(desk.ports),
    readAudit: createReadAudit(desk.ports),
    redeemCode: createRedeemCode(desk.ports),
  }
  const log = createLog('silent')
  const { dispatch, complete } = createDispatch({ commands: COMMANDS, app, store, clock, ids, instanceId, access, log })
  let said = 0
  return {
    desk,
    complete,
    /** In a private chat unless the place says otherwise. */
    async say({ platform, platformUserId }: Identity, text: string, place: Partial<Incoming> = {}): Promise<Card> {
      const card = await dispatch({
        platform,
        platformUserId,
        channel: `user:${platformUserId}`,
        direct: true,
        interactionId: `said-${said++}`,
        ...place,
        input: { kind: 'text', text },
      })
      assert.ok(card, `Expected an answer to ${text}, was none`)
      return card
    },
  }
}

const inGroup = (platform: keyof typeof GROUP): Partial<Incoming> => ({ channel: GROUP[platform], direct: false })
const textOf = (card: Card): string => JSON.stringify(card)
const fieldsOf = (card: Card): Record<string, string> =>
  Object.fromEntries((card.fields ?? []).map(({ name, value }) => [name, value]))
const codeIn = (card: Card): string => {
  const found = /[0-9A-Z]{4}(-[0-9A-Z]{4}){3}/.exec(textOf(card))
  assert.ok(found, `Expected a code in ${textOf(card)}`)
  return found[0]
}

test('a stranger learns their own id and the way in, and nothing of the desk', async (t) => {
  const { say } = await openRoom(t)
  for (const text of ['/start', '/whoami', '/link', '/start 0000-0000-0000-0000']) {
    const card = await say(STRANGER, text)
    assert.doesNotMatch(textOf(card), /adam|arne|vito|nils|hedge|ETH/i, text)
    assert.equal(card.ephemeral, true)
  }
  assert.match((await say(STRANGER, '/start')).text!, /Your telegram id is 77\. .*\/invite.*\/start CODE/)
  assert.deepEqual(fieldsOf(await say(STRANGER, '/whoami')), { 'You here': 'telegram id 77' })
  for (const text of ['/members', '/settings', '/audit', '/role vito admin', '/invite Eve admin']) {
    assert.equal((await say(STRANGER, text)).title, 'Forbidden', text)
  }
})

test('a newcomer comes in with what the admin was given, once', async (t) => {
  const { say } = await openRoom(t)
  const invitation = await say(ADAM, '/invite Dana trader')
  assert.equal(invitation.ephemeral, true)
  assert.match(invitation.text!, /\/start [0-9A-Z-]{19}\nIt works once, until 2026-01-06 12:00 UTC/)
  const code = codeIn(invitation)
  assert.equal((await say(STRANGER, `/start ${code.toLowerCase()}`)).title, 'Welcome, Dana')
  assert.match((await say(STRANGER, '/start')).text!, /^You are trader on this desk/)
  assert.equal((await say(on('telegram', '78'), `/start ${code}`)).title, 'This code opens nothing')
  assert.equal((await say(on('telegram', '78'), '/link ZZZZ ZZZZ ZZZZ ZZZZ')).title, 'This code opens nothing')
})

test('a member joins a second account to themselves and is told what it is now', async (t) => {
  const { say } = await openRoom(t)
  const offer = await say(VITO, '/link')
  assert.equal(offer.ephemeral, true)
  const code = codeIn(offer)
  const other = on('discord', '33')
  assert.equal((await say(other, `/link ${code.replaceAll('-', ' ')}`)).title, 'You are Vito here too')
  assert.equal(fieldsOf(await say(other, '/whoami')).Accounts, 'telegram 3, discord 33')
  assert.equal((await say(other, `/link ${codeIn(await say(VITO, '/link'))}`)).title, "This account is Vito's already")
  const stolen = await say(ADAM, `/link ${codeIn(await say(VITO, '/link'))}`)
  assert.equal(stolen.title, 'This account belongs to another member')
  assert.doesNotMatch(textOf(stolen), /Vito/)
})

test('no code is shown where others read it', async (t) => {
  const { desk, say } = await openRoom(t)
  for (const text of ['/link', '/invite Dana viewer']) {
    assert.equal((await say(ADAM, text, inGroup('telegram'))).title, 'Not here, others would read it')
    const hidden = await say(on('discord', '1'), text, inGroup('discord'))
    assert.equal(hidden.ephemeral, true)
    codeIn(hidden)
  }
  assert.equal(await desk.store.audit.count('member.invited'), 1)
})

test('a name that cannot be one, is taken or is the desk’s own is refused', async (t) => {
  const { desk, say } = await openRoom(t)
  assert.equal((await say(ADAM, '/invite VITO trader')).title, 'There is a member Vito already')
  for (const text of ['/invite 9lives trader', '/invite system trader', '/invite Dana boss', '/invite Dana none']) {
    assert.equal((await say(ADAM, text)).title, '/invite: that does not fit', text)
  }
  assert.equal(await desk.store.audit.count('member.invited'), 0)
})

test('members are listed with what they may do; ids are for admins', async (t) => {
  const { desk, say } = await openRoom(t)
  const at = desk.clock.now()
  await desk.store.members.noteReach({ memberId: 'arne', platform: 'telegram', works: false, reason: 'blocked', at })
  await desk.store.members.noteReach({ memberId: 'vito', platform: 'telegram', works: true, at })
  const seen = fieldsOf(await say(VITO, '/members'))
  assert.equal(seen['Arne, approver'], 'telegram\nprivate chats: telegram does not work')
  assert.equal(seen['Vito, viewer'], 'telegram\nprivate chats: telegram works')
  assert.equal(seen['Nils, no role'], 'telegram\nprivate chats: telegram not tried yet')
  const full = await say(ADAM, '/members')
  assert.equal(full.ephemeral, true)
  assert.equal(fieldsOf(full)['Arne, approver'], 'arne: telegram 2\nprivate chats: telegram does not work (blocked)')
})

test('a role is changed by an admin, holds at once, and the last admin stays', async (t) => {
  const { desk, say } = await openRoom(t)
  assert.equal((await say(ARNE, '/role vito admin')).title, 'Forbidden')
  const taken = await say(ADAM, '/role Arne none')
  assert.deepEqual([taken.title, taken.tone], ['Arne: approver → none', 'ok'])
  assert.match(taken.text!, /stay on record and no longer count/)
  assert.equal((await say(ARNE, '/audit')).title, 'Forbidden')
  assert.match((await say(ARNE, '/start')).text!, /no role on this desk any more/)
  assert.equal((await say(ARNE, '/link')).tone, 'refused')
  const last = await say(ADAM, '/role adam viewer')
  assert.deepEqual([last.title, last.tone], ['Adam is the last admin', 'refused'])
  assert.equal((await say(ADAM, '/role zoe viewer')).title, 'There is no member zoe')
  assert.equal((await say(ADAM, '/role vito viewer')).title, 'Vito is viewer already')
  assert.equal((await desk.store.members.find('adam'))?.role, 'admin')
})

test('who can be given which role is offered to admins, and to nobody else', async (t) => {
  const { complete } = await openRoom(t)
  const ask = (identity: Identity, option: string, typed: string) =>
    complete({ ...identity, channel: 'private', direct: true, command: 'role', option, typed })
  assert.deepEqual(await ask(ADAM, 'member', 'vi'), [{ value: 'vito', label: 'Vito (viewer)' }])
  assert.deepEqual(await ask(ADAM, 'role', 'no'), [{ value: 'none' }])
  assert.deepEqual(await ask(ARNE, 'member', 'vi'), [])
})

test('settings show, change one at a time, and stay', async (t) => {
  const { desk, say } = await openRoom(t)
  const defaults = { timezone: 'UTC', units: 'usd', quiet: 'off', digest: 'off', theme: 'platform', language: 'en' }
  assert.deepEqual(fieldsOf(await say(VITO, '/settings')), defaults)
  const steps = [
    'timezone=europe/berlin',
    'units=coins',
    'quiet=22:00-07:00',
    'digest=daily',
    'theme=dark',
    'language=en',
  ]
  for (const step of steps) assert.equal((await say(VITO, `/settings ${step}`)).tone, 'ok', step)
  const wanted = {
    ...defaults,
    timezone: 'Europe/Berlin',
    units: 'coins',
    quiet: '22:00-07:00',
    digest: 'daily',
    theme: 'dark',
  }
  assert.deepEqual(fieldsOf(await say(VITO, '/settings')), wanted)
  assert.deepEqual(await desk.store.members.preferences('vito'), {
    timeZone: 'Europe/Berlin',
    units: 'coins',
    quietHours: { fromMinute: 1320, toMinute: 420 },
    digest: 'daily',
    theme: 'dark',
    language: 'en',
  })
  assert.equal(fieldsOf(await say(VITO, '/settings quiet=off')).quiet, 'off')
  assert.equal(fieldsOf(await say(ARNE, '/settings')).timezone, 'UTC')
})

test('a setting that does not exist is refused with what would do', async (t) => {
  const { desk, say } = await openRoom(t)
  for (const [text, why] of [
    ['timezone=Mars/Olympus', /Expected an IANA time zone such as Europe\/Berlin, or UTC/],
    ['timezone=EST', /Expected an IANA time zone/],
    ['quiet=late', /Expected local times such as 22:00-07:00, or off/],
    ['quiet=07:00-07:00', /Expected local times/],
    ['language=de', /Expected en: the desk speaks no other language yet/],
    ['digest=yearly', /daily/],
  ] as const) {
    const card = await say(VITO, `/settings ${text}`)
    assert.equal(card.title, '/settings: that does not fit', text)
    assert.match(textOf(card), why)
  }
  assert.equal((await desk.store.members.preferences('vito')).timeZone, 'UTC')
})

test('time zones are offered by what was typed, and an answer is read in one’s own', async (t) => {
  const { complete, say } = await openRoom(t)
  const typing = { ...VITO, channel: 'private', direct: true, command: 'settings', option: 'timezone' }
  assert.deepEqual(
    (await complete({ ...typing, typed: 'berl' })).map(({ value }) => value),
    ['Europe/Berlin'],
  )
  assert.equal((await complete({ ...typing, typed: '' })).length, 25)
  await say(VITO, '/settings timezone=America/New_York')
  assert.match(fieldsOf(await say(VITO, '/version')).Started!, /^2026-01-05 10:00 UTC \(05:00 New York\), 2 h ago$/)
})

test('the audit log is read by who and what, newest first, and says whether it is whole', async (t) => {
  const { desk, say } = await openRoom(t)
  await say(ADAM, '/invite Dana viewer')
  await desk.pass(MINUTE)
  await say(ADAM, '/role arne admin')
  await say(STRANGER, '/start 0000-0000-0000-0000')
  const all = await say(ARNE, '/audit 3')
  assert.equal(all.title, 'Last 3 on record')
  assert.deepEqual(
    all.fields!.map(({ name, value }) => `${name}: ${value}`.split(',')[0]),
    [
      '2026-01-05 12:01 UTC telegram:77: code.refused telegram:77',
      '2026-01-05 12:01 UTC adam: member.role-changed arne',
      '2026-01-05 12:00 UTC adam: member.invited dana',
      'Hash chain: intact over 3 rows',
    ],
  )
  const of = async (text: string) =>
    (await say(ARNE, text)).fields!.slice(0, -1).map(({ value }) => value.split(' ')[0])
  assert.deepEqual(await of('/audit who=Adam'), ['member.role-changed', 'member.invited'])
  assert.deepEqual(await of('/audit what=code.'), ['code.refused'])
  assert.deepEqual(await of('/audit 5 adam member.inv'), ['member.invited'])
  assert.equal((await say(ARNE, '/audit who=zoe')).title, 'Nothing on record')
  assert.equal((await say(VITO, '/audit')).title, 'Forbidden')
})

test('the version says what runs and not where', async (t) => {
  const { say } = await openRoom(t)
  const card = await say(VITO, '/version')
  assert.equal(card.title, 'Breakwater 1.2.3')
  assert.deepEqual(fieldsOf(card), {
    Commit: 'abcdef0',
    Node: 'v24.0.0',
    PostgreSQL: '17.2',
    Model: 'none is loaded',
    Started: '2026-01-05 10:00 UTC, 2 h ago',
  })
  assert.equal((await say(NILS, '/version')).title, 'Forbidden')
})

test('a member is welcomed with three things to try, each at hand', async (t) => {
  const { say } = await openRoom(t)
  const card = await say(VITO, '/start')
  assert.match(card.text!, /^You are viewer on this desk/)
  assert.deepEqual(
    card.buttons!.map(({ command }) => command),
    card.fields!.map(({ name }) => name),
  )
  assert.equal(fieldsOf(await say(VITO, '/whoami')).Role, 'viewer')
})
