import { EventEmitter, once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createDiscordChannels } from './discord-channels.ts'
import { createDiscordGateway } from './discord-gateway.ts'
import { createDiscordInteractions } from './discord-interactions.ts'
import { createRateLimits, type RateLimitOptions } from './discord-limits.ts'
import {
  type Acknowledgement,
  type DiscordMessageSeen,
  type Fault,
  failure,
  type MessageBody,
  ok,
  type RegisteredCommand,
  type Reply,
  snowflake,
} from './discord-shapes.ts'
import { loadDiscordSpec } from './discord-spec.ts'
import { type FileSeen, readRequest } from './multipart.ts'

export type { Sent } from './discord-interactions.ts'
export type { DiscordMessageSeen } from './discord-shapes.ts'

const WAIT_MS = 15_000
/** How many requests a failed wait recounts. */
const RECOUNTED = 8

export interface RequestSeen {
  readonly method: string
  /** Without `/api/v10` and without the query. */
  readonly path: string
  readonly body: unknown
  readonly files: readonly FileSeen[]
  readonly status: number
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
 *     await discord.close()
 *
 * Like Discord it refuses a wrong token, a second acknowledgement (40060), an unknown interaction (10062), an answer
 * without acknowledgement and an expired token (50027); a person can only send a registered command and press a button
 * that stands on a message. Every request body is held against Discord's published description where that is on this
 * machine (`validates`); a body that breaks it is answered 400 and listed in `violations`, and makes `close` throw.
 *
 * `limits` switches Discord's rate limits on: with true those of Discord, 5 messages in 5 s for each channel and method.
 */
export async function startDiscordServer(
  options: {
    token?: string
    gatewayToken?: string
    gatewayUrl?: string
    limits?: true | RateLimitOptions
    /** Whether bodies are held against the description; true by default, false where time is measured. */
    validate?: boolean
  } = {},
) {
  const token = options.token ?? 'loopback.discord.token'
  const [applicationId, guildId, channelId] = [snowflake(), snowflake(), snowflake()]
  const checkBody = options.validate === false ? undefined : loadDiscordSpec()
  const changed = new EventEmitter().setMaxListeners(0)
  const channels = createDiscordChannels({ guildId, channelId })
  const limits = options.limits ? createRateLimits(options.limits === true ? {} : options.limits) : undefined
  const requests: RequestSeen[] = []
  const violations: string[] = []
  const faults: Fault[] = []
  const holds: { method: string; path: RegExp; released: Promise<void>; reached: boolean }[] = []
  let registered: readonly RegisteredCommand[] = []
  let everywhere = false

  const http = createServer((request, response) => void handle(request, response))
  const gateway = createDiscordGateway({
    http,
    token: options.gatewayToken ?? token,
    applicationId,
    guildId,
    channelId,
    changed: () => changed.emit('change'),
  })
  const interactions = createDiscordInteractions({
    ...{ applicationId, guildId, channelId, channels, until },
    registered: () => ({ commands: registered, everywhere }),
    dispatch: gateway.dispatch,
  })
  http.listen(0, '127.0.0.1')
  await once(http, 'listening')
  const { port } = http.address() as AddressInfo

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const read = await readRequest(request)
    const [text, files] = 'text' in read ? [read.text, []] : [read.form.fields.payload_json ?? '{}', read.form.files]
    const body = text === '' ? undefined : JSON.parse(text)
    const method = request.method ?? 'GET'
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://localhost')
    const path = decodeURIComponent(pathname).replace(/^\/api\/v10/, '')
    const hold = holds.find((one) => !one.reached && one.method === method && one.path.test(path))
    if (hold) {
      hold.reached = true
      changed.emit('change')
      await hold.released
    }
    const withResponse = searchParams.get('with_response') === 'true'
    const limit = limits?.check(method, path)
    const answer = limit?.refusal ?? reply(method, path, { body, files, withResponse }, request.headers.authorization)
    const { status, json } = answer
    const headers = { ...limit?.headers, ...answer.headers }
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
    sent: Pick<RequestSeen, 'body' | 'files'> & { withResponse: boolean },
    authorization?: string,
  ): Reply {
    const { body, files, withResponse } = sent
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
    if (part[0] === 'interactions')
      return interactions.acknowledge(part[1]!, part[2]!, body as Acknowledgement, withResponse)
    if (part[0] === 'webhooks') return interactions.webhook(method, part[2]!, part[4], message)
    if (authorization !== `Bot ${token}`) return failure(401, 0, '401: Unauthorized')
    if (path === '/gateway/bot') {
      const limit = { total: 1000, remaining: 1000, reset_after: 0, max_concurrency: 1 }
      return ok({ url: options.gatewayUrl ?? `ws://127.0.0.1:${port}`, shards: 1, session_start_limit: limit })
    }
    if (path === '/users/@me' || path === '/applications/@me') return ok({ id: applicationId, username: 'breakwater' })
    if (part[0] === 'applications') return register(part, body as RegisteredCommand[])
    return channels.reply(method, part, message) ?? failure(404, 0, '404: Not Found')
  }

  function register(part: string[], body: RegisteredCommand[]): Reply {
    if (part[1] !== applicationId) return failure(404, 10002, 'Unknown Application')
    if (part[2] === 'guilds' && part[3] !== guildId) return failure(403, 50001, 'Missing Access')
    registered = body
    everywhere = part[2] !== 'guilds'
    return ok(body.map((command) => ({ id: snowflake(), application_id: applicationId, version: '1', ...command })))
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
    messages: channels.messages,
    /** What stood in channels and was deleted. */
    deleted: channels.deleted,
    /** What the bot registered last. */
    get registered(): readonly RegisteredCommand[] {
      return registered
    },
    gateway,
    until,

    sendCommand: interactions.sendCommand,
    completeOption: interactions.completeOption,
    pressButton: interactions.pressButton,
    pressForeign: interactions.pressForeign,
    choose: interactions.choose,
    submitModal: interactions.submitModal,
    redeliver: interactions.redeliver,
    expire: interactions.expire,
    placeholderOf: interactions.placeholderOf,

    /** A further channel of the server, for text unless its type says otherwise; its id. */
    addChannel: channels.add,
    removeChannel: channels.remove,
    /** Someone with the right to do so deletes a message. */
    deleteMessage: channels.deleteMessage,
    /** The id of the private chat of a member and the bot. */
    directOf: (userId: string) => channels.directOf(userId).id,
    /** The member takes no private messages from the bot any more. */
    block: (userId: string) => void channels.blocking.add(userId),
    unblock: (userId: string) => void channels.blocking.delete(userId),
    /** The account is gone. */
    forgetUser: (userId: string) => void channels.unknownUsers.add(userId),
    /** How many requests the rate limits refused. */
    get limited(): number {
      return limits?.limited ?? 0
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

    /** The next request like this hangs until the function that comes back is called. */
    holdNext(method: string, path: RegExp): () => void {
      const { promise: released, resolve } = Promise.withResolvers<void>()
      holds.push({ method, path, released, reached: false })
      return resolve
    },
    /** How many requests were made to hang. */
    get held(): number {
      return holds.filter(({ reached }) => reached).length
    },

    /** Resolves when the bot has registered its commands and stands connected. */
    ready: async () => {
      await until(() => (registered.length > 0 && gateway.connected) || undefined, 'a connected bot with commands')
    },

    /** The first channel message, posted before or after this call, that is as wanted. */
    waitForMessage: (wanted: (message: DiscordMessageSeen) => boolean = () => true) =>
      until(() => channels.messages.find(wanted), 'a message'),

    /** Cuts the bot's connection without a goodbye; it may resume, or must start a new session. */
    dropConnection: (how: { resumable?: boolean } = {}) => gateway.drop(how.resumable ?? true),

    /** What broke the description so far, for a test that provokes it: `close` then no longer throws for it. */
    takeViolations: (): readonly string[] => violations.splice(0),

    /** @throws {Error} when any request was not as Discord publishes it */
    async close() {
      gateway.close()
      http.closeAllConnections()
      await new Promise((resolve) => http.close(resolve))
      if (violations.length > 0) throw new Error(`Expected requests as published, was ${violations.join('; ')}`)
    },
  }
}
