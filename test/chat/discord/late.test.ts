import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Card } from '../../../src/domain/card.ts'
import { buttonId, startDesk } from './setup.ts'

const CARD: Card = {
  tone: 'warning',
  title: 'Proposal',
  buttons: [
    { label: 'Approve', command: '/approve X', style: 'primary', id: buttonId('approve') },
    { label: 'Decline', command: '/decline X', style: 'danger', id: buttonId('decline'), asks: 'reason' },
  ],
}
const CHANNEL = /^\/channels\//
const [ANA, BEN] = ['7001', '7002']
const HINT = (user: string) => `<@${user}> your press came too late and did nothing; press again.`

test('presses that were heard too late are not run, and their pressers told once a minute', async (t) => {
  let now = 0
  const { discord, chat, heard } = await startDesk(t, undefined, { now: () => now })
  await chat.post(discord.channelId, CARD)
  const [message] = discord.messages
  const pressLate = (userId: string, label = 'Approve') =>
    discord.expire(discord.pressButton({ userId, message: message!, label }))
  const hints = () => discord.messages.slice(1).map(({ text }) => text)

  for (const user of [ANA, ANA, BEN]) pressLate(user)
  await discord.until(() => hints()[1], 'a hint for each')
  pressLate(ANA, 'Decline')
  await discord.sendCommand({ userId: ANA, name: 'help' }).answer()
  assert.deepEqual(hints().sort(), [HINT(ANA), HINT(BEN)])

  now += 60_000
  pressLate(ANA, 'Decline')
  await discord.until(() => hints()[2], 'a hint a minute later')
  assert.equal(hints()[2], HINT(ANA))
  assert.deepEqual(
    heard.map(({ input }) => input.kind),
    ['named'],
  )
  const bodies = discord.requests.filter(({ path, method }) => CHANNEL.test(path) && method === 'POST').slice(1)
  assert.deepEqual(
    bodies.map(({ body }) => (body as { allowed_mentions: { users: string[] } }).allowed_mentions.users.length),
    [1, 1, 1],
  )
})

test('a press replayed after the connection was lost, too late for Discord, is not run and its presser is told', async (t) => {
  const { discord, chat, heard } = await startDesk(t)
  await chat.post(discord.channelId, CARD)
  discord.dropConnection()
  discord.expire(discord.pressButton({ userId: ANA, message: discord.messages[0]!, label: 'Approve' }))
  await discord.waitForMessage(({ text }) => text === HINT(ANA))
  assert.deepEqual(heard, [])
  assert.equal(discord.gateway.counts.resumed, 1)
})

test('a hint that cannot be posted disturbs nothing', async (t) => {
  const { discord, logged } = await startDesk(t)
  discord.failNext('POST', CHANNEL, { status: 403, code: 50013 })
  discord.expire(discord.sendCommand({ userId: ANA, name: 'help' }))
  await discord.until(() => logged.find(({ msg }) => msg === 'discord hint not posted'), 'a line in the log')
  assert.equal((await discord.sendCommand({ userId: ANA, name: 'help' }).answer()).text, 'Done')
})

test('a press answered too late is a reply to the card on which the button stands', async (t) => {
  const { discord, chat } = await startDesk(t, ({ interactionId }) => {
    discord.expire({ id: interactionId })
    return { tone: 'ok', title: 'Approved' }
  })
  const { messageId } = await chat.post(discord.channelId, CARD)
  discord.pressButton({ userId: ANA, message: discord.messages[0]!, label: 'Approve' })
  const late = await discord.waitForMessage(({ text }) => text.includes('Approved'))
  assert.equal(late.replyTo, messageId)
})

test('an answer whose placeholder someone deleted meanwhile is posted all the same', async (t) => {
  const { discord } = await startDesk(t, () => {
    discord.failNext('PATCH', /@original$/, { status: 404, code: 10008 })
    return { tone: 'ok', title: 'Here it is' }
  })
  discord.sendCommand({ userId: ANA, name: 'help' })
  const late = await discord.waitForMessage()
  assert.equal(late.text, `<@${ANA}> here is your answer.\nHere it is`)
})

test('a refusal that comes too late is not shown to the others', async (t) => {
  const { discord } = await startDesk(t, ({ interactionId }) => {
    discord.expire({ id: interactionId })
    return { tone: 'refused', title: 'Forbidden', text: 'You are a viewer.' }
  })
  discord.sendCommand({ userId: ANA, name: 'help' })
  const late = await discord.waitForMessage()
  assert.equal(late.text, `<@${ANA}> your private answer came too late to be shown; ask again.`)
})
