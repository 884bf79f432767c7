import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { createDiscordChat, type DiscordOptions } from '../../../src/chat/discord.ts'
import { startDiscordServer } from '../../support/discord-server.ts'
import { commands, createQuietLog, startDesk } from './setup.ts'

const ANSWER = /@original$/
const CALLBACK = /callback$/
const CHANNEL = /^\/channels\//
/** One request and the three repetitions of discord.js. */
const EVERY_TRY = 4

test('an interaction that Discord no longer knows is logged and not run', async (t) => {
  const { discord, heard, logged } = await startDesk(t)
  const lost = discord.sendCommand({ userId: '7001', name: 'help' })
  discord.expire(lost)
  await discord.until(() => logged.find(({ msg }) => `${msg}`.includes('not acknowledged')), 'a line in the log')
  const next = await discord.sendCommand({ userId: '7001', name: 'help' }).answer()

  assert.equal(next.text, 'Done')
  assert.equal(heard.length, 1)
  assert.match(`${logged.find(({ msg }) => `${msg}`.includes('not acknowledged'))?.reason}`, /10062/)
})

test('an answer that comes after the token has expired goes to the channel as a reply and names its asker', async (t) => {
  const { discord } = await startDesk(t, ({ interactionId }) => {
    discord.expire({ id: interactionId })
    return { tone: 'ok', title: 'Backtest done' }
  })
  const sent = discord.sendCommand({ userId: '7001', name: 'help' })
  const late = await discord.waitForMessage()

  assert.equal(late.text, '<@7001> here is your answer.\nBacktest done')
  assert.equal(late.replyTo, discord.placeholderOf(sent))
  const { body } = discord.requests.find(({ path }) => CHANNEL.test(path))!
  assert.deepEqual((body as { allowed_mentions: unknown }).allowed_mentions, {
    parse: [],
    users: ['7001'],
    replied_user: false,
  })
})

test('a private answer that comes too late is not shown to the channel', async (t) => {
  const { discord } = await startDesk(t, ({ interactionId }) => {
    discord.expire({ id: interactionId })
    return { tone: 'info', title: 'For your eyes', ephemeral: true }
  })
  discord.sendCommand({ userId: '7001', name: 'help' })
  const late = await discord.waitForMessage()

  assert.match(late.text, /^<@7001> your private answer came too late/)
  assert.doesNotMatch(late.text, /eyes/)
})

test('an answer that Discord fails to take is posted to the channel', async (t) => {
  const { discord } = await startDesk(t)
  discord.failNext('PATCH', ANSWER, { status: 500, times: EVERY_TRY })
  discord.sendCommand({ userId: '7001', name: 'help' })

  assert.equal((await discord.waitForMessage()).text, '<@7001> here is your answer.\nDone')
})

test('an answer that can be given nowhere is logged, and the next command is answered', async (t) => {
  const { discord, logged } = await startDesk(t)
  discord.failNext('PATCH', ANSWER, { status: 500, times: EVERY_TRY })
  discord.failNext('POST', CHANNEL, { status: 500, times: EVERY_TRY })
  discord.sendCommand({ userId: '7001', name: 'help' })
  await discord.until(() => logged.find(({ msg }) => msg === 'discord answer lost'), 'the loss in the log')

  assert.equal((await discord.sendCommand({ userId: '7001', name: 'help' }).answer()).text, 'Done')
})

test('a brief fault while acknowledging is repeated, and the command runs once', async (t) => {
  const { discord, heard } = await startDesk(t)
  discord.failNext('POST', CALLBACK, { status: 502, times: 2 })

  assert.equal((await discord.sendCommand({ userId: '7001', name: 'help' }).answer()).text, 'Done')
  assert.equal(heard.length, 1)
})

test('a dispatch that throws is answered as a failure of unknown outcome', async (t) => {
  const { discord } = await startDesk(t, () => {
    throw new Error('database gone')
  })
  const answer = await discord.sendCommand({ userId: '7001', name: 'help' }).answer()

  assert.match(answer.text, /^Something failed/)
  assert.doesNotMatch(answer.text, /database gone/)
})

test('a rate limit is waited out for as long as Discord says', async (t) => {
  const { discord, chat } = await startDesk(t)
  const retryAfter = 0.4
  discord.failNext('POST', CHANNEL, { status: 429, retryAfter })
  const before = performance.now()
  await chat.post(discord.channelId, { tone: 'info', title: 'Later' })

  assert.ok(performance.now() - before >= retryAfter * 1000)
  assert.deepEqual(
    discord.requests.filter(({ path }) => CHANNEL.test(path)).map(({ status }) => status),
    [429, 200],
  )
  assert.equal(discord.messages.length, 1)
})

test('a post that a rate limit holds back too long is given up, and not sent afterwards', async (t) => {
  const discord = await startDiscordServer()
  const { token, applicationId, channelId, apiRoot } = discord
  const chat = createDiscordChat({
    token,
    applicationId,
    channels: [channelId],
    apiRoot,
    commands,
    deliveryTimeoutMs: 100,
    log: createQuietLog(),
  })
  t.after(async () => {
    await chat.close()
    await discord.close()
  })
  discord.failNext('POST', CHANNEL, { status: 429, retryAfter: 0.3 })
  await assert.rejects(chat.post(channelId, { tone: 'info', title: 'Too late' }), /no answer within 0.1 s/)
  await new Promise((resolve) => setTimeout(resolve, 600))
  assert.deepEqual(discord.messages, [])
})

test('a post whose answer was lost on the way stands in the channel once', async (t) => {
  const { discord, chat } = await startDesk(t)
  discord.loseNextAnswer('POST', CHANNEL)
  const { messageId } = await chat.post(discord.channelId, { tone: 'info', title: 'Once' })

  assert.deepEqual(
    discord.messages.map(({ id }) => id),
    [messageId],
  )
})

test('a post that Discord refuses says which channel and why, and a passing 401 does not end posting', async (t) => {
  const { discord, chat } = await startDesk(t)
  discord.failNext('POST', CHANNEL, { status: 403, code: 50001 })
  await assert.rejects(chat.post(discord.channelId, { tone: 'ok', title: 'x' }), {
    name: 'DeliveryRefusedError',
    message:
      `Discord did not let us post to channel ${discord.channelId}: the bot cannot see it. ` +
      "An admin of the server has to give the bot's role View Channel there.",
  })
  discord.failNext('POST', CHANNEL, { status: 401 })
  await assert.rejects(chat.post(discord.channelId, { tone: 'ok', title: 'x' }))
  await chat.post(discord.channelId, { tone: 'ok', title: 'x' })
  assert.equal(discord.messages.length, 1)
})

const START_FAULTS: readonly [string, (right: DiscordOptions) => Partial<DiscordOptions>, RegExp][] = [
  ['a wrong token', () => ({ token: 'wrong' }), /^Discord refused the bot token; copy a fresh one .*\.$/],
  ['another application', () => ({ applicationId: '42' }), /^Discord knows no such application for this token; .*\.$/],
  [
    'a server without the bot',
    () => ({ guildId: '42' }),
    /^Discord does not let this bot add commands to that server; .*\.$/,
  ],
  [
    'no server at all',
    () => ({ apiRoot: 'http://127.0.0.1:9/api' }),
    /^Discord could not be reached at http:\/\/127\.0\.0\.1:9\/api: .*\.$/,
  ],
]
for (const [what, wrong, message] of START_FAULTS) {
  test(`${what} is one sentence with a remedy, and keeps nothing open`, async (t) => {
    const discord = await startDiscordServer()
    t.after(() => discord.close())
    const { token, applicationId, guildId, channelId, apiRoot } = discord
    const right = { token, applicationId, guildId, channels: [channelId], apiRoot, commands, log: createQuietLog() }
    const chat = createDiscordChat({ ...right, ...wrong(right) })
    t.after(() => chat.close())

    await assert.rejects(
      chat.start(async () => undefined),
      (error: Error) => {
        assert.match(error.message, message)
        assert.doesNotMatch(error.message, /loopback\.discord\.token|wrong/)
        return true
      },
    )
    assert.equal(discord.gateway.sockets, 0)
  })
}

test('a token that the gateway alone refuses is the same sentence', async (t) => {
  const discord = await startDiscordServer({ gatewayToken: 'reset meanwhile' })
  t.after(() => discord.close())
  const { token, applicationId, guildId, channelId, apiRoot } = discord
  const chat = createDiscordChat({
    token,
    applicationId,
    guildId,
    channels: [channelId],
    apiRoot,
    commands,
    log: createQuietLog(),
  })
  await assert.rejects(
    chat.start(async () => undefined),
    /^Error: Discord refused the bot token/,
  )
  await chat.close()
})

for (const [field, value] of [
  ['applicationId', 'breakwater'],
  ['guildId', '#desk'],
  ['channels', ['@desk']],
] as const) {
  test(`${field} that is not numeric is refused with its value`, () => {
    const right = { token: 'x', applicationId: '1', channels: ['2'], commands, log: createQuietLog() }
    assert.throws(() => createDiscordChat({ ...right, [field]: value }), { message: new RegExp(`was "${value}"`) })
  })
}

test('closing waits for the command that is being answered', async (t) => {
  const release = Promise.withResolvers<void>()
  const { discord, chat, heard } = await startDesk(t, async () => {
    await release.promise
    return { tone: 'ok', title: 'Late but whole' }
  })
  const sent = discord.sendCommand({ userId: '7001', name: 'help' })
  await discord.until(() => heard[0], 'the command at dispatch')
  const closed = chat.close()
  release.resolve()
  await closed

  assert.equal((await sent.answer()).text, 'Late but whole')
  await discord.until(() => discord.gateway.sockets === 0 || undefined, 'the socket to close')
})

test('a process that closes its chat ends by itself, also while reconnecting', async (t) => {
  const discord = await startDiscordServer()
  t.after(() => discord.close())
  const { token, applicationId, guildId, channelId, apiRoot } = discord
  const program = (whileReconnecting: boolean) => `
    import { pino } from 'pino'
    import { createDiscordChat } from ${JSON.stringify(new URL('../../../src/chat/discord.ts', import.meta.url).href)}
    const log = pino({ level: 'info' }, { write: (line) => { if (line.includes('reconnecting')) close() } })
    const options = ${JSON.stringify({ token, applicationId, guildId, channels: [channelId], apiRoot, commands: [] })}
    const chat = createDiscordChat({ ...options, log })
    const close = () => chat.close().then(() => console.log('closed'))
    await chat.start(async () => undefined)
    console.log('started')
    ${whileReconnecting ? '' : 'await close()'}`
  const run = (source: string) =>
    promisify(execFile)(process.execPath, ['--input-type=module', '--eval', source], {
      cwd: new URL('../../..', import.meta.url),
      timeout: 30_000,
    })

  assert.equal((await run(program(false))).stdout, 'started\nclosed\n')
  const cut = run(program(true))
  await discord.until(() => discord.gateway.counts.identified === 2 || undefined, 'the second process')
  discord.dropConnection()
  assert.equal((await cut).stdout, 'started\nclosed\n')
  assert.equal(discord.gateway.counts.resumed, 0)
})

test('closing while Discord keeps us waiting at its door ends the start and the socket', async (t) => {
  const arrived = Promise.withResolvers<Socket>()
  const silent = createServer((socket) => arrived.resolve(socket)).listen(0, '127.0.0.1')
  await once(silent, 'listening')
  const gatewayUrl = `ws://127.0.0.1:${(silent.address() as AddressInfo).port}`
  const discord = await startDiscordServer({ gatewayUrl })
  t.after(async () => {
    silent.close()
    await discord.close()
  })
  const { token, applicationId, channelId, apiRoot } = discord
  const chat = createDiscordChat({
    token,
    applicationId,
    channels: [channelId],
    apiRoot,
    commands,
    log: createQuietLog(),
  })
  const started = assert.rejects(
    chat.start(async () => undefined),
    /closed while connecting/,
  )
  const socket = await arrived.promise
  const gone = once(socket.on('error', () => {}).resume(), 'close')
  await chat.close()
  await started
  await gone
})
