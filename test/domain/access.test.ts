import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { type Access, type AccessRules, judgeAccess } from '../../src/domain/access.ts'
import { type MemberRole, PLATFORMS, ROLES, type Role } from '../../src/domain/member.ts'

const WHO = ['stranger', 'none', ...ROLES] as const
const RULES: AccessRules = {
  channels: [
    { platform: 'discord', channel: 'desk', most: 'admin' },
    { platform: 'discord', channel: 'limited', most: 'trader' },
    { platform: 'telegram', channel: 'elsewhere', most: 'admin' },
  ],
  commands: { raised: 'approver', lowered: 'viewer' },
}
/** `raised` and `lowered` are a trader's and an admin's by themselves. */
const COMMANDS: Readonly<Record<string, Role | 'anyone'>> = {
  hello: 'anyone',
  look: 'viewer',
  trade: 'trader',
  decide: 'approver',
  rule: 'admin',
  raised: 'trader',
  lowered: 'admin',
}
const REASONS: Readonly<Record<string, Extract<Access, { kind: 'forbidden' }>['reason'] | undefined>> = {
  yes: undefined,
  stranger: 'NOT_A_MEMBER',
  norole: 'NO_ROLE',
  low: 'ROLE_TOO_LOW',
  foreign: 'NOT_A_DESK_CHANNEL',
  limited: 'CHANNEL_TOO_LOW',
}
/** Place, command; then what a stranger, one without a role, a viewer, a trader, an approver and an admin are told. */
const TABLE = `
  direct   hello    yes       yes     yes      yes      yes      yes
  direct   look     stranger  norole  yes      yes      yes      yes
  direct   trade    stranger  norole  low      yes      yes      yes
  direct   decide   stranger  norole  low      low      yes      yes
  direct   rule     stranger  norole  low      low      low      yes
  direct   raised   stranger  norole  low      low      yes      yes
  direct   lowered  stranger  norole  yes      yes      yes      yes
  desk     hello    yes       yes     yes      yes      yes      yes
  desk     look     stranger  norole  yes      yes      yes      yes
  desk     trade    stranger  norole  low      yes      yes      yes
  desk     decide   stranger  norole  low      low      yes      yes
  desk     rule     stranger  norole  low      low      low      yes
  desk     raised   stranger  norole  low      low      yes      yes
  desk     lowered  stranger  norole  yes      yes      yes      yes
  limited  hello    yes       yes     yes      yes      yes      yes
  limited  look     stranger  norole  yes      yes      yes      yes
  limited  trade    stranger  norole  low      yes      yes      yes
  limited  decide   stranger  norole  low      low      limited  limited
  limited  rule     stranger  norole  low      low      low      limited
  limited  raised   stranger  norole  low      low      limited  limited
  limited  lowered  stranger  norole  yes      yes      yes      yes
  foreign  hello    yes       yes     yes      yes      yes      yes
  foreign  look     stranger  norole  foreign  foreign  foreign  foreign
  foreign  trade    stranger  norole  low      foreign  foreign  foreign
  foreign  decide   stranger  norole  low      low      foreign  foreign
  foreign  rule     stranger  norole  low      low      low      foreign
  foreign  raised   stranger  norole  low      low      foreign  foreign
  foreign  lowered  stranger  norole  foreign  foreign  foreign  foreign
`

const memberOf = (who: (typeof WHO)[number]): { role: MemberRole } | undefined =>
  who === 'stranger' ? undefined : { role: who }

test('who may do what where is as the table says', () => {
  const rows = TABLE.trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  assert.equal(rows.length, 4 * Object.keys(COMMANDS).length)
  for (const [channel = '', name = '', ...expected] of rows) {
    for (const [i, who] of WHO.entries()) {
      const access = judgeAccess(RULES, {
        command: { name, role: COMMANDS[name]! },
        member: memberOf(who),
        place: { platform: 'discord', channel, direct: channel === 'direct' },
      })
      const reason = access.kind === 'forbidden' ? access.reason : undefined
      assert.equal(reason, REASONS[expected[i]!], `${who}, ${name}, ${channel}`)
    }
  }
})

test('a refusal names the role that the command needs at this desk, not the one it was written with', () => {
  const needsOf = (name: string): Role | undefined => {
    const access = judgeAccess(RULES, {
      command: { name, role: COMMANDS[name]! },
      member: { role: 'none' },
      place: { platform: 'discord', channel: 'desk', direct: false },
    })
    return access.kind === 'forbidden' ? access.needs : undefined
  }
  assert.deepEqual(['trade', 'raised', 'lowered', 'hello'].map(needsOf), ['trader', 'approver', 'viewer', undefined])
})

const anyRole = fc.constantFrom(...ROLES)
const anyWho = fc.constantFrom(...WHO)
const anyCommand = fc.record({
  name: fc.constantFrom('a', 'b', 'c'),
  role: fc.constantFrom(...ROLES, 'anyone' as const),
})
const anyPlace = fc.record({
  platform: fc.constantFrom(...PLATFORMS),
  channel: fc.constantFrom('1', '2', '3'),
  direct: fc.boolean(),
})
const anyRules = fc.record({
  channels: fc.array(
    fc.record({ platform: fc.constantFrom(...PLATFORMS), channel: fc.constantFrom('1', '2', '3'), most: anyRole }),
    { maxLength: 4 },
  ),
  commands: fc.dictionary(fc.constantFrom('a', 'b'), anyRole, { noNullPrototype: true }),
})
const allows = (...given: Parameters<typeof judgeAccess>): boolean => judgeAccess(...given).kind === 'allowed'

test('a channel never adds a right: what is allowed in one is allowed in private, whatever the rules', () => {
  fc.assert(
    fc.property(anyRules, anyCommand, anyWho, anyPlace, (rules, command, who, place) => {
      const member = memberOf(who)
      const inPrivate = allows(rules, { command, member, place: { ...place, direct: true } })
      if (allows(rules, { command, member, place })) assert.ok(inPrivate)
      assert.equal(
        inPrivate,
        allows({ ...rules, channels: [] }, { command, member, place: { ...place, direct: true } }),
      )
    }),
    { numRuns: 2_000 },
  )
})

test('a stranger and one without a role may do nothing but what is for anyone', () => {
  fc.assert(
    fc.property(anyRules, anyCommand, fc.constantFrom('stranger', 'none'), anyPlace, (rules, command, who, place) => {
      assert.equal(allows(rules, { command, member: memberOf(who), place }), command.role === 'anyone')
    }),
    { numRuns: 2_000 },
  )
})

test('a higher role may do all that a lower one may, and a channel opened for less never lets more through', () => {
  fc.assert(
    fc.property(anyRules, anyCommand, anyRole, anyRole, anyPlace, (rules, command, one, other, place) => {
      const [lower, higher] = [one, other].sort((a, b) => ROLES.indexOf(a) - ROLES.indexOf(b)) as [Role, Role]
      const asks = (role: Role, given: AccessRules) => allows(given, { command, member: { role }, place })
      if (asks(lower, rules)) assert.ok(asks(higher, rules))
      const only = (most: Role): AccessRules => ({ ...rules, channels: [{ ...place, most }] })
      if (asks(higher, only(lower))) assert.ok(asks(higher, only(higher)))
    }),
    { numRuns: 2_000 },
  )
})
