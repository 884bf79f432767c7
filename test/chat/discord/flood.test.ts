import assert from 'node:assert/strict'
import { test } from 'node:test'
import { startDesk } from './setup.ts'

/** Discord's own proportions, ten times as fast. */
const PER_MS = 500
const SERVER = { limits: { max: 5, perMs: PER_MS } }
const LIMITS = { channel: [{ max: 5, perMs: PER_MS, reserved: 1 }], global: [{ max: 45, perMs: 1_000, reserved: 5 }] }
const CARD = { tone: 'info', title: 'x' } as const
const titles = (texts: readonly { text: string }[]) => texts.map(({ text }) => text)

test('more posts than a channel takes arrive all, in order, without one refusal', async (t) => {
  const { discord, chat } = await startDesk(t, undefined, { server: SERVER, limits: LIMITS })
  const wanted = Array.from({ length: 12 }, (_, i) => `Post ${i}`)
  const posted = await Promise.all(wanted.map((title) => chat.post(discord.channelId, { ...CARD, title })))
  assert.deepEqual(titles(discord.messages), wanted)
  assert.equal(new Set(posted.map(({ messageId }) => messageId)).size, 12)
  assert.equal(discord.limited, 0)
})

test('what is urgent overtakes what waits, and another channel waits for none of it', async (t) => {
  const { discord, chat } = await startDesk(t, undefined, { limits: LIMITS, now: () => 0 })
  const other = discord.addChannel()
  const calm = Array.from({ length: 8 }, (_, i) => chat.post(discord.channelId, { ...CARD, title: `Calm ${i}` }))
  const ended = Promise.allSettled(calm)
  await Promise.all(calm.slice(0, 4))
  await chat.post(discord.channelId, { ...CARD, title: 'Halted' }, { urgency: 'urgent' })
  await chat.post(other, { ...CARD, title: 'Elsewhere' })

  assert.deepEqual(titles(discord.messages), ['Calm 0', 'Calm 1', 'Calm 2', 'Calm 3', 'Halted', 'Elsewhere'])
  await chat.close()
  await ended
})

test('how long a channel has to wait can be asked before anything is sent', async (t) => {
  let now = 0
  const limits = { channel: [{ max: 5, perMs: 5_000, reserved: 1 }], global: [] }
  const { discord, chat } = await startDesk(t, undefined, { limits, now: () => now })
  assert.equal(chat.readyIn(discord.channelId, 'low'), 0)
  for (const _ of Array(4)) await chat.post(discord.channelId, CARD)
  assert.equal(chat.readyIn(discord.channelId, 'normal'), 5_000)
  assert.equal(chat.readyIn(discord.channelId, 'urgent'), 0)
  assert.equal(chat.readyIn('user:7001', 'normal'), 0)
  now += 2_000
  assert.equal(chat.readyIn(discord.channelId, 'normal'), 3_000)
})

test('a pause that Discord asks for is kept by everyone who would write there', async (t) => {
  const { discord, chat } = await startDesk(t, undefined, { now: () => 0 })
  discord.failNext('POST', /^\/channels\//, { status: 429, retryAfter: 0.05 })
  const other = discord.addChannel()
  await chat.post(discord.channelId, CARD)
  assert.ok(chat.readyIn(discord.channelId, 'urgent') >= 50)
  assert.equal(chat.readyIn(other, 'low'), 0)
})

test('a storm of refusals costs time, not messages', async (t) => {
  const { discord, chat } = await startDesk(t)
  discord.failNext('POST', /^\/channels\//, { status: 429, retryAfter: 0.01, times: 15 })
  const wanted = Array.from({ length: 5 }, (_, i) => `Post ${i}`)
  await Promise.all(wanted.map((title) => chat.post(discord.channelId, { ...CARD, title })))
  assert.deepEqual(titles(discord.messages), wanted)
})

test('with the limits of Discord in force and a gate that is too generous, its refusals are waited out', async (t) => {
  const { discord, chat } = await startDesk(t, undefined, { server: SERVER })
  const wanted = Array.from({ length: 8 }, (_, i) => `Post ${i}`)
  await Promise.all(wanted.map((title) => chat.post(discord.channelId, { ...CARD, title })))
  assert.deepEqual(titles(discord.messages), wanted)
})

test('answers do not wait behind posts', async (t) => {
  const limits = { channel: [{ max: 2, perMs: 60_000, reserved: 1 }], global: [] }
  const { discord, chat } = await startDesk(t, undefined, { limits })
  await chat.post(discord.channelId, CARD)
  const waiting = assert.rejects(chat.post(discord.channelId, CARD), /Closed before this could be sent/)
  assert.equal((await discord.sendCommand({ userId: '7001', name: 'help' }).answer()).text, 'Done')
  await chat.close()
  await waiting
})

test('an urgent post does not wait for one that hangs on its way to Discord', async (t) => {
  const { discord, chat } = await startDesk(t)
  const release = discord.holdNext('POST', /^\/channels\//)
  const calm = chat.post(discord.channelId, { ...CARD, title: 'Calm' })
  await discord.until(() => discord.held || undefined, 'the post on its way')
  await chat.post(discord.channelId, { ...CARD, title: 'Halted' }, { urgency: 'urgent' })
  release()
  await calm
  assert.deepEqual(titles(discord.messages), ['Halted', 'Calm'])
})
