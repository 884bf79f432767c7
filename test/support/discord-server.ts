import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDiscordGateway } from './discord-gateway.ts'
import {
  type Acknowledgement,
  type DiscordMessageSeen,
  type Fault,
  failure,
  type MessageBody,
  ok,
  type RegisteredCommand,
  type Reply,
  seen,
  snowflake,
  toApi,
  typed,
} from './discord-shapes.ts'
import { loadDiscordSpec } from './discord-spec.ts'
import { type FileSeen, readRequest } from './multipart.ts'

export type { DiscordMessageSeen } from './discord-shapes.ts'

const WAIT_MS = 15_000
/** How many requests a failed wait recounts. */
const RECOUNTED = 8

export interface Sent {
  readonly id: string
  readonly token: string
  /** The answer that its asker gets to see: the edited placeholder, or a private follow-up. Rejects after 15 s. */
  answer(): Promise<DiscordMessageSeen>
}

export interface RequestSeen {
  readonly method: string
  /** Without `/api/v10` and without the query. */
  readonly path: string
  readonly body: unknown
  readonly files: readonly FileSeen[]
  readonly status: number
}

interface Interaction {
  readonly id: string
  readonly token: string
  readonly payload: Record<string, unknown>
  acknowledged: boolean
  expired: boolean
  placeholder?: DiscordMessageSeen
  answer?: DiscordMessageSeen
}

export type DiscordServer = Awaited<ReturnType<typeof startDiscordServer>>

/**
 * A Discord on loopback: the HTTP API and the gateway as far as a slash-command bot uses them.
 *
 *     const discord = await startDiscordServer()
 *     // run the product with DISCORD_API_ROOT=discord.apiRoot and discord.token, .applicationId, .guildId, .channelId
 *     await discord.ready()
 *     const card = await discord.sendCommand({ userId: '1', name: 'hedge status' }).answer()
 *     const post = await discord.waitForMessage((message) => message.text.includes('Proposal'))
 *     await discord.pressButton({ userId: '2', message: post, label: 'Approve' }).answer()
 *     assert.deepEqual(discord.violations, [])
 *     await discord.close()
 *
 * Like Discord it refuses a wrong token, a second acknowledgement (40060), an unknown interaction (10062), an answer
 * without acknowledgement and an expired token (50027); a person can only send a registered command and press a button
 * that stands on a message. Every request body is held against Discord's published description where that is on this
 * machine (`validates`); a body that breaks it is answered 400 and listed in `violations`.
 */
export async function startDiscordServer(options: { token?: string; gatewayToken?: string; gatewayUrl?: string } = {}) {
  const token = options.token ?? 'loopback.discord.token'
  const [applicationId, guildId, channelId] = [snowflake(), snowflake(), snowflake()]
  const checkBody = loadDiscordSpec()
  const changed = new EventEmitter().setMaxListeners(0)
  const messages: DiscordMessageSeen[] = []
  const requests: RequestSeen[] = []
  const violations: string[] = []
  const faults: Fault[] = []
  const interactions = new Map<string, Interaction>()
  const nonces = new Map<string, string>()
  let registered: readonly RegisteredCommand[] = []

  const http = createServer((request, response) => void handle(request, response))
  const gateway = createDiscordGateway({
    http,
    token: options.gatewayToken ?? token,
    applicationId,
    guildId,
    channelId,
    changed: () => changed.emit('change'),
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const read = await readRequest(request)
    const [text, files] = 'text' in read ? [read.text, []] : [read.form.fields.payload_json ?? '{}', read.form.files]
    const body = text === '' ? undefined : JSON.parse(text)
    const method = request.method ?? 'GET'
    const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname).replace(/^\/api\/v10/, '')
    const { status, json, headers } = reply(method, path, { body, files }, request.headers.authorization)
    requests.push({ method, path, body, files, status })
    const loss = faults.find((one) => one.times > 0 && one.lost && one.method === method && one.path.test(path))
    if (loss) {
      loss.times--
      request.socket.resetAndDestroy()
      return
    }
    response.writeHead(status, { ...(json === undefined ? {} : { 'content-type': 'application/json' }), ...headers })
    response.end(json === undefined ? undefined : JSON.stringify(json))
    changed.emit('change')
  }

  function reply(
    method: string,
    path: string,
    sent: Pick<RequestSeen, 'body' | 'files'>,
    authorization?: string,
  ): Reply {
    const { body, files } = sent
    const message: MessageBody = { ...(body as MessageBody), files }
    const fault = faults.find((one) => one.times > 0 && !one.lost && one.method === method && one.path.test(path))
    if (fault) {
      fault.times--
      return failure(fault.status, fault.code ?? 0, 'Injected fault', fault.retryAfter)
    }
    const wrong = checkBody?.(method, path, sent) ?? []
    if (wrong.length > 0) {
      violations.push(...wrong)
      return failure(400, 50035, `Invalid Form Body: ${wrong.join('; ')}`)
    }
    const part = path.split('/').slice(1)
    if (part[0] === 'interactions') return acknowledge(part[1]!, part[2]!, body as Acknowledgement)
    if (part[0] === 'webhooks') return webhook(method, part[2]!, part[4], message)
    if (authorization !== `Bot ${token}`) return failure(401, 0, '401: Unauthorized')
    if (path === '/gateway/bot') {
      const limit = { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 }
      return ok({ url: options.gatewayUrl ?? `ws://127.0.0.1:${port}`, shards: 1, session_start_limit: limit })
    }
    if (path === '/users/@me' || path === '/applications/@me') return ok({ id: applicationId, username: 'breakwater' })
    if (part[0] === 'applications') return register(part, body as RegisteredCommand[])
    if (part[0] === 'channels' && part[2] === 'messages') return channelMessage(method, part[1]!, part[3], message)
    return failure(404, 0, '404: Not Found')
  }

  function register(part: string[], body: RegisteredCommand[]): Reply {
    if (part[1] !== applicationId) return failure(404, 10002, 'Unknown Application')
    if (part[2] === 'guilds' && part[3] !== guildId) return failure(403, 50001, 'Missing Access')
    registered = body
    return ok(body.map((command) => ({ id: snowflake(), application_id: applicationId, version: '1', ...command })))
  }

  function acknowledge(id: string, given: string, body: Acknowledgement): Reply {
    const interaction = interactions.get(id)
    if (!interaction || interaction.token !== given || interaction.expired)
      return failure(404, 10062, 'Unknown interaction')
    if (interaction.acknowledged) return failure(400, 40060, 'Interaction has already been acknowledged.')
    interaction.acknowledged = true
    interaction.placeholder = seen(channelId, { flags: body.data?.flags })
    return { status: 204 }
  }

  function webhook(method: string, given: string, message: string | undefined, body: MessageBody): Reply {
    const interaction = [...interactions.values()].find((one) => one.token === given)
    if (!interaction?.acknowledged) return failure(404, 10015, 'Unknown Webhook')
    if (interaction.expired) return failure(401, 50027, 'Invalid Webhook Token')
    if (message === undefined) {
      interaction.answer = seen(channelId, body)
      return ok(toApi(interaction.answer))
    }
    if (!interaction.placeholder) return failure(404, 10008, 'Unknown Message')
    if (method === 'DELETE') {
      interaction.placeholder = undefined
      return { status: 204 }
    }
    interaction.placeholder = interaction.answer = seen(channelId, body, interaction.placeholder)
    return ok(toApi(interaction.answer))
  }

  function channelMessage(method: string, channel: string, id: string | undefined, body: MessageBody): Reply {
    const at = messages.findIndex((message) => message.id === (id ?? nonces.get(`${body.nonce}`)))
    if (method === 'POST' && !(at >= 0 && body.enforce_nonce)) {
      const message = seen(channel, body)
      messages.push(message)
      if (body.nonce) nonces.set(body.nonce, message.id)
      return ok(toApi(message))
    }
    const before = messages[at]
    if (!before || before.channelId !== channel) return failure(404, 10008, 'Unknown Message')
    if (method === 'PATCH') messages[at] = seen(channel, body, before)
    return ok(toApi(messages[at]!))
  }

  function interact(userId: string, fields: Record<string, unknown>): Sent {
    const [id, given] = [snowflake(), `token-${snowflake()}`]
    const user = { id: userId, username: `user${userId}`, discriminator: '0', avatar: null, global_name: null }
    const member = {
      user,
      roles: [],
      permissions: '0',
      joined_at: '2026-01-01T00:00:00Z',
      deaf: false,
      mute: false,
      flags: 0,
      nick: null,
      avatar: null,
      premium_since: null,
      pending: false,
    }
    const payload = {
      id,
      token: given,
      application_id: applicationId,
      guild_id: guildId,
      channel_id: channelId,
      member,
      version: 1,
      channel: { id: channelId, type: 0, guild_id: guildId, name: 'desk' },
      locale: 'en-GB',
      guild_locale: 'en-GB',
      app_permissions: '0',
      entitlements: [],
      authorizing_integration_owners: {},
      context: 0,
      ...fields,
    }
    const interaction: Interaction = { id, token: given, payload, acknowledged: false, expired: false }
    interactions.set(id, interaction)
    gateway.dispatch('INTERACTION_CREATE', payload)
    return {
      id,
      token: given,
      answer: () => until(() => interaction.answer, `an answer to ${JSON.stringify(fields.data)}`),
    }
  }

  /** Resolves with the first value that `look` finds, looking again after everything that happens. */
  async function until<T>(look: () => T | undefined, what: string): Promise<T> {
    const timeout = AbortSignal.timeout(WAIT_MS)
    for (;;) {
      const found = look()
      if (found !== undefined) return found
      await once(changed, 'change', { signal: timeout }).catch(() => {
        throw new Error(
          `Expected ${what} within ${WAIT_MS / 1000} s, saw ${requests
            .slice(-RECOUNTED)
            .map((r) => `${r.method} ${r.path} ${r.status}`)
            .join(', ')}`,
        )
      })
    }
  }

  return {
    /** Give this to the client in place of `https://discord.com/api`. */
    apiRoot: `http://127.0.0.1:${port}/api`,
    token,
    applicationId,
    guildId,
    channelId,
    /** Whether request bodies are held against the published description. */
    validates: checkBody !== undefined,
    violations: violations as readonly string[],
    requests: requests as readonly RequestSeen[],
    /** Posts in channels as they stand now, oldest first; answers to interactions are not among them. */
    messages: messages as readonly DiscordMessageSeen[],
    /** What the bot registered last. */
    get registered(): readonly RegisteredCommand[] {
      return registered
    },
    gateway,
    until,

    /** A member types a slash command: `{ userId: '7', name: 'hedge propose', options: { symbol: 'ETH' } }`. */
    sendCommand({
      userId,
      name,
      options = {},
    }: {
      userId: string
      name: string
      options?: Record<string, unknown>
    }): Sent {
      return interact(userId, {
        type: 2,
        data: { id: snowflake(), type: 1, guild_id: guildId, ...typed(registered, name, options) },
      })
    },

    /** A member presses a button by its label; on the message as it stands now. */
    pressButton({ userId, message, label }: { userId: string; message: DiscordMessageSeen; label: string }): Sent {
      const current = messages.find(({ id }) => id === message.id) ?? message
      const button = current.components.flatMap((row) => row.components).find((one) => one.label === label)
      if (!button)
        throw new Error(`Expected a button "${label}" on the message, was ${JSON.stringify(current.components)}`)
      return interact(userId, {
        type: 3,
        message: toApi(current),
        data: { custom_id: button.custom_id, component_type: 2 },
      })
    },

    /** Sends an interaction that was sent before once more. */
    redeliver: ({ id }: Sent) => gateway.dispatch('INTERACTION_CREATE', interactions.get(id)!.payload),

    /** 15 minutes pass for this interaction: its token no longer works. */
    expire({ id }: Pick<Sent, 'id'>) {
      interactions.get(id)!.expired = true
    },

    /** The next requests like this fail: `failNext('PATCH', /@original$/, { status: 500, times: 4 })`. */
    failNext(
      method: string,
      path: RegExp,
      { status, times = 1, code, retryAfter }: { status: number; times?: number; code?: number; retryAfter?: number },
    ) {
      faults.push({ method, path, status, code, retryAfter, times })
    },

    /** The next request like this is carried out, but the connection breaks before its answer. */
    loseNextAnswer: (method: string, path: RegExp) =>
      void faults.push({ method, path, status: 0, lost: true, times: 1 }),

    /** Resolves when the bot has registered its commands and stands connected. */
    ready: async () => {
      await until(() => (registered.length > 0 && gateway.connected) || undefined, 'a connected bot with commands')
    },

    /** The first channel message, posted before or after this call, that is as wanted. */
    waitForMessage: (wanted: (message: DiscordMessageSeen) => boolean = () => true) =>
      until(() => messages.find(wanted), 'a message'),

    /** Cuts the bot's connection without a goodbye; it may resume, or must start a new session. */
    dropConnection: (how: { resumable?: boolean } = {}) => gateway.drop(how.resumable ?? true),

    async close() {
      gateway.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
    },
  }
}
