import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { TOM } from './chat-settings.ts'
import type { Product } from './product.ts'
import { openDesk, within, write } from './takeover-desk.ts'

const PUBLIC = 'https://desk.example.com'
const SECRET = 'only_Telegram-knows-this'

async function freePort(): Promise<number> {
  const server = createServer().listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** Stands in for what holds the certificate: passes on to the desk what is sent to its public address. */
function passOn(t: TestContext, port: number): void {
  const { fetch } = globalThis
  t.mock.method(globalThis, 'fetch', (to: string, how?: RequestInit) =>
    fetch(to.replace(PUBLIC, `http://127.0.0.1:${port}`), how),
  )
}

test('a desk behind a webhook answers what Telegram posts, once, and another process goes on with it', async (t) => {
  const port = await freePort()
  passOn(t, port)
  const desk = await openDesk(t)
  const { telegram } = desk
  const start = () =>
    desk.start({
      TELEGRAM_WEBHOOK_URL: `${PUBLIC}/telegram`,
      TELEGRAM_WEBHOOK_SECRET: SECRET,
      TELEGRAM_WEBHOOK_PORT: String(port),
    })
  const ask = async () => {
    const asked = write(desk, TOM, '/hedge status')
    await within(15_000, 'an answer', () => asked.answers()[0])
    return asked
  }
  const heard = async (): Promise<number> => (await desk.rows('select from seen_interactions')).length
  const first = start()
  let second: Product

  await t.test('it gives Telegram the address and the secret', async () => {
    await first.reported(/desk is open/)
    assert.equal(telegram.webhook()?.url, `${PUBLIC}/telegram`)
    assert.equal(telegram.webhook()?.secret_token, SECRET)
    assert.equal(telegram.calls.filter(({ method }) => method === 'getUpdates').length, 0)
  })

  await t.test('what is posted with the secret is answered, and once when it is posted again', async () => {
    const asked = await ask()
    const before = await heard()
    telegram.again(asked.updateId, asked.updateId)
    // Posted one after the other: the answer to the next one comes after both.
    await ask()
    assert.equal(asked.answers().length, 1)
    assert.equal(await heard(), before + 1)
  })

  await t.test('what is posted without the secret is refused, and nothing runs', async () => {
    const before = { heard: await heard(), messages: telegram.messages.length }
    const update = {
      update_id: 900_000,
      message: {
        message_id: 1,
        date: 1_760_000_000,
        from: { id: TOM.telegram.id, is_bot: false, first_name: 'Tom' },
        chat: { id: TOM.telegram.id, type: 'private', first_name: 'Tom' },
        text: '/hedge status',
      },
    }
    for (const secret of ['', 'wrong', `${SECRET}x`]) assert.equal(await telegram.deliver(update, { secret }), 401)
    assert.equal(await telegram.deliver(update), 200)
    await within(5_000, 'an answer to the genuine one', () => telegram.messages[before.messages])
    assert.equal(await heard(), before.heard + 1)
  })

  await t.test('a second process stands by while the first is served, and goes on after it has stopped', async (t) => {
    second = start()
    await second.reported(/standing by to take over/)
    await ask()
    first.kill('SIGTERM')
    const stoppingAt = performance.now()
    const asked = [TOM, TOM, TOM].map((who) => write(desk, who, '/hedge status'))
    assert.equal((await first.ended).code, 0)
    await within(30_000, 'answers from the second', () => asked.every((one) => one.answers().length > 0) || undefined)
    t.diagnostic(
      `answered ${((performance.now() - stoppingAt) / 1_000).toFixed(1)} s after the first was asked to stop`,
    )
    await ask()
    for (const one of asked) assert.equal(one.answers().length, 1)
    assert.match(second.stderr, /"by":"webhook"/)
  })

  await t.test('one that is killed in mid-command leaves it to the next', async (t) => {
    const third = start()
    await third.reported(/standing by to take over/)
    const unlock = await desk.lockTable('proposals')
    const asked = write(desk, TOM, '/hedge status')
    await within(4_000, 'a claim', async () => {
      const claims = await desk.rows('select from seen_interactions where answered_at is null')
      return claims.length > 0 || undefined
    })
    const killedAt = performance.now()
    second.kill('SIGKILL')
    await second.ended
    await unlock()
    await within(30_000, 'an answer from the third', () => asked.answers()[0])
    t.diagnostic(`answered ${((performance.now() - killedAt) / 1_000).toFixed(1)} s after the kill`)
    await ask()
    assert.equal(asked.answers().length, 1)
    third.kill('SIGTERM')
    assert.equal((await third.ended).code, 0)
  })
})
