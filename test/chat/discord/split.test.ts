import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Card } from '../../../src/domain/card.ts'
import type { DiscordMessageSeen } from '../../support/discord-server.ts'
import { cardWith, createPixelDrawer, profilePicture } from '../picture-samples.ts'
import { buttonId, startDesk } from './setup.ts'

const cardOf = (paragraphs: number, over: Partial<Card> = {}): Card => ({
  tone: 'info',
  title: 'Report',
  text: Array.from({ length: paragraphs }, (_, i) => `${i}: ${'word '.repeat(400)}`).join('\n\n'),
  buttons: [{ label: 'Approve', command: '/approve X', style: 'primary', id: buttonId('approve') }],
  ...over,
})
const begins = (messages: readonly DiscordMessageSeen[]) =>
  messages.map(({ embeds: [embed] }) => embed?.description?.slice(0, 2))
const rows = (messages: readonly DiscordMessageSeen[]) => messages.map(({ components }) => components.length)

test('a card too large for a message is posted as several, and its id names them all', async (t) => {
  const { discord, chat } = await startDesk(t, undefined, { draw: createPixelDrawer() })
  const { messageId } = await chat.post(discord.channelId, { ...cardWith(profilePicture()), ...cardOf(5) })

  assert.equal(messageId, discord.messages.map(({ id }) => id).join(','))
  assert.deepEqual(begins(discord.messages), ['0:', '2:', '4:'])
  assert.deepEqual(rows(discord.messages), [0, 0, 1])
  assert.deepEqual(
    discord.messages.map(({ attachments }) => attachments.length),
    [1, 0, 0],
  )
})

test('an edit changes what stands, adds what is new and takes away what is left over', async (t) => {
  const { discord, chat } = await startDesk(t)
  const one = await chat.post(discord.channelId, cardOf(1))
  const three = await chat.edit(discord.channelId, one.messageId, cardOf(5))
  assert.equal(three.messageId.split(',')[0], one.messageId)
  assert.equal(three.messageId, discord.messages.map(({ id }) => id).join(','))
  assert.deepEqual(rows(discord.messages), [0, 0, 1])

  const two = await chat.edit(discord.channelId, three.messageId, cardOf(3))
  assert.equal(two.messageId, three.messageId.split(',').slice(0, 2).join(','))
  assert.deepEqual(begins(discord.messages), ['0:', '2:'])
  assert.deepEqual(rows(discord.messages), [0, 1])
  assert.equal(discord.deleted.length, 1)
})

for (const deleted of [0, 1]) {
  test(`a card of which someone deleted message ${deleted + 1} is posted anew, whole and in order`, async (t) => {
    const { discord, chat } = await startDesk(t)
    const { messageId } = await chat.post(discord.channelId, cardOf(3))
    discord.deleteMessage(messageId.split(',')[deleted]!)
    const anew = await chat.edit(discord.channelId, messageId, cardOf(3, { title: 'Report, later' }))

    assert.equal(anew.messageId, discord.messages.map(({ id }) => id).join(','))
    assert.deepEqual(begins(discord.messages), ['0:', '2:'])
    assert.ok(anew.messageId.split(',').every((id) => !messageId.includes(id)))
  })
}

test('a post that breaks off half way leaves nothing behind, so that the next try is not the second card', async (t) => {
  const { discord, chat } = await startDesk(t)
  const standing = discord.messages.length
  const failing = chat.post(discord.channelId, cardOf(5))
  await discord.waitForMessage()
  discord.failNext('POST', /^\/channels\//, { status: 500, times: 4 })
  await assert.rejects(failing, /did not let us post to channel/)
  assert.equal(discord.messages.length, standing)
  await chat.post(discord.channelId, cardOf(5))
  assert.deepEqual(begins(discord.messages), ['0:', '2:', '4:'])
})

test('a large answer goes on in further messages, as visible as the first', async (t) => {
  const { discord, chat } = await startDesk(t, ({ input }) =>
    cardOf(3, { ephemeral: input.kind === 'named' && input.name === 'help' }),
  )
  const shown = async (sent: ReturnType<typeof discord.sendCommand>) => {
    await discord.until(() => sent.answers[1], 'the second message')
    return sent.answers.map((message) => [begins([message])[0], message.ephemeral, message.components.length])
  }

  const asked = discord.sendCommand({ userId: '7001', name: 'hedge status' })
  assert.deepEqual(await shown(asked), [
    ['0:', false, 0],
    ['2:', false, 1],
  ])
  const alone = discord.sendCommand({ userId: '7001', name: 'help' })
  assert.deepEqual(await shown(alone), [
    ['0:', true, 0],
    ['2:', true, 1],
  ])
  await chat.post(discord.channelId, cardOf(1))
  const pressed = discord.pressButton({ userId: '7001', message: discord.messages[0]!, label: 'Approve' })
  assert.deepEqual(await shown(pressed), [
    ['0:', true, 0],
    ['2:', true, 1],
  ])
})

test('a large answer that comes too late goes to the channel whole, a reply first', async (t) => {
  const { discord } = await startDesk(t, ({ interactionId }) => {
    discord.expire({ id: interactionId })
    return cardOf(3)
  })
  const sent = discord.sendCommand({ userId: '7001', name: 'help' })
  await discord.until(() => discord.messages[1], 'the second message')
  assert.deepEqual(
    discord.messages.map(({ replyTo, content }) => [replyTo, content]),
    [
      [discord.placeholderOf(sent), '<@7001> here is your answer.'],
      [undefined, ''],
    ],
  )
})

const HOSTILE = [
  '@everyone @here <@7001> <@&1> <#2> ',
  '**bold** __under__ ~~no~~ ||spoiler|| `code` ```block``` ',
  '[free](https://evil.example) https://evil.example <https://evil.example> ',
  '\n# big\n> quote\n- item\n1. first\n-# small\n',
  '\u202egnp.tnemyap\u202c \u0000\u001b[2J ',
].join('')

test('hostile text of many messages mentions nobody, formats nothing and turns no direction anywhere', async (t) => {
  const { discord, chat } = await startDesk(t)
  const hostile = HOSTILE.repeat(60)
  assert.ok(hostile.length > 6_000)
  await chat.post(discord.channelId, {
    ...{ tone: 'critical', title: HOSTILE, text: hostile, footer: HOSTILE },
    fields: [{ name: HOSTILE, value: hostile }],
  })

  assert.ok(discord.messages.length > 1)
  for (const { embeds } of discord.messages) {
    const [{ title = '', description = '', fields = [] } = {}] = embeds
    for (const shown of [title, description, ...fields.flatMap(({ name, value }) => [name, value])]) {
      assert.doesNotMatch(shown, /@(?!\u200b)/)
      assert.doesNotMatch(shown, /(?<!\\)(?:\\\\)*[*_~`|[\]<]/)
      assert.doesNotMatch(shown, /^\s*(#{1,3}|-#|>{1,3}|-|\d+\.)\s/m)
      assert.doesNotMatch(shown, /https:\/\//)
      assert.doesNotMatch(shown, /[\u202a-\u202e]|(?!\n)\p{Cc}/u)
    }
  }
  const bodies = discord.requests.flatMap(({ path, body }) => (path.startsWith('/channels/') ? [body] : []))
  for (const body of bodies) {
    assert.deepEqual((body as { allowed_mentions: unknown }).allowed_mentions, { parse: [] })
  }
})
