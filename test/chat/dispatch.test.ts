import assert from 'node:assert/strict'
import { Writable } from 'node:stream'
import { test } from 'node:test'
import { pino } from 'pino'
import { z } from 'zod'
import { commands } from '../../commands/index.ts'
import { command, type Incoming } from '../../src/chat/command.ts'
import { createDispatch, type DispatchDependencies } from '../../src/chat/dispatch.ts'
import { atLeast, type Role } from '../../src/domain/member.ts'
import { member, openDesk, type Person, type TestDesk } from '../support/desk.ts'
import { ARGUMENTS, RIGHTS } from '../support/rights.ts'

const PEOPLE: Record<Role, Person> = { viewer: 'vera', trader: 'tom', approver: 'ben', admin: 'ana' }

test('each role may run exactly the commands of the table, and each refusal is on record', async (t) => {
  const desk = await openDesk(t)
  assert.deepEqual(commands.map(({ name }) => name).sort(), Object.keys(RIGHTS).sort())
  let forbidden = 0
  for (const { name, role: needed } of commands) {
    for (const [role, person] of Object.entries(PEOPLE) as [Role, Person][]) {
      const allowed = RIGHTS[name]!.includes(role)
      assert.equal(needed === 'anyone' || atLeast(role, needed), allowed)
      const card = await desk.say(person, `/${name} ${Object.values(ARGUMENTS[name] ?? {}).join(' ')}`)
      assert.equal(card.title === 'Forbidden', !allowed, `${role} and /${name}: ${card.title}`)
      if (allowed) continue
      forbidden++
      assert.deepEqual([card.tone, card.ephemeral], ['refused', true])
      assert.equal(card.text, `/${name} needs the role ${needed}; you are ${role}. An admin can change that.`)
      const [entry] = await desk.store.audit.recent(1)
      assert.deepEqual([entry!.action, entry!.actor, entry!.subject], ['command.forbidden', person, name])
    }
  }
  const expected = Object.values(RIGHTS).reduce((sum, roles) => sum + Math.max(0, 4 - roles.length), 0)
  assert.equal(forbidden, expected)
  assert.equal(await desk.store.audit.count('command.forbidden'), forbidden)
})

test('a stranger may do nothing, not even ask for help, and is told the id to give to an admin', async (t) => {
  const desk = await openDesk(t)
  const said = ['/help', '/approve 0000000000', '/nonsense', '', '/approve']
  for (const [i, text] of said.entries()) {
    const card = await desk.dispatch(incoming({ platformUserId: '999', interactionId: `s${i}`, text }))
    assert.deepEqual([card!.title, card!.ephemeral], ['Forbidden', true], text)
    assert.match(card!.text!, /console id 999/)
  }
  assert.equal(await desk.store.audit.count('command.forbidden'), said.length)
  const subjects = (await desk.store.audit.recent(said.length)).map(({ subject }) => subject).reverse()
  assert.deepEqual(subjects, ['help', 'approve', 'anything', 'anything', 'approve'])
  assert.equal((await desk.store.audit.recent(1))[0]!.actor, 'console:999')
})

test('an id belongs to one platform: the same number elsewhere is a stranger', async (t) => {
  const desk = await openDesk(t)
  const card = await desk.dispatch({ ...incoming({ platformUserId: '1', text: '/help' }), platform: 'telegram' })
  assert.equal(card!.title, 'Forbidden')
})

test('a user id that is not a number is never looked up', async (t) => {
  const desk = await openDesk(t)
  for (const [i, platformUserId] of ['ana', '', '1 or 1=1', '１', '9'.repeat(21), '-1'].entries()) {
    const card = await desk.dispatch(incoming({ platformUserId, interactionId: `n${i}`, text: '/risk halt' }))
    assert.equal(card!.title, 'That failed', platformUserId)
  }
  assert.equal((await desk.store.settings.tradingState()).state, 'active')
})

test('a redelivered interaction is ignored; another platform may use the same id', async (t) => {
  const desk = await openDesk(t)
  const once = incoming({ platformUserId: '1', interactionId: 'same', text: '/risk halt' })
  assert.equal((await desk.dispatch(once))!.title, 'Trading state: active → halted')
  await desk.say('ana', '/risk resume')
  assert.equal(await desk.dispatch(once), undefined)
  assert.equal((await desk.store.settings.tradingState()).state, 'active')
  assert.ok(await desk.dispatch({ ...once, platform: 'telegram' }))
  const both = await Promise.all(
    [1, 2, 3].map(() => desk.dispatch({ ...once, interactionId: 'at once', input: { kind: 'text', text: '/help' } })),
  )
  assert.equal(both.filter(Boolean).length, 1)
})

test('an unknown command names those that begin alike', async (t) => {
  const desk = await openDesk(t)
  const near = await desk.say('vera', '/hedge stats')
  assert.deepEqual(near, {
    tone: 'refused',
    title: 'Unknown command: /hedge stats',
    text: 'Did you mean /hedge status, /hedge propose, /hedge resize, /hedge why, /hedge pause, /hedge resume, /hedge cancel, /hedge history?',
  })
  assert.match((await desk.say('vera', '/HEDGE stats')).text!, /Did you mean \/hedge status/)
  assert.equal((await desk.say('vera', '/frobnicate')).text, '/help lists what you can say.')
  assert.equal((await desk.say('vera', 'x'.repeat(5_000))).title.length, 'Unknown command: /'.length + 60)
  const named = await desk.dispatch({ ...incoming({}), input: { kind: 'named', name: 'risk', options: {} } })
  assert.match(named!.text!, /\/risk halt/)
})

test('an option that does not fit is named with the reason and the usage', async (t) => {
  const desk = await openDesk(t)
  const card = await desk.say('ben', '/approve nope')
  assert.equal(card.tone, 'refused')
  assert.equal(card.title, '/approve: that does not fit')
  assert.equal(
    card.text,
    'proposal: Expected the ten characters on the proposal card, was "nope"\nUsage: /approve <proposal>',
  )
  for (const [text, expected] of [
    ['/approve', /^proposal: missing\nUsage: \/approve <proposal>$/],
    [
      '/hedge propose ETH lots',
      /^target: Expected a number, was "lots"\nUsage: \/hedge propose \[symbol\] \[target\]$/,
    ],
    ['/hedge propose ETH target=', /^target: Expected a number, was "target="/],
    ['/hedge propose ETH -1', /^target: .*>=0, was "-1"/],
    ['/hedge propose ETH NaN', /^target: Expected a number, was "NaN"/],
    ['/hedge propose ETH Infinity', /^target: Expected a number, was "Infinity"/],
    ['/hedge propose 1INCH', /^symbol: Expected an asset such as ETH/],
    ['/hedge history 0', /^limit: /],
    ['/hedge history 2.5', /^limit: Expected a whole number, was "2.5"/],
  ] as const) {
    const answer = await desk.say('ben', text)
    assert.match(answer.text!, expected, text)
    assert.equal(answer.tone, 'refused')
  }
  assert.deepEqual(await desk.store.proposals.list({ limit: 1 }), [])
})

test('more words than a command takes are refused with its usage', async (t) => {
  const desk = await openDesk(t)
  assert.deepEqual(await desk.say('vera', '/risk status now'), {
    tone: 'refused',
    title: '/risk status takes fewer words',
    text: 'Did not expect "now". Usage: /risk status',
  })
})

test('an id typed in small letters is the same proposal', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const { proposalId } = await desk.propose(0.5)
  assert.equal((await desk.say('ben', `/approve ${proposalId.toLowerCase()}`)).title, `Approved ${proposalId}`)
})

test('hostile text is answered like any other and stored as it can be', async (t) => {
  const desk = await openDesk(t)
  await desk.forecast()
  const reason = `x'; drop table proposals; -- <b>@everyone</b> \u0000 \ud800 \u202e ${'é'.repeat(100)}`
  const { proposalId } = await desk.propose(0.5)
  assert.equal((await desk.say('ben', `/decline ${proposalId} ${reason}`)).title, `Declined ${proposalId}`)
  assert.match((await desk.find({ proposalId })).reason!, /^x'; drop table proposals; --/)
  assert.match((await desk.say('ben', `/decline ${proposalId} ${'x'.repeat(301)}`)).text!, /^reason: /)
  for (const text of [
    '\u0000',
    '/\ud800',
    '/hedge propose __proto__',
    '/help constructor',
    '/help __proto__',
    '🐋'.repeat(2_000),
  ]) {
    assert.equal((await desk.say('vera', text)).tone, 'refused', JSON.stringify(text.slice(0, 20)))
  }
  assert.equal((await desk.store.audit.verify()).kind, 'intact')
})

test('a command that throws is answered calmly, and the fault is in the log under the interaction', async (t) => {
  const lines: Record<string, unknown>[] = []
  const log = pino(
    new Writable({
      write(chunk, _, done) {
        lines.push(JSON.parse(String(chunk)))
        done()
      },
    }),
  )
  const desk = await openDesk(t)
  const broken = command({
    name: 'break',
    description: 'Breaks',
    role: 'viewer',
    options: z.object({}),
    run: async () => {
      throw new Error('wires crossed at 10.0.0.1')
    },
  })
  const { dispatch } = createDispatch({ ...partsOf(desk), commands: [broken], log })
  const card = await dispatch(incoming({ platformUserId: '5', interactionId: 'i-77', text: '/break' }))
  assert.equal(card!.tone, 'warning')
  assert.match(card!.text!, /interaction i-77/)
  assert.doesNotMatch(JSON.stringify(card), /wires|10\.0\.0\.1/, 'what broke is not for the chat')
  const logged = lines.find(({ msg }) => msg === 'command failed')
  assert.equal(logged?.interactionId, 'i-77')
  assert.match(JSON.stringify(logged?.err), /wires crossed/)
})

test('with the store gone the answer is calm too', async (t) => {
  const desk = await openDesk(t)
  const gone = () => Promise.reject(new Error('gone'))
  const { dispatch } = createDispatch({
    ...partsOf(desk),
    store: { ...desk.store, commands: { ...desk.store.commands, hear: gone } },
  })
  assert.equal((await dispatch(incoming({ text: '/help' })))!.title, 'That failed')
})

test('a member whose role was taken away is refused from then on', async (t) => {
  const desk = await openDesk(t)
  assert.notEqual((await desk.say('tom', '/hedge propose')).title, 'Forbidden')
  await desk.store.members.put({ ...member('tom'), role: 'viewer' })
  assert.equal((await desk.say('tom', '/hedge propose')).title, 'Forbidden')
})

const partsOf = (desk: TestDesk): DispatchDependencies => ({
  commands,
  app: desk.app,
  store: desk.store,
  clock: desk.clock,
  ids: desk.ports.ids,
  instanceId: desk.ports.instanceId,
  access: desk.ports.settings.access,
  log: pino({ level: 'silent' }),
})

const incoming = (given: { platformUserId?: string; interactionId?: string; text?: string }): Incoming => ({
  platform: 'console',
  platformUserId: given.platformUserId ?? '1',
  channel: 'desk',
  direct: true,
  interactionId: given.interactionId ?? 'i-1',
  input: { kind: 'text', text: given.text ?? '/help' },
})
