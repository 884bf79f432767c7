import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FileSeen, readRequest } from './multipart.ts'
import { readHtml } from './telegram-html.ts'
import { createServerLimits, type ServerLimits, TELEGRAM_LIMITS } from './telegram-limits.ts'
import { createPeople, type Person } from './telegram-people.ts'
import { photoMethods } from './telegram-photos.ts'
import {
  type Failure,
  isFailure,
  NOT_MODIFIED,
  type Params,
  refused,
  refuseKeyboard,
  type SentMessage,
  type Shown,
} from './telegram-shapes.ts'
import { readSpec, violations } from './telegram-spec.ts'
import { createUpdates } from './telegram-updates.ts'

export type { Person } from './telegram-people.ts'
export type { SentMessage } from './telegram-shapes.ts'

const STALE = 'Bad Request: query is too old and response timeout expired or query ID is invalid'
const BOT = { id: 1, is_bot: true, first_name: 'Breakwater', username: 'BreakwaterBot' }
const DATE = 1_760_000_000
const LOOK_EVERY_MS = 20

export interface TelegramServerOptions {
  readonly token?: string
  /** Answers 429 to what is more than Telegram lets through, or than the limits given. */
  readonly limits?: boolean | ServerLimits
  /** For a test that breaks the Bot API's description on purpose: `close` says nothing of it. */
  readonly tolerant?: boolean
  /** Whether calls are held against the description; true by default, false where time is measured. */
  readonly validate?: boolean
}

/**
 * A Bot API server on loopback, for the real grammY client: long polling with confirmation by offset, conflicts between two
 * pollers, webhooks, people who never started the bot or blocked it, HTML that Telegram would refuse is refused, and every
 * call is held against Telegram's own description (`../shared/specs/telegram-bot-api.json`) where that is there (`checked`
 * tells).
 *
 *     const server = await startTelegramServer()
 *     const chat = createTelegramChat({ token: server.token, apiRoot: server.apiRoot, channels: ['-1001'], … })
 *     server.say('/hedge status', { from: { id: 42 }, chat: -1001 })   // a negative chat is a group, a positive one private
 *     const card = await server.waitFor((message) => message.text.includes('Hedge ratio'))
 *     server.press(card.messageId, 0, { from: { id: 43 } })
 *     await server.close()   // throws when any call broke the description
 *
 * `messages` is everything sent, edits applied; `calls` every request; `problems` every violation; `limited` how often it
 * answered 429 because of `limits`. `fail(method, failure, times)` makes the next calls fail: 429 with
 * `parameters.retry_after`, 409, 401.
 */
export async function startTelegramServer({
  token = '123456:TEST-token_of-the-loopback-server',
  limits = false,
  tolerant = false,
  validate = true,
}: TelegramServerOptions = {}) {
  const spec = validate ? readSpec() : undefined
  const updates = createUpdates()
  const people = createPeople()
  const limit = limits === false ? undefined : createServerLimits(limits === true ? TELEGRAM_LIMITS : limits)
  const messages: SentMessage[] = []
  const calls: { method: string; params: Params; files: readonly FileSeen[]; at: number }[] = []
  const problems: string[] = []
  const failures = new Map<string, Failure[]>()
  const queries = new Set<string>()
  const acknowledged: string[] = []
  const watchers = new Set<() => void>()
  let [nextMessage, limited] = [1, 0]

  const changed = (): void => {
    for (const watcher of [...watchers]) watcher()
  }
  const asMessage = (sent: SentMessage) => ({
    message_id: sent.messageId,
    date: DATE,
    chat: people.chatOf(Number(sent.chat)),
    from: BOT,
    ...(sent.photo
      ? { photo: [], caption: sent.text, caption_entities: sent.entities }
      : { text: sent.text, entities: sent.entities }),
  })
  const find = (params: Params): SentMessage | undefined =>
    messages.find(
      ({ messageId, chat, deleted }) => !deleted && messageId === params.message_id && chat === String(params.chat_id),
    )
  const keyboardOf = (params: Params): Pick<SentMessage, 'buttons' | 'rows'> => {
    const rows = (params.reply_markup as { inline_keyboard?: SentMessage['buttons'][] })?.inline_keyboard ?? []
    return { buttons: rows.flat(), rows: rows.map(({ length }) => length) }
  }

  const add = (params: Params, shown: Shown): SentMessage => {
    const markup = params.reply_markup as ({ force_reply?: boolean } & SentMessage['forceReply']) | undefined
    const sent: SentMessage = {
      messageId: nextMessage++,
      chat: String(params.chat_id),
      ...shown,
      ...keyboardOf(params),
      forceReply: markup?.force_reply ? markup : undefined,
      answers: (params.reply_parameters as { message_id?: number } | undefined)?.message_id,
      silent: params.disable_notification === true,
      edits: 0,
      deleted: false,
    }
    messages.push(sent)
    return sent
  }

  const methods: Record<string, (params: Params, context: Context) => Promise<unknown> | unknown> = {
    ...photoMethods({ add, find, keyboardOf, asMessage }),
    ...people.methods,
    getMe: () => ({
      ...BOT,
      can_join_groups: true,
      can_read_all_group_messages: false,
      supports_inline_queries: false,
    }),
    setWebhook: (params) => updates.setWebhook(params),
    deleteWebhook(params) {
      updates.hooks.remove()
      if (params.drop_pending_updates) updates.drop()
      return true
    },
    setMyCommands(params) {
      for (const { command, description } of params.commands as { command: string; description: string }[]) {
        if (!/^[a-z0-9_]{1,32}$/.test(command)) return refused(400, 'Bad Request: BOT_COMMAND_INVALID')
        if (description.length < 1 || description.length > 256)
          return refused(400, 'Bad Request: BOT_COMMAND_DESCRIPTION_INVALID')
      }
      return true
    },
    getUpdates: (params, { gone }) => updates.poll(params, gone),
    sendMessage(params) {
      const read = readHtml(String(params.text))
      if ('error' in read) return refused(400, `Bad Request: can't parse entities: ${read.error}`)
      if (read.text.trim() === '') return refused(400, 'Bad Request: message text is empty')
      if (read.text.length > 4096) return refused(400, 'Bad Request: message is too long')
      return asMessage(add(params, { ...read, html: String(params.text) }))
    },
    editMessageText(params) {
      const sent = find(params)
      if (!sent) return refused(400, 'Bad Request: message to edit not found')
      if (sent.photo) return refused(400, 'Bad Request: there is no text in the message to edit')
      const read = readHtml(String(params.text))
      if ('error' in read) return refused(400, `Bad Request: can't parse entities: ${read.error}`)
      if (read.text.length > 4096) return refused(400, 'Bad Request: MESSAGE_TOO_LONG')
      const keyboard = keyboardOf(params)
      if (sent.html === params.text && JSON.stringify(sent.buttons) === JSON.stringify(keyboard.buttons)) {
        return refused(400, NOT_MODIFIED)
      }
      Object.assign(sent, { ...read, html: String(params.text), ...keyboard, edits: sent.edits + 1 })
      return asMessage(sent)
    },
    deleteMessage(params) {
      const sent = find(params)
      if (!sent) return refused(400, 'Bad Request: message to delete not found')
      sent.deleted = true
      return true
    },
    answerCallbackQuery(params) {
      const id = String(params.callback_query_id)
      if (!queries.delete(id)) return refused(400, STALE)
      acknowledged.push(id)
      return true
    },
  }

  const answer = async (method: string, params: Params, context: Context): Promise<unknown> => {
    const planned = failures.get(method)?.shift()
    if (planned) return planned
    const wrong = spec ? violations(spec, method, params) : []
    if (!methods[method]) wrong.push(`${method} is not served here`)
    problems.push(...wrong)
    if (wrong.length > 0) return refused(400, `Bad Request: ${wrong[0]}`)
    const refusal = people.refuse(method, params) ?? refuseKeyboard(params)
    if (refusal) return refusal
    const tooMuch = limit?.(method, params)
    if (tooMuch) limited++
    return tooMuch ?? (await methods[method]!(params, context))
  }

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const read = await readRequest(request)
    const [, asked, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? '') ?? []
    const params: Params = 'form' in read ? readForm(read.form.fields) : read.text === '' ? {} : JSON.parse(read.text)
    const files = 'form' in read ? read.form.files : []
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    if (asked === token) calls.push({ method, params, files, at: Date.now() })
    const result =
      asked === token ? await answer(method, params, { gone: gone.signal, files }) : refused(401, 'Unauthorized')
    const failure = isFailure(result) ? result : undefined
    response.writeHead(failure?.error_code ?? 200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(failure ? { ok: false, ...failure } : { ok: true, result }))
    changed()
  }

  const server = createServer((request, response) => {
    handle(request, response).catch((error) => {
      problems.push(String(error))
      response.destroy()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))

  const until = async <T>(look: () => T | undefined, { timeoutMs = 5_000, what = 'it' } = {}): Promise<T> => {
    const found = look()
    if (found !== undefined) return found
    return await new Promise<T>((resolve, reject) => {
      // What the client does without calling is seen only by looking.
      const looking = setInterval(check, LOOK_EVERY_MS)
      const timer = setTimeout(() => {
        watchers.delete(check)
        clearInterval(looking)
        const sent = messages.map(({ text }) => text.slice(0, 200)).join('\n---\n')
        reject(new Error(`Expected ${what} within ${timeoutMs} ms. Sent so far:\n${sent}`))
      }, timeoutMs)
      function check(): void {
        const value = look()
        if (value === undefined) return
        watchers.delete(check)
        clearTimeout(timer)
        clearInterval(looking)
        resolve(value)
      }
      watchers.add(check)
    })
  }

  return {
    apiRoot: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    token,
    checked: spec !== undefined,
    messages: messages as readonly SentMessage[],
    calls: calls as readonly Readonly<(typeof calls)[number]>[],
    problems: problems as readonly string[],
    acknowledged: acknowledged as readonly string[],
    limited: () => limited,
    /** What `setWebhook` was called with; undefined while there is none. */
    webhook: () => updates.hooks.current()?.params,
    /** Someone writes; returns the update's id. `more` overrides fields of the message (`forward_origin`, `sender_chat`). */
    say(
      text: string,
      { from, chat, more = {} }: { from: Person; chat: number; more?: Record<string, unknown> },
    ): number {
      if (chat > 0) people.meet(chat)
      const message = {
        message_id: nextMessage++,
        date: DATE,
        from: people.personOf(from),
        chat: people.chatOf(chat),
        text,
        ...more,
      }
      return updates.push({ message })
    },
    /** Someone replies to a message of the bot. `original` overrides fields of that message (`from`, `forward_origin`). */
    reply(
      messageId: number,
      text: string,
      { from, original = {} }: { from: Person; original?: Record<string, unknown> },
    ): number {
      const sent = sentOr(messages, messageId)
      const reply_to_message = { ...asMessage(sent), ...original }
      return this.say(text, { from, chat: Number(sent.chat), more: { reply_to_message } })
    },
    /**
     * Someone presses a button as it now stands; `stale` when Telegram has forgotten the query, `inaccessible` when it no
     * longer shows the message to us. `data` stands in for the button's own. Returns the update's id.
     */
    press(
      messageId: number,
      buttonIndex: number,
      {
        from,
        stale = false,
        inaccessible = false,
        data,
      }: { from: Person; stale?: boolean; inaccessible?: boolean; data?: string },
    ): number {
      const sent = sentOr(messages, messageId)
      const button = sent.buttons[buttonIndex]
      if (!button) throw new RangeError(`Expected a button ${buttonIndex} on message ${messageId}, was none`)
      const id = `query-${updates.nextId()}`
      if (!stale) queries.add(id)
      const { message_id, chat } = asMessage(sent)
      const message = inaccessible ? { message_id, chat, date: 0 } : asMessage(sent)
      return updates.push({
        callback_query: {
          id,
          from: people.personOf(from),
          chat_instance: '1',
          message,
          data: data ?? button.callback_data,
        },
      })
    },
    /** Any other update, as Telegram would word it (`edited_message`, `channel_post`). */
    happen: (update: Record<string, unknown>): number => updates.push(update),
    again: updates.again,
    hold: updates.hold,
    /** Posts one update, or any body, to the webhook as it is set; `secret` stands in for the right one. Returns the status. */
    deliver: updates.hooks.post,
    meet: people.meet,
    block: people.block,
    kick: people.kick,
    mute: people.mute,
    restore: people.restore,
    fail(method: string, failure: Failure, times = 1): void {
      failures.set(method, [...(failures.get(method) ?? []), ...Array.from({ length: times }, () => failure)])
    },
    /** The first message (with its edits) that fits, as soon as there is one. */
    waitFor: (fits: (message: SentMessage) => boolean, timeoutMs?: number): Promise<SentMessage> =>
      until(() => messages.find(fits), { timeoutMs, what: 'such a message' }),
    /** Waits until `look` gives a value; looked at after every call and now and then. */
    until,
    /** @throws {Error} when any call of its whole life broke the Bot API's description */
    async close(): Promise<void> {
      await updates.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      if (problems.length > 0 && !tolerant) {
        throw new Error(`Expected every call as Telegram describes it, was:\n${problems.join('\n')}`)
      }
    },
  }
}
export type TelegramServer = Awaited<ReturnType<typeof startTelegramServer>>

const sentOr = (messages: readonly SentMessage[], messageId: number): SentMessage => {
  const sent = messages.find((message) => message.messageId === messageId)
  if (!sent) throw new RangeError(`Expected a message that was sent, was ${messageId}`)
  return sent
}

interface Context {
  readonly gone: AbortSignal
  readonly files: readonly FileSeen[]
}

/** In a form everything is text; what is not text by Telegram's description is JSON. */
const TEXT_FIELDS = new Set(['chat_id', 'photo', 'caption', 'text', 'parse_mode'])
const readForm = (fields: Readonly<Record<string, string>>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, TEXT_FIELDS.has(name) ? value : JSON.parse(value)]),
  )
