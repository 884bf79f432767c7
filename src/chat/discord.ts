import { randomBytes } from 'node:crypto'
import { type Interaction, REST, type RESTPostAPIChannelMessageResult, Routes } from 'discord.js'
import type { Logger } from '../log.ts'
import type { ChatAdapter, Command, Dispatch } from './command.ts'
import { type Ask, answer } from './discord/answer.ts'
import { createSlashCommands } from './discord/commands.ts'
import { explainStart, reasonOf } from './discord/errors.ts'
import { createGateway, type Gateway } from './discord/gateway.ts'
import { createCardSender } from './discord/send.ts'
import { createPictures, type DrawPicture } from './pictures.ts'

const SNOWFLAKE = /^\d{1,20}$/
const DEFAULT_API_ROOT = 'https://discord.com/api'
/**
 * discord.js holds back after 50 requests a second whatever they are; Discord's global limit of 50 leaves answers to
 * interactions out. Posts stay under it by their own buckets of about one a second for each channel.
 */
const REQUESTS_PER_SECOND = 500
/** Under the minute for which the outbox claims a message, so that no second worker sends it as well. */
const DELIVERY_TIMEOUT_MS = 45_000
/** One try; discord.js makes up to four. */
const REQUEST_TIMEOUT_MS = 10_000
/** How long close() waits for commands that are still being answered. */
const GRACE_MS = 5_000

export interface DiscordOptions {
  readonly token: string
  readonly applicationId: string
  /** Commands appear in this server only, at once; without it everywhere the bot is, after a while. */
  readonly guildId?: string
  /** Where desk-wide cards go. */
  readonly channels: readonly string[]
  /** Without `/v10`; another server than Discord's own, for a proxy or a test. */
  readonly apiRoot?: string
  readonly commands: readonly Command[]
  /** How long a post or an edit may take, rate limits included. */
  readonly deliveryTimeoutMs?: number
  /** Draws the pictures of cards; the charts by default. */
  readonly draw?: DrawPicture
  readonly log: Logger
}

/**
 * Discord: slash commands and buttons in, embeds out, through the discord.js client. A card's picture stands inside its
 * embed, with its words for those who cannot see it; a card whose picture cannot be drawn or sent goes out with the words.
 *
 * `post` and `edit` work without `start`, for a process that only delivers.
 *
 * @throws {Error} when an id is not numeric or a command's name cannot be a slash command
 */
export function createDiscordChat(options: DiscordOptions): ChatAdapter {
  const { token, applicationId, guildId, channels, commands, log, deliveryTimeoutMs = DELIVERY_TIMEOUT_MS } = options
  const apiRoot = (options.apiRoot ?? DEFAULT_API_ROOT).replace(/\/+$/, '')
  expectId('application id', applicationId)
  if (guildId !== undefined) expectId('server id', guildId)
  for (const channel of channels) expectId('channel id', channel)

  const slashCommands = createSlashCommands(commands)
  const rest = new REST({
    api: apiRoot,
    globalRequestsPerSecond: REQUESTS_PER_SECOND,
    timeout: REQUEST_TIMEOUT_MS,
  })
  /** A single 401, however brief its cause, makes discord.js forget the token. */
  const authorised = () => rest.setToken(token)
  const sendCard = createCardSender({ pictures: createPictures({ platform: 'discord', log, draw: options.draw }), log })
  const answering = new Set<Promise<void>>()
  let gateway: Gateway | undefined

  const toAsk = (interaction: Interaction): Ask | undefined => {
    if (interaction.isChatInputCommand()) {
      return { interaction, input: { kind: 'named', ...slashCommands.read(interaction) } }
    }
    if (interaction.isButton()) return { interaction, input: { kind: 'text', text: interaction.customId } }
    return undefined
  }

  const hear = (interaction: Interaction, dispatch: Dispatch): void => {
    const ask = toAsk(interaction)
    if (!ask) return
    const done = answer(ask, { rest: authorised(), sendCard, dispatch, log })
      .catch((error: unknown) => log.error({ reason: reasonOf(error) }, 'discord interaction failed'))
      .finally(() => answering.delete(done))
    answering.add(done)
  }

  return {
    platform: 'discord',
    channels,

    async start(dispatch) {
      if (gateway) throw new Error('Expected Discord to be started once, was started twice')
      gateway = createGateway({
        token,
        apiRoot,
        log,
        onInteraction: (interaction) => hear(interaction, dispatch),
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

    async post(channel, card) {
      expectId('channel id', channel)
      // The nonce makes a request that discord.js repeats after a fault of the network one message, not two.
      const once = { nonce: randomBytes(12).toString('hex'), enforce_nonce: true }
      const posted = await within(deliveryTimeoutMs, `post to channel ${channel}`, (signal) =>
        sendCard(card, ({ body, files }) =>
          authorised().post(Routes.channelMessages(channel), { body: { ...body, ...once }, files, signal }),
        ),
      )
      return { messageId: (posted as RESTPostAPIChannelMessageResult).id }
    },

    async edit(channel, messageId, card) {
      expectId('channel id', channel)
      expectId('message id', messageId)
      await within(deliveryTimeoutMs, `edit a message in channel ${channel}`, (signal) =>
        sendCard(card, (message) =>
          authorised().patch(Routes.channelMessage(channel, messageId), { ...message, signal }),
        ),
      )
      return { messageId }
    },

    async close() {
      await Promise.all([gateway?.close(), settle(answering, GRACE_MS)])
      rest.clearHashSweeper()
      rest.clearHandlerSweeper()
    },
  }
}

function expectId(what: string, value: string): void {
  if (!SNOWFLAKE.test(value)) {
    throw new Error(
      `Expected a numeric Discord ${what}, was "${value}"; switch on Developer Mode in Discord and use Copy ID`,
    )
  }
}

/** Gives up in time, and makes sure that what was given up is not sent later. */
async function within<T>(timeoutMs: number, what: string, send: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const signal = AbortSignal.timeout(timeoutMs)
  const late = Promise.withResolvers<never>()
  signal.addEventListener('abort', () => late.reject(new Error(`no answer within ${timeoutMs / 1000} s`)))
  const sent = send(signal)
  sent.catch(() => {})
  try {
    return await Promise.race([sent, late.promise])
  } catch (error) {
    throw new Error(`Discord did not let us ${what}: ${reasonOf(error)}`, { cause: error })
  }
}

async function settle(pending: ReadonlySet<Promise<void>>, withinMs: number): Promise<void> {
  if (pending.size === 0) return
  const patience = Promise.withResolvers<void>()
  const timer = setTimeout(patience.resolve, withinMs)
  await Promise.race([Promise.all(pending), patience.promise])
  clearTimeout(timer)
}
