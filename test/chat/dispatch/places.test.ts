import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { type Command, command, type Incoming } from '../../../src/chat/command.ts'
import { PACE_LIMITS } from '../../../src/chat/dispatch/pace.ts'
import { createDispatch, type DispatchDependencies } from '../../../src/chat/dispatch.ts'
import type { AccessRules } from '../../../src/domain/access.ts'
import { PEOPLE } from '../../support/chat-desk.ts'
import type { Cleanup } from '../../support/database.ts'
import { type DeskOptions, openDesk } from '../../support/desk.ts'

const answers = (name: string, role: Command['role']): Command =>
  command({
    name,
    description: `Answers ${name}`,
    role,
    options: z.object({ which: z.string().optional() }),
    run: async ({ actor, direct }) => ({ tone: 'ok', title: `${name} for ${actor.memberId}${direct ? ' alone' : ''}` }),
  })
const COMMANDS: readonly Command[] = [
  answers('look', 'viewer'),
  answers('trade', 'trader'),
  answers('rule', 'admin'),
  answers('hello', 'anyone'),
  command({
    name: 'choose',
    description: 'Wants one of the fruits',
    role: 'trader',
    options: z.object({ fruit: z.string().describe('Which fruit') }),
    run: async ({ options }) => ({ tone: 'ok', title: options.fruit }),
    complete: {
      fruit: async () => [
        { value: 'apple', label: 'An apple' },
        { value: 'pineapple' },
        { value: 'cherry', label: 'Red cherry' },
      ],
    },
  }),
]
const RULES: AccessRules = {
  channels: [
    { platform: 'discord', channel: '1', most: 'admin' },
    { platform: 'discord', channel: '2', most: 'viewer' },
  ],
  commands: { trade: 'approver' },
}

async function openRoom(t: Cleanup, options: DeskOptions & { rules?: AccessRules } = {}) {
  const desk = await openDesk(t, {
    commands: COMMANDS,
    ...options,
    settings: { access: options.rules ?? RULES, ...options.settings },
  })
  for (const member of Object.values(PEOPLE)) await desk.store.members.put(member)
  let said = 0
  const say = (by: number, text: string, place: Partial<Incoming> = {}) =>
    desk.dispatch({
      platform: 'discord',
      platformUserId: String(by),
      channel: '1',
      direct: false,
      interactionId: `said-${said++}`,
      ...place,
      input: { kind: 'text', text },
    })
  return { desk, say }
}

test('a channel takes rights away and gives none; what is not a channel of the desk is not answered', async (t) => {
  const { say } = await openRoom(t)
  assert.equal((await say(901, '/look'))!.title, 'look for vito')
  assert.equal((await say(901, '/look', { channel: '2' }))!.title, 'look for vito')
  assert.match((await say(904, '/rule', { channel: '2' }))!.text!, /this channel is not open to that/)
  assert.equal((await say(904, '/rule'))!.title, 'rule for adam')
  const elsewhere = await say(904, '/look', { channel: '3' })
  assert.deepEqual([elsewhere!.title, elsewhere!.ephemeral], ['Forbidden', true])
  assert.match(elsewhere!.text!, /not answered in this channel/)
  assert.match((await say(904, '/look', { platform: 'telegram' }))!.text!, /not answered in this channel/)
  assert.equal((await say(904, '/look', { channel: '3', direct: true }))!.title, 'look for adam alone')
  assert.match((await say(901, '/rule', { channel: '1' }))!.text!, /needs the role admin; you are viewer/)
})

test('a group gives no right to who is in it', async (t) => {
  const { say } = await openRoom(t)
  assert.match((await say(77, '/look'))!.text!, /not a member of this desk \(discord id 77\)/)
  assert.match((await say(900, '/look'))!.text!, /no role on this desk any more/)
  assert.equal((await say(77, '/hello', { channel: '3' }))!.title, 'hello for discord:77')
  assert.equal(await say(78, '/weather'), undefined, 'what is said to another bot is not ours to comment on')
})

test('a desk can ask more of a command than the command does', async (t) => {
  const { say } = await openRoom(t)
  assert.match((await say(902, '/trade'))!.text!, /\/trade needs the role approver; you are trader/)
  assert.equal((await say(903, '/trade'))!.title, 'trade for arne')
})

test('rules about commands that do not exist, or that strangers need, stop the start', async (t) => {
  const { desk } = await openRoom(t)
  const parts = { app: desk.app, store: desk.store, clock: desk.clock, ids: desk.ports.ids, instanceId: 'i' }
  const start = (rules: AccessRules['commands']) =>
    createDispatch({
      ...(parts as unknown as DispatchDependencies),
      commands: COMMANDS,
      access: { channels: [], commands: rules },
    })
  assert.throws(() => start({ tarde: 'admin' }), /Expected COMMAND_ROLES to name commands, was tarde/)
  assert.throws(() => start({ hello: 'admin' }), /without hello: strangers need them/)
})

test('who tries too much is told to slow down once, then met with silence, and heard again after a minute', async (t) => {
  const { desk, say } = await openRoom(t, { paceLimits: { ...PACE_LIMITS, heard: 3 } })
  for (let i = 0; i < 3; i++) assert.equal((await say(904, '/look'))!.title, 'look for adam')
  assert.equal((await say(904, '/look'))!.title, 'Slow down')
  assert.equal(await say(904, '/look'), undefined)
  assert.equal((await say(903, '/look'))!.title, 'look for arne', 'the others are heard')
  await desk.pass(61_000)
  assert.equal((await say(904, '/look'))!.title, 'look for adam')
})

test('refusals are answered and audited five times a minute; then the audit says so and nothing is answered', async (t) => {
  const { desk, say } = await openRoom(t)
  for (let i = 0; i < 5; i++) assert.equal((await say(901, '/rule'))!.title, 'Forbidden')
  assert.equal((await say(901, '/rule'))!.title, 'Slow down')
  for (let i = 0; i < 5; i++) assert.equal(await say(901, '/rule'), undefined)
  assert.equal(await desk.store.audit.count('command.forbidden'), 5)
  assert.equal(await desk.store.audit.count('command.silenced'), 1)
  assert.equal((await say(901, '/look'))!.title, 'look for vito', 'what is allowed is answered all the same')
})

test('a missing option that the command can offer is a list to pick from', async (t) => {
  const { desk, say } = await openRoom(t)
  const card = await say(902, '/choose')
  assert.equal(card!.title, '/choose: which fruit?')
  assert.deepEqual(
    card!.select!.choices.map(({ label, command }) => [label, command]),
    [
      ['An apple', '/choose fruit=apple'],
      ['pineapple', '/choose fruit=pineapple'],
      ['Red cherry', '/choose fruit=cherry'],
    ],
  )
  const picked = await desk.dispatch({
    platform: 'discord',
    platformUserId: '902',
    channel: '1',
    direct: false,
    interactionId: 'picked',
    input: { kind: 'press', buttonId: card!.select!.choices[2]!.id! },
  })
  assert.equal(picked!.title, 'cherry')
})

test('what is offered while typing fits what was typed, and is offered to those only who may run it', async (t) => {
  const { desk } = await openRoom(t)
  const asking = (by: number, typed: string, more = {}) =>
    desk.complete({
      platform: 'discord',
      platformUserId: String(by),
      channel: '1',
      direct: false,
      command: 'choose',
      option: 'fruit',
      typed,
      ...more,
    })
  const values = async (...given: Parameters<typeof asking>) => (await asking(...given)).map(({ value }) => value)
  assert.deepEqual(await values(902, 'apple'), ['apple', 'pineapple'])
  assert.deepEqual(await values(902, 'RED'), ['cherry'])
  assert.deepEqual(await values(902, ''), ['apple', 'pineapple', 'cherry'])
  for (const by of [77, 900, 901]) assert.deepEqual(await values(by, ''), [], String(by))
  assert.deepEqual(await values(902, '', { channel: '3' }), [])
  assert.deepEqual(await values(902, '', { command: 'look', option: 'which' }), [])
})
