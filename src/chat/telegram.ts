import { setTimeout as sleep } from 'node:timers/promises'
import { Bot } from 'grammy'
import type { Update } from 'grammy/types'
import type { Card } from '../domain/card.ts'
import { directUserOf, type Urgency } from '../domain/delivery.ts'
import type { Logger } from '../log.ts'
import type { ChatAdapter, Command } from './command.ts'
import { createPictures, type DrawPicture } from './pictures.ts'
import { backoff, createCalls, DEFAULT_TIMING, TelegramError, type Timing, toTelegramError } from './telegram/calls.ts'
import { menuName } from './telegram/incoming.ts'
import { createTelegramGate } from './telegram/limits.ts'
import { listen } from './telegram/listen.ts'
import { type Address, createOutgoing } from './telegram/outgoing.ts'
import { ALLOWED_UPDATES, poll, toGrammySignal } from './telegram/poll.ts'
import { probe } from './telegram/probe.ts'
import { toDeliveryError } from './telegram/refusals.ts'
import { listenForWebhook, type WebhookOptions } from './telegram/webhook.ts'

const API_ROOT = 'https://api.telegram.org'
const REQUEST_TIMEOUT_SECONDS = 60
const CLOSE_TIMEOUT_MS = 5_000
const WRONG_TOKEN = 'Telegram does not accept the bot token: copy it again from @BotFather.'
const ANSWER_TRIES = 4
// A desk is a few people: more at a time would only mix up the order in which they spoke.
const WEBHOOK_CONNECTIONS = 10
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
  /** Undefined: long polling. */
  readonly webhook?: WebhookOptions | undefined
  readonly timing?: Partial<Timing>
  /** Draws the pictures of cards; the charts by default. */
  readonly draw?: DrawPicture
}

/**
 * Telegram: text commands and button presses in, HTML messages with inline keyboards out.
 *
 * Updates come by long polling, or by webhook where there is one. A press is acknowledged first and worked on later; what was typed or pressed while the bot was down is still answered.
 * A card longer than a message goes out as several, one with a picture as a photo; `messageId` names them all.
 *
 * @throws {RangeError} when a channel is no chat id
 * @throws {TelegramError} from `start` when Telegram refuses the token; an unreachable Telegram is tried again, not thrown
 */
export function createTelegramChat({ token, channels, commands, log, webhook, ...rest }: TelegramOptions): ChatAdapter {
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
  const gate = createTelegramGate(timing.limits, {
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    signal: stopSending.signal,
  })
  const calls = createCalls({ token, gate, signal: stopSending.signal, log })
  const pictures = createPictures({ platform: 'telegram', log, draw: rest.draw })
  const outgoing = createOutgoing({ api: bot.api, calls, pictures, signal: sending, log })
  const underway = new Set<Promise<unknown>>()
  const turns = new Map<string, Promise<void>>()
  const hinting = new Set<string>()
  let listening: { readonly ended: Promise<void>; readonly webhook?: { close(): Promise<void> } } | undefined

  const errorText = (thrown: unknown): string => toTelegramError(thrown, token).message

  /** For what nobody waits for but `close`. */
  const track = (work: Promise<unknown>): void => {
    const done = work.finally(() => underway.delete(done))
    underway.add(done)
  }

  const isPassing = (error: TelegramError): boolean => error.code === undefined || error.code >= 500

  /** What was asked for is done, so its answer is worth a second one: a fault may have come after it arrived. */
  const answerSurely = async (to: Address, card: Card): Promise<void> => {
    for (let failures = 0; ; failures++) {
      try {
        await outgoing.answer(to, card)
        return
      } catch (thrown) {
        const error = toTelegramError(thrown, token)
        if (!isPassing(error) || failures + 1 >= ANSWER_TRIES || stopSending.signal.aborted) throw error
        await sleep(backoff(timing, failures), undefined, { signal: stopSending.signal }).catch(() => undefined)
      }
    }
  }

  /** Sends an answer without holding up the next. */
  const answer = (to: Address, card: Card): Promise<void> => {
    const sent = answerSurely(to, card).catch((thrown) =>
      log.error({ chat: to.chat, title: card.title, reason: errorText(thrown) }, 'telegram answer not sent'),
    )
    track(sent)
    return sent
  }

  /** One at a time: whoever sends a hundred messages that are no commands is told once what to do. */
  const hint = (to: Address, text: string): void => {
    if (hinting.has(to.chat)) return
    hinting.add(to.chat)
    void answer(to, { tone: 'info', title: 'Breakwater', text }).then(() => hinting.delete(to.chat))
  }

  const acknowledge = (queryId: string): void =>
    track(
      bot.api.answerCallbackQuery(queryId, {}, sending).catch((thrown) => {
        log.warn({ reason: errorText(thrown) }, 'telegram press not acknowledged, carried out all the same')
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

  const handle = (update: Update): Promise<void> =>
    bot.handleUpdate(update).catch((thrown) => {
      log.error({ update: update.update_id, reason: errorText(thrown) }, 'telegram update not handled')
    })

  const claimUpdates = async (): Promise<void> => {
    const signal = toGrammySignal(stopListening.signal)
    if (webhook === undefined) {
      await calls.run(() => bot.api.deleteWebhook({ drop_pending_updates: false }, signal))
      return
    }
    const settings = {
      secret_token: webhook.secret,
      allowed_updates: ALLOWED_UPDATES,
      drop_pending_updates: false,
      max_connections: WEBHOOK_CONNECTIONS,
    }
    await calls
      .run(() => bot.api.setWebhook(webhook.url, settings, signal))
      .catch((error: TelegramError) => {
        if (error.code !== 400) throw error
        throw new TelegramError(`Telegram cannot use the webhook address: ${error.message}`, { code: 400 })
      })
  }

  const connect = async (): Promise<void> => {
    const signal = toGrammySignal(stopListening.signal)
    bot.botInfo = await calls.run(() => bot.api.getMe(signal))
    await claimUpdates()
    const menu = commands.map(({ name, description }) => ({ command: menuName(name), description }))
    await calls
      .run(() => bot.api.setMyCommands(menu, undefined, signal))
      .catch((error: TelegramError) =>
        log.warn({ code: error.code }, `${error.message}. Commands work without the menu.`),
      )
    log.info(
      { bot: bot.botInfo.username, channels: channels.length, by: webhook ? 'webhook' : 'polling' },
      'telegram connected',
    )
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

  /** Whether it worked; what a person has to put right is thrown. */
  const tryToConnect = async (): Promise<boolean> => {
    try {
      await connect()
      return true
    } catch (thrown) {
      const error = toTelegramError(thrown, token)
      if (error.code === 400) throw error
      if (error.code === 401 || error.code === 404) throw new TelegramError(WRONG_TOKEN, { code: error.code })
      log.error({ code: error.code }, `${error.message}. Trying again.`)
      return false
    }
  }

  const deliver = async (chat: string, work: () => Promise<string>): Promise<{ readonly messageId: string }> => {
    try {
      return { messageId: await work() }
    } catch (thrown) {
      throw toDeliveryError(toTelegramError(thrown, token), chat)
    }
  }

  return {
    platform: 'telegram',
    channels,

    async start(dispatch) {
      if (listening) throw new Error('Expected one start, was a second')
      listen(bot, { commands, dispatch, inTurn, answer, hint, acknowledge, log })
      const server = webhook && (await listenForWebhook(webhook, { handle, isReady: () => bot.isInited(), log }))
      const connected = await tryToConnect().catch(async (error) => {
        await server?.close()
        throw error
      })
      const ended = (async () => {
        if (!connected) await reconnect()
        if (!server) await poll({ api: bot.api, token, timing, signal: stopListening.signal, log, handle })
      })()
      listening = { ended, ...(server && { webhook: server }) }
    },

    post(channel, card, { urgency = 'normal' } = {}) {
      const chat = chatOf(channel)
      return deliver(chat, () => outgoing.post({ chat, urgency: behindAnswers(urgency) }, card))
    },

    edit(channel, messageId, card, { urgency = 'normal' } = {}) {
      const chat = chatOf(channel)
      return deliver(chat, () => outgoing.edit({ chat, urgency: behindAnswers(urgency) }, messageId, card))
    },

    readyIn: (channel, urgency) => calls.readyIn({ chat: chatOf(channel), urgency: behindAnswers(urgency) }),

    probe: (channel) => probe(chatOf(channel), { bot, calls, token, signal: sending }),

    // A webhook stays set: another process may have taken it over already, and until one does Telegram keeps for a day what
    // nobody takes.
    async close() {
      stopListening.abort()
      const late = new AbortController()
      const inFlight = (async () => {
        await listening?.webhook?.close()
        await listening?.ended
        await Promise.all(turns.values())
        await Promise.all(underway)
      })()
      await Promise.race([inFlight, sleep(CLOSE_TIMEOUT_MS, undefined, { signal: late.signal }).catch(() => undefined)])
      late.abort()
      stopSending.abort()
      await Promise.all([listening?.ended, ...underway])
    },
  }
}

/** Someone's private chat has their id. */
const chatOf = (channel: string): string => directUserOf(channel) ?? channel

/** Someone waits for an answer, which goes as `normal`; of what the outbox has only the urgent goes before it. */
const behindAnswers = (urgency: Urgency): Urgency => (urgency === 'urgent' ? 'urgent' : 'low')
