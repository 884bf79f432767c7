import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { announce } from '../../../src/app/announce.ts'
import { type Command, command, type Incoming } from '../../../src/chat/command.ts'
import type { Card } from '../../../src/domain/card.ts'
import { GROUP, PEOPLE } from '../../support/chat-desk.ts'
import { type Cleanup, testDatabase } from '../../support/database.ts'
import { openDesk, type TestDesk } from '../../support/desk.ts'

/** A desk whose only command is `/pull <what> [reason]` for traders; it keeps what was pulled by whom. */
async function openPulls(t: Cleanup, { breaks = 0 } = {}) {
  const pulled: string[] = []
  let left = breaks
  const pull = command({
    name: 'pull',
    description: 'Pulls something',
    role: 'trader',
    options: z.object({ what: z.string(), reason: z.string().max(40).optional().describe('Why do you pull it?') }),
    async run({ options, actor }) {
      if (left-- > 0) throw new Error('the rope broke')
      pulled.push([actor.memberId, options.what, options.reason].filter(Boolean).join(' '))
      return { tone: 'ok', title: `Pulled ${options.what}` }
    },
  })
  const desk = await openDesk(t, {
    commands: [pull] as readonly Command[],
    database: await testDatabase(t),
    settings: {
      channels: [{ platform: 'telegram', channel: String(GROUP) }],
      access: { channels: [{ platform: 'telegram', channel: String(GROUP), most: 'admin' }], commands: {} },
    },
  })
  for (const member of Object.values(PEOPLE)) await desk.store.members.put(member)
  return { desk, pulled }
}

/** Puts a card with one button on record and gives back the button's id in the group. */
async function post(desk: TestDesk, button: Partial<NonNullable<Card['buttons']>[number]> = {}): Promise<string> {
  const card: Card = {
    tone: 'info',
    title: 'Ropes',
    buttons: [{ label: 'Pull', command: '/pull left', style: 'primary', ...button }],
  }
  const { store, ports, clock } = desk
  await announce(store, ports, { cardKey: 'rope:1', card, at: clock.now(), urgency: 'normal' })
  const [message] = await store.outbox.due(clock.now(), { limit: 1 })
  return message!.card.buttons![0]!.id!
}

let presses = 0
const press = (buttonId: string, by: number, more: Partial<Incoming> & { values?: Record<string, string> } = {}) => {
  const { values, ...rest } = more
  return {
    platform: 'telegram' as const,
    platformUserId: String(by),
    channel: String(GROUP),
    direct: false,
    interactionId: `press-${presses++}`,
    ...rest,
    input: { kind: 'press' as const, buttonId, ...(values && { values }) },
  }
}
const TRADER = 902
const ADMIN = 904

test('a press runs the command that its button stands for, under an id that tells nothing', async (t) => {
  const { desk, pulled } = await openPulls(t)
  const id = await post(desk)
  assert.match(id, /^[0-9a-z]{16}$/)
  assert.equal((await desk.dispatch(press(id, TRADER)))!.title, 'Pulled left')
  assert.deepEqual(pulled, ['tess left'])
})

test('the role is asked for at every press: taken away, the next press is forbidden', async (t) => {
  const { desk, pulled } = await openPulls(t)
  const id = await post(desk)
  await desk.dispatch(press(id, TRADER))
  await desk.store.members.setRole('tess', 'viewer')
  const card = await desk.dispatch(press(id, TRADER))
  assert.equal(card!.title, 'Forbidden')
  assert.match(card!.text!, /needs the role trader; you are viewer/)
  await desk.store.members.setRole('tess', 'none')
  assert.match((await desk.dispatch(press(id, TRADER)))!.text!, /no role on this desk any more/)
  assert.equal(pulled.length, 1)
  assert.equal(await desk.store.audit.count('command.forbidden'), 2)
})

test('a button that counts once counts once for each member, and the edit of its card leaves it so', async (t) => {
  const { desk, pulled } = await openPulls(t)
  const id = await post(desk, { once: true })
  const both = await Promise.all([desk.dispatch(press(id, TRADER)), desk.dispatch(press(id, TRADER))])
  assert.deepEqual(both.map((card) => card!.title).sort(), ['Pulled left', 'You have pressed this already'])
  assert.equal((await desk.dispatch(press(id, ADMIN)))!.title, 'Pulled left')
  assert.equal(await post(desk, { once: true }), id)
  assert.equal((await desk.dispatch(press(id, ADMIN)))!.title, 'You have pressed this already')
  assert.deepEqual(pulled, ['tess left', 'adam left'])
})

test('a press whose command failed may be made again', async (t) => {
  const { desk, pulled } = await openPulls(t, { breaks: 1 })
  const id = await post(desk, { once: true })
  assert.equal((await desk.dispatch(press(id, TRADER)))!.title, 'That failed')
  assert.equal((await desk.dispatch(press(id, TRADER)))!.title, 'Pulled left')
  assert.equal(pulled.length, 1)
})

test('a button that asks runs with what was said, and asks where nothing was', async (t) => {
  const { desk, pulled } = await openPulls(t)
  const id = await post(desk, { once: true, asks: 'reason' })
  const asked = await desk.dispatch(press(id, TRADER))
  assert.deepEqual(asked!.prompt, { buttonId: id, option: 'reason', question: 'Why do you pull it?' })
  const long = await desk.dispatch(press(id, TRADER, { values: { reason: 'x'.repeat(41) } }))
  assert.match(long!.text!, /^reason: /)
  assert.equal(pulled.length, 0)
  await desk.dispatch(press(id, TRADER, { values: { reason: 'it is time', what: 'right' } }))
  assert.deepEqual(pulled, ['tess left it is time'])
  const odd = await post(desk, { once: true, asks: 'reason', command: '/pull up' })
  await desk.dispatch(press(odd, TRADER, { values: { reason: 'nul \0 and half \ud800' } }))
  assert.equal(pulled[1], 'tess up nul \ufffd and half \ufffd')
  const viewer = await desk.dispatch(press(id, 901))
  assert.equal(viewer!.title, 'Forbidden')
})

test('an id that was never issued, or stands in another place, does nothing and is on record', async (t) => {
  const { desk, pulled } = await openPulls(t)
  const id = await post(desk)
  const guesses = ['0'.repeat(16), id.slice(0, -1), `${id}0`, '/pull left', "x' or 1=1", '']
  for (const guess of guesses.slice(0, 3)) {
    assert.equal((await desk.dispatch(press(guess, TRADER)))!.title, 'Unknown button', guess)
  }
  for (const guess of guesses.slice(3)) {
    assert.equal((await desk.dispatch(press(guess, ADMIN)))!.title, 'Unknown button', guess)
  }
  assert.equal(await desk.store.audit.count('button.unknown'), guesses.length)
  for (const elsewhere of [{ channel: '-77' }, { platform: 'discord' as const }, { channel: '903', direct: true }]) {
    const card = await desk.dispatch(press(id, 903, elsewhere))
    assert.match(card!.text!, /another place/)
  }
  assert.equal(await desk.store.audit.count('button.misplaced'), 3)
  assert.equal((await desk.dispatch(press(id, 31_337)))!.title, 'Forbidden')
  assert.deepEqual(pulled, [])
})

test('a button given to one member is not for another, even in the same place', async (t) => {
  const { desk, pulled } = await openPulls(t)
  const place = { platform: 'telegram', channel: String(GROUP), memberId: 'tess' } as const
  const made = { newId: () => desk.ports.ids.rowId(), at: desk.clock.now() }
  const [id] = await desk.store.buttons.issue('answer:1', place, [{ command: '/pull left', once: false }], made)
  assert.match((await desk.dispatch(press(id!, ADMIN)))!.text!, /given to someone else/)
  assert.equal((await desk.dispatch(press(id!, TRADER)))!.title, 'Pulled left')
  assert.deepEqual(pulled, ['tess left'])
})

test('a private button is found by its person where the platform has another name for the chat', async (t) => {
  const { desk, pulled } = await openPulls(t)
  const place = { platform: 'discord', channel: `user:${TRADER}`, memberId: 'tess' } as const
  const made = { newId: () => desk.ports.ids.rowId(), at: desk.clock.now() }
  const [id] = await desk.store.buttons.issue('rope:2', place, [{ command: '/pull left', once: false }], made)
  const dm = { platform: 'discord', channel: '55500', direct: true } as const
  assert.equal((await desk.dispatch(press(id!, TRADER, dm)))!.title, 'Pulled left')
  assert.equal((await desk.dispatch(press(id!, ADMIN, dm)))!.title, 'Forbidden')
  assert.deepEqual(pulled, ['tess left'])
})
