import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDiscordChat } from '../../src/chat/discord.ts'
import type { Card } from '../../src/domain/card.ts'
import { startDiscordServer } from '../support/discord-server.ts'
import { buttonId, commands, createQuietLog, startDesk } from './discord/setup.ts'

const PROPOSAL: Card = {
  tone: 'warning',
  title: 'Proposal 7K3M9QX2TB',
  text: 'Sell 12.4 ETH',
  fields: [{ name: 'Expires', value: '10:40 UTC' }],
  buttons: [
    { label: 'Approve', command: '/approve 7K3M9QX2TB', style: 'primary', id: buttonId('approve') },
    { label: 'Decline', command: '/decline 7K3M9QX2TB', style: 'danger', id: buttonId('decline') },
  ],
}

test('a slash command is acknowledged before it runs, and its card replaces the placeholder', async (t) => {
  const seenAtDispatch: string[] = []
  const { discord, heard } = await startDesk(t, () => {
    seenAtDispatch.push(...discord.requests.map(({ path }) => path))
    return { tone: 'ok', title: 'Hedge status', fields: [{ name: 'Hedge ratio', value: '72 %' }] }
  })

  const sent = discord.sendCommand({ userId: '7001', name: 'hedge status' })
  const answer = await sent.answer()

  assert.equal(seenAtDispatch.at(-1), `/interactions/${sent.id}/${sent.token}/callback`)
  assert.equal(answer.text, 'Hedge status\nHedge ratio: 72 %')
  assert.equal(answer.ephemeral, false)
  assert.deepEqual(heard, [
    {
      platform: 'discord',
      platformUserId: '7001',
      channel: discord.channelId,
      direct: false,
      interactionId: sent.id,
      input: { kind: 'named', name: 'hedge status', options: {} },
    },
  ])
})

test('options arrive typed and under the names the command gave them', async (t) => {
  const { discord, heard } = await startDesk(t)
  const options = { symbol: 'ETH', 'target-ratio': 0.75, slices: 3, dry: true, book: 'main' }
  await discord.sendCommand({ userId: '7001', name: 'hedge propose', options }).answer()

  assert.deepEqual(heard[0]?.input, {
    kind: 'named',
    name: 'hedge propose',
    options: { symbol: 'ETH', targetRatio: 0.75, slices: 3, dry: true, book: 'main' },
  })
})

test('a press sends the id of the button and is answered to the presser alone', async (t) => {
  const { discord, chat, heard } = await startDesk(t)
  const { messageId } = await chat.post(discord.channelId, PROPOSAL)
  const message = await discord.waitForMessage(({ id }) => id === messageId)
  const sent = discord.pressButton({ userId: '7002', message, label: 'Approve' })
  const answer = await sent.answer()

  assert.deepEqual(
    heard.map(({ input, interactionId, platformUserId }) => ({ input, interactionId, platformUserId })),
    [{ input: { kind: 'press', buttonId: buttonId('approve') }, interactionId: sent.id, platformUserId: '7002' }],
  )
  assert.equal(answer.ephemeral, true)
  assert.equal(discord.messages[0]?.edits, 0)
})

test('a refusal is shown to its asker alone, and no public placeholder stays', async (t) => {
  const { discord } = await startDesk(t, () => ({ tone: 'refused', title: 'Forbidden', text: 'You are a viewer.' }))
  const sent = discord.sendCommand({ userId: '7003', name: 'help' })
  const answer = await sent.answer()

  assert.equal(answer.ephemeral, true)
  assert.equal(answer.text, 'Forbidden\nYou are a viewer.')
  const after = discord.requests.slice(-2).map(({ method, path }) => `${method} ${path.replace(sent.token, 'token')}`)
  const hook = `/webhooks/${discord.applicationId}/token`
  assert.deepEqual(after, [`DELETE ${hook}/messages/@original`, `POST ${hook}`])
})

test('a redelivered interaction reaches dispatch again and leaves the first answer alone', async (t) => {
  const { discord, heard } = await startDesk(t, () => (heard.length > 1 ? undefined : { tone: 'ok', title: 'First' }))
  const sent = discord.sendCommand({ userId: '7001', name: 'help' })
  await sent.answer()
  discord.redeliver(sent)
  await discord.until(() => heard[1], 'the redelivery at dispatch')
  await discord.sendCommand({ userId: '7001', name: 'approve', options: { proposal: 'X' } })
  await discord.until(() => heard[2], 'the next command')

  assert.deepEqual(
    heard.slice(0, 2).map(({ interactionId }) => interactionId),
    [sent.id, sent.id],
  )
  const first = await sent.answer()
  assert.equal(first.text, 'First')
  assert.equal(first.edits, 1)
})

test('a card is posted and then edited in place, its buttons gone', async (t) => {
  const { discord, chat } = await startDesk(t)
  const { messageId } = await chat.post(discord.channelId, PROPOSAL)
  assert.equal(discord.messages[0]?.components[0]?.components.length, 2)
  await chat.edit(discord.channelId, messageId, { tone: 'ok', title: 'Executed', footer: '2 of 2 slices' })

  assert.equal(discord.messages.length, 1)
  assert.deepEqual(discord.messages[0]?.components, [])
  assert.equal(discord.messages[0]?.text, 'Executed\n2 of 2 slices')
})

test('an adapter that was never started delivers cards', async (t) => {
  const discord = await startDiscordServer()
  const { token, applicationId, channelId, apiRoot } = discord
  const chat = createDiscordChat({
    token,
    applicationId,
    channels: [channelId],
    apiRoot,
    commands,
    log: createQuietLog(),
  })
  t.after(async () => {
    await chat.close()
    await discord.close()
  })
  await chat.post(channelId, PROPOSAL)
  assert.equal(discord.messages.length, 1)
  assert.equal(discord.gateway.sockets, 0)
})

test('after the connection drops, the bot resumes and hears what was said in between', async (t) => {
  const { discord } = await startDesk(t)
  discord.dropConnection()
  const answer = await discord.sendCommand({ userId: '7001', name: 'help' }).answer()

  assert.equal(answer.text, 'Done')
  assert.deepEqual({ ...discord.gateway.counts, heartbeats: 0 }, { identified: 1, resumed: 1, heartbeats: 0 })
})

test('a session that Discord forgot is begun anew', async (t) => {
  const { discord } = await startDesk(t)
  discord.dropConnection({ resumable: false })
  await discord.until(() => discord.gateway.counts.identified === 2 || undefined, 'a second session')
  assert.equal((await discord.sendCommand({ userId: '7001', name: 'help' }).answer()).text, 'Done')
})

test('fifty people asking at once are all answered', async (t) => {
  const { discord, heard } = await startDesk(t, ({ platformUserId }) => ({
    tone: 'info',
    title: `For ${platformUserId}`,
  }))
  const sent = Array.from({ length: 50 }, (_, i) =>
    discord.sendCommand({ userId: `${8000 + i}`, name: 'hedge status' }),
  )
  const answers = await Promise.all(sent.map(({ answer }) => answer()))

  assert.deepEqual(
    answers.map(({ text }) => text),
    sent.map((_, i) => `For ${8000 + i}`),
  )
  assert.equal(heard.length, 50)
})

test('requests are as Discord publishes them', async (t) => {
  const { discord, chat } = await startDesk(t, () => PROPOSAL)
  if (!discord.validates) return t.skip('shared/specs/discord-openapi.json is not on this machine')
  await chat.post(discord.channelId, PROPOSAL)
  await discord.sendCommand({ userId: '7001', name: 'help' }).answer()

  assert.ok(discord.requests.filter(({ body }) => body !== undefined).length >= 4)
  assert.deepEqual(discord.violations, [])
})
