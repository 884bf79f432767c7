import { setTimeout as sleep } from 'node:timers/promises'
import { Bot } from 'grammy'
import type { Message, Update } from 'grammy/types'
import type { Card } from '../domain/card.ts'
import type { Logger } from '../log.ts'
import type { ChatAdapter, Command, Dispatch } from './command.ts'
import { createPictures, type DrawPicture } from './pictures.ts'
import { backoff, createCalls, DEFAULT_TIMING, TelegramError, type Timing, toTelegramError } from './telegram/calls.ts'
import { menuName, readMessage } from './telegram/incoming.ts'
import { type Address, createOutgoing } from './telegram/outgoing.ts'
import { poll, toGrammySignal } from './telegram/poll.ts'

const API_ROOT = 'https://api.telegram.org'
const REQUEST_TIMEOUT_SECONDS = 60
const CLOSE_TIMEOUT_MS = 5_000
const WRONG_TOKEN = 'Telegram does not accept the bot token: copy it again from @BotFather.'
const CHAT_ID = /^(-?\d{1,20}|@\w{4,32})$/

export interface TelegramOptions {
  /** From @BotFather. Appears in no log line and no error. */
  readonly token: string
  /** Where desk-wide cards go: chat ids as text (`-1001234567890`). */
  readonly channels: readonly string[]
  /** Another Bot API server; Telegram's own by default. */
  readonly apiRoot?: string
  /** For the menu, and to tell `/hedge_status` from `/hedge status`. */
  readonly commands: readonly Pick<Command, 'name' | 'description'>[]
  readonly log: Logger
  readonly timing?: Partial<Timing>
  /** Draws the pictures of cards; the charts by default. */
  readonly draw?: DrawPicture
}

/**
 * Telegram: text commands and button presses in, HTML messages with inline keyboards out.
 *
 * A press is acknowledged first and worked on later; what was typed or pressed while the bot was down is still answered.
 * A card longer than a message goes out as several, one with a picture as a photo; `messageId` names them all.
 *
 * @throws {RangeError} when a channel is no chat id
 * @throws {TelegramError} from `start` when Telegram refuses the token; an unreachable Telegram is tried again, not thrown
 */
export function createTelegramChat({ token, channels, commands, log, ...rest }: TelegramOptions): ChatAdapter {
  for (const channel of channels) {
    if (!CHAT_ID.test(channel))
      throw new RangeError(`Expected a Telegram chat id such as -1001234567890, was ${channel}`)
  }
  const timing = { ...DEFAULT_TIMING, ...rest.timing }
  const bot = new Bot(token, {
    client: {
      apiRoot: (rest.apiRoot ?? API_ROOT).replace(/\/+$/, ''),
      timeoutSeconds: Math.max(REQUEST_TIMEOUT_SECONDS, timing.pollSeconds + 20),
    },
  })
  const stopListening = new AbortController()
  const stopSending = new AbortController()
  const sending = toGrammySignal(stopSending.signal)
  const calls = createCalls({ token, timing, signal: stopSending.signal, log })
  const pictures = createPictures({ platform: 'telegram', log, draw: rest.draw })
  const { send, edit } = createOutgoing({ api: bot.api, calls, pictures, signal: sending, log })
  const underway = new Set<Promise<unknown>>()
  const turns = new Map<string, Promise<void>>()
  let polling: Promise<void> | undefined

  const errorText = (thrown: unknown): string => toTelegramError(thrown, token).message

  /** For what nobody waits for but `close`. */
  const track = (work: Promise<unknown>): void => {
    const done = work.finally(() => underway.delete(done))
    underway.add(done)
  }

  /** Sends an answer without holding up the next; a failure is logged and, where it was ours, said. */
  const answer = (to: Address, card: Card): void =>
    track(
      send(to, card).catch(async (thrown) => {
        log.error({ chat: to.chat, title: card.title, reason: errorText(thrown) }, 'telegram answer not sent')
        if (!(thrown instanceof RangeError)) return
        const text = `This answer could not be shown: ${thrown.message}`
        await send(to, { tone: 'warning', title: card.title, text }).catch((again) =>
          log.error({ chat: to.chat, reason: errorText(again) }, 'nor could that be said'),
        )
      }),
    )

  /** Commands of one chat run in the order they were given. */
  const inTurn = (chat: string, work: () => Promise<void>): Promise<void> => {
    const turn = (turns.get(chat) ?? Promise.resolve()).then(work).catch((thrown) => {
      log.error({ chat, reason: errorText(thrown) }, 'telegram command failed')
    })
    turns.set(chat, turn)
    return turn.finally(() => {
      if (turns.get(chat) === turn) turns.delete(chat)
    })
  }

  const listen = (dispatch: Dispatch): void => {
    const run = (to: Address, incoming: { from: number; update: number; text: string }): Promise<void> =>
      inTurn(to.chat, async () => {
        const card = await dispatch({
          platform: 'telegram',
          platformUserId: String(incoming.from),
          channel: to.chat,
          interactionId: `update-${incoming.update}`,
          input: { kind: 'text', text: incoming.text },
        })
        if (card) answer(to, card)
      })

    bot.on('message:text', async ({ message, update, me }) => {
      const heard = readMessage(message, { username: me.username, commands })
      const to = { ...addressOf(message), answers: message.message_id }
      if (heard.kind === 'command') {
        await run(to, { from: message.from.id, update: update.update_id, text: heard.text })
      } else if (heard.kind === 'hint') {
        answer(to, { tone: 'info', title: 'Breakwater', text: heard.text })
      }
    })

    bot.on('callback_query:data', async ({ callbackQuery, update }) => {
      const { id, data, message, from } = callbackQuery
      track(
        bot.api.answerCallbackQuery(id, {}, sending).catch((thrown) => {
          log.warn({ reason: errorText(thrown) }, 'telegram press not acknowledged, carried out all the same')
        }),
      )
      if (!message || !data.startsWith('/')) {
        log.warn({ update: update.update_id }, 'telegram press ignored: not one of our buttons')
        return
      }
      const to = { ...addressOf(message), answers: message.message_id }
      await run(to, { from: from.id, update: update.update_id, text: data })
    })
  }

  const handle = (update: Update): Promise<void> =>
    bot.handleUpdate(update).catch((thrown) => {
      log.error({ update: update.update_id, reason: errorText(thrown) }, 'telegram update not handled')
    })

  const connect = async (): Promise<void> => {
    const signal = toGrammySignal(stopListening.signal)
    bot.botInfo = await calls.run(() => bot.api.getMe(signal))
    await calls.run(() => bot.api.deleteWebhook({ drop_pending_updates: false }, signal))
    const menu = commands.map(({ name, description }) => ({ command: menuName(name), description }))
    await calls
      .run(() => bot.api.setMyCommands(menu, undefined, signal))
      .catch((error: TelegramError) =>
        log.warn({ code: error.code }, `${error.message}. Commands work without the menu.`),
      )
    log.info({ bot: bot.botInfo.username, channels: channels.length }, 'telegram connected')
  }

  const reconnect = async (): Promise<void> => {
    const { signal } = stopListening
    for (let failures = 0; !signal.aborted; failures++) {
      await sleep(backoff(timing, failures), undefined, { signal }).catch(() => undefined)
      if (signal.aborted) return
      const failure = await connect().catch((error: TelegramError) => error)
      if (!failure) return
    }
  }

  return {
    platform: 'telegram',
    channels,

    async start(dispatch) {
      if (polling) throw new Error('Expected one start, was a second')
      listen(dispatch)
      const connected = await connect().then(
        () => true,
        (error: TelegramError) => {
          if (error.code === 401 || error.code === 404) throw new TelegramError(WRONG_TOKEN, { code: error.code })
          log.error({ code: error.code }, `${error.message}. Trying again.`)
          return false
        },
      )
      polling = (async () => {
        if (!connected) await reconnect()
        await poll({ api: bot.api, token, timing, signal: stopListening.signal, log, handle })
      })()
    },

    post: async (channel, card) => ({ messageId: await send({ chat: channel }, card) }),
    edit: async (channel, messageId, card) => ({ messageId: await edit(channel, messageId, card) }),

    async close() {
      stopListening.abort()
      const late = new AbortController()
      const inFlight = (async () => {
        await polling
        await Promise.all(turns.values())
        await Promise.all(underway)
      })()
      await Promise.race([inFlight, sleep(CLOSE_TIMEOUT_MS, undefined, { signal: late.signal }).catch(() => undefined)])
      late.abort()
      stopSending.abort()
      await Promise.all([polling, ...underway])
    },
  }
}

const addressOf = (message: Pick<Message, 'chat'> & Partial<Message>): Address => ({
  chat: String(message.chat.id),
  topic: message.is_topic_message ? message.message_thread_id : undefined,
})
