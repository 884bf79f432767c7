import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type FileSeen, readRequest } from './multipart.ts'
import { readHtml } from './telegram-html.ts'
import { photoMethods } from './telegram-photos.ts'
import { type Failure, isFailure, NOT_MODIFIED, refused, type SentMessage } from './telegram-shapes.ts'
import { readSpec, violations } from './telegram-spec.ts'

export type { SentMessage } from './telegram-shapes.ts'

const STALE = 'Bad Request: query is too old and response timeout expired or query ID is invalid'

export interface Person {
  readonly id: number
  readonly name?: string
}

/**
 * A Bot API server on loopback, for the real grammY client: long polling with confirmation by offset, conflicts between two
 * pollers, HTML that Telegram would refuse is refused, and every call is held against Telegram's own description
 * (`../shared/specs/telegram-bot-api.json`) where that is there (`checked` tells).
 *
 *     const server = await startTelegramServer()
 *     const chat = createTelegramChat({ token: server.token, apiRoot: server.apiRoot, channels: ['-1001'], … })
 *     server.say('/hedge status', { from: { id: 42 }, chat: -1001 })   // a negative chat is a group, a positive one private
 *     const card = await server.waitFor((message) => message.text.includes('Hedge ratio'))
 *     server.press(card.messageId, 0, { from: { id: 43 } })
 *
 * `messages` is everything sent, edits applied; `calls` every request; `problems` every violation (assert it is empty).
 * `fail(method, failure, times)` makes the next calls fail: 429 with `parameters.retry_after`, 409, 401.
 */
export async function startTelegramServer({ token = '123456:TEST-token_of-the-loopback-server' } = {}) {
  const spec = readSpec()
  const updates: { update_id: number; [kind: string]: unknown }[] = []
  const messages: SentMessage[] = []
  const calls: { method: string; params: Record<string, unknown>; files: readonly FileSeen[]; at: number }[] = []
  const problems: string[] = []
  const failures = new Map<string, Failure[]>()
  const queries = new Set<string>()
  const acknowledged: string[] = []
  const watchers = new Set<() => void>()
  let [nextUpdate, nextMessage] = [1000, 1]
  let waiting: { answer: (result: Failure | 'look') => void } | undefined

  const changed = (): void => {
    for (const watcher of [...watchers]) watcher()
  }
  const push = (update: Record<string, unknown>): number => {
    updates.push({ update_id: nextUpdate++, ...update })
    waiting?.answer('look')
    return nextUpdate - 1
  }
  const chatOf = (id: number) => ({
    id,
    ...(id < 0 ? { type: 'supergroup', title: 'Desk' } : { type: 'private', first_name: 'P' }),
  })
  const personOf = ({ id, name = `Person ${id}` }: Person) => ({ id, is_bot: false, first_name: name })
  const asMessage = (sent: SentMessage) => ({
    message_id: sent.messageId,
    date: 1_760_000_000,
    chat: chatOf(Number(sent.chat)),
    from: { id: 1, is_bot: true, first_name: 'Breakwater' },
    ...(sent.photo ? { photo: [], caption: sent.text } : { text: sent.text }),
  })
  const find = (params: Record<string, unknown>): SentMessage | undefined =>
    messages.find(
      ({ messageId, chat, deleted }) => !deleted && messageId === params.message_id && chat === String(params.chat_id),
    )
  const keyboardOf = (params: Record<string, unknown>) =>
    ((params.reply_markup as { inline_keyboard?: SentMessage['buttons'][] })?.inline_keyboard ?? []).flat()

  const add = (params: Record<string, unknown>, shown: Pick<SentMessage, 'text' | 'html' | 'photo'>): SentMessage => {
    const sent: SentMessage = {
      messageId: nextMessage++,
      chat: String(params.chat_id),
      ...shown,
      buttons: keyboardOf(params),
      answers: (params.reply_parameters as { message_id?: number } | undefined)?.message_id,
      edits: 0,
      deleted: false,
    }
    messages.push(sent)
    return sent
  }

  const methods: Record<string, (params: Record<string, unknown>, context: Context) => Promise<unknown> | unknown> = {
    ...photoMethods({ add, find, keyboardOf, asMessage }),
    getMe: () => ({
      id: 1,
      is_bot: true,
      first_name: 'Breakwater',
      username: 'BreakwaterBot',
      can_join_groups: true,
      can_read_all_group_messages: false,
      supports_inline_queries: false,
    }),
    deleteWebhook(params) {
      if (params.drop_pending_updates) updates.length = 0
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
    async getUpdates(params, { gone }) {
      waiting?.answer(
        refused(
          409,
          'Conflict: terminated by other getUpdates request; make sure that only one bot instance is running',
        ),
      )
      const offset = Number(params.offset ?? 0)
      const due = () => updates.filter(({ update_id }) => update_id >= offset).slice(0, Number(params.limit ?? 100))
      while (updates.length > 0 && updates[0]!.update_id < offset) updates.shift()
      if (due().length > 0 || !params.timeout) return due()
      const outcome = await new Promise<Failure | 'look'>((resolve) => {
        const me = { answer: finish }
        const timer = setTimeout(() => finish('look'), Number(params.timeout) * 1000)
        gone.addEventListener('abort', () => finish('look'))
        function finish(result: Failure | 'look'): void {
          clearTimeout(timer)
          if (waiting === me) waiting = undefined
          resolve(result)
        }
        waiting = me
      })
      return outcome === 'look' ? due() : outcome
    },
    sendMessage(params) {
      const read = readHtml(String(params.text))
      if ('error' in read) return refused(400, `Bad Request: can't parse entities: ${read.error}`)
      if (read.text.trim() === '') return refused(400, 'Bad Request: message text is empty')
      if (read.text.length > 4096) return refused(400, 'Bad Request: message is too long')
      return asMessage(add(params, { text: read.text, html: String(params.text) }))
    },
    editMessageText(params) {
      const sent = find(params)
      if (!sent) return refused(400, 'Bad Request: message to edit not found')
      if (sent.photo) return refused(400, 'Bad Request: there is no text in the message to edit')
      const read = readHtml(String(params.text))
      if ('error' in read) return refused(400, `Bad Request: can't parse entities: ${read.error}`)
      if (read.text.length > 4096) return refused(400, 'Bad Request: MESSAGE_TOO_LONG')
      const buttons = keyboardOf(params)
      if (sent.html === params.text && JSON.stringify(sent.buttons) === JSON.stringify(buttons)) {
        return refused(400, NOT_MODIFIED)
      }
      Object.assign(sent, { text: read.text, html: String(params.text), buttons, edits: sent.edits + 1 })
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

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const read = await readRequest(request)
    const [, asked, method = ''] = /^\/bot([^/]+)\/(\w+)$/.exec(request.url ?? '') ?? []
    const params: Record<string, unknown> =
      'form' in read ? readForm(read.form.fields) : read.text === '' ? {} : JSON.parse(read.text)
    const files = 'form' in read ? read.form.files : []
    const gone = new AbortController()
    response.on('close', () => gone.abort())
    const result = await (async () => {
      if (asked !== token) return refused(401, 'Unauthorized')
      calls.push({ method, params, files, at: Date.now() })
      const planned = failures.get(method)?.shift()
      if (planned) return planned
      const wrong = spec ? violations(spec, method, params) : []
      problems.push(...wrong)
      if (wrong.length > 0) return refused(400, `Bad Request: ${wrong[0]}`)
      return (await methods[method]?.(params, { gone: gone.signal, files })) ?? refused(404, 'Not Found')
    })()
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
      const timer = setTimeout(() => {
        watchers.delete(check)
        const sent = messages.map(({ text }) => text.slice(0, 200)).join('\n---\n')
        reject(new Error(`Expected ${what} within ${timeoutMs} ms. Sent so far:\n${sent}`))
      }, timeoutMs)
      function check(): void {
        const value = look()
        if (value === undefined) return
        watchers.delete(check)
        clearTimeout(timer)
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
    /** Someone writes; returns the update's id. `more` overrides fields of the message (`forward_origin`, `sender_chat`). */
    say(
      text: string,
      { from, chat, more = {} }: { from: Person; chat: number; more?: Record<string, unknown> },
    ): number {
      const message = {
        message_id: nextMessage++,
        date: 1_760_000_000,
        from: personOf(from),
        chat: chatOf(chat),
        text,
        ...more,
      }
      return push({ message })
    },
    /** Someone presses a button as it now stands; `stale` when Telegram has forgotten the query. Returns the update's id. */
    press(messageId: number, buttonIndex: number, { from, stale = false }: { from: Person; stale?: boolean }): number {
      const sent = messages.find((message) => message.messageId === messageId)
      const button = sent?.buttons[buttonIndex]
      if (!sent || !button) throw new RangeError(`Expected a button ${buttonIndex} on message ${messageId}, was none`)
      const id = `query-${nextUpdate}`
      if (!stale) queries.add(id)
      return push({
        callback_query: {
          id,
          from: personOf(from),
          chat_instance: '1',
          message: asMessage(sent),
          data: button.callback_data,
        },
      })
    },
    fail(method: string, failure: Failure, times = 1): void {
      failures.set(method, [...(failures.get(method) ?? []), ...Array.from({ length: times }, () => failure)])
    },
    /** The first message (with its edits) that fits, as soon as there is one. */
    waitFor: (fits: (message: SentMessage) => boolean, timeoutMs?: number): Promise<SentMessage> =>
      until(() => messages.find(fits), { timeoutMs, what: 'such a message' }),
    /** Waits until `look` gives a value; looked at after every call. */
    until,
    async close(): Promise<void> {
      waiting?.answer('look')
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
export type TelegramServer = Awaited<ReturnType<typeof startTelegramServer>>

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
