import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { Card } from '../../../src/domain/card.ts'
import {
  ANNA,
  APPROVE_ID,
  DECLINE_ID,
  DESK,
  NO_LIMITS,
  onTelegram,
  PROPOSAL,
  said,
} from '../../support/telegram-desk.ts'
import type { TelegramServer } from '../../support/telegram-server.ts'
import { createPixelDrawer, profilePicture } from '../picture-samples.ts'

const tooMany = (seconds: number) => ({
  error_code: 429,
  description: `Too Many Requests: retry after ${seconds}`,
  parameters: { retry_after: seconds },
})
const BAD_GATEWAY = { error_code: 502, description: 'Bad Gateway' }
const sendsOf = (server: TelegramServer) => server.calls.filter(({ method }) => method === 'sendMessage')
const card = (title: string): Card => ({ tone: 'info', title })

test('a storm of 429s loses nothing, doubles nothing and keeps the order', () =>
  onTelegram(async ({ server, chat }) => {
    const channels = [String(DESK), '-1002', '-1003']
    const titles = ['first', 'second', 'third', 'fourth']
    for (const title of titles) {
      server.fail('sendMessage', tooMany(0), 3)
      await Promise.all(channels.map((channel) => chat.post(channel, card(title))))
    }
    for (const channel of channels) {
      const here = server.messages.filter((message) => message.chat === channel)
      assert.deepEqual(
        here.map(({ text }) => text.split(' ').at(-1)),
        titles,
      )
    }
    assert.equal(sendsOf(server).length, (channels.length + 3) * titles.length)
  }))

test('a 429 in one chat holds back that chat alone, and readyIn says so', () =>
  onTelegram(async ({ server, chat }) => {
    server.fail('sendMessage', tooMany(1))
    const slow = chat.post(String(DESK), card('slow'))
    await server.until(() => (chat.readyIn(String(DESK), 'urgent') > 0 ? true : undefined))
    await chat.post('-1002', card('elsewhere'))
    assert.deepEqual(
      server.messages.map(({ chat }) => chat),
      ['-1002'],
    )
    await slow
    assert.equal(server.messages.length, 2)
  }))

test('told to wait longer than is sensible, the chat is refused at once until then, the urgent too', () =>
  onTelegram(async ({ server, chat }) => {
    server.fail('sendMessage', tooMany(3_600))
    await assert.rejects(chat.post(String(DESK), card('one')), /retry after 3600/)
    await assert.rejects(
      chat.post(String(DESK), card('two'), { urgency: 'urgent' }),
      /nothing sent to chat -1001 for 3600 s/,
    )
    assert.ok(chat.readyIn(String(DESK), 'urgent') > 3_500_000)
    assert.equal(sendsOf(server).length, 1)
  }))

test('a post that fails on Telegram’s side is left to be tried again; an answer is tried again here', () =>
  onTelegram(async ({ server, chat }) => {
    server.fail('sendMessage', BAD_GATEWAY)
    await assert.rejects(chat.post(String(DESK), card('post')), /502 Bad Gateway/)
    server.fail('sendMessage', BAD_GATEWAY, 3)
    server.say('/help', { from: ANNA, chat: DESK })
    await server.waitFor(({ text }) => text.includes('heard /help'))
    assert.equal(sendsOf(server).length, 5)
  }))

test('an answer that Telegram never takes is given up and logged, and the next is not held up', async () => {
  let log: readonly string[] = []
  await onTelegram(async ({ server, logged }) => {
    log = logged
    server.fail('sendMessage', BAD_GATEWAY, 4)
    server.say('/help', { from: ANNA, chat: DESK })
    await server.until(() => (sendsOf(server).length === 4 ? true : undefined))
    server.say('/hedge status', { from: ANNA, chat: DESK })
    await server.waitFor(({ text }) => text.includes('/hedge status'))
  })
  assert.match(log.join(''), /telegram answer not sent/)
})

test('updates that come twice are handed on with the same id; ones out of order are all heard', () =>
  onTelegram(async ({ server, heard }) => {
    const first = server.say('/help', { from: ANNA, chat: DESK })
    await server.until(() => heard[0])
    server.again(first)
    await server.until(() => heard[1])
    assert.equal(heard[0]!.interactionId, heard[1]!.interactionId)
    assert.deepEqual(heard[0]!.input, heard[1]!.input)

    const release = server.hold()
    for (const text of ['/one', '/two', '/three']) server.say(text, { from: ANNA, chat: DESK })
    release({ reversed: true })
    server.say('/four', { from: ANNA, chat: DESK })
    await server.until(() => (heard.length === 6 ? true : undefined))
    assert.deepEqual(heard.slice(2).map(said), ['/three', '/two', '/one', '/four'])
  }))

test('presses that Telegram has forgotten are carried out, however many and in whatever order', () =>
  onTelegram(async ({ server, chat, heard }) => {
    const { messageId } = await chat.post(String(DESK), PROPOSAL)
    const release = server.hold()
    for (const [i, from] of [{ id: 42 }, { id: 43 }, { id: 44 }].entries()) {
      server.press(Number(messageId), i % 2, { from, stale: true })
    }
    release({ reversed: true })
    await server.until(() => (heard.length === 3 ? true : undefined))
    assert.deepEqual(heard.map(said), [`pressed ${APPROVE_ID}`, `pressed ${DECLINE_ID}`, `pressed ${APPROVE_ID}`])
    await server.until(() => (server.messages.length === 4 ? true : undefined))
    assert.deepEqual(server.acknowledged, [])
  }))

test('an edit of a message that somebody deleted posts the card anew, with its buttons', () =>
  onTelegram(async ({ server, chat }) => {
    const { messageId } = await chat.post(String(DESK), PROPOSAL)
    server.messages[0]!.deleted = true
    const again = await chat.edit(String(DESK), messageId, { ...PROPOSAL, title: 'Still there' })
    assert.notEqual(again.messageId, messageId)
    assert.deepEqual(
      server.messages.slice(1).map(({ text, buttons }) => [text, buttons.length]),
      [['ℹ️ Still there', 2]],
    )
  }))

test('polling goes on through 5xx and 429', () =>
  onTelegram(async ({ server, heard }) => {
    server.fail('getUpdates', BAD_GATEWAY, 2)
    server.fail('getUpdates', tooMany(0))
    server.say('/help', { from: ANNA, chat: DESK })
    await server.until(() => heard[0])
  }))

test('whoever writes a hundred lines that are no commands gets no hundred hints', () =>
  onTelegram(
    async ({ server }) => {
      const release = server.hold()
      for (let i = 0; i < 90; i++) server.say(`line ${i}`, { from: ANNA, chat: ANNA.id })
      server.say('/help', { from: ANNA, chat: ANNA.id })
      release()
      await server.waitFor(({ text }) => text.includes('heard /help'))
      assert.ok(server.messages.length <= 4, `${server.messages.length} messages`)
    },
    { timing: { limits: { ...NO_LIMITS, chat: [{ max: 1, perMs: 300 }] } } },
  ))

const hostile = fc.string({
  unit: fc.constantFrom(
    '<',
    '>',
    '&',
    '"',
    '&amp;',
    '</b>',
    '<a href="x">',
    '😀',
    '\ud83d',
    '\u202e',
    'a',
    ' ',
    '\n',
    '\u0000',
  ),
  minLength: 1,
  maxLength: 3_000,
})

test('hostile texts of any length arrive whole, whatever they are cut into', () =>
  onTelegram(
    async ({ server, chat }) => {
      await fc.assert(
        fc.asyncProperty(hostile, hostile, hostile, fc.boolean(), async (title, text, name, pictured) => {
          const before = server.messages.length
          const id = 'k7m3q9x2tbk7m3q9'
          await chat.post(String(DESK), {
            ...{ tone: 'warning', title, text, fields: [{ name, value: text }], footer: title },
            buttons: [
              { label: name, command: `/show ${name}`, style: 'neutral', id },
              { label: name, command: `/show ${name}`, style: 'neutral' },
            ],
            ...(pictured && { picture: profilePicture({ alt: name }) }),
          })
          const sent = server.messages.slice(before)
          const letters = (all: string): number => all.replaceAll(/[^<]/g, '').length
          const expected = letters([title, text, name, text, title, name, name].join(''))
          assert.ok(letters(sent.map((message) => message.text).join('')) >= expected)
          assert.deepEqual(
            sent.at(-1)?.buttons.map(({ callback_data }) => callback_data),
            [id],
          )
        }),
        { numRuns: 60 },
      )
    },
    { draw: createPixelDrawer() },
  ))
