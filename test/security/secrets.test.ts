import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type TestContext, test } from 'node:test'
import { inspect } from 'node:util'
import pg from 'pg'
import { pino } from 'pino'
import { commands } from '../../commands/index.ts'
import { createMarketState } from '../../src/app/market-state.ts'
import { createRaiseAlerts } from '../../src/app/raise-alerts.ts'
import { createDiscordChat } from '../../src/chat/discord.ts'
import { createPager } from '../../src/chat/pager.ts'
import { createTelegramChat } from '../../src/chat/telegram.ts'
import type { Cluster } from '../../src/domain/forecast.ts'
import { fraction, MINUTE, price } from '../../src/domain/units.ts'
import { createQueue } from '../../src/queue/queue.ts'
import { createStore } from '../../src/store/store.ts'
import { createWallClock } from '../../src/venues/virtual-clock.ts'
import { aCluster } from '../conformance/store-samples.ts'
import { GROUP, PEOPLE } from '../support/chat-desk.ts'
import { PRICE } from '../support/desk.ts'
import { startDiscordServer } from '../support/discord-server.ts'
import { ARGUMENTS } from '../support/rights.ts'
import { startTelegramServer } from '../support/telegram-server.ts'
import { idOf, openTarget, type Target } from './target.ts'

const PAGER_KEY = 'pager-key-R0B5T4NDH1DD3N'
const WEBHOOK_SECRET = 'webhook-secret-0123456789_abc'
const ADAM = idOf(PEOPLE.admin)

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A pager's address that refuses every page, each time for another reason. */
async function startRefusingPager(t: TestContext) {
  const answers = [401, 500, 307, 'reset'] as const
  let pages = 0
  const server = createServer((request, response) => {
    const answer = answers[pages++ % answers.length]!
    if (answer === 'reset') request.socket.resetAndDestroy()
    else response.writeHead(answer, { location: '/elsewhere' }).end(`no: ${request.headers.authorization}`)
  })
  server.listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  t.after(() => {
    server.closeAllConnections()
    return new Promise<void>((resolve) => server.close(() => resolve()))
  })
  const { port } = server.address() as AddressInfo
  return { url: `http://127.0.0.1:${port}/topic`, pages: () => pages }
}

/** As it stands, and as it would stand in an address. */
const formsOf = (secret: string): readonly string[] => [
  ...new Set([secret, encodeURIComponent(secret), Buffer.from(secret).toString('base64')]),
]

function assertTellsNothing(places: Readonly<Record<string, string>>, secrets: Readonly<Record<string, string>>): void {
  for (const [place, text] of Object.entries(places)) {
    assert.ok(text.length > 0, `${place} holds something`)
    for (const [name, secret] of Object.entries(secrets)) {
      for (const form of formsOf(secret)) {
        const at = text.indexOf(form)
        assert.equal(at, -1, `${place} tells the ${name}: ${text.slice(Math.max(0, at - 200), at)}…`)
      }
    }
  }
}

function criticalCluster(): Cluster {
  const sample = aCluster()
  const day = sample.confidence['24h']
  assert.equal(day.kind, 'estimated')
  return {
    ...sample,
    gain: 2,
    confidence: { ...sample.confidence, '24h': { ...day, confidence: fraction(0.9) } },
  } as Cluster
}

/** Everything that can be said, on both platforms, and what can be pressed under the answers. */
async function sayEverything(target: Target): Promise<void> {
  const { discord, telegram } = target
  for (const { name } of commands) {
    const sent = discord.sendCommand({ userId: String(ADAM), name, options: ARGUMENTS[name] })
    const words = [`/${name.replace(' ', '_')}`, ...Object.values(ARGUMENTS[name] ?? {})].join(' ')
    for (const chat of [GROUP, ADAM]) telegram.say(words, { from: { id: ADAM }, chat })
    const { components } = await sent.answer()
    const [button] = components.flatMap((row) => row.components).filter(({ label }) => label)
    if (button)
      await discord.pressButton({ userId: String(ADAM), message: sent.answers[0]!, label: button.label }).answer()
  }
  await target.heard()
  await target.heard(ADAM)
}

test('in an hour of everything, with every fault on the way, no secret is logged, told or put on record', async (t) => {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}/telegram/hook`
  const refusing = await startRefusingPager(t)
  const target = await openTarget(t, {
    webhook: { url, secret: WEBHOOK_SECRET, port },
    pager: createPager({ kind: 'ntfy', url: refusing.url, key: PAGER_KEY }),
  })
  const { desk, discord, telegram, logged } = target
  const secrets = {
    'Discord token': discord.token,
    'Telegram token': telegram.token,
    'webhook secret': WEBHOOK_SECRET,
    'database password': new URL(desk.database.connectionString).password,
    'pager key': PAGER_KEY,
  }
  assert.ok(Object.values(secrets).every((secret) => secret.length >= 16))

  await sayEverything(target)
  await desk.store.settings.setTradingState('active', { by: 'system', at: desk.clock.now(), reason: 'begin anew' })
  await target.offer()

  // Telegram refuses, breaks, asks to wait; someone knocks with the wrong secret.
  for (const [error_code, description] of [
    [401, 'Unauthorized'],
    [500, 'Internal Server Error'],
    [403, 'Forbidden: bot was blocked by the user'],
    [400, `Bad Request: bot${telegram.token} is not right`],
  ] as const) {
    telegram.fail('sendMessage', { error_code, description })
    telegram.say('/help', { from: { id: ADAM }, chat: ADAM })
    telegram.fail('editMessageText', { error_code, description })
    telegram.fail('answerCallbackQuery', { error_code, description })
    await target.heard(ADAM)
  }
  for (const body of ['{', '[]', '{"update_id":"x"}', `{"update_id":1,"token":"${telegram.token}"}`])
    await telegram.deliver(body, { secret: 'wrong-secret-0123456789' })

  // Discord refuses, breaks the connection, loses the session.
  for (const [method, path, name] of [
    ['PATCH', /@original$/, 'version'],
    ['POST', /callback$/, 'whoami'],
    ['POST', /^\/webhooks/, 'whoami'],
  ] as const) {
    for (const status of [401, 500, 404]) discord.failNext(method, path, { status })
    discord.loseNextAnswer(method, path)
    const isFailed = (seen: (typeof discord.requests)[number]): boolean =>
      seen.method === method && path.test(seen.path) && seen.status >= 400
    const before = discord.requests.filter(isFailed).length
    const allFailed = () => discord.requests.filter(isFailed).length >= before + 3 || undefined
    while (!allFailed()) {
      discord.sendCommand({ userId: String(ADAM), name })
      const seen = discord.requests.length
      await discord.until(() => discord.requests.length > seen + 2 || allFailed(), `what becomes of /${name}`)
    }
  }
  for (const status of [401, 500, 403])
    discord.failNext('POST', /messages$/, { status, code: status === 403 ? 50_013 : 0 })
  await desk.propose(0.7)
  await desk.pass(5 * MINUTE)
  discord.dropConnection({ resumable: false })
  await discord.until(() => (discord.gateway.counts.identified > 1 ? true : undefined), 'a new session')
  assert.match((await discord.sendCommand({ userId: String(ADAM), name: 'whoami' }).answer()).text, /You are Adam/)

  // The database breaks under a command.
  const admin = new pg.Client({ connectionString: desk.database.connectionString })
  await admin.connect()
  for (let i = 0; i < 5; i++) {
    const answers = ['hedge status', 'members', 'audit'].map((name) =>
      discord.sendCommand({ userId: String(ADAM), name }).answer(),
    )
    await admin.query(
      'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()',
    )
    await Promise.all(answers)
  }
  await admin.end()

  // A critical alert that nobody acknowledges, and a pager that takes no page.
  await createRaiseAlerts(
    desk.ports,
    createMarketState(),
  )({
    asset: 'ETH',
    clusters: [criticalCluster()],
    price: price(PRICE),
    at: desk.clock.now(),
  })
  await desk.pass(60 * MINUTE).catch(() => undefined)

  await sayEverything(target)
  await desk.settle().catch(() => undefined)
  const bodies = discord.requests.map(({ method, path, body }) => ({
    method,
    path: path.replace(/token-\d+/, ''),
    body,
  }))
  assertTellsNothing(
    {
      'the log': logged.join('\n'),
      'what was sent to Discord': JSON.stringify(bodies),
      'what was sent to Telegram': JSON.stringify([
        telegram.messages,
        telegram.calls.filter(({ method }) => method !== 'setWebhook'),
      ]),
      'the record': await target.everything(),
    },
    secrets,
  )
  assert.ok(refusing.pages() > 0, 'the pager was called')
  assert.ok(logged.length > 20, 'the faults were logged')
})

test('what is thrown where a secret is wrong or its holder away names the fault and not the secret', async (t) => {
  const discord = await startDiscordServer()
  const telegram = await startTelegramServer({ tolerant: true })
  t.after(async () => {
    await discord.close()
    await telegram.close()
  })
  const nobody = `http://127.0.0.1:${await freePort()}`
  const logged: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) })
  const secrets = {
    'Discord token': 'MTE0MDAwMDAwMDAwMDAwMDAw.GwRoNg.a-wrong-token-of-this-desk-000000000',
    'Telegram token': '123456789:AAH-a-wrong-token-of-this-desk-0000000',
    'database password': 'db-p4ssw0rd-nobody-knows',
    'Redis password': 'redis-p4ssw0rd-nobody-knows',
    'pager key': PAGER_KEY,
  }
  const { applicationId, guildId, channelId } = discord
  const startDiscord = (apiRoot: string) => async () => {
    const chat = createDiscordChat({
      ...{ token: secrets['Discord token'], applicationId, guildId, channels: [channelId], apiRoot, commands, log },
      deliveryTimeoutMs: 500,
    })
    try {
      await assert.rejects(chat.post(channelId, { tone: 'info', title: 'x' }), noting)
      await chat.start(async () => undefined)
    } finally {
      await chat.close()
    }
  }
  const startTelegram = (apiRoot: string) => async () => {
    const chat = createTelegramChat({
      ...{ token: secrets['Telegram token'], apiRoot, channels: [String(GROUP)], commands, log },
      timing: { backoffMs: 20 },
    })
    try {
      await assert.rejects(chat.post(String(GROUP), { tone: 'info', title: 'x' }), noting)
      await chat.start(async () => undefined)
      throw new Error('it goes on trying')
    } finally {
      await chat.close()
    }
  }
  const { host } = new URL(nobody)
  const thrown: unknown[] = []
  const noting = (error: unknown): true => {
    thrown.push(error)
    return true
  }
  const database = new URL((await openTarget(t)).desk.database.connectionString)
  database.password = secrets['database password']
  const attempts: readonly (() => Promise<unknown>)[] = [
    startDiscord(discord.apiRoot),
    startTelegram(telegram.apiRoot),
    startTelegram(nobody),
    () => createStore({ connectionString: database.href, log, patienceMs: 100 }),
    () =>
      createStore({
        connectionString: `postgres://desk:${secrets['database password']}@${host}/desk`,
        log,
        patienceMs: 100,
      }),
    () =>
      createQueue({
        backend: { kind: 'redis', url: `redis://:${secrets['Redis password']}@${host}` },
        ...{ clock: createWallClock(), log, name: 'secrets' },
      }),
    ...(['ntfy', 'pagerduty', 'json'] as const).map(
      (kind) => () =>
        createPager({ kind, url: `${nobody}/${PAGER_KEY}`, key: PAGER_KEY, timeoutMs: 500 }).page({
          ...{ key: 'alert-1', title: 'x', text: 'y', severity: 'critical' },
        }),
    ),
  ]
  for (const attempt of attempts) await assert.rejects(attempt(), noting)
  assert.ok(thrown.length >= attempts.length)
  for (const error of thrown) log.error({ err: error }, 'thrown')
  assertTellsNothing(
    {
      'what was thrown': thrown.map((error) => `${String(error)}\n${(error as Error).stack}`).join('\n'),
      'what was thrown, in full': thrown.map((error) => inspect(error, { depth: 10 })).join('\n'),
      'the log': logged.join('\n'),
    },
    secrets,
  )
})
