import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DiscordMessageSeen } from '../../support/discord-server.ts'
import { isPng } from '../../support/multipart.ts'
import { brokenDrawer, cardWith, createPixelDrawer, profilePicture, reliabilityPicture } from '../picture-samples.ts'
import { startDesk } from './setup.ts'

const PICTURE = profilePicture()
const CARD = cardWith(PICTURE)
const done = () => CARD

/** The one attachment of a message, which its embed shows. */
function pictureOn({ attachments, embeds }: DiscordMessageSeen) {
  assert.equal(attachments.length, 1)
  const [picture] = attachments
  assert.ok(isPng(picture!.bytes), 'no PNG')
  assert.equal(embeds[0]?.image?.url, `attachment://${picture!.filename}`)
  return picture!
}

test('an answer shows its picture inside the embed, drawn by the charts, with its words for those who cannot see it', async (t) => {
  const { discord } = await startDesk(t, done)
  const answer = await discord.sendCommand({ userId: '7001', name: 'help' }).answer()

  const { filename, description, bytes } = pictureOn(answer)
  assert.equal(filename, 'liquidation-profile-eth.png')
  assert.equal(description, PICTURE.alt)
  assert.ok(bytes.length > 5_000, `${bytes.length} bytes`)
  assert.equal(answer.text, 'Liquidations around ETH\nThe nearest cluster is 6 % below.')
  assert.equal(answer.components[0]?.components[0]?.label, 'Hedge')
  assert.equal(discord.requests.at(-1)?.files[0]?.contentType, 'image/png')
})

test('a private answer has its picture too', async (t) => {
  const draw = createPixelDrawer()
  const { discord } = await startDesk(t, () => ({ ...CARD, ephemeral: true }), { draw })
  const answer = await discord.sendCommand({ userId: '7001', name: 'help' }).answer()
  assert.equal(answer.ephemeral, true)
  assert.equal(pictureOn(answer).description, PICTURE.alt)
})

test('an answer that comes too late for its placeholder brings its picture to the channel', async (t) => {
  const draw = createPixelDrawer()
  const { discord } = await startDesk(
    t,
    ({ interactionId }) => {
      discord.expire({ id: interactionId })
      return CARD
    },
    { draw },
  )
  discord.sendCommand({ userId: '7001', name: 'help' })
  const message = await discord.waitForMessage()
  assert.equal(message.content, '<@7001> here is your answer.')
  assert.equal(pictureOn(message).description, PICTURE.alt)
  assert.equal(draw.drawn.length, 1)
})

test('an edit brings another picture in the place of the first, and one without takes it away', async (t) => {
  const { discord, chat } = await startDesk(t, done, { draw: createPixelDrawer() })
  const { messageId } = await chat.post(discord.channelId, CARD)
  const [first] = discord.messages
  assert.match(pictureOn(first!).bytes.toString(), /ETH: what waits to be liquidated dark$/)

  const moved = await chat.edit(discord.channelId, messageId, cardWith(reliabilityPicture()))
  const second = pictureOn(discord.messages[0]!)
  assert.deepEqual(
    [second.filename, second.description],
    ['reliability.png', 'Of clusters given 20 %, 24 % were reached.'],
  )
  await chat.edit(discord.channelId, moved.messageId, cardWith(undefined))
  assert.deepEqual(discord.messages[0]?.attachments, [])
  assert.equal(discord.messages[0]?.embeds[0]?.image, undefined)
  await chat.edit(discord.channelId, messageId, CARD)
  pictureOn(discord.messages[0]!)
  assert.equal(discord.messages.length, 1)
})

test('words longer than Discord takes are cut, and an asset cannot write a path into the file name', async (t) => {
  const { discord, chat } = await startDesk(t, done, { draw: createPixelDrawer() })
  const picture = profilePicture({ asset: '../../1000 PEPE/é', alt: 'ß '.repeat(2_000) })
  await chat.post(discord.channelId, cardWith(picture))
  const { filename, description } = pictureOn(discord.messages[0]!)
  assert.equal(filename, 'liquidation-profile-1000-pepe.png')
  assert.equal(description?.length, 1024)
  assert.match(description ?? '', /… \(cut\)$/)
})

test('a picture without words is sent without a description', async (t) => {
  const { discord, chat } = await startDesk(t, done, { draw: createPixelDrawer() })
  await chat.post(discord.channelId, cardWith(profilePicture({ alt: '  ' })))
  assert.equal(pictureOn(discord.messages[0]!).description, undefined)
})

test('posting one card to four channels draws it once, for a dark background', async (t) => {
  const draw = createPixelDrawer()
  const { discord, chat } = await startDesk(t, done, { draw })
  const asStored = JSON.parse(JSON.stringify(CARD))
  const channels = [discord.channelId, discord.addChannel()]
  await Promise.all([CARD, asStored].flatMap((card) => channels.map((channel) => chat.post(channel, card))))
  assert.equal(discord.messages.length, 4)
  assert.deepEqual(draw.drawn, ['ETH: what waits to be liquidated dark'])
})

test('pictures are forgotten once eight others were drawn', async (t) => {
  const draw = createPixelDrawer()
  const { discord, chat } = await startDesk(t, done, { draw })
  const post = (n: number) => chat.post(discord.channelId, cardWith(profilePicture({ title: `${n}` })))
  for (const n of [0, 1, 2, 3, 4, 5, 6, 7, 0, 8, 0, 1]) await post(n)
  assert.deepEqual(
    draw.drawn.map((title) => Number(title.split(' ')[0])),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 1],
  )
})

test('a picture that cannot be drawn is said in words, and the fault is in the log', async (t) => {
  const { discord, logged } = await startDesk(t, done, { draw: brokenDrawer })
  const answer = await discord.sendCommand({ userId: '7001', name: 'help' }).answer()
  assert.deepEqual(answer.attachments, [])
  assert.equal(answer.text, `Liquidations around ETH\nThe nearest cluster is 6 % below.\n\n${PICTURE.alt}`)
  assert.equal(answer.components[0]?.components[0]?.label, 'Hedge')
  const fault = logged.find(({ msg }) => msg === 'picture not drawn, its words are sent instead')
  assert.match(JSON.stringify(fault), /Expected at least one bin, were none/)
})

test('a picture of a kind that the charts do not know, as an older process may find stored, is said in words', async (t) => {
  const { discord, chat } = await startDesk(t)
  await chat.post(discord.channelId, cardWith({ ...PICTURE, kind: 'kept-for-later' } as never))
  assert.deepEqual(discord.messages[0]?.attachments, [])
  assert.ok(discord.messages[0]?.text.endsWith(PICTURE.alt))
})

for (const [where, status] of [
  ['a channel where the bot may not attach files', 403],
  ['a file that Discord finds too large', 413],
] as const) {
  test(`${where} gets the card in words`, async (t) => {
    const { discord, chat, logged } = await startDesk(t, done, { draw: createPixelDrawer() })
    discord.failNext('POST', /\/messages$/, { status, code: 50013 })
    await chat.post(discord.channelId, CARD)
    assert.equal(discord.messages.length, 1)
    assert.deepEqual(discord.messages[0]?.attachments, [])
    assert.ok(discord.messages[0]?.text.endsWith(PICTURE.alt))
    assert.match(JSON.stringify(logged), /discord refused a card with its picture/)
  })
}

test('a picture whose acknowledgement is lost is one message, not two', async (t) => {
  const { discord, chat } = await startDesk(t, done, { draw: createPixelDrawer() })
  discord.loseNextAnswer('POST', /\/messages$/)
  await chat.post(discord.channelId, CARD)
  assert.equal(discord.requests.filter(({ files }) => files.length === 1).length, 2)
  assert.equal(discord.messages.length, 1)
  pictureOn(discord.messages[0]!)
})
