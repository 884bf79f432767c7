import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Card } from '../../../src/domain/card.ts'
import { buttonId, startDesk } from './setup.ts'

const CARD: Card = {
  tone: 'warning',
  title: 'Proposal 7K3M9QX2TB',
  buttons: [
    { label: 'Approve', command: '/approve 7K3M9QX2TB', style: 'primary', id: buttonId('approve') },
    { label: 'Decline', command: '/decline 7K3M9QX2TB', style: 'danger', id: buttonId('decline'), asks: 'reason' },
  ],
  select: {
    placeholder: 'Look closer',
    choices: [
      { label: 'Costs', command: '/hedge status', id: buttonId('costs'), description: 'What it would cost' },
      { label: 'Risk', command: '/hedge status', id: buttonId('risk') },
    ],
  },
}
const ANA = '7001'

test('a button that asks opens a window at once, and what is entered comes with the press', async (t) => {
  const { discord, chat, heard } = await startDesk(t)
  await chat.post(discord.channelId, CARD)
  const opened = discord.pressButton({ userId: ANA, message: discord.messages[0]!, label: 'Decline' })
  const modal = await opened.modal()

  assert.equal(modal.title, 'Decline a proposal, and say to everyon… (cut)')
  assert.equal(modal.components[0]?.label, 'Why it is declined')
  assert.deepEqual(
    { ...modal.components[0]?.component },
    { type: 4, custom_id: 'value', style: 1, min_length: 1, max_length: 200, required: true },
  )
  assert.deepEqual(heard, [], 'nothing is run before the answer')

  const sent = await discord.submitModal({ userId: ANA, opened, value: 'spread too wide @everyone' })
  const answer = await sent.answer()
  assert.equal(answer.ephemeral, true)
  assert.deepEqual(heard, [
    {
      ...{ platform: 'discord', platformUserId: ANA, channel: discord.channelId, direct: false },
      interactionId: sent.id,
      input: { kind: 'press', buttonId: buttonId('decline'), values: { reason: 'spread too wide @everyone' } },
    },
  ])
})

test('a window whose command is not known any more still asks for its option', async (t) => {
  const { discord, chat } = await startDesk(t)
  const gone = { label: 'Go', command: '/gone X', style: 'primary', id: buttonId('gone'), asks: 'why' } as const
  await chat.post(discord.channelId, { tone: 'info', title: 'Old', buttons: [gone] })
  const modal = await discord.pressButton({ userId: ANA, message: discord.messages[0]!, label: 'Go' }).modal()
  assert.deepEqual([modal.title, modal.components[0]?.label], ['One more value', 'why'])
})

test('a card that asks for a value offers the window under a button', async (t) => {
  const question = 'Why is it declined?'
  const { discord, heard } = await startDesk(t, () =>
    heard.length > 1
      ? { tone: 'ok', title: 'Declined' }
      : { tone: 'info', title: 'One more', prompt: { buttonId: buttonId('decline'), option: 'reason', question } },
  )
  const asked = await discord.sendCommand({ userId: ANA, name: 'help' }).answer()
  assert.equal(asked.text, `One more\n${question}`)

  const opened = discord.pressButton({ userId: ANA, message: asked, label: 'Answer' })
  const sent = await discord.submitModal({ userId: ANA, opened, value: 'too late' })
  assert.equal((await sent.answer()).text, 'Declined')
  assert.deepEqual(heard[1]?.input, { kind: 'press', buttonId: buttonId('decline'), values: { reason: 'too late' } })
})

test('a choice from the list is the press of the button it stands for', async (t) => {
  const { discord, chat, heard } = await startDesk(t)
  await chat.post(discord.channelId, CARD)
  const [, list] = discord.messages[0]!.components
  assert.equal(list?.components[0]?.placeholder, 'Look closer')
  assert.deepEqual(list?.components[0]?.options, [
    { label: 'Costs', value: buttonId('costs'), description: 'What it would cost' },
    { label: 'Risk', value: buttonId('risk') },
  ])

  const answer = await discord.choose({ userId: ANA, message: discord.messages[0]!, label: 'Risk' }).answer()
  assert.equal(answer.ephemeral, true)
  assert.deepEqual(heard[0]?.input, { kind: 'press', buttonId: buttonId('risk') })
})

for (const customId of ['/approve 7K3M9QX2TB', 'APPROVE000000000', 'approve?x', '', `${'a'.repeat(16)}?c?`]) {
  test(`a press of the foreign button "${customId}" is answered in private and not run`, async (t) => {
    const { discord, chat, heard } = await startDesk(t)
    await chat.post(discord.channelId, CARD)
    const pressed = discord.pressForeign({ userId: ANA, message: discord.messages[0]!, customId })
    const answer = await pressed.answer()
    assert.match(answer.text, /^This button is not one of ours/)
    assert.equal(answer.ephemeral, true)
    assert.deepEqual(heard, [])
  })
}

test('in a private chat a press says that nobody else reads along', async (t) => {
  const { discord, chat, heard } = await startDesk(t)
  await chat.post(`user:${ANA}`, CARD)
  await discord.pressButton({ userId: ANA, message: discord.messages[0]!, label: 'Approve' }).answer()
  assert.deepEqual(
    heard.map(({ direct, channel, platformUserId }) => ({ direct, channel, platformUserId })),
    [{ direct: true, channel: discord.directOf(ANA), platformUserId: ANA }],
  )
})

test('commands for everywhere can be used in private chats, those of one server cannot', async (t) => {
  const { discord, heard } = await startDesk(t, undefined, { guildId: undefined as never })
  assert.deepEqual(
    discord.registered.map(({ contexts }) => contexts),
    discord.registered.map(() => [0, 1]),
  )
  await discord.sendCommand({ userId: ANA, name: 'hedge status', direct: true }).answer()
  assert.equal(heard[0]?.direct, true)

  const { discord: other } = await startDesk(t)
  assert.ok(other.registered.every(({ contexts }) => contexts === undefined))
})

test('where nothing is to be said, nothing stays', async (t) => {
  const { discord, chat, heard } = await startDesk(t, () => undefined)
  await chat.post(discord.channelId, CARD)
  const typed = discord.sendCommand({ userId: ANA, name: 'help' })
  const pressed = discord.pressButton({ userId: ANA, message: discord.messages[0]!, label: 'Approve' })
  await Promise.all([typed.removed(), pressed.removed()])
  assert.deepEqual([typed.answers, pressed.answers, heard.length], [[], [], 2])
})

test('a command that comes twice at once leaves the answer of the first alone when the second is silent', async (t) => {
  const { discord, heard } = await startDesk(t, () => (heard.length > 1 ? undefined : { tone: 'ok', title: 'First' }))
  const sent = discord.sendCommand({ userId: ANA, name: 'help' })
  discord.redeliver(sent)
  assert.equal((await sent.answer()).text, 'First')
  await discord.until(() => heard[1], 'the second at dispatch')
  assert.deepEqual(
    discord.requests.filter(({ method }) => method === 'DELETE'),
    [],
  )
})
