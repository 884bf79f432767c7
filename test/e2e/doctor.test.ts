import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIVE_VENUES } from '../../src/config.ts'
import type { Cleanup } from '../support/database.ts'
import { startDiscordToExamine, startTelegramToExamine, startVenueToExamine } from '../support/doctor-servers.ts'
import { openDataFolder, processesOn, runProduct, type Settings } from './product.ts'

/** A desk on both platforms and all venues, everything in its place. */
async function openDesk(t: Cleanup) {
  const discord = await startDiscordToExamine(t)
  const telegram = await startTelegramToExamine(t)
  const venue = await startVenueToExamine(t)
  const settings: Settings = {
    DATA_DIR: await openDataFolder(t),
    DISCORD_TOKEN: discord.world.token,
    DISCORD_APPLICATION_ID: discord.applicationId,
    DISCORD_GUILD_ID: discord.guildId,
    DISCORD_CHANNEL_IDS: discord.channelId,
    DISCORD_API_ROOT: discord.apiRoot,
    TELEGRAM_TOKEN: telegram.world.token,
    TELEGRAM_CHAT_IDS: '-1001',
    TELEGRAM_API_ROOT: telegram.apiRoot,
    ADMINS: 'discord:700000000000000001:ana,telegram:4242:ana',
    MEMBERS: 'discord:700000000000000002:ben:approver',
    ...Object.fromEntries(LIVE_VENUES.map((name) => [`${name.toUpperCase()}_BASE_URL`, venue.baseUrl])),
  }
  return { discord, telegram, venue, settings }
}

const states = (stdout: string): readonly string[] =>
  stdout
    .split('\n\n')[0]!
    .split('\n')
    .map((line) => line.split(' ')[0]!)

test('npm run doctor finds a desk in order, then what was taken from it, and leaves nothing running', async (t) => {
  const { discord, telegram, settings } = await openDesk(t)
  const { DATA_DIR: folder = '' } = settings

  const well = await runProduct(t, ['doctor'], settings)
  assert.equal(well.code, 0, well.stdout + well.stderr)
  for (const state of ['missing', 'wrong', 'skipped']) assert.ok(!states(well.stdout).includes(state), well.stdout)
  assert.match(well.stdout, /^ok +Discord, server: the bot is in Desk, \d+$/m)
  assert.match(well.stdout, /^ok +Telegram, chat -1001 \(Desk\): /m)
  assert.match(well.stdout, /^ok +People, quorum: 2 may approve/m)
  assert.match(well.stdout, /^ok +Clock, skew: within 1 s of /m)
  assert.match(well.stdout, /^ok +Database, embedded: PostgreSQL starts/m)
  assert.match(well.stdout, /Nothing stands in the way: npm start\.\n$/)
  assert.deepEqual(await processesOn(folder), [])

  discord.world.botIsIn = false
  telegram.world.token = 'another'
  const ill = await runProduct(t, ['doctor'], settings)
  assert.equal(ill.code, 1, ill.stdout + ill.stderr)
  assert.match(
    ill.stdout,
    /^missing +Discord, server: the bot is not in the server .* → open https:\/\/discord\.com\/oauth2\//m,
  )
  assert.match(ill.stdout, /^wrong +Telegram, token: /m)
  for (const secret of [settings.DISCORD_TOKEN!, settings.TELEGRAM_TOKEN!])
    assert.ok(!(ill.stdout + ill.stderr + well.stdout + well.stderr).includes(secret))
})

test('npm run doctor -- --json prints one value, also of settings that cannot be read, and ends with 1', async (t) => {
  const { settings } = await openDesk(t)
  const over: Settings = { TELEGRAM_TOKEN: 'hunter2 hunter2', MARKET: 'fast', TRADING_MODE: 'real' }
  const ended = await runProduct(t, ['doctor', '--json'], { ...settings, ...over })
  assert.equal(ended.code, 1, ended.stderr)
  const { ok, counts, checks } = JSON.parse(ended.stdout) as {
    ok: boolean
    counts: Record<string, number>
    checks: { area: string; name: string; state: string }[]
  }
  assert.equal(ok, false)
  assert.equal(
    Object.values(counts).reduce((sum, count) => sum + count),
    checks.length,
  )
  const stateOf = (area: string, name: string) => checks.find((one) => one.area === area && one.name === name)?.state
  for (const name of Object.keys(over)) assert.equal(stateOf('Settings', name), 'wrong')
  assert.equal(stateOf('Telegram', 'platform'), 'skipped')
  assert.equal(stateOf('Venues', 'feeds'), 'skipped')
  assert.equal(stateOf('Discord', 'token'), 'ok')
  assert.doesNotMatch(ended.stdout + ended.stderr, /hunter2/)
})
