import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { inspect, parseEnv } from 'node:util'
import fc from 'fast-check'
import { VARIABLES } from '../src/config/variables.ts'
import { ConfigError, loadConfig, parseConfig, readConfig } from '../src/config.ts'

const EXAMPLE = readFileSync(new URL('../.env.example', import.meta.url), 'utf8')
const DISCORD = {
  DISCORD_TOKEN: 'discord-secret-1',
  DISCORD_APPLICATION_ID: '123456789012345678',
  DISCORD_CHANNEL_IDS: '223456789012345678',
}

const mistakesOf = (act: () => unknown): ConfigError => {
  try {
    act()
  } catch (error) {
    if (error instanceof ConfigError) return error
    throw error
  }
  throw new assert.AssertionError({ message: 'Expected a ConfigError, was none' })
}
const variablesNamed = (error: ConfigError): string[] => error.mistakes.map(({ variable }) => variable).sort()

test('.env.example lists the variables of the schema, in its order, with its defaults', () => {
  const defaults = Object.entries(VARIABLES).map(([name, variable]) => [name, variable.default ?? ''])
  assert.deepEqual({ ...parseEnv(EXAMPLE) }, Object.fromEntries(defaults))
  assert.deepEqual(EXAMPLE.match(/^[A-Z_]+(?==)/gm), Object.keys(VARIABLES))
})

test('.env.example says a line, with its unit, about every variable', () => {
  const units = {
    MS: /\bms\b/,
    HOURS: /\bhours\b/,
    DAYS: /\bdays\b/,
    USD: /\bUSD\b/,
    BPS: /\bbps\b/,
    RATIO: /\b(fraction|ratio)\b/,
  }
  const lines = EXAMPLE.split('\n')
  for (const name of Object.keys(VARIABLES)) {
    const comment = lines[lines.findIndex((line) => line.startsWith(`${name}=`)) - 1] ?? ''
    assert.match(comment, /^# \w.{4,}/, `${name} has no comment above it`)
    for (const [suffix, unit] of Object.entries(units)) {
      if (name.endsWith(`_${suffix}`)) assert.match(comment, unit, `the comment on ${name} does not say its unit`)
    }
  }
})

test('channels and commands can be held to a role, and what is not of that form is told', () => {
  const { access } = parseConfig({
    CHANNEL_ROLES: 'discord:123456789012345678:viewer, telegram:-1001:trader',
    COMMAND_ROLES: 'hedge propose=approver, approve = admin',
  })
  assert.deepEqual(access.channels, [
    { platform: 'discord', channel: '123456789012345678', most: 'viewer' },
    { platform: 'telegram', channel: '-1001', most: 'trader' },
  ])
  assert.deepEqual(access.commands, { 'hedge propose': 'approver', approve: 'admin' })
  for (const CHANNEL_ROLES of [
    'discord:desk:viewer',
    'slack:1:viewer',
    'discord:1',
    'telegram:@desk:viewer',
    'discord:1:owner',
    'discord:1:viewer,discord:1:trader',
  ]) {
    assert.deepEqual(variablesNamed(mistakesOf(() => parseConfig({ CHANNEL_ROLES }))), ['CHANNEL_ROLES'])
  }
  for (const COMMAND_ROLES of ['approve', 'approve=owner', 'approve=admin=viewer', '/approve=admin']) {
    assert.deepEqual(variablesNamed(mistakesOf(() => parseConfig({ COMMAND_ROLES }))), ['COMMAND_ROLES'])
  }
})

test('a chat is named by its number, never by a name that can change hands', () => {
  const [mistake] = mistakesOf(() => parseConfig({ TELEGRAM_CHAT_IDS: '-1001,@desk_room' })).mistakes
  assert.match(mistake!.message, /numeric chat ids/)
})

test('a webhook needs its secret and PagerDuty its key', () => {
  const telegram = { TELEGRAM_TOKEN: 't', TELEGRAM_CHAT_IDS: '-1001', ADMINS: 'telegram:1:ana' }
  const webhook = { ...telegram, TELEGRAM_WEBHOOK_URL: 'https://desk.example/hook' }
  assert.deepEqual(variablesNamed(mistakesOf(() => parseConfig(webhook))), ['TELEGRAM_WEBHOOK_SECRET'])
  for (const TELEGRAM_WEBHOOK_SECRET of ['short', 'with blanks in it, that is'])
    assert.deepEqual(variablesNamed(mistakesOf(() => parseConfig({ ...webhook, TELEGRAM_WEBHOOK_SECRET }))), [
      'TELEGRAM_WEBHOOK_SECRET',
    ])
  const pager = { PAGER_KIND: 'pagerduty', PAGER_URL: 'https://events.example/v2/enqueue' }
  assert.deepEqual(variablesNamed(mistakesOf(() => parseConfig(pager))), ['PAGER_KEY'])
  assert.equal(parseConfig({ ...pager, PAGER_KEY: 'key' }).pager?.kind, 'pagerduty')
})

test('the leverage assumed for the hedge leg is 3, and at least 1', () => {
  assert.equal(parseConfig({}).hedgeLeverage, 3)
  assert.equal(parseConfig({ HEDGE_LEVERAGE: '2.5' }).hedgeLeverage, 2.5)
  for (const HEDGE_LEVERAGE of ['0.5', '101', '3x']) {
    const [mistake] = mistakesOf(() => parseConfig({ HEDGE_LEVERAGE })).mistakes
    assert.match(mistake!.message, /^Expected a leverage, from 1 to 100, was/)
  }
})

test('an empty environment gives the defaults, and so does .env.example', () => {
  const config = parseConfig({})
  assert.deepEqual(parseConfig(parseEnv(EXAMPLE)), config)
  assert.deepEqual(config.book, { name: 'main', exposures: { ETH: 1000, BTC: 20 } })
  assert.deepEqual(config.market.choice, { kind: 'live' })
  assert.equal(config.market.speed, 1)
  assert.equal(config.alerts.cooldown, 6 * 3_600_000)
  assert.equal(config.data.retention, undefined)
  assert.equal(config.discord, undefined)
  assert.deepEqual(config.members, [])
})

test('every mistake is listed at once, by variable name, with value and remedy', () => {
  const error = mistakesOf(() =>
    parseConfig({
      ALERT_THRESHOLD: '60',
      BOOK: 'ETH:many',
      DISCORD_TOKEN: 'x',
      FORECAST_EVERY_MS: '30s',
      MARKET: 'replay:',
      OKX_WS_URL: 'https://example.org',
      TRADING_MODE: 'real',
    }),
  )
  assert.deepEqual(variablesNamed(error), [
    'ADMINS',
    'ALERT_THRESHOLD',
    'BOOK',
    'DISCORD_APPLICATION_ID',
    'DISCORD_CHANNEL_IDS',
    'FORECAST_EVERY_MS',
    'MARKET',
    'OKX_WS_URL',
    'TRADING_MODE',
  ])
  assert.match(error.message, /^9 mistakes in the configuration:$/m)
  assert.match(error.message, /ALERT_THRESHOLD: Expected a fraction .*from 0 to 1, was "60"\./)
  assert.match(error.message, /TRADING_MODE: Expected one of paper, live, was "real"\./)
})

test('a secret is in no message, whatever is wrong with it', () => {
  const secrets = {
    DATABASE_URL: 'mysql://desk:hunter2@db/desk',
    REDIS_URL: 'hunter2',
    DISCORD_TOKEN: 'hunter2 hunter2',
    TELEGRAM_TOKEN: 'hunter2\thunter2',
    BINANCE_BASE_URL: 'ftp://desk:hunter2@proxy',
  }
  const error = mistakesOf(() => parseConfig(secrets))
  assert.deepEqual(variablesNamed(error), Object.keys(secrets).sort())
  assert.doesNotMatch(error.message, /hunter2/)
})

test('a configuration can be printed and serialised without its secrets, and still read', () => {
  const config = parseConfig({
    ...DISCORD,
    ADMINS: 'discord:123456789012345678:ana,telegram:4242:ana',
    DATABASE_URL: 'postgres://desk:hunter2@db/desk',
    REDIS_URL: 'redis://:hunter2@cache:6379',
    TELEGRAM_CHAT_IDS: '-1001,4242',
    TELEGRAM_WEBHOOK_URL: 'https://desk.example/hook',
    TELEGRAM_WEBHOOK_SECRET: 'hook-secret-hook-secret',
    PAGER_URL: 'https://pager.example/desk',
    PAGER_KEY: 'pager-secret',
    TELEGRAM_TOKEN: 'telegram-secret-1',
    VENUE_KEYS_PASSPHRASE: 'passphrase-secret-1',
    HEARTBEAT_URL: 'https://watch.example/beat/heartbeat-secret-1',
  })
  const printed = inspect(config, { depth: 9 }) + JSON.stringify(config)
  assert.doesNotMatch(printed, /hunter2|secret-1|hook-secret|pager-secret/)
  assert.match(printed, /\[secret\]/)
  assert.equal(config.discord?.token, 'discord-secret-1')
  assert.equal(config.store.connectionString, 'postgres://desk:hunter2@db/desk')
  assert.deepEqual(config.telegram?.channels, ['-1001', '4242'])
  assert.equal(config.trading.passphrase, 'passphrase-secret-1')
  assert.equal(config.heartbeat?.address, 'https://watch.example/beat/heartbeat-secret-1')
})

test('orders stay on paper unless live is chosen, with venues to send them to', () => {
  const { trading, heartbeat } = parseConfig({})
  assert.deepEqual([trading.mode, trading.venues, trading.sandbox, heartbeat], ['paper', [], false, undefined])
  const live = parseConfig({ TRADING_MODE: 'live', TRADING_VENUES: 'okx, dydx', VENUE_SANDBOX: 'on' }).trading
  assert.deepEqual([live.mode, live.venues, live.sandbox], ['live', ['okx', 'dydx'], true])
  assert.deepEqual(variablesNamed(mistakesOf(() => parseConfig({ TRADING_VENUES: 'okx,mtgox' }))), ['TRADING_VENUES'])
})

test('an execution is described by schedule, urgency, time and clip', () => {
  const { execution } = parseConfig({
    EXECUTION_SCHEDULE: 'almgren-chriss',
    EXECUTION_URGENCY: 'urgent',
    EXECUTION_DURATION_MS: '60000',
    MAX_CLIP_USD: '5000',
  })
  assert.deepEqual(execution.schedule, { kind: 'almgren-chriss', urgency: 'urgent', duration: 60_000 })
  assert.equal(execution.maxClip, 5000)
  assert.deepEqual(variablesNamed(mistakesOf(() => parseConfig({ EXECUTION_SCHEDULE: 'iceberg' }))), [
    'EXECUTION_SCHEDULE',
  ])
})

test('one name on two platforms is one member with two identities', () => {
  const { members } = parseConfig({
    ADMINS: 'discord:123456789012345678:ana, telegram:4242:Ana',
    MEMBERS: 'telegram:77:ben:approver',
  })
  assert.deepEqual(
    members.map(({ memberId, role, identities }) => [memberId, role, identities.length]),
    [
      ['ana', 'admin', 2],
      ['ben', 'approver', 1],
    ],
  )
})

test('a name with two roles and an id with two names are contradictions', () => {
  const error = mistakesOf(() =>
    parseConfig({ ADMINS: 'telegram:1:ana', MEMBERS: 'telegram:2:ana:viewer,telegram:1:ben:trader' }),
  )
  assert.deepEqual(
    error.mistakes.map(({ message }) => message),
    [
      'ana is named as admin and as viewer: keep one role for a name.',
      'telegram:1 is named as ana and as ben: keep one name for an id.',
    ],
  )
})

test('nobody can be called system, the name that signs what nobody did', () => {
  assert.deepEqual(variablesNamed(mistakesOf(() => parseConfig({ ADMINS: 'telegram:1:System' }))), ['ADMINS'])
})

test('a platform with a token needs an admin there, so that someone may answer', () => {
  const error = mistakesOf(() => parseConfig({ ...DISCORD, ADMINS: 'telegram:4242:ana' }))
  assert.deepEqual(variablesNamed(error), ['ADMINS'])
  assert.match(error.message, /Add discord:<numeric id>:<name>/)
})

const CONTRADICTIONS: readonly (readonly [variable: string, env: Record<string, string>])[] = [
  ['HEDGE_MEAN_RATIO', { HEDGE_MEAN_RATIO: '0.9', HEDGE_MAX_RATIO: '0.8' }],
  ['ALERT_HYSTERESIS', { ALERT_THRESHOLD: '0.2', ALERT_HYSTERESIS: '0.3' }],
  ['APPROVAL_QUORUM', { APPROVAL_QUORUM: '3' }],
  ['MAX_ORDER_NOTIONAL_USD', { MAX_PROPOSAL_NOTIONAL_USD: '100000' }],
  ['MAX_PROPOSAL_NOTIONAL_USD', { MAX_PROPOSAL_NOTIONAL_USD: '30000000' }],
  ['MAX_SLIPPAGE_BPS', { MAX_SLIPPAGE_BPS: '60' }],
  ['MAX_CLIP_USD', { MAX_CLIP_USD: '200000' }],
  ['TRADING_VENUES', { TRADING_MODE: 'live' }],
  ['TRADING_MODE', { TRADING_MODE: 'live', TRADING_VENUES: 'binance', MARKET: 'simulated' }],
  ['VENUE_KEYS_PASSPHRASE_FILE', { VENUE_KEYS_PASSPHRASE: 'hunter2', VENUE_KEYS_PASSPHRASE_FILE: '/run/secrets/keys' }],
  ['MAX_LEVERAGE', { MAX_LEVERAGE: '4', HARD_LEVERAGE: '3.5' }],
  ['DAILY_LOSS_SOFT', { DAILY_LOSS_SOFT: '0.06' }],
  ['AUTO_APPROVE_ORDER_USD', { AUTO_APPROVE_ORDER_USD: '1000' }],
  ['AUTO_APPROVE_HOUR_USD', { AUTO_APPROVE_HOUR_USD: '1000' }],
  ['BOOK', { ASSETS: 'ETH' }],
]
for (const [variable, env] of CONTRADICTIONS) {
  test(`${JSON.stringify(env)} contradicts another setting and is named as ${variable}`, () => {
    assert.deepEqual(variablesNamed(mistakesOf(() => parseConfig(env))), [variable])
  })
}

test('the environment wins over the file, the command line over both, and a misspelt name is a mistake', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-config-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const envFile = join(folder, '.env')
  writeFileSync(envFile, 'BOOK_NAME=file\nASSETS="ETH,BTC" # both\nMIN_BAND=0.03\n')
  process.env.BOOK_NAME = 'environment'
  t.after(() => delete process.env.BOOK_NAME)

  const config = loadConfig({ envFile, overrides: { MARKET: 'replay:panels' } })
  assert.equal(config.book.name, 'environment')
  assert.equal(config.hedge.minBand, 0.03)
  assert.deepEqual(config.market.choice, { kind: 'replay', folder: 'panels' })

  writeFileSync(envFile, 'ALERT_TRESHOLD=0.7\n')
  assert.deepEqual(variablesNamed(mistakesOf(() => loadConfig({ envFile }))), ['ALERT_TRESHOLD'])
})

test('a configuration is frozen all the way down', () => {
  const frozen = (value: unknown): boolean =>
    typeof value !== 'object' || value === null || (Object.isFrozen(value) && Object.values(value).every(frozen))
  assert.ok(frozen(parseConfig({ ...DISCORD, ADMINS: 'discord:123456789012345678:ana' })))
})

test('whatever a variable holds, the answer is a configuration or a mistake that names it', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.keys(VARIABLES)), fc.string(), (name, value) => {
      try {
        parseConfig({ [name]: value })
      } catch (error) {
        assert.ok(error instanceof ConfigError)
        assert.ok(error.mistakes.length > 0)
        for (const { variable, message } of error.mistakes)
          assert.ok(variable === name || message.includes(name), message)
      }
    }),
    { numRuns: 500, verbose: true },
  )
})

test('a configuration with mistakes is read as far as it goes, and says what must not be shown', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'breakwater-config-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const envFile = join(folder, '.env')
  writeFileSync(envFile, 'MARKET=fast\nDISCORD_TOKEN=discord-secret-1\nOKX_API_KEY=k\nBOOK_NAME=\n')

  const reading = readConfig({ envFile, environment: { REDIS_URL: 'redis://:hunt%65r2@cache:6379' } })
  assert.deepEqual([...new Set(reading.mistakes.map(({ variable }) => variable))].sort(), [
    'ADMINS',
    'DISCORD_APPLICATION_ID',
    'DISCORD_CHANNEL_IDS',
    'MARKET',
    'OKX_API_KEY',
  ])
  assert.equal(reading.values.MARKET, undefined)
  assert.equal(reading.values.MARKET_SPEED, 1)
  assert.equal(reading.values.DISCORD_TOKEN, 'discord-secret-1')
  assert.equal(reading.envFile, 'read')
  assert.deepEqual([...reading.given].sort(), ['DISCORD_TOKEN', 'MARKET', 'OKX_API_KEY', 'REDIS_URL'])
  for (const secret of ['discord-secret-1', 'hunt%65r2', 'hunter2']) assert.ok(reading.secrets.includes(secret), secret)
})

test('a configuration in order reads as it parses, and a file that cannot be read is a mistake', (t) => {
  const reading = readConfig({ envFile: '/nowhere/.env', environment: {} })
  assert.deepEqual([reading.mistakes, reading.envFile], [[], 'absent'])
  assert.equal(reading.values.HEDGE_LEVERAGE, parseConfig({}).hedgeLeverage)

  const folder = mkdtempSync(join(tmpdir(), 'breakwater-config-'))
  t.after(() => rmSync(folder, { recursive: true }))
  assert.match(readConfig({ envFile: folder, environment: {} }).mistakes[0]!.message, /^Expected a file .*, was EISDIR/)
})
