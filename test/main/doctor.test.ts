import assert from 'node:assert/strict'
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type Environment, readConfig } from '../../src/config.ts'
import { duration, type TimestampMs, timestamp } from '../../src/domain/units.ts'
import { ARTIFACT_FOLDER, RECORDED_FOLDER } from '../../src/main/artifacts.ts'
import { createCalls } from '../../src/main/doctor/calls.ts'
import { type Check, checksOf, formatChecks } from '../../src/main/doctor/check.ts'
import { checkClock } from '../../src/main/doctor/clock.ts'
import { checkDatabase } from '../../src/main/doctor/database.ts'
import { checkMachine, checkSpace } from '../../src/main/doctor/machine.ts'
import { checkModels } from '../../src/main/doctor/models.ts'
import { checkPeople } from '../../src/main/doctor/people.ts'
import { checkQueue } from '../../src/main/doctor/queue.ts'
import { createRedact } from '../../src/main/doctor/redact.ts'
import { checkSettings } from '../../src/main/doctor/settings.ts'
import { checkVenues } from '../../src/main/doctor/venues.ts'
import { examine } from '../../src/main/doctor.ts'
import { freePort } from '../../src/store/embedded-port.ts'
import { emptyDatabase, testDatabase } from '../support/database.ts'
import { startDiscordToExamine, startTelegramToExamine, startVenueToExamine } from '../support/doctor-servers.ts'
import { query } from '../support/embedded.ts'

const TIMEOUT = duration(2_000)
const ADMIN = 'discord:700000000000000001:ana'

const read = (environment: Environment) => readConfig({ envFile: '/nowhere/.env', environment })
const callsNow = (timeout = TIMEOUT) => createCalls({ timeout, now: () => timestamp(Date.now()) })
const said = (checks: readonly Check[]): readonly string[] =>
  checks.map(({ name, state, found, next }) => `${state} ${name}: ${found}${next ? ` → ${next}` : ''}`)
const assertSays = (checks: readonly Check[], expected: RegExp): void =>
  assert.ok(
    said(checks).some((line) => expected.test(line)),
    `Expected ${expected}, was\n${said(checks).join('\n')}`,
  )

async function openFolder(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'breakwater-doctor-'))
  t.after(() => rm(folder, { recursive: true, force: true }))
  return folder
}

// ---- settings, people

test('every mistake is a line: what is absent is missing, what does not fit is wrong', () => {
  const checks = checkSettings(
    read({ DISCORD_TOKEN: 'x.y.z', DISCORD_CHANNEL_IDS: '223456789012345678', MIN_BAND: '2' }),
  )
  assertSays(checks, /^ok \.env: there is none here; 3 variables come from the environment$/)
  assertSays(checks, /^missing DISCORD_APPLICATION_ID: .* → fill in DISCORD_APPLICATION_ID in \.env$/)
  assertSays(checks, /^missing ADMINS: /)
  assertSays(checks, /^wrong MIN_BAND: Expected a fraction .* → correct MIN_BAND in \.env$/)
  assertSays(checkSettings(read({})), /^ok variables: /)
  assertSays(checkSettings(read({})), /^warning \.env: there is none here.* → cp \.env\.example \.env$/)
})

const DISCORD = {
  DISCORD_TOKEN: 'x.y.z',
  DISCORD_APPLICATION_ID: '123456789012345678',
  DISCORD_CHANNEL_IDS: '223456789012345678',
  ADMINS: ADMIN,
}

test('a quorum that nobody can reach is told with the way to more people', () => {
  assertSays(checkPeople(read(DISCORD), []), /^ok admins: ana \(discord\)$/)
  assertSays(
    checkPeople(read(DISCORD), []),
    /^warning quorum: 1 may approve, .* above \$1,000,000 .* needs 2.* → .*\/invite/,
  )
  const three = read({ ...DISCORD, APPROVAL_QUORUM: '2', APPROVAL_QUORUM_LARGE: '3' })
  assertSays(checkPeople(three, []), /^warning quorum: .* every hedge needs 2, so none could be approved → /)
})

test('those on record count, with the role that the record gives them', () => {
  const ben = { memberId: 'ben', name: 'Ben', role: 'approver', platforms: ['discord'] } as const
  assertSays(
    checkPeople(read(DISCORD), [ben]),
    /^ok quorum: 2 may approve, named here or on record; 1 needed, 2 for a large/,
  )
  const demoted = { memberId: 'ana', name: 'ana', role: 'viewer', platforms: ['discord'] } as const
  assertSays(checkPeople(read(DISCORD), [demoted]), /^missing admins: /)
  assertSays(checkPeople(read(DISCORD), undefined), /the record could not be read/)
})

test('who is known on one of two platforms is told how to be known on the other', () => {
  const both = { ...DISCORD, TELEGRAM_TOKEN: '1:x', TELEGRAM_CHAT_IDS: '-1', ADMINS: `${ADMIN},telegram:42:ben` }
  const checks = checkPeople(read(both), [])
  assertSays(checks, /^ok ana: not known on telegram → ana says \/link/)
  assertSays(checks, /^ok ben: not known on discord → ben says \/link/)
})

// ---- clock, venues

test('clocks that agree within a second are one line; 2 s off is a warning, 10 s off is wrong', () => {
  const at = (source: string, ahead: number) => ({ source, least: ahead - 500, most: ahead + 500 })
  assert.deepEqual(said(checkClock([at('Discord', 100), at('Telegram', -900)])), [
    'ok skew: within 1 s of Discord, Telegram',
  ])
  assertSays(checkClock([at('OKX', 2_600)]), /^warning skew: this clock is 2\.1 s or more behind OKX → .*NTP/)
  assertSays(
    checkClock([at('OKX', -10_000)]),
    /^wrong skew: this clock is 9\.5 s or more ahead of OKX; venues refuse .* → /,
  )
  assertSays(checkClock([]), /^skipped skew: /)
})

test('several answers of one source narrow down how far its clock is off', () => {
  const readings = [
    { source: 'OKX', least: -200, most: 2_000 },
    { source: 'OKX', least: 1_400, most: 2_500 },
  ]
  assertSays(checkClock(readings), /^warning skew: this clock is 1\.4 s or more behind OKX/)
})

test('live venues are asked at their configured addresses, and the clocks of those that answer are read', async (t) => {
  const [okx, bybit, deribit, port] = [
    await startVenueToExamine(t),
    await startVenueToExamine(t),
    await startVenueToExamine(t),
    await freePort(),
  ]
  okx.world.clockAhead = 60_000
  bybit.world.status = 403
  deribit.world.status = 502
  const calls = callsNow()
  const checks = await checkVenues(
    read({
      LIVE_VENUES: 'okx,bybit,deribit,binance',
      OKX_BASE_URL: okx.baseUrl,
      BYBIT_BASE_URL: bybit.baseUrl,
      DERIBIT_BASE_URL: deribit.baseUrl,
      BINANCE_BASE_URL: `http://127.0.0.1:${port}`,
    }),
    calls,
  )
  assertSays(checks, /^ok OKX: 127\.0\.0\.1:\d+ answers; public data only, no key$/)
  assertSays(checks, /^wrong Bybit: .* answered 403: it does not serve this place → take bybit out of LIVE_VENUES$/)
  assertSays(checks, /^wrong Deribit: .* answered 502 → take deribit out of LIVE_VENUES, or correct DERIBIT_BASE_URL$/)
  assertSays(checks, /^wrong Binance: could not be reached: nothing answers at 127\.0\.0\.1:/)
  assertSays(checks, /^ok keys: none needed, .* none found$/)
  assertSays(checkClock(calls.clocks), /^wrong skew: this clock is 5\d\.\d s or more behind OKX/)
})

test('keys of venues are named and never shown', async () => {
  const environment = { MARKET: 'simulated', BINANCE_API_KEY: 'k-4711', bybit_secret: 's-4711', OKX_BASE_URL: '' }
  const checks = await checkVenues(read(environment), callsNow())
  assertSays(checks, /^skipped feeds: MARKET=simulated asks no venue$/)
  assertSays(checks, /^warning keys: .* found BINANCE_API_KEY, bybit_secret → take them out/)
  assert.doesNotMatch(said(checks).join('\n'), /4711/)
})

// ---- database, queue, models, machine

test('a database on a server is asked for its version and its schema; its members are read', async (t) => {
  const { connectionString, store } = await testDatabase(t)
  await store.members.put({
    memberId: 'ben',
    name: 'Ben',
    role: 'approver',
    identities: [{ platform: 'telegram', platformUserId: '42' }],
  })
  const seen = await checkDatabase(read({ DATABASE_URL: connectionString }), TIMEOUT)
  assertSays(seen.checks, /^ok server: 127\.0\.0\.1:\d+\/\w+ answers, PostgreSQL \d+/)
  assertSays(seen.checks, /^ok schema: up to date, \d+ steps$/)
  assert.deepEqual(seen.members, [{ memberId: 'ben', name: 'Ben', role: 'approver', platforms: ['telegram'] }])

  await query(connectionString, `insert into schema_migrations (name, applied_at) values ('999-later', 0)`)
  const newer = await checkDatabase(read({ DATABASE_URL: connectionString }), TIMEOUT)
  assertSays(newer.checks, /^wrong schema: The database was set up by a newer version/)
})

test('a database without tables, or with some steps, will be brought up to date', async (t) => {
  const { connectionString } = await emptyDatabase(t)
  const empty = await checkDatabase(read({ DATABASE_URL: connectionString }), TIMEOUT)
  assertSays(empty.checks, /^ok schema: none yet/)
  assert.deepEqual(empty.members, [])
  await query(connectionString, 'create table schema_migrations (name text primary key, applied_at bigint not null)')
  const old = await checkDatabase(read({ DATABASE_URL: connectionString }), TIMEOUT)
  assertSays(old.checks, /^ok schema: (\d+) of \1 steps still to come/)
})

test('a database that does not answer is named without its password', async () => {
  const url = `postgres://desk:hunter2@127.0.0.1:${await freePort()}/desk`
  const { checks, members } = await checkDatabase(read({ DATABASE_URL: url }), TIMEOUT)
  assertSays(
    checks,
    /^wrong server: 127\.0\.0\.1:\d+\/desk does not let us in: .*ECONNREFUSED.* → start it or correct DATABASE_URL/,
  )
  assert.equal(members, undefined)
  assert.doesNotMatch(said(checks).join(), /hunter2/)
})

test('without Redis the queue is in the database; one that is away is named without its password', async () => {
  assertSays(await checkQueue(read({}), TIMEOUT), /^ok Redis: none, so the queue lives in the database/)
  const url = `redis://:hunter2@127.0.0.1:${await freePort()}`
  const checks = await checkQueue(read({ REDIS_URL: url }), TIMEOUT)
  assertSays(
    checks,
    /^wrong Redis: 127\.0\.0\.1:\d+ does not let us in: .*ECONNREFUSED.* → start it or correct REDIS_URL/,
  )
  assert.doesNotMatch(said(checks).join(), /hunter2/)
})

const redis = process.env.TEST_REDIS_URL
test('a Redis that answers is judged by its version and by what it does when it is full', {
  skip: redis ? false : 'TEST_REDIS_URL names no Redis server',
}, async () => {
  const checks = await checkQueue(read({ REDIS_URL: redis }), TIMEOUT)
  assertSays(checks, /^ok Redis: \S+ answers, version \d+\.\d+/)
  assertSays(checks, /^(ok|warning) memory of Redis: (noeviction|maxmemory-policy is \S+)/)
  assertSays(checks, /^ok persistence of Redis: /)
})

test('the shipped models fit this version; none at all and damaged ones are found', async (t) => {
  const good = await checkModels()
  assert.deepEqual([...new Set(good.map(({ state }) => state))], ['ok'], said(good).join('\n'))
  assertSays(good, /^ok engine: \S+$/)

  const folder = await openFolder(t)
  const none = await checkModels({ simulated: folder, recorded: folder })
  assertSays(none, /^missing forecasts, simulated market: no model in .* → npm run train$/)
  assertSays(none, /^missing forecasts, real markets: no model in .* → npm run train -- --data/)
  assertSays(none, /^missing confidence, real markets: .* → .*liq-fit/)

  await cp(ARTIFACT_FOLDER, folder, { recursive: true })
  const file = join(folder, 'model.json')
  const model = JSON.parse(await readFile(file, 'utf8'))
  await writeFile(file, JSON.stringify({ ...model, featureHash: 'of-another-version' }))
  const other = await checkModels({ simulated: folder, recorded: RECORDED_FOLDER })
  assertSays(other, /^wrong forecasts, simulated market: Expected a model .* \w+, was .* on of-another-version/)
})

test('Node, data folder, disk and fonts of this machine are looked at, and nothing is left behind', async (t) => {
  const folder = await openFolder(t)
  const checks = await checkMachine(read({ DATA_DIR: join(folder, 'data') }))
  assertSays(checks, /^(ok|warning) Node: \d+\.\d+\.\d+/)
  assertSays(checks, /^ok data folder: .*\/data can be written$/)
  assertSays(checks, /^ok fonts: pictures carry their text$/)
  assert.deepEqual(await readdir(join(folder, 'data')), [])

  await writeFile(join(folder, 'file'), '')
  const inFile = await checkMachine(read({ DATA_DIR: join(folder, 'file', 'data') }))
  assertSays(inFile, /^wrong data folder: .* cannot be written: ENOTDIR → .*DATA_DIR$/)
})

test('a disk with little left is a warning, one with nothing is wrong', () => {
  const GB = 1024 ** 3
  assert.deepEqual(
    [20 * GB, 2 * GB, 0.1 * GB].map((bytes) => checkSpace(bytes).state),
    ['ok', 'warning', 'wrong'],
  )
})

// ---- all together

test('what gives no answer is given up in time, and said so', async (t) => {
  const [discord, telegram, venue] = [
    await startDiscordToExamine(t),
    await startTelegramToExamine(t),
    await startVenueToExamine(t),
  ]
  for (const { world } of [discord, telegram, venue]) world.silent = true
  const checks = await examine(
    read({
      DATA_DIR: await openFolder(t),
      DATABASE_URL: `postgres://desk@127.0.0.1:${await freePort()}/desk`,
      DISCORD_TOKEN: discord.world.token,
      DISCORD_API_ROOT: discord.apiRoot,
      TELEGRAM_TOKEN: telegram.world.token,
      TELEGRAM_API_ROOT: telegram.apiRoot,
      LIVE_VENUES: 'okx',
      OKX_BASE_URL: venue.baseUrl,
    }),
    { timeout: duration(150) },
  )
  for (const area of ['Discord', 'Telegram', 'Venues'])
    assertSays(
      checks.filter((check) => check.area === area),
      /^wrong \w+: could not be reached: 127\.0\.0\.1:\d+ gave no answer within 0\.15 s/,
    )
})

test('no secret is in any line, whatever the others answer and wherever it was put', async (t) => {
  const [discord, telegram] = [await startDiscordToExamine(t), await startTelegramToExamine(t)]
  const misplaced = '123456789:AAG-a-token-where-none-belongs-0123'
  discord.world.unauthorized = `401: Bot ${discord.world.token} is unknown\u001b[2J`
  discord.world.token = 'not the one'
  telegram.world.chats['-1001'] = { error_code: 400, description: `Bad Request: bot${telegram.world.token}` }
  const secrets = [
    'loopback.discord.token-to-examine',
    telegram.world.token,
    misplaced,
    'hunter2',
    'hook-secret-0123456789',
  ]
  const checks = await examine(
    read({
      DATA_DIR: await openFolder(t),
      DATABASE_URL: `postgres://desk:hunter2@127.0.0.1:${await freePort()}/desk`,
      REDIS_URL: `redis://:hunter2@127.0.0.1:${await freePort()}`,
      DISCORD_TOKEN: 'loopback.discord.token-to-examine',
      DISCORD_APPLICATION_ID: misplaced,
      DISCORD_API_ROOT: discord.apiRoot,
      TELEGRAM_TOKEN: telegram.world.token,
      TELEGRAM_CHAT_IDS: '-1001',
      TELEGRAM_API_ROOT: telegram.apiRoot,
      TELEGRAM_WEBHOOK_SECRET: 'hook-secret-0123456789',
      MARKET: 'simulated',
    }),
    { timeout: TIMEOUT },
  )
  const printed = formatChecks(checks) + JSON.stringify(checks)
  for (const secret of secrets) assert.ok(!printed.includes(secret), `${secret} is in\n${printed}`)
  assert.ok(printed.includes('bot[secret]'), printed)
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that none is there is what is tested
  assert.doesNotMatch(printed, /\u001b/)
})

test('words of others are shortened and cannot move the cursor', () => {
  const { ok } = checksOf('Discord')
  const { found } = createRedact([])(ok('server', `a\u001b[2J\nb\u202e${'x'.repeat(1000)}`))
  assert.match(found, /^a \[2J b x+…$/)
  assert.equal(found.length, 400)
})

test('a line a check, the count below, and what it comes to', () => {
  const { ok, missing } = checksOf('Discord')
  assert.equal(
    formatChecks([ok('token', 'accepted'), missing('server', 'the bot is not in it', 'invite it')]),
    'ok       Discord, token: accepted\nmissing  Discord, server: the bot is not in it → invite it\n\n1 ok, 1 missing. Follow the arrows, then run this again.\n',
  )
  assert.match(formatChecks([ok('token', 'accepted')]), /\n1 ok\. Nothing stands in the way: npm start\.\n$/)
})

const NOW: TimestampMs = timestamp(1_700_000_000_000)
test('a clock is read to the second that an answer was made in, and no closer', async (t) => {
  const venue = await startVenueToExamine(t)
  const calls = createCalls({ timeout: TIMEOUT, now: () => NOW })
  await calls.ask('OKX', venue.baseUrl)
  const [reading] = calls.clocks
  assert.ok(reading)
  assert.equal(reading.most - reading.least, 1_000)
})
