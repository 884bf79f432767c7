import assert from 'node:assert/strict'
import { test } from 'node:test'
import { z } from 'zod'
import { command, type Incoming } from '../../../src/chat/command.ts'
import type { Button } from '../../../src/domain/card.ts'
import { DAY } from '../../../src/domain/units.ts'
import { PEOPLE } from '../../support/chat-desk.ts'
import type { Cleanup } from '../../support/database.ts'
import { openDesk } from '../../support/desk.ts'

const [VITO, TESS] = [901, 902]

/** Answers `/offer <kind>` with a button, and counts how often ids were asked for. */
async function openOffers(t: Cleanup) {
  const buttons: Record<string, Button> = {
    plain: { label: 'Look', command: '/offer plain', style: 'neutral' },
    once: { label: 'Pull', command: '/offer plain', style: 'primary', once: true },
    asking: { label: 'Say', command: '/offer', style: 'neutral', asks: 'kind' },
  }
  const offer = command({
    name: 'offer',
    description: 'Offers a button',
    role: 'viewer',
    options: z.object({ kind: z.enum(['plain', 'once', 'asking', 'private']) }),
    run: async ({ options: { kind } }) =>
      kind === 'private'
        ? { tone: 'ok', title: kind, ephemeral: true, buttons: [buttons.plain!] }
        : { tone: 'ok', title: kind, buttons: [buttons[kind]!] },
  })
  const access = {
    channels: ['1', '2'].map((channel) => ({ platform: 'discord', channel, most: 'admin' }) as const),
    commands: {},
  }
  const desk = await openDesk(t, { commands: [offer], settings: { access } })
  for (const member of Object.values(PEOPLE)) await desk.store.members.put(member)
  let said = 0
  const ask = async (kind: string, by = VITO, place: Partial<Incoming> = {}): Promise<string> => {
    const card = await desk.dispatch({
      ...{ platform: 'discord', platformUserId: String(by), channel: '1', direct: false },
      ...{ interactionId: `asked-${said++}`, input: { kind: 'named', name: 'offer', options: { kind } } },
      ...place,
    })
    return card!.buttons![0]!.id!
  }
  return { desk, ask }
}

test('a button has one id in a place, whoever asked and however often, and another elsewhere', async (t) => {
  const { desk, ask } = await openOffers(t)
  const [first, ...others] = await Promise.all([VITO, TESS, VITO, TESS].map((by) => ask('plain', by)))
  for (const other of [...others, await ask('plain')]) assert.equal(other, first)
  const issued = (await desk.store.buttons.find(first!))!
  assert.deepEqual([issued.command, issued.channel, issued.memberId], ['/offer plain', '1', undefined])
  assert.notEqual(await ask('plain', VITO, { channel: '2' }), first)
})

test('what only its asker sees has an id of their own, also where others have one for the same', async (t) => {
  const { desk, ask } = await openOffers(t)
  const [everyones, vitos, tesss] = [await ask('plain'), await ask('private'), await ask('private', TESS)]
  assert.equal(new Set([everyones, vitos, tesss]).size, 3)
  assert.equal(await ask('private'), vitos)
  assert.equal((await desk.store.buttons.find(vitos))!.memberId, 'vito')
  assert.equal((await desk.store.buttons.find(tesss))!.memberId, 'tess')
})

test('what counts once, or asks for words, belongs to its own answer and changes no other', async (t) => {
  const { desk, ask } = await openOffers(t)
  const plain = await ask('plain')
  const ids = [plain, await ask('once'), await ask('once'), await ask('asking'), await ask('asking')]
  assert.equal(new Set(ids).size, ids.length)
  const { once, asks } = (await desk.store.buttons.find(plain))!
  assert.deepEqual([once, asks], [false, undefined])
  assert.equal((await desk.store.buttons.find(ids[1]!))!.once, true)
})

test('an id that is offered is never near its end: after a day it is issued anew and stays the same', async (t) => {
  const { desk, ask } = await openOffers(t)
  const first = await ask('plain')
  const before = (await desk.store.buttons.find(first))!.issuedAt
  await desk.pass(DAY)
  assert.equal(await ask('plain'), first)
  assert.equal((await desk.store.buttons.find(first))!.issuedAt, before + DAY)
})
