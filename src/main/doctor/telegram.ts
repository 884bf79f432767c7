import { z } from 'zod'
import type { ConfigReading } from '../../config.ts'
import type { Calls } from './calls.ts'
import { type Check, checksOf } from './check.ts'
import { createAskTelegram, type Told } from './telegram-answers.ts'
import { checkAdmin, checkChat } from './telegram-chats.ts'
import { findIds } from './telegram-ids.ts'

const AGAIN = 'look at the network or the proxy of this machine and run this again'
const RECENT_MS = 60 * 60_000
const ME = z.object({
  id: z.number(),
  username: z.string().optional(),
  can_join_groups: z.boolean().optional(),
  can_read_all_group_messages: z.boolean().optional(),
})
const WEBHOOK = z.object({
  url: z.string(),
  pending_update_count: z.number().optional(),
  last_error_date: z.number().optional(),
  last_error_message: z.string().optional(),
})
const { ok, warning, wrong, skipped } = checksOf('Telegram')

/** Token, webhook, groups and private chats, as Telegram itself sees them; only reads. */
export async function checkTelegram(
  { values, given }: Pick<ConfigReading, 'values' | 'given'>,
  calls: Calls,
): Promise<readonly Check[]> {
  const { TELEGRAM_TOKEN: token, TELEGRAM_API_ROOT: apiRoot, TELEGRAM_CHAT_IDS: chats = [] } = values
  if (token === undefined || apiRoot === undefined) return [offBecause(given)]
  const ask = createAskTelegram(calls, { apiRoot, token })
  const me = await ask('getMe', {}, ME)
  if (me.kind === 'unreachable') return [wrong('API', `could not be reached: ${me.why}`, AGAIN)]
  // A token of the wrong form is no address that Telegram has.
  if (me.kind === 'refused' && [401, 404].includes(me.status)) {
    const next = 'in a chat with @BotFather: /mybots > your bot > API Token, copy it into TELEGRAM_TOKEN'
    return [ok('API', 'answers'), wrong('token', 'Telegram does not accept it', next)]
  }
  if (me.kind === 'refused') return [wrong('API', me.why, AGAIN)]

  const bot = { id: me.value.id, username: me.value.username ?? 'your bot' }
  const admins = (values.ADMINS ?? []).filter(({ identity }) => identity.platform === 'telegram')
  const [webhook, chatChecks, adminChecks] = await Promise.all([
    ask('getWebhookInfo', {}, WEBHOOK),
    Promise.all(chats.map((chat) => checkChat(ask, chat, bot))),
    Promise.all(admins.map((admin) => checkAdmin(ask, { ...admin, id: admin.identity.platformUserId }, bot))),
  ])
  const incomplete = chats.length === 0 || admins.length === 0
  const nobodyListens = webhook.kind === 'told' && webhook.value.url === ''
  return [
    ok('API', 'answers'),
    ok('token', `accepted, it is that of @${bot.username}`),
    ...checkGroups(me.value, chats),
    checkWebhook(webhook, values.TELEGRAM_WEBHOOK_URL),
    ...chatChecks,
    ...adminChecks,
    ...(incomplete && nobodyListens ? await findIds(ask) : []),
  ]
}

function offBecause(given: ReadonlySet<string>): Check {
  if (!given.has('TELEGRAM_TOKEN')) {
    return skipped('platform', 'off, because TELEGRAM_TOKEN is empty', 'to switch it on: @BotFather, /newbot')
  }
  return skipped('platform', 'TELEGRAM_TOKEN or TELEGRAM_API_ROOT cannot be read yet')
}

function checkGroups(
  { can_join_groups: joins, can_read_all_group_messages: readsAll }: z.output<typeof ME>,
  chats: readonly string[],
): readonly Check[] {
  const inGroups = chats.some((chat) => chat.startsWith('-') || chat.startsWith('@'))
  const privacy = readsAll
    ? warning(
        'privacy mode',
        'off: the bot is given every message of its groups and needs commands and replies only',
        '@BotFather: /setprivacy > your bot > Enable, then take the bot out of the group and add it again',
      )
    : ok('privacy mode', 'on: in groups the bot is given commands and replies to it, which is all that it needs')
  if (joins !== false) return [ok('groups', 'the bot may be added to groups'), privacy]
  const allow = '@BotFather: /setjoingroups > your bot > Enable'
  return [
    inGroups
      ? wrong('groups', 'the bot may not be added to groups, and TELEGRAM_CHAT_IDS names one', allow)
      : ok('groups', 'the bot may not be added to groups; none is configured'),
    privacy,
  ]
}

/** Only the host of a webhook is shown: the path may be all that keeps it secret. */
function checkWebhook(told: Told<z.output<typeof WEBHOOK>>, configured: string | undefined): Check {
  if (told.kind !== 'told') return wrong('updates', told.why, AGAIN)
  const { url, pending_update_count: pending = 0, last_error_date: failedAt, last_error_message: failure } = told.value
  const waiting = pending > 0 ? `; ${pending} wait to be fetched` : ''
  if (configured === undefined) {
    return url === ''
      ? ok('updates', `the bot asks for them itself, and no webhook stands in its way${waiting}`)
      : warning(
          'updates',
          `a webhook at ${hostOf(url)} takes them now; npm start removes it`,
          'make sure that no other program uses this token, or give it a bot of its own',
        )
  }
  if (url !== configured) {
    return ok(
      'updates',
      `go to ${url === '' ? 'nobody' : hostOf(url)} now; npm start points the webhook at ${hostOf(configured)}${waiting}`,
    )
  }
  const recent = failedAt !== undefined && Date.now() - failedAt * 1000 < RECENT_MS
  if (!recent) return ok('updates', `the webhook at ${hostOf(url)} is set${waiting}`)
  return wrong(
    'updates',
    `the webhook at ${hostOf(url)} failed at ${new Date(failedAt * 1000).toISOString().slice(0, 16)}Z: ${failure ?? 'no reason'}${waiting}`,
    'Telegram must reach TELEGRAM_WEBHOOK_URL on port 443, 80, 88 or 8443 with a certificate that it trusts; or leave it empty',
  )
}

const hostOf = (url: string): string => (URL.canParse(url) ? new URL(url).host : 'another place')
