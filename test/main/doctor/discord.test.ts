import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { commands } from '../../../commands/index.ts'
import { readConfig } from '../../../src/config.ts'
import { duration, timestamp } from '../../../src/domain/units.ts'
import { createCalls } from '../../../src/main/doctor/calls.ts'
import type { Check } from '../../../src/main/doctor/check.ts'
import { checkDiscord } from '../../../src/main/doctor/discord.ts'
import { lackingPermissions } from '../../../src/main/doctor/discord-permissions.ts'
import { freePort } from '../../../src/store/embedded-port.ts'
import { DESK_RIGHTS, startDiscordToExamine } from '../../support/doctor-servers.ts'

type Discord = Awaited<ReturnType<typeof startDiscordToExamine>>
type Change = (discord: Discord, env: Record<string, string>) => void
const INVITE =
  'https://discord.com/oauth2/authorize?client_id=300000000000000001&scope=bot+applications.commands&permissions=117760'

async function examined(t: TestContext, change: Change = () => {}): Promise<readonly Check[]> {
  const discord = await startDiscordToExamine(t)
  const environment: Record<string, string> = {
    DISCORD_TOKEN: discord.world.token,
    DISCORD_APPLICATION_ID: discord.applicationId,
    DISCORD_GUILD_ID: discord.guildId,
    DISCORD_CHANNEL_IDS: discord.channelId,
    DISCORD_API_ROOT: discord.apiRoot,
    ADMINS: 'discord:700000000000000001:ana',
  }
  change(discord, environment)
  const reading = readConfig({ envFile: '/nowhere/.env', environment })
  const calls = createCalls({ timeout: duration(2_000), now: () => timestamp(Date.now()) })
  const checks = await checkDiscord(reading, calls)
  assert.deepEqual(discord.faults, [])
  return checks
}

const line = (checks: readonly Check[], name: string): string => {
  const check = checks.find((one) => one.name.startsWith(name))
  assert.ok(check, `Expected a check ${name}, was ${checks.map((one) => one.name).join(', ')}`)
  return `${check.state}: ${check.found}${check.next ? ` → ${check.next}` : ''}`
}

test('a bot that is in its server with its rights is in order', async (t) => {
  const checks = await examined(t)
  assert.deepEqual([...new Set(checks.map(({ state }) => state))], ['ok'])
  assert.equal(line(checks, 'token'), 'ok: accepted, it is that of the bot breakwater')
  assert.equal(line(checks, 'server'), 'ok: the bot is in Desk, 300000000000000003')
  assert.match(line(checks, 'channel'), /^ok: in Desk, with every right/)
  assert.match(line(checks, 'commands'), /^ok: 0 of \d+ registered, the rest are at the next npm start$/)
})

test('commands that are all registered are counted', async (t) => {
  const names = [...new Set(commands.map(({ name }) => name.split(' ')[0]!))]
  const checks = await examined(t, ({ world }) => {
    world.commands = names
  })
  assert.equal(line(checks, 'commands'), `ok: all ${names.length} are registered`)
})

const WRONG: readonly (readonly [fact: string, change: Change, name: string, line: RegExp])[] = [
  [
    'a token that Discord refuses',
    (_, env) => {
      env.DISCORD_TOKEN = 'another.token'
    },
    'token',
    /^wrong: Discord does not accept it → .*Bot > Reset Token, copy it into DISCORD_TOKEN$/,
  ],
  [
    "another application's id",
    (_, env) => {
      env.DISCORD_APPLICATION_ID = '300000000000000009'
    },
    'application',
    /^wrong: the token belongs to 300000000000000001, .* → DISCORD_APPLICATION_ID=300000000000000001/,
  ],
  [
    'an application id that is not filled in',
    (_, env) => {
      env.DISCORD_APPLICATION_ID = ''
    },
    'application',
    /^missing: .* → DISCORD_APPLICATION_ID=300000000000000001/,
  ],
  [
    'an endpoint that takes the commands away',
    ({ world }) => {
      world.application = { interactions_endpoint_url: 'https://other.example' }
    },
    'commands reach the bot',
    /^wrong: no, .* → .*Interactions Endpoint URL: empty it$/,
  ],
  [
    'a bot that nobody can add',
    ({ world }) => {
      world.application = { bot_require_code_grant: true }
    },
    'invitation',
    /^wrong: .* → .*Requires OAuth2 Code Grant: off$/,
  ],
  [
    'a server that the bot is not in',
    ({ world }) => {
      world.botIsIn = false
    },
    'server',
    new RegExp(`^missing: the bot is not in the server .* → open ${INVITE.replaceAll(/[?+.]/g, '\\$&')} `),
  ],
  [
    'a channel that does not exist',
    (_, env) => {
      env.DISCORD_CHANNEL_IDS = '300000000000000099'
    },
    'channel 300000000000000099',
    /^wrong: there is no such channel → .*Developer Mode on, right-click/,
  ],
  [
    'a channel that the bot may not see',
    ({ world }) => {
      world.channels = { '300000000000000004': 'unseen' }
    },
    'channel',
    /^wrong: the bot may not see it → .*allow View Channel/,
  ],
  [
    'a voice channel',
    ({ world }) => {
      world.channels = { '300000000000000004': { type: 2, name: 'talk' } }
    },
    'channel 300000000000000004 (#talk)',
    /^wrong: is no text channel of a server \(GuildVoice\)/,
  ],
  [
    'a channel of another server',
    ({ world }) => {
      world.channels = { '300000000000000004': { guild_id: '300000000000000077' } }
    },
    'channel',
    /^wrong: is in the server 300000000000000077, not in DISCORD_GUILD_ID=/,
  ],
  [
    'rights that are lacking',
    ({ world }) => {
      world.everyone = DESK_RIGHTS & ~(1n << 15n) & ~(1n << 14n)
    },
    'channel',
    /^wrong: the bot lacks Embed Links, Attach Files → .*allow Embed Links, Attach Files; or invite it again with https:\/\/discord\.com\/oauth2/,
  ],
  [
    'a bot that is timed out',
    ({ world }) => {
      world.member = { communication_disabled_until: '2999-01-01T00:00:00.000000+00:00' }
    },
    'channel',
    /^wrong: the bot is timed out → .*Remove Timeout$/,
  ],
  [
    'commands that may not be added',
    ({ world }) => {
      world.commands = 'forbidden'
    },
    'commands',
    /^wrong: .*Missing Access → open https:\/\/discord\.com\/oauth2.*scopes bot and applications\.commands/,
  ],
]
for (const [fact, change, name, expected] of WRONG) {
  test(`${fact}: found, with what to do`, async (t) => {
    assert.match(line(await examined(t, change), name), expected)
  })
}

test('switches that are on without need are named, and no fault', async (t) => {
  const checks = await examined(t, ({ world }) => {
    world.application = { flags: 1 << 19 }
  })
  assert.equal(
    line(checks, 'intents'),
    'ok: none that is privileged is needed; switched on without need: Message Content Intent',
  )
})

test('without ids it is told which there are to choose from', async (t) => {
  const checks = await examined(t, ({ world }, env) => {
    world.channels = { '300000000000000004': { name: 'desk' }, '300000000000000005': { name: 'talk', type: 2 } }
    Object.assign(env, { DISCORD_GUILD_ID: '', DISCORD_CHANNEL_IDS: '' })
  })
  assert.match(
    line(checks, 'server'),
    /^ok: the bot is in Desk 300000000000000003; .* → DISCORD_GUILD_ID=300000000000000003/,
  )
  assert.equal(
    line(checks, 'channels'),
    'missing: none is named; there are #desk 300000000000000004 → put those of the desk into DISCORD_CHANNEL_IDS',
  )
})

test('a bot that is in no server is told how to get into one', async (t) => {
  const checks = await examined(t, ({ world }, env) => {
    world.botIsIn = false
    Object.assign(env, { DISCORD_GUILD_ID: '', DISCORD_CHANNEL_IDS: '' })
  })
  assert.equal(line(checks, 'server'), `missing: the bot is in no server yet → open ${INVITE} and choose yours`)
  assert.match(line(checks, 'channels'), /^missing: none is named → .*Developer Mode/)
})

test('without a server id the channel tells which server it is in', async (t) => {
  const checks = await examined(t, (_, env) => {
    env.DISCORD_GUILD_ID = ''
  })
  assert.match(line(checks, 'channel'), /^ok: in Desk/)
})

test('without a token Discord is off, and no one is asked', async (t) => {
  const checks = await examined(t, (_, env) => {
    env.DISCORD_TOKEN = ''
  })
  assert.deepEqual(
    checks.map(({ name, state }) => [name, state]),
    [['platform', 'skipped']],
  )
})

test('a Discord that cannot be reached is one line that says so', async (t) => {
  const port = await freePort()
  const checks = await examined(t, (_, env) => {
    env.DISCORD_API_ROOT = `http://127.0.0.1:${port}`
  })
  assert.equal(checks.length, 1)
  assert.match(line(checks, 'API'), /^wrong: could not be reached: nothing answers at 127\.0\.0\.1:\d+ /)
})

// ---- rights: https://discord.com/developers/docs/topics/permissions#permission-overwrites

const GUILD = { id: '1', owner_id: '9', roles: [{ id: '1', permissions: String(DESK_RIGHTS) }] }
const BOT = { id: '5', roles: [], timedOut: false }
const SEND = String(1n << 11n)
const VIEW = String(1n << 10n)

test('a right that a role lacks is given by another', () => {
  const roles = [
    { id: '1', permissions: '0' },
    { id: '2', permissions: String(DESK_RIGHTS) },
  ]
  const guild = { ...GUILD, roles }
  assert.equal(lackingPermissions({ guild, member: BOT, overwrites: [] }).length, 5)
  assert.deepEqual(lackingPermissions({ guild, member: { ...BOT, roles: ['2'] }, overwrites: [] }), [])
})

test('who owns the server, or is its administrator, lacks nothing whatever a channel says', () => {
  const overwrites = [{ id: '1', allow: '0', deny: String(DESK_RIGHTS) }]
  assert.deepEqual(lackingPermissions({ guild: { ...GUILD, owner_id: '5' }, member: BOT, overwrites }), [])
  const guild = { ...GUILD, roles: [{ id: '1', permissions: String(1n << 3n) }] }
  assert.deepEqual(lackingPermissions({ guild, member: BOT, overwrites }), [])
})

test("a channel's word on the member goes before that on roles, and that before @everyone", () => {
  const member = { ...BOT, roles: ['2'] }
  const everyone = { id: '1', allow: '0', deny: SEND }
  const role = { id: '2', allow: SEND, deny: '0' }
  const own = { id: '5', allow: '0', deny: SEND }
  const lacking = (...overwrites: (typeof own)[]) => lackingPermissions({ guild: GUILD, member, overwrites })
  assert.deepEqual(lacking(everyone), ['Send Messages', 'Embed Links', 'Attach Files'])
  assert.deepEqual(lacking(role, everyone), [])
  assert.deepEqual(lacking(own, role, everyone), ['Send Messages', 'Embed Links', 'Attach Files'])
})

test('where one role is denied and another allowed, allowed wins', () => {
  const member = { ...BOT, roles: ['2', '3'] }
  const overwrites = [
    { id: '3', allow: SEND, deny: '0' },
    { id: '2', allow: '0', deny: SEND },
  ]
  assert.deepEqual(lackingPermissions({ guild: GUILD, member, overwrites }), [])
})

test('who cannot see a channel can do nothing in it', () => {
  const overwrites = [{ id: '1', allow: '0', deny: VIEW }]
  assert.equal(lackingPermissions({ guild: GUILD, member: BOT, overwrites }).length, 5)
})
