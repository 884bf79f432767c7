import { setTimeout as sleep } from 'node:timers/promises'
import { type Interaction, type RateLimitData, REST, Routes } from 'discord.js'
import { directUserOf } from '../domain/delivery.ts'
import type { Logger } from '../log.ts'
import type { ChatAdapter, Command, Complete, Dispatch } from './command.ts'
import { answer, ask, disown } from './discord/answer.ts'
import { createSlashCommands } from './discord/commands.ts'
import { answerTyping } from './discord/complete.ts'
import { createDirects } from './discord/directs.ts'
import { explainStart, reasonOf } from './discord/errors.ts'
import { createGateway, type Gateway } from './discord/gateway.ts'
import { type Heard, hear } from './discord/incoming.ts'
import { createTooLate } from './discord/late.ts'
import { createOutgoing } from './discord/outgoing.ts'
import { createCardSender } from './discord/send.ts'
import { createFloodGate, type Limit } from './flood.ts'
import { createPictures, type DrawPicture } from './pictures.ts'

const SNOWFLAKE = /^\d{1,20}$/
const DEFAULT_API_ROOT = 'https://discord.com/api'
/**
 * discord.js holds back after 50 requests a second whatever they are; Discord's global limit of 50 leaves answers to
 * interactions out. Posts stay under it by the gate in front of them.
 */
const REQUESTS_PER_SECOND = 500
/** Posts to one channel, as Discord limits them; edits have a bucket of their own, and count here all the same. */
const CHANNEL_LIMITS: readonly Limit[] = [{ max: 5, perMs: 5_000, reserved: 1 }]
/** Discord allows 50 requests a second; a few are left for everything else. */
const GLOBAL_LIMITS: readonly Limit[] = [{ max: 45, perMs: 1_000, reserved: 5 }]
/** Under the minute for which the outbox claims a message, so that no second worker sends it as well. */
const DELIVERY_TIMEOUT_MS = 45_000
/** One try; discord.js makes up to four. */
const REQUEST_TIMEOUT_MS = 10_000
/** Discord shows an error when what is typed has no answer after 3 s. */
const COMPLETE_WITHIN_MS = 2_500
/** How long close() waits for commands that are still being answered. */
const GRACE_MS = 5_000

export interface DiscordOptions {
  readonly token: string
  readonly applicationId: string
  /**
   * Commands appear in this server only, at once, and then not in private chats; without it everywhere the bot is, after a
   * while, and in private chats too.
   */
  readonly guildId?: string
  /** Where desk-wide cards go. */
  readonly channels: readonly string[]
  /** Without `/v10`; another server than Discord's own, for a proxy or a test. */
  readonly apiRoot?: string
  readonly commands: readonly Command[]
  /** How long a post or an edit may take, rate limits included. */
  readonly deliveryTimeoutMs?: number
  /** How long what is offered while someone types may take. */
  readonly completeWithinMs?: number
  /** Posts and edits that Discord lets through; its own limits by default. */
  readonly limits?: { readonly channel: readonly Limit[]; readonly global: readonly Limit[] }
  /** ms on a clock that never goes back; the machine's by default. */
  readonly now?: () => number
  /** Draws the pictures of cards; the charts by default. */
  readonly draw?: DrawPicture
  readonly log: Logger
}

/**
 * Discord: slash commands, buttons and lists in, embeds out, through the discord.js client. A card's picture stands inside its
 * embed, with its words for those who cannot see it; a card whose picture cannot be drawn or sent goes out with the words.
 * A card that is too large for one message goes out as several; `messageId` names them all.
 *
 * `post` and `edit` work without `start`, for a process that only delivers. They wait at a gate that keeps Discord's limits;
 * answers to interactions do not.
 *
 * @throws {Error} when an id is not numeric or a command's name cannot be a slash command
 */
export function createDiscordChat(options: DiscordOptions): ChatAdapter {
  const { token, applicationId, guildId, channels, commands, log } = options
  const apiRoot = (options.apiRoot ?? DEFAULT_API_ROOT).replace(/\/+$/, '')
  expectId('application id', applicationId)
  if (guildId !== undefined) expectId('server id', guildId)
  for (const channel of channels) expectId('channel id', channel)

  const slashCommands = createSlashCommands(commands, { everywhere: guildId === undefined })
  const now = options.now ?? (() => performance.now())
  const stop = new AbortController()
  const gate = createFloodGate({
    limitsOf: () => options.limits?.channel ?? CHANNEL_LIMITS,
    global: options.limits?.global ?? GLOBAL_LIMITS,
    now,
    sleep: (ms, signal) => sleep(ms, undefined, { signal }),
    signal: stop.signal,
  })
  /** What Discord asks us to wait, everyone waits: also what would go through the other client. */
  const hold = ({ global, route, majorParameter, retryAfter }: RateLimitData): boolean => {
    const ms = Math.max(0, retryAfter)
    if (global) gate.pause(undefined, ms)
    else if (route.startsWith('/channels/')) gate.pause(directs.nameOf(majorParameter), ms)
    return false
  }
  const createClient = (): REST =>
    new REST({
      api: apiRoot,
      globalRequestsPerSecond: REQUESTS_PER_SECOND,
      timeout: REQUEST_TIMEOUT_MS,
      // Asked at every limit, also at those of which the event of discord.js says nothing.
      rejectOnRateLimit: hold,
    })
  const clients = { calm: createClient(), urgent: createClient() }
  /** A single 401, however brief its cause, makes discord.js forget the token. */
  const authorised = (client: REST = clients.calm) => client.setToken(token)
  const directs = createDirects(authorised)

  const pictures = createPictures({ platform: 'discord', log, draw: options.draw })
  const sendCard = createCardSender({ pictures, nameOf: slashCommands.nameOf, log })
  const outgoing = createOutgoing({
    rest: (urgency) => authorised(urgency === 'urgent' ? clients.urgent : clients.calm),
    gate,
    directs,
    sendCard,
    timeoutMs: options.deliveryTimeoutMs ?? DELIVERY_TIMEOUT_MS,
  })
  const tooLate = createTooLate({ post: outgoing.say, sendCard, now, log })
  const answering = new Set<Promise<void>>()
  let gateway: Gateway | undefined

  const react = async (heard: Heard, dispatch: Dispatch, complete: Complete | undefined): Promise<void> => {
    const rest = authorised()
    switch (heard.kind) {
      case 'ask':
        return answer(heard, { rest, sendCard, dispatch, tooLate, log })
      case 'prompt':
        return ask(heard, { rest, commands, tooLate, log })
      case 'foreign':
        return disown(heard, { rest, log })
      case 'complete':
        return answerTyping(heard, {
          rest,
          complete,
          withinMs: options.completeWithinMs ?? COMPLETE_WITHIN_MS,
          log,
        })
    }
  }

  const listen = (interaction: Interaction, dispatch: Dispatch, complete: Complete | undefined): void => {
    const heard = hear(interaction, slashCommands)
    if (!heard) return
    const done = react(heard, dispatch, complete)
      .catch((error: unknown) => log.error({ reason: reasonOf(error) }, 'discord interaction failed'))
      .finally(() => answering.delete(done))
    answering.add(done)
  }

  return {
    platform: 'discord',
    channels,

    async start(dispatch, complete) {
      if (gateway) throw new Error('Expected Discord to be started once, was started twice')
      gateway = createGateway({
        token,
        apiRoot,
        log,
        onInteraction: (interaction) => listen(interaction, dispatch, complete),
      })
      try {
        const route = guildId
          ? Routes.applicationGuildCommands(applicationId, guildId)
          : Routes.applicationCommands(applicationId)
        await authorised().put(route, { body: slashCommands.registration })
        await gateway.open()
      } catch (error) {
        await gateway.close()
        gateway = undefined
        throw explainStart(error, apiRoot)
      }
      log.info({ commands: slashCommands.registration.length, guildId }, 'discord commands registered')
    },

    async post(channel, card, how) {
      expectChannel(channel)
      return outgoing.post(channel, card, how)
    },

    async edit(channel, messageId, card, how) {
      expectChannel(channel)
      for (const id of messageId.split(',')) expectId('message id', id)
      return outgoing.edit(channel, messageId, card, how)
    },

    readyIn: (channel, urgency) => gate.readyIn(channel, urgency),

    async probe(channel) {
      if (!isChannel(channel)) return { works: false, reason: `"${channel}" is no numeric Discord channel id.` }
      return outgoing.probe(channel)
    },

    async close() {
      await Promise.all([gateway?.close(), settle(answering, GRACE_MS)])
      stop.abort()
      for (const client of Object.values(clients)) {
        client.clearHashSweeper()
        client.clearHandlerSweeper()
      }
    },
  }
}

const isChannel = (channel: string): boolean => directUserOf(channel) !== undefined || SNOWFLAKE.test(channel)

const expectChannel = (channel: string): void => {
  if (!isChannel(channel)) expectId('channel id', channel)
}

function expectId(what: string, value: string): void {
  if (!SNOWFLAKE.test(value)) {
    throw new Error(
      `Expected a numeric Discord ${what}, was "${value}"; switch on Developer Mode in Discord and use Copy ID`,
    )
  }
}

async function settle(pending: ReadonlySet<Promise<void>>, withinMs: number): Promise<void> {
  if (pending.size === 0) return
  const patience = Promise.withResolvers<void>()
  const timer = setTimeout(patience.resolve, withinMs)
  await Promise.race([Promise.all(pending), patience.promise])
  clearTimeout(timer)
}
