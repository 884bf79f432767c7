import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Incoming } from '../../../src/chat/command.ts'
import type { Card } from '../../../src/domain/card.ts'
import { ANNA, DECLINE_ID, DESK, onTelegram, PROPOSAL, said } from '../../support/telegram-desk.ts'

const QUESTION = 'Why do you decline it?'
const ASKING: Card = {
  ...{ tone: 'info', title: '/decline', text: QUESTION },
  prompt: { buttonId: DECLINE_ID, option: 'reason', question: QUESTION },
}
const REFERENCE = `Ref ${DECLINE_ID} reason`

/** Asks on a press, and repeats what was said. */
const askFirst = (heard: Incoming): Card =>
  heard.input.kind === 'press' && !heard.input.values
    ? ASKING
    : { tone: 'ok', title: 'Declined', text: `heard ${said(heard)} from ${heard.platformUserId}` }

const isAnswered = ({ text }: { text: string }): boolean => text.includes('Declined')

test('a press that wants words asks its presser, and the reply is the press with the words', () =>
  onTelegram(
    async ({ server, chat, heard }) => {
      const { messageId } = await chat.post(String(DESK), PROPOSAL)
      server.press(Number(messageId), 1, { from: { id: 42, name: 'Anna <b>' } })
      const question = await server.waitFor(({ forceReply }) => forceReply !== undefined)
      assert.equal(question.text, `ℹ️ /decline\n\n${QUESTION}\n\nAnna <b>\n${REFERENCE}`)
      assert.deepEqual(question.forceReply, {
        ...{ force_reply: true, selective: true, input_field_placeholder: QUESTION },
      })
      assert.equal(question.entities.find(({ type }) => type === 'text_link')?.url, 'tg://user?id=42')

      server.reply(question.messageId, 'too large\nfor me', { from: ANNA })
      await server.waitFor(isAnswered)
      assert.deepEqual(heard.at(-1)?.input, {
        kind: 'press',
        buttonId: DECLINE_ID,
        values: { reason: 'too large\nfor me' },
      })
    },
    { answer: askFirst },
  ))

test('in private nobody is named, and another’s reply is heard as theirs', () =>
  onTelegram(
    async ({ server, heard }) => {
      server.say('/ask', { from: ANNA, chat: ANNA.id })
      const question = await server.waitFor(({ forceReply }) => forceReply !== undefined)
      assert.equal(question.text, `ℹ️ /decline\n\n${QUESTION}\n\n${REFERENCE}`)
      server.reply(question.messageId, 'no', { from: { id: 43 } })
      await server.until(() => heard.at(1))
      assert.deepEqual([heard[1]!.platformUserId, said(heard[1]!)], ['43', `pressed ${DECLINE_ID} reason no`])
    },
    { answer: () => ASKING },
  ))

test('an answer given to the bot as it was before a restart still counts', () =>
  onTelegram(async ({ server, heard }) => {
    // The question was asked by an earlier process: all that is left of it is its message.
    const reply_to_message = {
      ...{ message_id: 5, date: 1, chat: { id: DESK, type: 'supergroup', title: 'Desk' }, text: `Why?\n${REFERENCE}` },
      ...{ from: { id: 1, is_bot: true, first_name: 'Breakwater' } },
      entities: [{ type: 'code', offset: 5, length: REFERENCE.length }],
    }
    server.say('too large', { from: ANNA, chat: DESK, more: { reply_to_message } })
    await server.until(() => heard[0])
    assert.equal(said(heard[0]!), `pressed ${DECLINE_ID} reason too large`)
  }))

test('only a question of ours can be answered: no forgery, forward, stranger’s or repeated words', () =>
  onTelegram(
    async ({ server, heard }) => {
      server.say('/ask', { from: ANNA, chat: DESK })
      const question = await server.waitFor(({ forceReply }) => forceReply !== undefined)
      const original = [
        { from: { id: 666, is_bot: true, first_name: 'Other bot' } },
        { from: { id: ANNA.id, is_bot: false, first_name: 'Anna' } },
        { forward_origin: { type: 'hidden_user', date: 1, sender_user_name: 'x' } },
        { via_bot: { id: 7, is_bot: true, first_name: 'Other bot' } },
        { sender_chat: { id: DESK, type: 'supergroup' } },
        { entities: [] },
        { entities: [{ type: 'code', offset: 0, length: 3 }] },
        { text: `${question.text}.` },
      ]
      for (const one of original) server.reply(question.messageId, 'yes', { from: ANNA, original: one })

      // Someone has the bot repeat what looks like its own line.
      server.say(`/repeat\n${REFERENCE}`, { from: { id: 66 }, chat: DESK })
      const repeated = await server.waitFor(({ text }) => text.endsWith(REFERENCE) && !text.includes(QUESTION))
      server.reply(repeated.messageId, 'thank you', { from: ANNA })
      server.say('yes', { from: ANNA, chat: DESK })

      server.say('/done', { from: ANNA, chat: DESK })
      await server.until(() => (heard.at(-1) && said(heard.at(-1)!) === '/done' ? true : undefined))
      assert.deepEqual(heard.map(said), ['/ask', `/repeat\n${REFERENCE}`, '/done'])
    },
    { answer: (heard) => (said(heard) === '/ask' ? ASKING : { tone: 'info', title: 'You said', text: said(heard) }) },
  ))

test('a command in reply to a question is a command, and who writes as a group answers nothing', () =>
  onTelegram(
    async ({ server, heard }) => {
      server.say('/ask', { from: ANNA, chat: DESK })
      const question = await server.waitFor(({ forceReply }) => forceReply !== undefined)
      server.reply(question.messageId, '/hedge_status', { from: ANNA })
      await server.until(() => heard.at(1))
      assert.equal(said(heard[1]!), '/hedge status')
      const reply_to_message = {
        ...{ message_id: question.messageId, date: 1, chat: { id: DESK, type: 'supergroup' }, text: question.text },
        ...{ entities: question.entities, from: { id: 1, is_bot: true, first_name: 'Breakwater' } },
      }
      const more = { reply_to_message, sender_chat: { id: DESK, type: 'supergroup' } }
      server.say('because', { from: { id: 1087968824 }, chat: DESK, more })
      await server.waitFor(({ text }) => text.includes('who you are'))
      assert.equal(heard.length, 2)
    },
    { answer: (heard) => (said(heard) === '/ask' ? ASKING : undefined) },
  ))

test('a question of any length ends with its line, under hostile names too', () =>
  onTelegram(
    async ({ server }) => {
      const name = '<b>&'.repeat(60)
      server.say('/ask', { from: { id: 42, name }, chat: DESK })
      const last = await server.waitFor(({ forceReply }) => forceReply !== undefined)
      assert.ok(last.text.endsWith(`\n${REFERENCE}`))
      assert.ok(server.messages.length > 1)
      assert.ok(server.messages.every(({ html }) => html.length <= 4096))
    },
    {
      answer: () => ({
        ...ASKING,
        text: 'a < b & c '.repeat(900),
        prompt: { ...ASKING.prompt!, question: '<?>'.repeat(90) },
      }),
    },
  ))
