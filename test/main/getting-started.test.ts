import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { type Environment, readConfig } from '../../src/config.ts'
import { duration, timestamp } from '../../src/domain/units.ts'
import { createCalls } from '../../src/main/doctor/calls.ts'
import { formatChecks } from '../../src/main/doctor/check.ts'
import { checkDiscord } from '../../src/main/doctor/discord.ts'
import { checkPeople } from '../../src/main/doctor/people.ts'
import { checkTelegram } from '../../src/main/doctor/telegram.ts'
import { startDiscordToExamine, startTelegramToExamine } from '../support/doctor-servers.ts'
import { telegramChat } from '../support/doctor-shapes.ts'

const README = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
const GROUP = { id: -1001234567890, type: 'supergroup', title: 'Desk' }
const ANA = { id: 4242, is_bot: false, first_name: 'Ana' }

/** What the guide shows after each step that ends in `npm run doctor`. */
const shown = [...README.matchAll(/^```text\n\$ npm run doctor\n([\s\S]*?)```$/gm)].map(([, lines = '']) =>
  lines.trimEnd().split('\n'),
)

async function linesFor(environment: Environment): Promise<readonly string[]> {
  const reading = readConfig({ envFile: '/nowhere/.env', environment })
  const calls = createCalls({ timeout: duration(5_000), now: () => timestamp(Date.now()) })
  const checks = [
    ...(await checkDiscord(reading, calls)),
    ...(await checkTelegram(reading, calls)),
    ...checkPeople(reading, []),
  ]
  return formatChecks(checks).split('\n')
}

test('whoever follows the guide sees after each step what it shows', async (t) => {
  const [discord, telegram] = [await startDiscordToExamine(t), await startTelegramToExamine(t)]
  const env: Record<string, string> = { DISCORD_API_ROOT: discord.apiRoot, TELEGRAM_API_ROOT: telegram.apiRoot }
  const steps: readonly (() => void)[] = [
    () => {
      discord.world.botIsIn = false
      env.DISCORD_TOKEN = discord.world.token
    },
    () => {
      discord.world.botIsIn = true
      discord.world.channels = {
        [discord.channelId]: { name: 'desk' },
        '300000000000000005': { name: 'general' },
        '300000000000000006': { name: 'Talk', type: 2 },
      }
      env.DISCORD_APPLICATION_ID = discord.applicationId
    },
    () => {
      env.DISCORD_GUILD_ID = discord.guildId
      env.DISCORD_CHANNEL_IDS = discord.channelId
      env.ADMINS = 'discord:700000000000000001:ana'
    },
    () => {
      env.TELEGRAM_TOKEN = telegram.world.token
    },
    () => {
      const chat = { id: ANA.id, type: 'private' }
      telegram.world.updates = [
        { update_id: 1, message: { message_id: 1, date: 1, from: ANA, chat, text: '/start' } },
        { update_id: 2, my_chat_member: { from: ANA, chat: GROUP, date: 1 } },
      ]
    },
    () => {
      telegram.world.chats[GROUP.id] = telegramChat(GROUP.id, GROUP.type)
      telegram.world.members[GROUP.id] = telegram.world.members['-1001']!
      env.TELEGRAM_CHAT_IDS = String(GROUP.id)
      env.ADMINS += ',telegram:4242:ana'
    },
  ]
  assert.equal(shown.length, steps.length)
  for (const [k, step] of steps.entries()) {
    step()
    const lines = await linesFor(env)
    for (const line of shown[k]!)
      assert.ok(lines.includes(line), `Step ${k + 1} shows\n${line}\nwas\n${lines.join('\n')}`)
  }
})
