import { Client, Events, GatewayIntentBits, type Interaction, SimpleShardingStrategy } from 'discord.js'
import type { Logger } from '../../log.ts'

/** Slash commands and presses arrive without any other intent. */
const INTENTS = [GatewayIntentBits.Guilds]
/** A server that is down at our start must not hold back commands from the others: they wait for an answer 3 s at most. */
const WAIT_FOR_GUILDS_MS = 1_000
const CONNECT_TIMEOUT_MS = 30_000
const CLOSE_TIMEOUT_MS = 2_000
const CONNECTING = 0

export interface Gateway {
  /** Resolves when Discord has accepted the session; rejects when it does not, or when closed before. */
  open(): Promise<void>
  /** Leaves no socket and no timer, also in the middle of a reconnection. */
  close(): Promise<void>
}

interface GatewayOptions {
  readonly token: string
  readonly apiRoot: string
  readonly log: Logger
  readonly onInteraction: (interaction: Interaction) => void
}

/** The discord.js client: one socket that stays open, reconnects and resumes by itself. */
export function createGateway({ token, apiRoot, log, onInteraction }: GatewayOptions): Gateway {
  let strategy: SimpleShardingStrategy | undefined
  const ended = Promise.withResolvers<never>()
  ended.promise.catch(() => {})
  const client = new Client({
    intents: INTENTS,
    allowedMentions: { parse: [] },
    waitGuildTimeout: WAIT_FOR_GUILDS_MS,
    rest: { api: apiRoot },
    ws: {
      buildStrategy: (manager) => {
        strategy = new SimpleShardingStrategy(manager)
        return strategy
      },
    },
  })

  client.on(Events.InteractionCreate, onInteraction)
  client.on(Events.Error, (error) => log.error({ reason: error.message }, 'discord client error'))
  client.on(Events.Warn, (message) => log.warn({ message }, 'discord warning'))
  client.on(Events.ShardError, (error) => log.warn({ reason: error.message }, 'discord connection error'))
  client.on(Events.ShardReconnecting, () => log.warn('discord connection lost, reconnecting'))
  client.on(Events.ShardResume, (_, replayed) => log.info({ replayed }, 'discord connection resumed'))
  client.on(Events.ShardReady, () => log.info('discord connected'))
  client.on(Events.ShardDisconnect, ({ code }) =>
    log.error({ code }, 'discord closed the connection for good: commands and buttons there no longer work'),
  )

  const close = async (): Promise<void> => {
    client.removeAllListeners(Events.InteractionCreate)
    client.removeAllListeners(Events.ShardReconnecting)
    ended.reject(new Error('closed while connecting'))
    await shut(client, strategy)
  }

  return {
    close,
    async open() {
      const timer = setTimeout(
        () => ended.reject(new Error(`no session after ${CONNECT_TIMEOUT_MS / 1000} s`)),
        CONNECT_TIMEOUT_MS,
      )
      try {
        await Promise.race([client.login(token), ended.promise])
      } finally {
        clearTimeout(timer)
      }
    },
  }
}

/** The two private members of a shard in @discordjs/ws 1.2 that a clean close needs. */
interface ShardInternals {
  internalConnect(): Promise<void>
  readonly connection: {
    readonly readyState: number
    on(event: 'error', ignore: () => void): void
    terminate(): void
  } | null
}

/**
 * `client.destroy()` alone forgets two things: a shard between two attempts connects again afterwards, and one that is
 * just connecting keeps its socket. Either would keep the process alive.
 */
async function shut(client: Client, strategy: SimpleShardingStrategy | undefined): Promise<void> {
  const internals = strategy as unknown as { shards: Map<number, ShardInternals> } | undefined
  const shards = [...(internals?.shards.values() ?? [])]
  for (const shard of shards) {
    shard.internalConnect = async () => {}
    if (shard.connection?.readyState === CONNECTING) {
      shard.connection.on('error', () => {})
      shard.connection.terminate()
    }
  }
  // A peer that never answers our goodbye would hold us for 30 s.
  const impatience = setTimeout(() => {
    for (const shard of shards) shard.connection?.terminate()
  }, CLOSE_TIMEOUT_MS)
  await client.destroy()
  clearTimeout(impatience)
}
