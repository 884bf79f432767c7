import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Card } from '../../../src/domain/card.ts'
import {
  ANNA,
  APPROVE_ID,
  COMMANDS,
  DECLINE_ID,
  DESK,
  onTelegram,
  PROPOSAL,
  said,
} from '../../support/telegram-desk.ts'

const pressOf = (buttonId: string) => ({ kind: 'press', buttonId })

test('a press under a message that Telegram no longer shows counts by its id', () =>
  onTelegram(async ({ server, chat, heard }) => {
    const { messageId } = await chat.post(String(DESK), PROPOSAL)
    server.press(Number(messageId), 0, { from: ANNA, inaccessible: true })
    await server.waitFor(({ text }) => text.includes('heard pressed'))
    assert.deepEqual([heard[0]?.input, heard[0]?.channel], [pressOf(APPROVE_ID), String(DESK)])
  }))

test('what cannot be an id of ours is acknowledged, logged and left alone', () =>
  onTelegram(async ({ server, chat, heard, logged }) => {
    const { messageId } = await chat.post(String(DESK), PROPOSAL)
    const forged = ['/approve 7K3M9QX2TB', 'short', 'x'.repeat(65), 'k7m3q9x2 tbk7m3q9', "k7m3q9x2'--", 'ｋ7m3q9x2tb']
    for (const data of forged) server.press(Number(messageId), 0, { from: ANNA, data })
    server.press(Number(messageId), 0, { from: ANNA, data: DECLINE_ID.toUpperCase() })
    await server.waitFor(({ text }) => text.includes('heard pressed'))
    assert.deepEqual(
      heard.map(({ input }) => input),
      [pressOf(DECLINE_ID.toUpperCase())],
    )
    assert.equal(logged.filter((line) => line.includes('not one of our buttons')).length, forged.length)
    await server.until(() => (server.acknowledged.length === forged.length + 1 ? true : undefined))
  }))

test('a card whose button has no id shows the command to type, and the log says so', () =>
  onTelegram(async ({ server, chat, logged }) => {
    const [approve, decline] = PROPOSAL.buttons!
    const { id: _, ...unissued } = { ...decline!, asks: 'reason' }
    await chat.post(String(DESK), { ...PROPOSAL, buttons: [approve!, unissued] })
    const [message] = server.messages
    assert.deepEqual(
      message?.buttons.map(({ text }) => text),
      ['Approve'],
    )
    assert.equal(message?.text, 'ℹ️ Hedge proposed\n\nDecline: /decline 7K3M9QX2TB <reason>')
    assert.match(logged.join(''), /no id was issued/)
  }))

test('choices stand below the buttons, one a row, and are pressed like them', () =>
  onTelegram(async ({ server, chat, heard }) => {
    const choices = ['BTC', 'ETH'].map((label) => ({
      ...{ label, description: `${label} perpetual`, command: `/map ${label}`, id: `${label}000000000000` },
    }))
    await chat.post(String(DESK), { ...PROPOSAL, select: { placeholder: 'Which?', choices } })
    const [message] = server.messages
    assert.deepEqual(message?.rows, [2, 1, 1])
    assert.equal(message?.buttons.at(-1)?.text, 'ETH · ETH perpetual')
    server.press(message!.messageId, 3, { from: ANNA })
    await server.waitFor(({ text }) => text.includes('heard pressed'))
    assert.deepEqual(heard[0]?.input, pressOf('ETH000000000000'))
  }))

test('a private chat is direct, a group is not', () =>
  onTelegram(async ({ server, heard }) => {
    server.say('/help', { from: ANNA, chat: ANNA.id })
    server.say('/help', { from: ANNA, chat: DESK })
    await server.until(() => (heard.length === 2 ? true : undefined))
    assert.deepEqual(Object.fromEntries(heard.map(({ channel, direct }) => [channel, direct])), {
      [String(ANNA.id)]: true,
      [String(DESK)]: false,
    })
  }))

test('/start with a code is the start command where there is one, and help where there is none', async () => {
  for (const [commands, expected] of [
    [COMMANDS, '/help K7M3'],
    [[...COMMANDS, { name: 'start', description: 'Link this account' }], '/start K7M3'],
  ] as const) {
    await onTelegram(
      async ({ server, heard }) => {
        server.say('/start K7M3', { from: ANNA, chat: ANNA.id })
        await server.until(() => heard[0])
        assert.equal(said(heard[0]!), expected)
      },
      { commands },
    )
  }
})

test('nothing said twice, elsewhere or by nobody in particular is run', () =>
  onTelegram(async ({ server, heard }) => {
    const message = {
      ...{ message_id: 900, date: 1_760_000_000, chat: { id: DESK, type: 'supergroup', title: 'Desk' } },
      ...{ from: { id: ANNA.id, is_bot: false, first_name: 'Anna' }, text: '/approve 7K3M9QX2TB' },
    }
    const channel = { id: -1002, type: 'channel', title: 'News' }
    server.happen({ edited_message: { ...message, edit_date: 1_760_000_001 } })
    server.happen({ channel_post: { ...message, chat: channel, sender_chat: channel, from: undefined } })
    server.happen({ edited_channel_post: { ...message, chat: channel, sender_chat: channel, from: undefined } })
    server.happen({ message: { ...message, forward_origin: { type: 'user', date: 1, sender_user: message.from } } })
    server.happen({ message: { ...message, via_bot: { id: 7, is_bot: true, first_name: 'Other' } } })
    server.happen({ message: { ...message, sender_chat: message.chat } })
    server.happen({ message: { ...message, text: undefined, caption: '/approve 7K3M9QX2TB', photo: [] } })
    server.say('/help', { from: ANNA, chat: DESK })
    await server.waitFor(({ text }) => text.includes('heard /help'))
    assert.deepEqual(heard.map(said), ['/help'])
    assert.deepEqual(server.calls.find(({ method }) => method === 'getUpdates')?.params.allowed_updates, [
      'message',
      'callback_query',
    ])
  }))

test('silence is an answer: what dispatch has nothing to say to gets no message', () =>
  onTelegram(
    async ({ server, heard }) => {
      server.say('/quiet', { from: ANNA, chat: DESK })
      server.say('/help', { from: ANNA, chat: DESK })
      await server.waitFor(({ text }) => text.includes('help'))
      assert.deepEqual([heard.length, server.messages.length], [2, 1])
    },
    { answer: (heard): Card | undefined => (said(heard) === '/quiet' ? undefined : { tone: 'ok', title: 'help' }) },
  ))

test('a quiet card makes no sound, in none of its messages', () =>
  onTelegram(async ({ server, chat }) => {
    await chat.post(String(DESK), { ...PROPOSAL, silent: true, text: 'word '.repeat(1_500) })
    await chat.post(String(DESK), PROPOSAL)
    assert.deepEqual(
      server.messages.map(({ silent }) => silent),
      [true, true, false],
    )
  }))
