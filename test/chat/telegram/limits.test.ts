import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createFloodGate } from '../../../src/chat/flood.ts'
import { DEFAULT_LIMITS } from '../../../src/chat/telegram/limits.ts'
import type { Card } from '../../../src/domain/card.ts'
import { ANNA, DESK, onTelegram } from '../../support/telegram-desk.ts'

const FAST = {
  chat: [{ max: 3, perMs: 60 }],
  group: [{ max: 10, perMs: 300, reserved: 5 }],
  global: [{ max: 14, perMs: 60, reserved: 4 }],
}
const STRICT = {
  chat: [{ max: 3, perMs: 60 }],
  group: [{ max: 10, perMs: 300 }],
  global: [{ max: 14, perMs: 60 }],
}
const card = (title: string): Card => ({ tone: 'info', title })
const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, i) => i)

test('whatever is sent at once, edited and answered, Telegram never has to ask for patience', () =>
  onTelegram(
    async ({ server, chat }) => {
      for (const user of [41, 42, 43]) server.meet(user)
      const channels = [String(DESK), '-1002', 'user:41', 'user:42', 'user:43']
      const posts = channels.flatMap((channel) =>
        numbers(8).map(async (i) => {
          const urgency = i % 2 === 0 ? 'urgent' : 'normal'
          const { messageId } = await chat.post(channel, card(`${channel} ${i}`), { urgency })
          await chat.edit(channel, messageId, card(`${channel} ${i}, edited`), { urgency })
        }),
      )
      for (const _ of numbers(5)) server.say('/help', { from: ANNA, chat: DESK })
      await Promise.all(posts)
      await server.until(() =>
        server.messages.filter(({ text }) => text.includes('heard /help')).length === 5 ? true : undefined,
      )
      assert.equal(server.messages.length, 45)
      assert.equal(server.messages.filter(({ text }) => text.endsWith('edited')).length, 40)
      assert.equal(server.limited(), 0)
    },
    { timing: { limits: FAST }, server: { limits: STRICT } },
  ))

test('what is urgent comes between the messages of a long card', () =>
  onTelegram(
    async ({ server, chat }) => {
      const long = chat.post(String(DESK), { ...card('Long'), text: 'word '.repeat(6_000) })
      await server.waitFor(({ text }) => text.includes('Long'))
      await Promise.all([long, chat.post(String(DESK), card('Cascade'), { urgency: 'urgent' })])
      const at = server.messages.findIndex(({ text }) => text.includes('Cascade'))
      assert.ok(at > 0 && at < server.messages.length - 1, `${at} of ${server.messages.length}`)
    },
    { timing: { limits: { ...FAST, chat: [{ max: 1, perMs: 50 }] } } },
  ))

test('an answer does not wait for the cards of the desk, and the other way round', () =>
  onTelegram(
    async ({ server, chat }) => {
      const posts = numbers(6).map((i) => chat.post(String(DESK), card(`post ${i}`)))
      server.say('/help', { from: ANNA, chat: DESK })
      await Promise.all(posts)
      const order = server.messages.map(({ text }) => text)
      assert.ok(order.findIndex((text) => text.includes('heard')) < order.length - 1, order.join('\n'))
    },
    { timing: { limits: { ...FAST, chat: [{ max: 1, perMs: 50 }] } } },
  ))

test('readyIn tells how long a chat is full, and what waits there', () =>
  onTelegram(
    async ({ server, chat }) => {
      server.meet(42)
      const desk = String(DESK)
      assert.equal(chat.readyIn(desk, 'normal'), 0)
      await chat.post(desk, card('one'))
      const wait = chat.readyIn(desk, 'normal')
      assert.ok(wait > 3_000_000 && wait <= 3_600_000, `${wait} ms`)
      assert.equal(chat.readyIn(desk, 'urgent'), 0)
      assert.equal(chat.readyIn('user:42', 'normal'), 0)
    },
    { timing: { limits: { ...FAST, group: [{ max: 2, perMs: 3_600_000, reserved: 1 }] } } },
  ))

test('15 critical messages pass a group within the minute in which the rest of the outbox used what it may', async () => {
  const inMinute: string[] = []
  let now = 0
  const timers: { at: number; ring: () => void }[] = []
  const gate = createFloodGate({
    limitsOf: () => [...DEFAULT_LIMITS.chat, ...DEFAULT_LIMITS.group],
    global: DEFAULT_LIMITS.global,
    now: () => now,
    sleep: (ms) => new Promise<void>((ring) => timers.push({ at: now + ms, ring })),
    signal: new AbortController().signal,
  })
  const send = (urgency: 'urgent' | 'low') => void gate.pass('-1', urgency, async () => void inMinute.push(urgency))
  for (const _ of numbers(40)) send('low')
  for (; now < 59_900; now += 100) {
    if (now === 30_000) for (const _ of numbers(15)) send('urgent')
    for (const timer of timers.filter(({ at }) => at <= now)) timer.ring()
    await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal(inMinute.filter((urgency) => urgency === 'urgent').length, 15)
  assert.equal(inMinute.filter((urgency) => urgency === 'low').length, 5)
})
