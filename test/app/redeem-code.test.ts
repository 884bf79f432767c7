import assert from 'node:assert/strict'
import { test } from 'node:test'
import pg from 'pg'
import { createChangeRole } from '../../src/app/change-role.ts'
import { createInviteMember } from '../../src/app/invite-member.ts'
import { createOfferLink } from '../../src/app/link-identity.ts'
import { createRedeemCode } from '../../src/app/redeem-code.ts'
import type { Identity, Member, Role } from '../../src/domain/member.ts'
import { HOUR, MINUTE } from '../../src/domain/units.ts'
import type { Cleanup } from '../support/database.ts'
import { member, openDesk } from '../support/desk.ts'

const ana = member('ana')
const telegram = (platformUserId: string): Identity => ({ platform: 'telegram', platformUserId })

async function openDoor(t: Cleanup) {
  const desk = await openDesk(t)
  const inviteMember = createInviteMember(desk.ports)
  const offerLink = createOfferLink(desk.ports)
  return {
    desk,
    inviteMember,
    offerLink,
    redeemCode: createRedeemCode(desk.ports),
    changeRole: createChangeRole(desk.ports),
    async invite(name: string, role: Role = 'trader', by: Member = ana): Promise<string> {
      const invitation = await inviteMember({ name, role, by })
      assert.equal(invitation.kind, 'invited')
      return (invitation as Extract<typeof invitation, { kind: 'invited' }>).code
    },
    async link(identity: Identity): Promise<string> {
      const offer = await offerLink(identity)
      assert.equal(offer.kind, 'offered')
      return (offer as Extract<typeof offer, { kind: 'offered' }>).code
    },
    actions: async () =>
      (await desk.store.audit.recent(50)).map(({ action, actor }) => `${action} by ${actor}`).reverse(),
  }
}

test('who is invited becomes a member with that role, on record and told to the desk', async (t) => {
  const { desk, invite, redeemCode, actions } = await openDoor(t)
  const code = await invite('Dana')
  const outcome = await redeemCode({ code: code.toLowerCase().replaceAll('-', ''), identity: telegram('77') })
  const dana: Member = { memberId: 'dana', name: 'Dana', role: 'trader', identities: [telegram('77')] }
  assert.deepEqual(outcome, { kind: 'joined', member: dana })
  assert.deepEqual(await desk.store.members.find('dana'), dana)
  assert.deepEqual(await actions(), ['member.invited by ana', 'member.joined by telegram:77'])
  await desk.settle()
  assert.deepEqual(
    desk.channel.posts.map(({ versions }) => versions[0]!.title),
    ['Dana has joined the desk'],
  )
})

test('no row of the record holds a code', async (t) => {
  const { desk, invite, link, redeemCode } = await openDoor(t)
  const codes = [await invite('Dana'), await link(ana.identities[0]!)]
  await redeemCode({ code: codes[0]!, identity: telegram('77') })
  await desk.settle()
  const rows = await everyRow(desk.database.connectionString)
  assert.match(rows, /member\.joined/)
  for (const code of codes)
    for (const form of [code, code.replaceAll('-', '')]) assert.ok(!rows.toUpperCase().includes(form))
  assert.equal((await desk.store.audit.verify()).kind, 'intact')
})

test('unknown, used, expired and mistyped codes get one and the same answer', async (t) => {
  const { desk, invite, redeemCode, actions } = await openDoor(t)
  const [used, late] = [await invite('Dana'), await invite('Dora')]
  await redeemCode({ code: used, identity: telegram('77') })
  await desk.pass(24 * HOUR)
  for (const code of [used, late, '0000-0000-0000-0000', 'hello', '']) {
    assert.deepEqual(await redeemCode({ code, identity: telegram('78') }), { kind: 'unknown' })
  }
  assert.equal(await desk.store.members.findByIdentity(telegram('78')), undefined)
  assert.deepEqual((await actions()).slice(-5), Array(5).fill('code.refused by telegram:78'))
})

test('of fifty who send one invitation at once one comes in', async (t) => {
  const { desk, invite, redeemCode } = await openDoor(t)
  const code = await invite('Dana')
  const outcomes = await Promise.all(
    Array.from({ length: 50 }, (_, i) => redeemCode({ code, identity: telegram(String(100 + i)) })),
  )
  assert.equal(outcomes.filter(({ kind }) => kind === 'joined').length, 1)
  assert.equal(outcomes.filter(({ kind }) => kind === 'unknown').length, 49)
  assert.equal((await desk.store.members.find('dana'))?.identities.length, 1)
})

test('two invitations of one name, sent at once by two people, make one member', async (t) => {
  const { desk, invite, redeemCode } = await openDoor(t)
  for (const name of ['Dana', 'Dora', 'Dina']) {
    const codes = [await invite(name, 'trader'), await invite(name, 'trader')]
    const outcomes = await Promise.all(
      codes.map((code, i) => redeemCode({ code, identity: telegram(`${name.charCodeAt(1)}${i}`) })),
    )
    assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ['joined', 'name-taken'])
    assert.equal((await desk.store.members.find(name.toLowerCase()))?.identities.length, 1)
  }
})

test('one person who sends two invitations at once becomes one member, and nobody is left without an account', async (t) => {
  const { desk, invite, redeemCode } = await openDoor(t)
  const codes = await Promise.all(['Dana', 'Dora', 'Dina'].map((name) => invite(name)))
  const outcomes = await Promise.all(codes.map((code) => redeemCode({ code, identity: telegram('77') })))
  assert.deepEqual(outcomes.map(({ kind }) => kind).sort(), ['identity-taken', 'identity-taken', 'joined'])
  assert.ok((await desk.store.members.list()).every(({ identities }) => identities.length === 1))
  assert.equal(await desk.store.audit.count('code.refused'), 2)
})

test('an invitation holds only while who made it is an admin', async (t) => {
  const { desk, invite, redeemCode, changeRole, inviteMember } = await openDoor(t)
  await changeRole({ memberId: 'ben', to: 'admin', by: ana })
  const code = await invite('Dana', 'admin', member('ben'))
  await changeRole({ memberId: 'ben', to: 'trader', by: ana })
  assert.deepEqual(await redeemCode({ code, identity: telegram('77') }), { kind: 'withdrawn' })
  assert.equal(await desk.store.members.find('dana'), undefined)
  assert.deepEqual(await redeemCode({ code, identity: telegram('77') }), { kind: 'unknown' })
  assert.deepEqual(await inviteMember({ name: 'Dora', role: 'viewer', by: member('ben') }), { kind: 'forbidden' })
})

test('a name on record cannot be invited, and who is a member already is not made another', async (t) => {
  const { desk, invite, redeemCode, inviteMember } = await openDoor(t)
  const taken = await inviteMember({ name: 'BEN', role: 'admin', by: ana })
  assert.deepEqual(taken, { kind: 'name-taken', member: member('ben') })
  const code = await invite('Dana', 'admin')
  assert.deepEqual(await redeemCode({ code, identity: member('vera').identities[0]! }), { kind: 'identity-taken' })
  assert.equal((await desk.store.members.find('vera'))?.role, 'viewer')
  assert.equal(await desk.store.members.find('dana'), undefined)
})

test('a member’s code joins another account to them within ten minutes', async (t) => {
  const { desk, link, redeemCode, actions } = await openDoor(t)
  const [own] = member('tom').identities
  const late = await link(own!)
  await desk.pass(10 * MINUTE)
  assert.deepEqual(await redeemCode({ code: late, identity: telegram('44') }), { kind: 'unknown' })
  const outcome = await redeemCode({ code: await link(own!), identity: telegram('44') })
  assert.equal(outcome.kind, 'linked')
  assert.deepEqual((await desk.store.members.findByIdentity(telegram('44')))?.memberId, 'tom')
  assert.equal((await actions()).at(-1), 'identity.linked by tom')
  assert.equal((await redeemCode({ code: await link(own!), identity: telegram('44') })).kind, 'already-theirs')
})

test('an account of another member is not taken over, and that someone tried is on record', async (t) => {
  const { desk, link, redeemCode } = await openDoor(t)
  const code = await link(member('tom').identities[0]!)
  const identity = member('ana').identities[0]!
  assert.deepEqual(await redeemCode({ code, identity }), { kind: 'identity-taken' })
  const [entry] = await desk.store.audit.recent(1)
  assert.deepEqual(
    [entry!.actor, entry!.action, entry!.subject, entry!.details.reason],
    ['ana', 'code.refused', 'tom', 'identity-taken'],
  )
  assert.deepEqual(await desk.store.members.findByIdentity(identity), ana)
})

test('strangers and those without a role get no code, and one made before the role went opens nothing', async (t) => {
  const { desk, link, offerLink, redeemCode, changeRole } = await openDoor(t)
  const own = member('tom').identities[0]!
  const code = await link(own)
  await changeRole({ memberId: 'tom', to: 'none', by: ana })
  assert.deepEqual(await redeemCode({ code, identity: telegram('44') }), { kind: 'withdrawn' })
  assert.deepEqual(await offerLink(own), { kind: 'no-role' })
  assert.deepEqual(await offerLink(telegram('44')), { kind: 'not-a-member' })
  assert.equal(await desk.store.members.findByIdentity(telegram('44')), undefined)
})

/** The whole database, as one text. */
async function everyRow(connectionString: string): Promise<string> {
  const client = new pg.Client({ connectionString })
  await client.connect()
  try {
    const { rows: tables } = await client.query<{ name: string }>(
      "select table_name as name from information_schema.tables where table_schema = 'public'",
    )
    const texts: string[] = []
    for (const { name } of tables) {
      const { rows } = await client.query(
        `select to_jsonb(rows)::text as text from ${client.escapeIdentifier(name)} rows`,
      )
      texts.push(...rows.map(({ text }) => `${name} ${text}`))
    }
    return texts.join('\n')
  } finally {
    await client.end()
  }
}
