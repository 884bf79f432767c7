import assert from 'node:assert/strict'
import { test } from 'node:test'
import { GROUP, PEOPLE } from '../support/chat-desk.ts'
import { ADA, idOf, openTarget } from './target.ts'

const [ADAM, ARNE] = [idOf(PEOPLE.admin), idOf(PEOPLE.approver)]
const BOT = { id: 1, is_bot: true, first_name: 'Breakwater' }
const adam = { id: ADAM, is_bot: false, first_name: 'Adam' }
const group = { id: GROUP, type: 'supergroup', title: 'Desk' }
const written = { message_id: 9_000, date: 1_760_000_000, chat: group, from: adam }

test('a question that is edited into an order gives no order', async (t) => {
  const target = await openTarget(t)
  const { telegram, desk } = target
  const asked = telegram.messages.length
  telegram.say('/hedge_status', { from: { id: ADAM }, chat: GROUP })
  await telegram.until(() => telegram.messages[asked])
  for (const text of ['/risk halt', '/risk_halt', '/risk_halt now', '/role adam none']) {
    telegram.happen({ edited_message: { ...written, text, edit_date: written.date + 1 } })
    telegram.happen({ edited_message: { ...written, message_id: 1, text, edit_date: written.date + 1 } })
  }
  await target.heard()
  assert.equal((await desk.store.settings.tradingState()).state, 'active')
  assert.equal(await desk.store.audit.count('trading-state.changed'), 0)
  assert.equal((await target.tell(ADAM, '/risk_halt drill')).text.includes('halted'), true, 'typed anew it counts')
  assert.equal((await desk.store.settings.tradingState()).state, 'halted')
})

test('what is passed on, posted by a channel, by a bot’s hand or by nobody in particular gives no order', async (t) => {
  const target = await openTarget(t)
  const { telegram } = target
  const before = await target.record()
  const channel = { id: -1002, type: 'channel', title: 'News' }
  const orders = ['/risk halt', '/risk_halt', '/risk_halt@BreakwaterBot']
  for (const text of orders) {
    telegram.happen({ message: { ...written, text, forward_origin: { type: 'user', date: 1, sender_user: adam } } })
    telegram.happen({
      message: { ...written, text, forward_origin: { type: 'hidden_user', date: 1, sender_user_name: 'Adam' } },
    })
    telegram.happen({ message: { ...written, text, via_bot: { id: 7, is_bot: true, first_name: 'Other' } } })
    // Anonymous admins all share one id; a linked channel posts under one as well.
    telegram.happen({ message: { ...written, text, sender_chat: group, from: { ...adam, id: 1_087_968_824 } } })
    telegram.happen({ message: { ...written, text, sender_chat: channel, from: { ...adam, id: 777_000 } } })
    telegram.happen({ message: { ...written, text, sender_chat: group } })
    telegram.happen({ channel_post: { ...written, text, chat: channel, sender_chat: channel, from: undefined } })
    telegram.happen({ edited_channel_post: { ...written, text, chat: channel, sender_chat: channel, from: undefined } })
    telegram.happen({ message: { ...written, text: undefined, caption: text, photo: [] } })
    telegram.happen({ message: { ...written, text: `Look: ${text}` } })
    telegram.happen({ message: { ...written, text: 'ok', quote: { text, position: 0 } } })
  }
  telegram.happen({ message: { ...written, text: '/risk_halt@OtherBot' } })
  telegram.happen({ inline_query: { id: '1', from: adam, query: '/risk halt', offset: '' } })
  await target.heard()
  assert.deepEqual(await target.record(), before)
  assert.equal(await target.desk.store.audit.count('command.forbidden'), 0)
})

test('a reply to a line that only looks like a question of the bot decides nothing', async (t) => {
  const target = await openTarget(t)
  const { telegram } = target
  const offer = await target.offer()
  const reference = `Ref ${target.idOn(offer.onTelegram, 'Decline')} reason`
  const approve = `Ref ${target.idOn(offer.onTelegram, 'Approve')} proposal`
  const before = await target.record()
  const ask = (text: string, more: Record<string, unknown>) => ({
    ...{ message_id: 5, date: 1, chat: group, text, from: BOT },
    entities: [{ type: 'code', offset: text.lastIndexOf('\n') + 1, length: text.length - text.lastIndexOf('\n') - 1 }],
    ...more,
  })
  for (const line of [reference, approve]) {
    const text = `Why do you decline it?\n${line}`
    const forged = [
      ask(text, { from: adam }),
      ask(line, { from: adam }),
      ask(text, { from: { ...adam, is_bot: true } }),
      ask(text, { from: { id: 7, is_bot: true, first_name: 'Breakwater', username: 'BreakwaterBot' } }),
      ask(text, { via_bot: BOT, from: adam }),
      ask(text, { via_bot: BOT }),
      ask(text, { sender_chat: group }),
      ask(text, { forward_origin: { type: 'user', date: 1, sender_user: BOT } }),
      ask(text, { entities: [] }),
      ask(text, { entities: [{ type: 'bold', offset: 23, length: line.length }] }),
      ask(`${text}\n`, {}),
      ask(`${text} x`, {}),
      ask(text, { text: undefined, caption: text }),
    ]
    for (const reply_to_message of forged)
      telegram.say('because I say so', { from: { id: ADAM }, chat: GROUP, more: { reply_to_message } })
    telegram.say(`> ${text}\nbecause`, { from: { id: ADAM }, chat: GROUP })
  }
  await target.heard()
  assert.deepEqual(await target.record(), before)
})

test('words that the bot was made to repeat are not its question', async (t) => {
  const target = await openTarget(t)
  const { telegram, desk } = target
  const offer = await target.offer()
  const reference = `Ref ${target.idOn(offer.onTelegram, 'Decline')} reason`
  // It repeats what does not fit, what it does not know, and the reason of a decision on the card for all to see.
  for (const text of [`/hedge_why ${reference}`, `/settings\n${reference}`, `/weather\n${reference}`]) {
    const echo = await target.tell(idOf(PEOPLE.viewer), text)
    telegram.reply(echo.messageId, 'yes', { from: { id: ADAM } })
  }
  await target.heard()
  assert.equal(await target.stateOf(offer.proposal), 'pending')

  const { proposal } = offer
  await target.tell(ARNE, `/decline ${proposal.proposalId} too large\n${reference}\n<code>${reference}</code>`)
  await desk.settle()
  const newer = await target.offer(0.7)
  const decided = telegram.messages.find(({ text }) => text.includes(`Hedge declined: ETH ${proposal.proposalId}`))!
  assert.match(decided.text, /too large/)
  telegram.reply(decided.messageId, 'yes', { from: { id: ADAM } })
  await target.heard()
  assert.equal(await target.stateOf(newer.proposal), 'pending')
})

test('a real question is answered with the right of who answers, once, and only where it was asked', async (t) => {
  const target = await openTarget(t)
  const { telegram } = target
  const offer = await target.offer()
  const at = offer.onTelegram.buttons.findIndex(({ text }) => text === 'Decline')
  telegram.press(offer.onTelegram.messageId, at, { from: { id: ARNE } })
  const question = await telegram.waitFor(({ forceReply }) => forceReply !== undefined)
  const before = await target.record()
  for (const by of [idOf(PEOPLE.viewer), idOf(PEOPLE.trader), idOf(PEOPLE.none), 31_337])
    telegram.reply(question.messageId, 'I would rather not', { from: { id: by } })
  const elsewhere = {
    reply_to_message: { message_id: 1, date: 1, chat: { id: ADAM, type: 'private' }, text: question.text, from: BOT },
  }
  const entities = question.entities.filter(({ type }) => type === 'code')
  telegram.say('because', {
    from: { id: ADAM },
    chat: ADAM,
    more: { reply_to_message: { ...elsewhere.reply_to_message, entities } },
  })
  await telegram.waitFor(({ chat, text }) => chat === String(ADAM) && text.includes('another place'))
  await target.heard()
  assert.deepEqual(await target.record(), before)

  await target.desk.store.members.setRole('arne', 'viewer')
  telegram.reply(question.messageId, 'too large', { from: { id: ARNE } })
  await target.heard()
  assert.equal(await target.stateOf(offer.proposal), 'pending', 'the role went between question and answer')

  telegram.reply(question.messageId, 'too large', { from: { id: idOf(ADA) } })
  telegram.reply(question.messageId, 'much too large', { from: { id: idOf(ADA) } })
  await target.heard()
  const declined = await target.desk.find(offer.proposal)
  assert.deepEqual([declined.state, declined.decidedBy, declined.reason], ['declined', 'ada', 'too large'])
})
