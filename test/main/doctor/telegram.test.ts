import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { readConfig } from '../../../src/config.ts'
import { duration, timestamp } from '../../../src/domain/units.ts'
import { createCalls } from '../../../src/main/doctor/calls.ts'
import type { Check } from '../../../src/main/doctor/check.ts'
import { checkTelegram } from '../../../src/main/doctor/telegram.ts'
import { freePort } from '../../../src/store/embedded-port.ts'
import { startTelegramToExamine } from '../../support/doctor-servers.ts'
import { telegramChat, telegramMember } from '../../support/doctor-shapes.ts'

type Telegram = Awaited<ReturnType<typeof startTelegramToExamine>>
type Change = (telegram: Telegram, env: Record<string, string>) => void

async function examined(t: TestContext, change: Change = () => {}): Promise<readonly Check[]> {
  const telegram = await startTelegramToExamine(t)
  const environment: Record<string, string> = {
    TELEGRAM_TOKEN: telegram.world.token,
    TELEGRAM_CHAT_IDS: '-1001',
    TELEGRAM_API_ROOT: telegram.apiRoot,
    ADMINS: 'telegram:4242:ana',
  }
  change(telegram, environment)
  const reading = readConfig({ envFile: '/nowhere/.env', environment })
  const calls = createCalls({ timeout: duration(2_000), now: () => timestamp(Date.now()) })
  const checks = await checkTelegram(reading, calls)
  assert.deepEqual(telegram.faults, [])
  return checks
}

const line = (checks: readonly Check[], name: string): string => {
  const check = checks.find((one) => one.name.startsWith(name))
  assert.ok(check, `Expected a check ${name}, was ${checks.map((one) => one.name).join(', ')}`)
  return `${check.state}: ${check.found}${check.next ? ` → ${check.next}` : ''}`
}

test('a bot that is in its group, known to its admin and polls is in order', async (t) => {
  const checks = await examined(t)
  assert.deepEqual([...new Set(checks.map(({ state }) => state))], ['ok'])
  assert.equal(line(checks, 'token'), 'ok: accepted, it is that of @BreakwaterBot')
  assert.equal(line(checks, 'chat -1001 (Desk)'), 'ok: a supergroup in which the bot may send text and pictures')
  assert.match(line(checks, 'privacy mode'), /^ok: on: in groups the bot is given commands and replies/)
  assert.match(line(checks, 'updates'), /^ok: the bot asks for them itself/)
  assert.equal(line(checks, 'private chat of ana'), 'ok: known to the bot')
})

const failedAt = Math.floor(Date.now() / 1000) - 60
const webhook = (over: object) => ({ url: '', has_custom_certificate: false, pending_update_count: 0, ...over })
const HOOK = {
  TELEGRAM_WEBHOOK_URL: 'https://desk.example/hook-4711',
  TELEGRAM_WEBHOOK_SECRET: 'a-secret-of-telegram',
}

const CASES: readonly (readonly [fact: string, change: Change, name: string, line: RegExp])[] = [
  [
    'a token that Telegram refuses',
    (_, env) => {
      env.TELEGRAM_TOKEN = '1:none'
    },
    'token',
    /^wrong: Telegram does not accept it → in a chat with @BotFather: \/mybots > your bot > API Token/,
  ],
  [
    'privacy mode that is off',
    ({ world }) => {
      world.me = { can_join_groups: true, can_read_all_group_messages: true }
    },
    'privacy mode',
    /^warning: off: .* → @BotFather: \/setprivacy > your bot > Enable, then take the bot out of the group/,
  ],
  [
    'a bot that may not join groups',
    ({ world }) => {
      world.me = { can_join_groups: false }
    },
    'groups',
    /^wrong: .* → @BotFather: \/setjoingroups > your bot > Enable$/,
  ],
  [
    'a webhook where the desk polls',
    ({ world }) => {
      world.webhook = webhook({ url: 'https://other.example/secret-path' })
    },
    'updates',
    /^warning: a webhook at other\.example takes them now; npm start removes it → make sure/,
  ],
  [
    'no webhook where one is configured',
    (_, env) => {
      Object.assign(env, HOOK)
    },
    'updates',
    /^ok: go to nobody now; npm start points the webhook at desk\.example$/,
  ],
  [
    'a webhook that works',
    ({ world }, env) => {
      Object.assign(env, HOOK)
      world.webhook = webhook({ url: HOOK.TELEGRAM_WEBHOOK_URL, pending_update_count: 3 })
    },
    'updates',
    /^ok: the webhook at desk\.example is set; 3 wait to be fetched$/,
  ],
  [
    'a webhook that fails',
    ({ world }, env) => {
      Object.assign(env, HOOK)
      const failure = { last_error_date: failedAt, last_error_message: 'Connection refused' }
      world.webhook = webhook({ url: HOOK.TELEGRAM_WEBHOOK_URL, ...failure })
    },
    'updates',
    /^wrong: the webhook at desk\.example failed at .*Z: Connection refused → Telegram must reach TELEGRAM_WEBHOOK_URL/,
  ],
  [
    'a group that the bot does not know',
    (_, env) => {
      env.TELEGRAM_CHAT_IDS = '-1009'
    },
    'chat -1009',
    /^missing: the bot knows no such chat .* → open the group > its name > Add > @BreakwaterBot/,
  ],
  [
    'a group that became a supergroup',
    ({ world }) => {
      world.chats['-1001'] = {
        error_code: 400,
        description: 'Bad Request: group chat was upgraded to a supergroup chat',
        parameters: { migrate_to_chat_id: -1009876543210 },
      }
    },
    'chat -1001',
    /^wrong: .* → put -1009876543210 into TELEGRAM_CHAT_IDS$/,
  ],
  [
    'a bot that was taken out of the group',
    ({ world }) => {
      world.chats['-1001'] = {
        error_code: 403,
        description: 'Forbidden: bot was kicked from the supergroup chat',
      }
    },
    'chat -1001',
    /^missing: the bot was taken out of it/,
  ],
  [
    'a bot that left',
    ({ world, bot }) => {
      world.members['-1001'] = telegramMember('left', bot)
    },
    'chat -1001',
    /^missing: the bot is not in it → /,
  ],
  [
    'a bot that was banned',
    ({ world, bot }) => {
      world.members['-1001'] = telegramMember('kicked', bot)
    },
    'chat -1001',
    /^missing: the bot was banned from it/,
  ],
  [
    'a group in which nobody may send pictures',
    ({ world }) => {
      world.chats['-1001'] = telegramChat(-1001, 'supergroup', { permissions: { can_send_photos: false } })
    },
    'chat -1001',
    /^wrong: the bot may not send photos → .*Edit > Permissions: allow it/,
  ],
  [
    'a bot that is restricted',
    ({ world, bot }) => {
      world.members['-1001'] = telegramMember('restricted', bot, { can_send_messages: false })
    },
    'chat -1001',
    /^wrong: the bot may not send messages → .*Exceptions > @BreakwaterBot/,
  ],
  [
    'an admin bot',
    ({ world, bot }) => {
      world.members['-1001'] = telegramMember('administrator', bot)
    },
    'chat -1001',
    /^ok: a supergroup that the bot helps to run/,
  ],
  [
    'a channel in which the bot may not post',
    ({ world, bot }) => {
      world.chats['-1001'] = telegramChat(-1001, 'channel')
      world.members['-1001'] = telegramMember('administrator', bot, { can_post_messages: false })
    },
    'chat -1001',
    /^wrong: a channel in which the bot may not post → .*Post Messages$/,
  ],
  [
    'an admin who has not opened the bot',
    (_, env) => {
      env.ADMINS = 'telegram:4243:ben'
    },
    'private chat of ben',
    /^missing: the bot cannot write to ben .* → ben opens https:\/\/t\.me\/BreakwaterBot and presses Start/,
  ],
]
for (const [fact, change, name, expected] of CASES) {
  test(`${fact}: found, with what to do`, async (t) => {
    assert.match(line(await examined(t, change), name), expected)
  })
}

test('while ids are still to be filled in, those who wrote to the bot are told with theirs', async (t) => {
  const change: Change = ({ world }, env) => {
    const [ana, group] = [
      { id: 4242, is_bot: false, first_name: 'Ana' },
      { id: -1001, type: 'supergroup', title: 'Desk' },
    ]
    world.updates = [
      {
        update_id: 1,
        message: { message_id: 1, date: 1, from: ana, chat: { id: 4242, type: 'private' }, text: '/start' },
      },
      { update_id: 2, my_chat_member: { from: ana, chat: group, date: 1 } },
    ]
    Object.assign(env, { TELEGRAM_CHAT_IDS: '', ADMINS: '' })
  }
  const checks = await examined(t, change)
  assert.equal(line(checks, 'ids of groups'), 'ok: for TELEGRAM_CHAT_IDS: -1001 (Desk)')
  assert.equal(line(checks, 'ids of people'), 'ok: for ADMINS: 4242 (Ana)')
})

test('while nobody has written to the bot, it is said how to learn the ids', async (t) => {
  const checks = await examined(t, (_, env) => {
    env.TELEGRAM_CHAT_IDS = ''
  })
  assert.match(line(checks, 'ids'), /^missing: nobody has written to the bot yet → write \/start to the bot/)
})

test('a Telegram that cannot be reached is one line that says so, without the token', async (t) => {
  const port = await freePort()
  const checks = await examined(t, (_, env) => {
    env.TELEGRAM_API_ROOT = `http://127.0.0.1:${port}`
  })
  assert.equal(checks.length, 1)
  assert.match(line(checks, 'API'), /^wrong: could not be reached: nothing answers at 127\.0\.0\.1:\d+ /)
  assert.doesNotMatch(line(checks, 'API'), /Examine-me/)
})
