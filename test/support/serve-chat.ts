/**
 * A program of its own, started with an IPC channel: the loopback Discord and Telegram on another processor core than the
 * product's, and the people who ask there. Everyone asks in the same tick, and what each waited is measured here, from sending
 * the event, or giving the update to who polls, until the answer stands.
 *
 *     → { id, ask: { platform: 'discord', server: 'product', people: ['1', '2'], picture: 'no' } }
 *     ← { id, answered: { ms: [12.1, 14.9], limited: 0 } }   or   { id, failed: 'why' }
 *
 * Of each platform there are two servers, so that the product and the bare loop beside it may both be connected. Requests are
 * not held against the published descriptions, which would take longer than answering them: the tests do that.
 */
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import type { IncomingMessage } from 'node:http'
import { type DiscordServer, startDiscordServer } from './discord-server.ts'
import { startTelegramServer, type TelegramServer } from './telegram-server.ts'

const COMMAND = 'hedge status'
/** What the answer says, whoever gives it. */
const ANSWER = /^\W*Book /
const TIMEOUT_MS = 20_000
/** Node's own word for it, so that nobody has to look at everything after each request. */
const REQUEST_STARTED = 'http.server.request.start'

interface Asked {
  readonly platform: 'discord' | 'telegram'
  readonly server: 'product' | 'bare'
  /** Ids of people on the platform; on Telegram each asks in their own private chat. */
  readonly people: readonly string[]
  readonly picture: 'yes' | 'no'
}

interface Answered {
  /** In the order of the people. */
  readonly ms: readonly number[]
  /** How many requests the platform's limits refused meanwhile. */
  readonly limited: number
}

async function openServers() {
  const discord = await startDiscordServer({ validate: false })
  const telegram = await startTelegramServer({ limits: true, validate: false })
  return { discord, telegram }
}
const servers = { product: await openServers(), bare: await openServers() }

const ask = ({ platform, server, ...asked }: Asked): Promise<Answered> =>
  platform === 'discord' ? askDiscord(servers[server].discord, asked) : askTelegram(servers[server].telegram, asked)

type Question = Pick<Asked, 'people' | 'picture'>

async function askDiscord(discord: DiscordServer, { people, picture }: Question): Promise<Answered> {
  const before = discord.limited
  const sentAt = new Map<string, number>()
  const arrivedAt = new Map<string, number>()
  const everyone = Promise.withResolvers<void>()
  const onRequest = (message: unknown): void => {
    const { request } = message as { readonly request: IncomingMessage }
    const token = /\/webhooks\/\d+\/([^/]+)\/messages\/(?:@|%40)original$/.exec(request.url ?? '')?.[1] ?? ''
    if (request.method !== 'PATCH' || !sentAt.has(token)) return
    request.once('end', () => {
      arrivedAt.set(token, performance.now())
      if (arrivedAt.size === people.length) everyone.resolve()
    })
  }
  subscribe(REQUEST_STARTED, onRequest)
  const timer = setTimeout(() => everyone.reject(new Error('Expected an answer for everyone, was none')), TIMEOUT_MS)
  try {
    const sent = people.map((userId) => {
      const at = performance.now()
      const one = discord.sendCommand({ userId, name: COMMAND, options: { picture } })
      sentAt.set(one.token, at)
      return one
    })
    await everyone.promise
    for (const { answer } of sent) {
      const message = await answer()
      expectStatus(message, message.attachments.length > 0, picture)
    }
    const ms = sent.map(({ token }) => arrivedAt.get(token)! - sentAt.get(token)!)
    return { ms, limited: discord.limited - before }
  } finally {
    clearTimeout(timer)
    unsubscribe(REQUEST_STARTED, onRequest)
  }
}

async function askTelegram(telegram: TelegramServer, { people, picture }: Question): Promise<Answered> {
  const before = { sent: telegram.messages.length, limited: telegram.limited() }
  const sentAt = new Map<string, number>()
  for (const person of people) {
    sentAt.set(person, performance.now())
    telegram.say(`/hedge_status ${picture}`, { from: { id: Number(person) }, chat: Number(person) })
  }
  const took = new Map<string, number>()
  let seen = before.sent
  await telegram.until(
    () => {
      for (const { chat } of telegram.messages.slice(seen)) {
        took.set(chat, performance.now() - sentAt.get(chat)!)
        seen++
      }
      return took.size === people.length || undefined
    },
    { timeoutMs: TIMEOUT_MS, what: 'an answer for everyone' },
  )
  for (const message of telegram.messages.slice(before.sent))
    expectStatus(message, message.photo !== undefined, picture)
  return { ms: people.map((person) => took.get(person)!), limited: telegram.limited() - before.limited }
}

function expectStatus({ text }: { readonly text: string }, hasPicture: boolean, picture: Asked['picture']): void {
  if (!ANSWER.test(text) || hasPicture !== (picture === 'yes'))
    throw new Error(`Expected the status, picture ${picture}, was: ${text}`)
}

const addressesOf = ({ discord, telegram }: (typeof servers)['product']) => ({
  discord: {
    apiRoot: discord.apiRoot,
    token: discord.token,
    applicationId: discord.applicationId,
    guildId: discord.guildId,
    channelId: discord.channelId,
  },
  telegram: { apiRoot: telegram.apiRoot, token: telegram.token },
})

process.on('message', ({ id, ask: asked }: { id: number; ask: Asked }) => {
  ask(asked).then(
    (answered) => process.send?.({ id, answered }),
    (error: Error) => process.send?.({ id, failed: error.message }),
  )
})
// Whoever started this has ended.
process.on('disconnect', () => process.exit(0))
process.send?.({ ready: { product: addressesOf(servers.product), bare: addressesOf(servers.bare) } })
