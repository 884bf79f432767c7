import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { announce } from '../../src/app/announce.ts'
import { createDeliverMessages } from '../../src/app/deliver-messages.ts'
import { createTelegramChat } from '../../src/chat/telegram.ts'
import type { Card } from '../../src/domain/card.ts'
import { createLog } from '../../src/log.ts'
import { openDesk } from '../support/desk.ts'
import { startTelegramServer } from '../support/telegram-server.ts'
import { cardWith, createPixelDrawer, profilePicture } from './picture-samples.ts'

const DESK = '-1001'

/** Cards through the outbox, as rows of the database, to a Telegram on loopback. */
async function openDelivery(t: TestContext) {
  const server = await startTelegramServer()
  const draw = createPixelDrawer()
  const chat = createTelegramChat({
    ...{ token: server.token, apiRoot: server.apiRoot, channels: [DESK], commands: [], draw },
    log: createLog('silent'),
  })
  const desk = await openDesk(t, { settings: { channels: [{ platform: 'telegram', channel: DESK }] } })
  t.after(async () => {
    await chat.close()
    await server.close()
  })
  const deliver = createDeliverMessages(desk.ports, () => [chat])
  let seconds = 0
  return {
    server,
    draw,
    async say(card: Card) {
      desk.clock.advanceTo((desk.ports.clock.now() + 1_000 * ++seconds) as never)
      await announce(desk.store, desk.ports, {
        cardKey: 'map:ETH',
        card,
        at: desk.ports.clock.now(),
        urgency: 'normal',
      })
      return deliver()
    },
    standing: () =>
      server.messages
        .filter(({ deleted }) => !deleted)
        .map(({ messageId, text, photo }) => [messageId, text.split('\n').at(2), photo !== undefined]),
  }
}

test('a card that had to be sent anew for its picture is edited where it stands now', async (t) => {
  const { server, say, standing } = await openDelivery(t)
  await say(cardWith(undefined, { text: 'first' }))
  assert.deepEqual(standing(), [[1, 'first', false]])
  await say(cardWith(profilePicture(), { text: 'second' }))
  assert.deepEqual(standing(), [[2, 'second', true]])
  await say(cardWith(profilePicture(), { text: 'third' }))
  assert.deepEqual(standing(), [[2, 'third', true]])
  assert.equal(server.calls.at(-1)?.method, 'editMessageCaption')
  await say(cardWith(undefined, { text: 'fourth' }))
  assert.deepEqual(standing(), [[3, 'fourth', false]])
  assert.deepEqual(server.problems, [])
})

test('a card of which only the picture has changed is a new word; the same again is not', async (t) => {
  const { server, draw, say } = await openDelivery(t)
  const [noon, later] = [profilePicture(), profilePicture({ title: 'An hour later' })]
  const { delivered } = await say(cardWith(noon))
  assert.equal(delivered, 1)
  assert.equal((await say(cardWith(profilePicture()))).delivered, 0)
  assert.equal((await say(cardWith(later))).delivered, 1)
  assert.deepEqual(draw.drawn, ['ETH: what waits to be liquidated light', 'An hour later light'])
  assert.equal(server.messages.length, 1)
  assert.match(server.messages[0]!.photo!.bytes.toString(), /An hour later light$/)
})
