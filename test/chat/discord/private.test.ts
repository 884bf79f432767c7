import assert from 'node:assert/strict'
import { test } from 'node:test'
import { DeliveryRefusedError } from '../../../src/domain/delivery.ts'
import { cardWith, createPixelDrawer, profilePicture } from '../picture-samples.ts'
import { startDesk } from './setup.ts'

const ANA = '7001'
const CHAT = `user:${ANA}`
const CARD = { tone: 'info', title: 'For you' } as const
const opened = (requests: readonly { path: string }[]) => requests.filter(({ path }) => path === '/users/@me/channels')

test('a member is written to in their private chat, which is opened once', async (t) => {
  const { discord, chat } = await startDesk(t)
  const { messageId } = await chat.post(CHAT, CARD)
  await chat.post(CHAT, CARD)
  await chat.edit(CHAT, messageId, { tone: 'ok', title: 'For you, done' })

  assert.deepEqual(
    discord.messages.map(({ channelId, text }) => ({ channelId, text })),
    ['For you, done', 'For you'].map((text) => ({ channelId: discord.directOf(ANA), text })),
  )
  assert.equal(opened(discord.requests).length, 1)
})

test('a private chat that Discord has forgotten is opened anew', async (t) => {
  const { discord, chat } = await startDesk(t)
  await chat.post(CHAT, CARD)
  discord.removeChannel(discord.directOf(ANA))
  await chat.post(CHAT, CARD)
  assert.equal(discord.messages.at(-1)?.channelId, discord.directOf(ANA))
  assert.equal(opened(discord.requests).length, 2)
})

test('whoever blocks the bot is not written to again and again, and can be once they unblock it', async (t) => {
  const { discord, chat } = await startDesk(t)
  discord.block(ANA)
  await assert.rejects(chat.post(CHAT, CARD), (error: Error) => {
    assert.ok(error instanceof DeliveryRefusedError)
    assert.match(error.message, /^Discord did not let us post to user 7001: this user does not take private messages/)
    assert.match(error.message, /They have to unblock it/)
    return true
  })
  assert.equal(discord.requests.filter(({ status }) => status === 403).length, 1, 'no second try')
  discord.unblock(ANA)
  await chat.post(CHAT, CARD)
  assert.equal(discord.messages.length, 1)
})

test('a picture is no reason to write to a blocked chat twice', async (t) => {
  const { discord, chat } = await startDesk(t, undefined, { draw: createPixelDrawer() })
  discord.block(ANA)
  await assert.rejects(chat.post(CHAT, cardWith(profilePicture())), DeliveryRefusedError)
  assert.equal(discord.requests.filter(({ status }) => status === 403).length, 1)
})

for (const [code, status, remedy] of [
  [50001, 403, /View Channel/],
  [50013, 403, /Send Messages and Embed Links/],
  [10003, 404, /no such channel any more.*DISCORD_CHANNEL_IDS/],
  [10013, 404, /no such user.*correct the id/],
  [50278, 403, /no server that the bot is in.*join one/],
  [50008, 400, /not a channel for text/],
] as const) {
  test(`the refusal ${code} is not tried again and says what to do`, async (t) => {
    const { discord, chat } = await startDesk(t)
    discord.failNext('POST', /^\/channels\//, { status, code })
    await assert.rejects(chat.post(discord.channelId, CARD), { name: 'DeliveryRefusedError', message: remedy })
  })
}

test('a fault that may pass is no refusal', async (t) => {
  const { discord, chat } = await startDesk(t)
  discord.failNext('POST', /^\/channels\//, { status: 503, times: 4 })
  await assert.rejects(chat.post(discord.channelId, CARD), (error) => !(error instanceof DeliveryRefusedError))
})

test('a probe tells a chat that would take a message from one that would not, and sends none', async (t) => {
  const { discord, chat } = await startDesk(t)
  const gone = discord.addChannel()
  discord.removeChannel(gone)
  discord.forgetUser('404')

  assert.deepEqual(await chat.probe(discord.channelId), { works: true })
  assert.deepEqual(await chat.probe(CHAT), { works: true })
  const reasons = await Promise.all(
    [discord.addChannel(4), gone, 'user:404', '#desk'].map(async (channel) => {
      const found = await chat.probe(channel)
      return found.works ? 'works' : found.reason
    }),
  )
  for (const [i, wanted] of [
    /not a channel for text/,
    /no such channel/,
    /no such user/,
    /"#desk" is no numeric/,
  ].entries())
    assert.match(reasons[i]!, wanted)
  assert.deepEqual(discord.messages, [])
})

test('a probe of a Discord that is away says so instead of throwing', async (t) => {
  const { discord, chat } = await startDesk(t)
  discord.failNext('GET', /^\/channels\//, { status: 500, times: 4 })
  const found = await chat.probe(discord.channelId)
  assert.match(found.works ? '' : found.reason, /HTTP 500/)
})

test('a silent card is posted without a sound, an edit changes nothing about it', async (t) => {
  const { discord, chat } = await startDesk(t)
  const { messageId } = await chat.post(discord.channelId, { ...CARD, silent: true })
  await chat.post(discord.channelId, CARD)
  await chat.edit(discord.channelId, messageId, { ...CARD, silent: true, title: 'Still quiet' })
  assert.deepEqual(
    discord.messages.map(({ silent, text }) => [silent, text]),
    [
      [true, 'Still quiet'],
      [false, 'For you'],
    ],
  )
})

test('a picture has the look its reader asked for', async (t) => {
  const draw = createPixelDrawer()
  const { chat } = await startDesk(t, undefined, { draw })
  await chat.post(CHAT, cardWith(profilePicture(), { theme: 'light' }))
  await chat.post('user:7002', cardWith(profilePicture()))
  assert.deepEqual(
    draw.drawn.map((title) => title.split(' ').at(-1)),
    ['light', 'dark'],
  )
})
