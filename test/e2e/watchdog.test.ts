import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { startDiscordServer } from '../support/discord-server.ts'
import { eventually } from '../support/eventually.ts'
import { startTelegramServer } from '../support/telegram-server.ts'
import { ROOT } from './product.ts'

const SECRET_PATH = '/beat/s3cret-of-the-desk'
const HEARTBEAT = JSON.stringify(new URL('../../src/chat/heartbeat.ts', import.meta.url).href)
/** The desk as the watchdog knows it: a process that beats. */
const BEATING = `
const { createHttpHeartbeat } = await import(${HEARTBEAT})
const heartbeat = createHttpHeartbeat({ address: process.argv[1], version: '1' })
for (;;) {
  await heartbeat.beat({ state: 'active', at: Date.now() })
  await new Promise((resolve) => setTimeout(resolve, 50))
}`

function start(t: TestContext, args: readonly string[], env: Record<string, string> = {}) {
  const { PATH = '', HOME = '' } = process.env
  const child: ChildProcess = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...args], {
    cwd: join(ROOT, 'test'), // where no .env lies
    env: { PATH, HOME, ...env },
  })
  const output = { text: '' }
  for (const stream of [child.stdout!, child.stderr!]) stream.on('data', (chunk) => (output.text += chunk))
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve))
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
  })
  return { child, output, ended }
}

/** A pager that refuses the first page. */
async function startPager(t: TestContext) {
  const pages: { title: string; severity: string; key: string }[] = []
  let refused = 0
  const server = createServer(async (request, response) => {
    let body = ''
    for await (const chunk of request) body += chunk
    if (refused === 0) response.writeHead(503).end(String(++refused))
    else response.end(String(pages.push(JSON.parse(body))))
  }).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    server.close()
  })
  return { pages, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, refused: () => refused }
}

test('when the beating process is killed, pager, Telegram and Discord are told, and again when it is back', async (t) => {
  const [pager, telegram, discord] = [await startPager(t), await startTelegramServer(), await startDiscordServer()]
  t.after(() => Promise.all([telegram.close(), discord.close()]))
  const env = {
    HEARTBEAT_URL: `http://127.0.0.1:1${SECRET_PATH}`,
    HEARTBEAT_EVERY_MS: '50',
    PAGER_KIND: 'json',
    PAGER_URL: pager.url,
    TELEGRAM_TOKEN: telegram.token,
    TELEGRAM_CHAT_IDS: '-1001',
    TELEGRAM_API_ROOT: telegram.apiRoot,
    DISCORD_TOKEN: discord.token,
    DISCORD_CHANNEL_IDS: discord.channelId,
    DISCORD_API_ROOT: discord.apiRoot,
    MIN_BAND: 'not a number: the desk would refuse to start, the watchdog does not care',
  }
  const watchdog = start(t, [join(ROOT, 'src/watchdog/main.ts'), '--port', '0', '--silent-after', '1'], env)
  const port = await eventually(async () => /http:\/\/127\.0\.0\.1:(\d+)/.exec(watchdog.output.text)?.[1])
  assert.ok(port, watchdog.output.text)
  const address = `http://127.0.0.1:${port}${SECRET_PATH}`
  const health = async () => (await (await fetch(`http://127.0.0.1:${port}/health`)).json()) as { standing: string }
  const hears = () => eventually(async () => ((await health()).standing === 'hearing' ? true : undefined))

  const desk = start(t, ['--input-type=module', '-e', BEATING, address])
  assert.ok(await hears(), desk.output.text)
  assert.equal(telegram.messages.length + discord.messages.length + pager.pages.length, 0)

  desk.child.kill('SIGKILL')
  await desk.ended
  await telegram.waitFor(({ chat, text }) => chat === '-1001' && text.includes('Breakwater has fallen silent'), 10_000)
  await discord.waitForMessage(
    ({ channelId, text }) => channelId === discord.channelId && text.includes('fallen silent'),
  )
  const page = await eventually(async () => pager.pages.find(({ severity }) => severity === 'critical'))
  assert.equal(page?.title, 'Breakwater has fallen silent')
  assert.equal(pager.refused(), 1, 'the page that was not taken was sent again')

  const next = start(t, ['--input-type=module', '-e', BEATING, address])
  assert.ok(await hears(), next.output.text)
  const back = await telegram.waitFor(({ text }) => text.includes('Breakwater is back'), 10_000)
  assert.ok(back.silent)
  await discord.waitForMessage(({ text }) => text.includes('Breakwater is back'))
  const over = await eventually(async () => pager.pages.find(({ severity }) => severity === 'over'))
  assert.equal(over?.key, page?.key)

  watchdog.child.kill('SIGTERM')
  assert.equal(await watchdog.ended, 0)
  assert.match(watchdog.output.text, /stopped: nobody watches the desk now/)
  for (const secret of [SECRET_PATH, telegram.token, discord.token, pager.url]) {
    assert.ok(!watchdog.output.text.includes(secret), watchdog.output.text)
  }
})
