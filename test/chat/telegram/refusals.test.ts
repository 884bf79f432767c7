import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Card } from '../../../src/domain/card.ts'
import { DeliveryRefusedError } from '../../../src/domain/delivery.ts'
import { DESK, onTelegram } from '../../support/telegram-desk.ts'
import { cardWith, createPixelDrawer, profilePicture } from '../picture-samples.ts'

const CARD: Card = { tone: 'critical', title: 'Cascade under way' }
const refusal = (text: RegExp) => (error: Error) => {
  assert.ok(error instanceof DeliveryRefusedError, String(error))
  assert.match(error.message, text)
  return true
}

test('a member’s private chat is found by their id', () =>
  onTelegram(async ({ server, chat }) => {
    server.meet(42)
    const { messageId } = await chat.post('user:42', CARD)
    await chat.edit('user:42', messageId, { tone: 'ok', title: 'Over' })
    assert.deepEqual(
      server.messages.map((message) => [message.chat, message.text]),
      [['42', '✅ Over']],
    )
    assert.deepEqual(await chat.probe('user:42'), { works: true })
  }))

test('who never started the bot is told to, through whoever reads the reach', () =>
  onTelegram(async ({ server, chat }) => {
    await assert.rejects(chat.post('user:42', CARD), refusal(/open the bot in Telegram and press Start/))
    const reach = await chat.probe('user:42')
    assert.ok(!reach.works && /press Start/.test(reach.reason))
    server.meet(42)
    assert.deepEqual(await chat.probe('user:42'), { works: true })
    await chat.post('user:42', CARD)
    assert.equal(server.messages.length, 1)
  }))

test('who blocked the bot is not tried again, and that is seen without a message', () =>
  onTelegram(async ({ server, chat }) => {
    server.meet(42)
    const { messageId } = await chat.post('user:42', CARD)
    server.block(42)
    await assert.rejects(chat.post('user:42', CARD), refusal(/blocked: unblock it in Telegram and press Start/))
    await assert.rejects(chat.edit('user:42', messageId, CARD), refusal(/blocked/))
    const reach = await chat.probe('user:42')
    assert.ok(!reach.works && /unblock/.test(reach.reason))
    assert.equal(server.messages.length, 1)
  }))

test('a group without the bot, or without its right to write, says what to do', () =>
  onTelegram(
    async ({ server, chat }) => {
      const desk = String(DESK)
      const picture = cardWith(profilePicture())
      assert.deepEqual(await chat.probe(desk), { works: true })
      server.mute(DESK)
      for (const card of [CARD, picture])
        await assert.rejects(chat.post(desk, card), refusal(/allow it to send messages/))
      const muted = await chat.probe(desk)
      assert.ok(!muted.works && /allow it to send/.test(muted.reason))
      server.kick(DESK)
      await assert.rejects(chat.post(desk, CARD), refusal(/not in this Telegram group: add it again/))
      const kicked = await chat.probe(desk)
      assert.ok(!kicked.works && /add it again/.test(kicked.reason))
      server.restore(DESK)
      assert.deepEqual(await chat.probe(desk), { works: true })
      await chat.post(desk, CARD)
    },
    { draw: createPixelDrawer() },
  ))

const FAILURES: readonly (readonly [number, string, RegExp])[] = [
  [403, 'Forbidden: the group chat was deleted', /group was deleted: put another/],
  [400, 'Bad Request: group chat was deactivated', /group was deleted: put another/],
  [403, 'Forbidden: bot is not a member of the channel chat', /add it again/],
  [403, 'Forbidden: something new', /add it again and allow it/],
  [400, 'Bad Request: TOPIC_CLOSED', /topic is closed/],
  [400, 'Bad Request: message thread not found', /topic was deleted/],
  [400, 'Bad Request: have no rights to send a message', /allow it to send messages/],
  [400, 'Bad Request: CHAT_WRITE_FORBIDDEN', /allow it to send messages/],
  [400, 'Bad Request: chat not found', /add the bot, and check the id/],
]

test('each way in which a chat is closed to us is a sentence of its own, and everything else may be tried again', () =>
  onTelegram(async ({ server, chat }) => {
    for (const [error_code, description, text] of FAILURES) {
      server.fail('sendMessage', { error_code, description })
      await assert.rejects(chat.post(String(DESK), CARD), refusal(text), description)
    }
    for (const error_code of [400, 401, 500, 502]) {
      server.fail('sendMessage', { error_code, description: 'Something else' })
      await assert.rejects(chat.post(String(DESK), CARD), (error) => !(error instanceof DeliveryRefusedError))
    }
  }))

test('a probe that cannot be answered is no delivery, and says why', () =>
  onTelegram(async ({ server, chat }) => {
    server.fail('getChat', { error_code: 502, description: 'Bad Gateway' })
    assert.deepEqual(await chat.probe(String(DESK)), {
      works: false,
      reason: 'Telegram refused getChat: 502 Bad Gateway. It is asked again later.',
    })
  }))
