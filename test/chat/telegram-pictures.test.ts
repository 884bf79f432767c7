import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DrawPicture } from '../../src/chat/pictures.ts'
import type { Card } from '../../src/domain/card.ts'
import { isPng } from '../support/multipart.ts'
import { onTelegram as openTelegram, type TelegramDesk } from '../support/telegram-desk.ts'
import type { SentMessage, TelegramServer } from '../support/telegram-server.ts'
import * as samples from './picture-samples.ts'
import { brokenDrawer, createPixelDrawer, profilePicture, reliabilityPicture } from './picture-samples.ts'

const DESK = '-1001'
const PICTURE = profilePicture()
const BUTTONS = [{ label: 'Hedge', command: '/hedge propose ETH', style: 'primary', id: 'h7m3q9x2tbk7m3q9' }] as const
const cardWith: typeof samples.cardWith = (picture, over) => samples.cardWith(picture, { buttons: BUTTONS, ...over })
const CARD = cardWith(PICTURE)
const FIELDS = Array.from({ length: 60 }, (_, i) => ({ name: `Line ${i}`, value: 'a < b & c > d, and so on' }))

/** The adapter, which answers everything with one card. */
const onTelegram = (
  use: (desk: TelegramDesk) => Promise<void>,
  { answer = CARD, draw }: { answer?: Card; draw?: DrawPicture } = {},
): Promise<void> => openTelegram(use, { answer: () => answer, ...(draw && { draw }) })

const standing = (server: TelegramServer): readonly SentMessage[] => server.messages.filter(({ deleted }) => !deleted)
const labels = ({ buttons }: SentMessage) => buttons.map(({ text }) => text)

test('a card with a picture is a photo drawn by the charts, the card its caption, its buttons below', () =>
  onTelegram(async ({ server }) => {
    server.say('/liq map', { from: { id: 42 }, chat: 42 })
    const photo = await server.waitFor(({ text }) => text.includes('Liquidations around ETH'))
    assert.ok(isPng(photo.photo!.bytes) && photo.photo!.bytes.length > 5_000)
    assert.equal(photo.photo!.fileName, 'liquidation-profile-eth.png')
    assert.ok(photo.answers !== undefined)
    // Telegram has no alt text: it stands below the card, folded.
    assert.equal(photo.text, `ℹ️ Liquidations around ETH\n\nThe nearest cluster is 6 % below.\n${PICTURE.alt}`)
    assert.ok(photo.html.endsWith(`<blockquote expandable>${PICTURE.alt}</blockquote>`))
    assert.deepEqual(labels(photo), ['Hedge'])
    assert.equal(server.messages.length, 1)
  }))

test('a reader who asked for dark pictures gets them, and the same picture in another look is another', () =>
  onTelegram(
    async ({ server, chat }) => {
      const { messageId } = await chat.post(DESK, { ...CARD, theme: 'dark' })
      assert.match(server.messages[0]!.photo!.bytes.toString(), / dark$/)
      await chat.edit(DESK, messageId, { ...CARD, theme: 'light' })
      assert.match(server.messages[0]!.photo!.bytes.toString(), / light$/)
    },
    { draw: createPixelDrawer() },
  ))

test('a card too long for a caption follows its photo, which says the alt text, and has the buttons', () =>
  onTelegram(
    async ({ server }) => {
      server.say('/liq map', { from: { id: 42 }, chat: 42 })
      const last = await server.waitFor(({ text }) => text.includes('Line 59'))
      const [photo, ...texts] = server.messages
      assert.ok(photo?.photo)
      assert.equal(photo?.text, PICTURE.alt)
      assert.deepEqual(labels(photo!), [])
      assert.deepEqual(texts, [last])
      assert.deepEqual(labels(last), ['Hedge'])
      assert.deepEqual([typeof photo?.answers, last.answers], ['number', undefined])
    },
    { answer: { ...CARD, fields: FIELDS }, draw: createPixelDrawer() },
  ))

test('a caption is measured as people see it: 1,024 ampersands fit, one more does not', () =>
  onTelegram(
    async ({ server, chat }) => {
      const room = 1024 - 'ℹ️ T\n\n'.length
      for (const extra of [0, 1]) {
        await chat.post(
          DESK,
          cardWith(profilePicture({ alt: 'Heaps' }), { title: 'T', text: '&'.repeat(room + extra) }),
        )
      }
      const [fitting, photo, ...texts] = server.messages
      assert.equal(fitting?.text.length, 1024)
      assert.ok(fitting?.photo)
      assert.equal(photo?.text, 'Heaps')
      assert.equal(
        texts
          .map(({ text }) => text)
          .join('')
          .replaceAll(/[^&]/g, '').length,
        room + 1,
      )
      assert.deepEqual(labels(texts.at(-1)!), ['Hedge'])
    },
    { draw: createPixelDrawer() },
  ))

test('an alt text longer than a caption is cut between characters', () =>
  onTelegram(
    async ({ server, chat }) => {
      await chat.post(DESK, cardWith(profilePicture({ alt: `<${'😀'.repeat(1_000)}` }), { fields: FIELDS }))
      const said = server.messages[0]!.text
      assert.equal(said.length, 1024)
      assert.ok(said.isWellFormed() && said.startsWith('<😀') && said.endsWith('😀…'))
      await chat.post(DESK, cardWith(profilePicture({ alt: '😀'.repeat(1_000) }), { fields: FIELDS }))
      assert.equal(server.messages[2]!.text, `${'😀'.repeat(511)}…`)
    },
    { draw: createPixelDrawer() },
  ))

test('an edit that shows the same changes the words only; another picture takes the place of the first', () =>
  onTelegram(
    async ({ server, chat }) => {
      const first = await chat.post(DESK, CARD)
      const asStored = JSON.parse(JSON.stringify({ ...CARD, text: 'It moved.' }))
      const second = await chat.edit(DESK, first.messageId, asStored)
      const third = await chat.edit(DESK, second.messageId, cardWith(reliabilityPicture(), { buttons: [] }))
      await chat.edit(DESK, third.messageId, cardWith(reliabilityPicture(), { buttons: [] }))
      assert.deepEqual(
        server.calls
          .map(({ method, files }) => [method, files.length])
          .filter(([method]) => /Photo|edit/.test(`${method}`)),
        [
          ['sendPhoto', 1],
          ['editMessageCaption', 0],
          ['editMessageMedia', 1],
          ['editMessageCaption', 0],
        ],
      )
      const [photo, ...others] = server.messages
      assert.deepEqual(others, [])
      assert.match(photo!.photo!.bytes.toString(), /Said and seen light$/)
      assert.deepEqual([labels(photo!), photo?.edits], [[], 2])
    },
    { draw: createPixelDrawer() },
  ))

const SHAPES: Readonly<Record<string, Card>> = {
  'a text': cardWith(undefined),
  'a long text': cardWith(undefined, { fields: [...FIELDS, ...FIELDS, ...FIELDS] }),
  'a photo': CARD,
  'another photo': cardWith(reliabilityPicture(), { text: 'Something else.' }),
  'a photo with a text': cardWith(PICTURE, { fields: FIELDS }),
  'a photo with a long text': cardWith(PICTURE, { fields: [...FIELDS, ...FIELDS, ...FIELDS] }),
}
for (const [before, from] of Object.entries(SHAPES)) {
  test(`${before} is edited to anything and on, with every word, its picture and its buttons once`, () =>
    onTelegram(
      async ({ server, chat }) => {
        const seen = () =>
          standing(server).map(({ text, photo, ...one }) => [text, photo?.fileName, labels({ text, ...one })])
        for (const [after, to] of Object.entries(SHAPES)) {
          for (const { messageId } of standing(server))
            Object.assign(server.messages[messageId - 1]!, { deleted: true })
          await chat.post(DESK, to)
          const posted = seen()
          for (const { messageId } of standing(server))
            Object.assign(server.messages[messageId - 1]!, { deleted: true })

          const { messageId } = await chat.post(DESK, from)
          const edited = await chat.edit(DESK, messageId, to)
          assert.deepEqual(seen(), posted, `edited to ${after}`)
          const again = await chat.edit(DESK, edited.messageId, to)
          assert.deepEqual([seen(), again], [posted, edited], `and again to ${after}`)
          await chat.edit(DESK, again.messageId, SHAPES['a text']!)
          assert.deepEqual(seen().length, 1, `and from ${after} to a text`)
        }
      },
      { draw: createPixelDrawer() },
    ))
}

test('a picture that goes away is deleted after the text stands, one that comes is sent before the text is deleted', () =>
  onTelegram(
    async ({ server, chat }) => {
      const { messageId } = await chat.post(DESK, CARD)
      const text = await chat.edit(DESK, messageId, cardWith(undefined))
      await chat.edit(DESK, text.messageId, CARD)
      assert.deepEqual(
        server.calls.map(({ method }) => method).filter((method) => /^(send|edit|delete)Message|Photo/.test(method)),
        ['sendPhoto', 'sendMessage', 'deleteMessage', 'sendPhoto', 'deleteMessage'],
      )
    },
    { draw: createPixelDrawer() },
  ))

test('a photo that somebody deleted is posted anew, and what is left of the card goes', () =>
  onTelegram(
    async ({ server, chat }) => {
      const { messageId } = await chat.post(DESK, { ...CARD, fields: FIELDS })
      server.messages[0]!.deleted = true
      await chat.edit(DESK, messageId, CARD)
      assert.deepEqual(
        standing(server).map((message) => [message.photo?.fileName, labels(message)]),
        [['liquidation-profile-eth.png', ['Hedge']]],
      )
    },
    { draw: createPixelDrawer() },
  ))

test('a picture that cannot be drawn is said in words, and the fault is in the log', () =>
  onTelegram(
    async ({ server, chat, logged }) => {
      await chat.post(DESK, CARD)
      const [message] = server.messages
      assert.equal(message?.photo, undefined)
      assert.equal(message?.text, `ℹ️ Liquidations around ETH\n\nThe nearest cluster is 6 % below.\n\n${PICTURE.alt}`)
      assert.deepEqual(labels(message!), ['Hedge'])
      assert.match(
        logged.join(''),
        /picture not drawn.*Expected at least one bin|Expected at least one bin.*picture not drawn/,
      )
    },
    { draw: brokenDrawer },
  ))

const FORBIDDEN = { error_code: 400, description: 'Bad Request: not enough rights to send photos to the chat' }

test('a group that allows no photos gets the card in words, posted and edited', () =>
  onTelegram(
    async ({ server, chat, logged }) => {
      const { messageId } = await chat.post(DESK, CARD)
      server.fail('editMessageMedia', FORBIDDEN)
      server.fail('sendPhoto', FORBIDDEN, 2)
      await chat.edit(DESK, messageId, cardWith(reliabilityPicture()))
      await chat.post(DESK, CARD)
      assert.deepEqual(
        standing(server).map((message) => [message.photo, message.text.split('\n').at(-1), labels(message)]),
        [
          [undefined, 'Of clusters given 20 %, 24 % were reached.', ['Hedge']],
          [undefined, PICTURE.alt, ['Hedge']],
        ],
      )
      assert.equal(logged.filter((line) => line.includes('telegram refused a picture')).length, 2)
    },
    { draw: createPixelDrawer() },
  ))

test('told to slow down, it sends the picture again as it was', () =>
  onTelegram(
    async ({ server, chat }) => {
      const description = 'Too Many Requests: retry after 1'
      server.fail('sendPhoto', { error_code: 429, description, parameters: { retry_after: 1 } })
      await chat.post(DESK, CARD)
      assert.equal(server.messages.length, 1)
      assert.ok(isPng(server.messages[0]!.photo!.bytes))
    },
    { draw: createPixelDrawer() },
  ))

test('what is said after a card with a slow picture arrives after it', () => {
  const slow: DrawPicture = async (picture, options) => {
    await new Promise((resolve) => setTimeout(resolve, 100))
    return createPixelDrawer()(picture, options)
  }
  return onTelegram(
    async ({ server, chat }) => {
      await Promise.all([chat.post(DESK, CARD), chat.post(DESK, cardWith(undefined, { title: 'After it' }))])
      assert.deepEqual(
        server.messages.map(({ photo }) => photo !== undefined),
        [true, false],
      )
    },
    { draw: slow },
  )
})
