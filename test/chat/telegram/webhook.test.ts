import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { pino } from 'pino'
import { createTelegramChat } from '../../../src/chat/telegram.ts'
import { ANNA, DESK, NO_LIMITS, onTelegram, PROPOSAL, said } from '../../support/telegram-desk.ts'
import { startTelegramServer, type TelegramServer } from '../../support/telegram-server.ts'

const SECRET = 'a-secret_of-24-characters'

async function freeWebhook() {
  const probe = createServer().listen(0)
  await new Promise((resolve) => probe.once('listening', resolve))
  const { port } = probe.address() as AddressInfo
  await new Promise((resolve) => probe.close(resolve))
  return { url: `http://127.0.0.1:${port}/telegram/hook`, secret: SECRET, port }
}

test('what is said and pressed comes by webhook, and nothing polls', async () => {
  const webhook = await freeWebhook()
  await onTelegram(
    async ({ server, chat, heard }) => {
      assert.deepEqual(server.webhook(), {
        ...{ url: webhook.url, secret_token: SECRET, max_connections: 10 },
        ...{ allowed_updates: ['message', 'callback_query'], drop_pending_updates: false },
      })
      server.say('/help', { from: ANNA, chat: DESK })
      await server.waitFor(({ text }) => text.includes('heard /help from 42'))
      const { messageId } = await chat.post(String(DESK), PROPOSAL)
      server.press(Number(messageId), 0, { from: ANNA })
      await server.waitFor(({ text }) => text.includes('heard pressed'))
      assert.deepEqual(
        heard.map(({ interactionId }) => interactionId),
        ['update-1000', 'update-1001'],
      )
      assert.ok(!server.calls.some(({ method }) => method === 'getUpdates' || method === 'deleteWebhook'))
    },
    { webhook },
  )
})

test('without the secret nothing is heard, whatever the request', async () => {
  const webhook = await freeWebhook()
  await onTelegram(
    async ({ server, heard, logged }) => {
      const update = {
        update_id: 5,
        message: { message_id: 1, date: 1, chat: { id: 42, type: 'private' }, text: '/help' },
      }
      for (const secret of ['', 'wrong', `${SECRET}x`, SECRET.slice(1), SECRET.toUpperCase()]) {
        assert.equal(await server.deliver(update, { secret }), 401, secret)
      }
      const send = async (path: string, method: string) => {
        const headers = { 'x-telegram-bot-api-secret-token': SECRET }
        const response = await fetch(new URL(path, webhook.url), { method, headers })
        return [response.status, response.headers.get('allow'), await response.text()]
      }
      assert.equal((await fetch(webhook.url, { method: 'POST', body: JSON.stringify(update) })).status, 401)
      assert.deepEqual(await send('/telegram/hook', 'GET'), [405, 'POST', ''])
      assert.deepEqual(await send('/telegram/hook', 'PUT'), [405, 'POST', ''])
      assert.deepEqual(await send('/telegram/hook/', 'POST'), [404, null, ''])
      assert.deepEqual(await send('/', 'GET'), [404, null, ''])
      assert.equal(await server.deliver('{"update_id": 5, "mess'), 400)
      assert.equal(await server.deliver('null'), 400)
      assert.equal(await server.deliver('{"update_id": "5"}'), 400)
      assert.equal(await server.deliver(`"${'x'.repeat(1_000_000)}"`), 413)
      assert.deepEqual(heard, [])
      assert.match(logged.join(''), /wrong secret/)
    },
    { webhook },
  )
})

test('a body as large as is taken, in many pieces, is one update', async () => {
  const webhook = await freeWebhook()
  await onTelegram(
    async ({ server, heard }) => {
      const update = {
        ...{ update_id: 5, padding: 'x'.repeat(999_000) },
        message: {
          ...{ message_id: 1, date: 1, chat: { id: 42, type: 'private' }, text: '/help' },
          from: { id: 42, is_bot: false, first_name: 'Anna' },
        },
      }
      server.meet(42)
      assert.equal(await server.deliver(update), 200)
      assert.deepEqual(heard.map(said), ['/help'])
    },
    { webhook },
  )
})

test('an update is answered when it has been handled; a redelivery is handed on as it came', async () => {
  const webhook = await freeWebhook()
  const order: string[] = []
  let finish: () => void = () => undefined
  const work = new Promise<void>((resolve) => {
    finish = resolve
  })
  await onTelegram(
    async ({ server, heard }) => {
      const id = server.say('/help', { from: ANNA, chat: DESK })
      await server.until(() => heard[0])
      order.push('working')
      finish()
      await server.waitFor(({ text }) => text.includes('done'))
      server.again(id, id)
      await server.until(() => (heard.length === 3 ? true : undefined))
      assert.deepEqual(new Set(heard.map(({ interactionId }) => interactionId)), new Set([`update-${id}`]))
      assert.deepEqual(order, ['working', 'done', 'done', 'done'])
    },
    {
      webhook,
      async answer() {
        await work
        order.push('done')
        return { tone: 'ok', title: 'done' }
      },
    },
  )
})

test('a webhook outlives its process: the next takes what was said in between', async () => {
  const [webhook, server] = [await freeWebhook(), await startTelegramServer()]
  const open = async (name: string) => {
    const chat = createTelegramChat({
      ...{ token: server.token, apiRoot: server.apiRoot, channels: [], commands: [], webhook },
      log: pino({ level: 'silent' }),
      timing: { limits: NO_LIMITS, backoffMs: 20 },
    })
    await chat.start(async (heard) => ({ tone: 'ok', title: `${name} heard ${said(heard)}` }))
    return chat
  }
  await (await open('first')).close()
  assert.equal(server.webhook()?.url, webhook.url)
  server.say('/help', { from: ANNA, chat: DESK })
  const second = await open('second')
  await server.waitFor(({ text }) => text.includes('second heard /help'))
  await second.close()
  await server.close()
})

/** As another process with the same token would. */
const callAsAnother = async (server: TelegramServer, method: string, params: object): Promise<void> => {
  const headers = { 'content-type': 'application/json' }
  const body = JSON.stringify(params)
  const response = await fetch(`${server.apiRoot}/bot${server.token}/${method}`, { method: 'POST', headers, body })
  assert.equal(response.status, 200)
}

test('going back to polling takes the webhook away and loses nothing', () =>
  onTelegram(
    async ({ server }) => {
      assert.equal(server.webhook(), undefined)
      await server.waitFor(({ text }) => text.includes('heard /help'))
    },
    {
      async before(server) {
        await callAsAnother(server, 'setWebhook', { url: 'http://127.0.0.1:9/' })
        server.say('/help', { from: ANNA, chat: DESK })
      },
    },
  ))

test('a webhook set by another process is told apart from another poller', () =>
  onTelegram(async ({ server, logged }) => {
    await callAsAnother(server, 'setWebhook', { url: 'http://127.0.0.1:9/' })
    await server.until(() => logged.find((line) => line.includes('A webhook is set for this Telegram bot')))
    await callAsAnother(server, 'deleteWebhook', {})
    server.say('/help', { from: ANNA, chat: DESK })
    await server.waitFor(({ text }) => text.includes('heard /help'))
  }))

test('an address that Telegram refuses and a port that is taken end the start, with words', async () => {
  const taken = createServer().listen(0)
  await new Promise((resolve) => taken.once('listening', resolve))
  const { port } = taken.address() as AddressInfo
  const webhook = await freeWebhook()
  await assert.rejects(
    onTelegram(async () => {}, { webhook: { ...webhook, port } }),
    /EADDRINUSE/,
  )
  await new Promise((resolve) => taken.close(resolve))
  const before = (server: TelegramServer) =>
    server.fail('setWebhook', { error_code: 400, description: 'Bad Request: bad webhook: HTTPS url must be provided' })
  await assert.rejects(
    onTelegram(async () => {}, { webhook, before }),
    /cannot use the webhook address: .*HTTPS url must be provided/,
  )
  await onTelegram(async () => {}, { webhook })
})

test('a request that never ends does not keep the process from closing', async () => {
  const webhook = await freeWebhook()
  let cutOff: Promise<string> | undefined
  await onTelegram(
    async () => {
      const socket = connect(webhook.port, '127.0.0.1')
      const head = ['POST /telegram/hook HTTP/1.1', 'host: x', `x-telegram-bot-api-secret-token: ${SECRET}`]
      socket.write(`${head.join('\r\n')}\r\ncontent-length: 100\r\n\r\n{"upd`)
      await new Promise((resolve) => socket.once('connect', resolve))
      cutOff = text(socket).catch((error) => String(error))
    },
    { webhook },
  )
  assert.ok(!(await cutOff!).includes('200'))
})
