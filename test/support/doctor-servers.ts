import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Cleanup } from './database.ts'
import {
  discordApplication,
  discordChannel,
  discordCommand,
  discordGuild,
  discordMe,
  discordMember,
  discordRole,
  discordServer,
  loadDiscordAnswers,
  loadTelegramAnswers,
  telegramChat,
  telegramMember,
  telegramMemberType,
} from './doctor-shapes.ts'
import { readRequest } from './multipart.ts'

interface Reply {
  readonly status?: number
  /** The name of its shape in the platform's own description. */
  readonly shape?: string
  readonly json: unknown
}
interface Manner {
  /** How far the server's clock is ahead, ms. */
  clockAhead: number
  /** It takes requests and says nothing. */
  silent: boolean
}

/** HTTP on loopback whose answers `reply` makes; stopped after the test. */
async function listen(
  t: Cleanup,
  manner: Manner,
  reply: (request: IncomingMessage, body: Record<string, unknown>) => Reply,
): Promise<string> {
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const read = await readRequest(request)
    if (manner.silent) return
    const body = 'text' in read && read.text !== '' ? (JSON.parse(read.text) as Record<string, unknown>) : {}
    const { status = 200, json } = reply(request, body)
    const date = new Date(Date.now() + manner.clockAhead).toUTCString()
    response.writeHead(status, { 'content-type': 'application/json', date })
    response.end(JSON.stringify(json))
  }
  const http = createServer((request, response) => void handle(request, response).catch(() => response.destroy()))
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  t.after(async () => {
    http.closeAllConnections()
    await new Promise((resolve) => http.close(resolve))
  })
  return `http://127.0.0.1:${(http.address() as AddressInfo).port}`
}

/** View Channel, Send Messages, Embed Links, Attach Files, Read Message History, as the documentation numbers them. */
export const DESK_RIGHTS = (1n << 10n) | (1n << 11n) | (1n << 14n) | (1n << 15n) | (1n << 16n)

/**
 * A Discord that only answers questions: change `world` to say what it finds. Every answer is held against Discord's published
 * description; `faults` lists what breaks it.
 */
export async function startDiscordToExamine(t: Cleanup) {
  const ids = { applicationId: '300000000000000001', botId: '300000000000000002', guildId: '300000000000000003' }
  const world = {
    clockAhead: 0,
    silent: false,
    token: 'loopback.discord.token-to-examine',
    application: {} as Record<string, unknown>,
    botIsIn: true,
    everyone: DESK_RIGHTS,
    member: {} as Record<string, unknown>,
    channels: { '300000000000000004': {} } as Record<string, Record<string, unknown> | 'unseen'>,
    commands: [] as string[] | 'forbidden',
    /** What it says of a wrong token. */
    unauthorized: '401: Unauthorized',
  }
  const holds = loadDiscordAnswers()
  const faults: string[] = []
  const refused = (status: number, code: number, message: string): Reply => ({ status, json: { code, message } })

  const root = await listen(t, world, (request) => {
    const reply = answer(request)
    if (reply.shape !== undefined) {
      const [shape, list] = [reply.shape.replace('[]', ''), reply.shape.endsWith('[]')]
      for (const one of list ? (reply.json as unknown[]) : [reply.json]) faults.push(...holds(shape, one))
    }
    return reply
  })

  function answer({ url = '', headers }: IncomingMessage): Reply {
    if (headers.authorization !== `Bot ${world.token}`) return refused(401, 0, world.unauthorized)
    const path = url.replace('/api/v10', '')
    const [, first, id = '', third, fourth] = path.split('/')
    if (path === '/users/@me') return { shape: 'UserPIIResponse', json: discordMe(ids.botId) }
    if (path === '/users/@me/guilds') {
      return { shape: 'MyGuildResponse[]', json: world.botIsIn ? [discordServer(ids.guildId)] : [] }
    }
    if (path === '/applications/@me') {
      return { shape: 'PrivateApplicationResponse', json: discordApplication(ids.applicationId, world.application) }
    }
    if (first === 'applications') return commandsOf(id, third === 'guilds' ? fourth : undefined)
    if (first === 'guilds' && third === 'channels') return channelsOf(id)
    if (first === 'guilds') return guild(id, third === 'members' ? fourth : undefined)
    const channel = first === 'channels' ? world.channels[id] : undefined
    if (channel === 'unseen') return refused(403, 50001, 'Missing Access')
    if (channel === undefined) return refused(404, 10003, 'Unknown Channel')
    return { shape: 'GuildChannelResponse', json: discordChannel(id, { guild_id: ids.guildId, ...channel }) }
  }

  function guild(id: string, member: string | undefined): Reply {
    if (!world.botIsIn || id !== ids.guildId) return refused(404, 10004, 'Unknown Guild')
    if (member === undefined) {
      return { shape: 'GuildWithCountsResponse', json: discordGuild(id, [discordRole(id, world.everyone)]) }
    }
    if (member !== ids.botId) return refused(404, 10007, 'Unknown Member')
    return { shape: 'GuildMemberResponse', json: discordMember(ids.botId, world.member) }
  }

  function channelsOf(guildId: string): Reply {
    if (!world.botIsIn || guildId !== ids.guildId) return refused(404, 10004, 'Unknown Guild')
    const json = Object.entries(world.channels).flatMap(([id, channel]) =>
      channel === 'unseen' ? [] : [discordChannel(id, { guild_id: guildId, ...channel })],
    )
    return { shape: 'GuildChannelResponse[]', json }
  }

  function commandsOf(applicationId: string, guildId: string | undefined): Reply {
    if (applicationId !== ids.applicationId) return refused(404, 10002, 'Unknown Application')
    if (world.commands === 'forbidden' || (guildId !== undefined && !world.botIsIn))
      return refused(403, 50001, 'Missing Access')
    const json = world.commands.map((name, i) => discordCommand(`30000000000000010${i}`, applicationId, name))
    return { shape: 'ApplicationCommandResponse[]', json }
  }

  return { ...ids, channelId: '300000000000000004', apiRoot: `${root}/api`, world, faults: faults as readonly string[] }
}

type Failure = { readonly error_code: number; readonly description: string; readonly parameters?: unknown }
const isFailure = (value: object): value is Failure => 'error_code' in value

/** The same of Telegram. `chats` holds what `getChat` says by id, or how it refuses; `members` the bot's standing there. */
export async function startTelegramToExamine(t: Cleanup) {
  const bot = { id: 7000000001, is_bot: true, first_name: 'Breakwater', username: 'BreakwaterBot' }
  const world = {
    clockAhead: 0,
    silent: false,
    token: '7000000001:AAExamine-me_0123456789abcdefghijk',
    me: { can_join_groups: true, can_read_all_group_messages: false, supports_inline_queries: false } as object,
    webhook: { url: '', has_custom_certificate: false, pending_update_count: 0 } as object,
    chats: {
      '-1001': telegramChat(-1001, 'supergroup', { permissions: { can_send_messages: true, can_send_photos: true } }),
      '4242': telegramChat(4242, 'private'),
    } as Record<string, object>,
    members: { '-1001': telegramMember('member', bot) } as Record<string, object>,
    updates: [] as object[],
    unauthorized: 'Unauthorized',
  }
  const holds = loadTelegramAnswers()
  const faults: string[] = []
  const notFound: Failure = { error_code: 400, description: 'Bad Request: chat not found' }

  const answers: Record<string, (chat: string) => { type?: string; json: object }> = {
    getMe: () => ({ type: 'User', json: { ...bot, ...world.me } }),
    getWebhookInfo: () => ({ type: 'WebhookInfo', json: world.webhook }),
    getUpdates: () => ({ json: world.updates }),
    getChat: (chat) => ({ type: 'ChatFullInfo', json: world.chats[chat] ?? notFound }),
    getChatMember: (chat) => {
      const json = world.members[chat] ?? notFound
      return { type: telegramMemberType('status' in json ? String(json.status) : ''), json }
    },
  }

  const apiRoot = await listen(t, world, ({ url = '' }, body) => {
    const [, token, method = ''] = /^\/bot([^/]*)\/(\w+)$/.exec(url) ?? []
    const { type, json } =
      token === world.token
        ? (answers[method]?.(String(body.chat_id)) ?? { json: { error_code: 404, description: 'Not Found' } })
        : { json: { error_code: 401, description: world.unauthorized } }
    if (isFailure(json)) return { status: json.error_code, json: { ok: false, ...json } }
    if (type !== undefined) faults.push(...holds(type, json))
    return { json: { ok: true, result: json } }
  })
  return { apiRoot, bot, world, faults: faults as readonly string[] }
}

/** A venue that is asked for nothing but its time. */
export async function startVenueToExamine(t: Cleanup) {
  const world = { clockAhead: 0, silent: false, status: 200 }
  const baseUrl = await listen(t, world, () => ({ status: world.status, json: { serverTime: Date.now() } }))
  return { baseUrl, world }
}
