import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { pino } from 'pino'
import { commands } from '../commands/index.ts'
import { createDiscordChat, type DiscordOptions } from '../src/chat/discord.ts'
import { createTelegramChat } from '../src/chat/telegram.ts'
import type { Member } from '../src/domain/member.ts'
import type { Desk } from '../src/main/desk.ts'
import { compare, type Measured } from './bench.ts'
import { withDesk } from './desk.ts'
import { bareRecord } from './limits/chat-record.ts'
import { ROOT } from './product.ts'
import { roundsOr } from './rounds.ts'
import { closing } from './temporary.ts'

/** A program, not a module of ours: it shall have a processor core of its own. */
const SERVERS = join(ROOT, 'test/support/serve-chat.ts')

export interface Addresses {
  readonly discord: Pick<Required<DiscordOptions>, 'apiRoot' | 'token' | 'applicationId' | 'guildId'> & {
    readonly channelId: string
  }
  readonly telegram: { readonly apiRoot: string; readonly token: string }
}

/** Everyone asks `/hedge status` in the same tick. */
interface Question {
  readonly platform: 'discord' | 'telegram'
  readonly server: 'product' | 'bare'
  /** Ids on the platform; on Telegram each asks in their private chat. */
  readonly people: readonly string[]
  readonly picture: 'yes' | 'no'
}

interface Answers {
  /** From the message received to the answer arrived, in the order of the people. */
  readonly ms: readonly number[]
  /** Requests that the platform's limits refused. */
  readonly limited: number
}

export interface ChatServers {
  /** Of each platform a server for the product, and one for the bare loop beside it. */
  readonly at: { readonly product: Addresses; readonly bare: Addresses }
  ask(question: Question): Promise<Answers>
}

/** Starts the loopback platforms in a process of their own, and ends them after `work`. */
export async function withChatServers<T>(work: (servers: ChatServers) => Promise<T>): Promise<T> {
  const child = fork(SERVERS, { cwd: ROOT, execArgv: [], stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  const exited = once(child, 'exit')
  const waiting = new Map<number, PromiseWithResolvers<Answers>>()
  const ready = Promise.withResolvers<ChatServers['at']>()
  void exited.then(([code]) => {
    const gone = new Error(`Expected the chat servers to stay, was their end with ${code}`)
    for (const { reject } of [ready, ...waiting.values()]) reject(gone)
  })
  child.on('message', (message: { id: number; answered?: Answers; failed?: string; ready?: ChatServers['at'] }) => {
    if (message.ready) return ready.resolve(message.ready)
    const asked = waiting.get(message.id)
    waiting.delete(message.id)
    if (message.answered) asked?.resolve(message.answered)
    else asked?.reject(new Error(message.failed))
  })
  let lastId = 0
  const stop = async (): Promise<void> => {
    if (child.connected) child.disconnect()
    await exited
  }
  return closing(stop, async () =>
    work({
      at: await ready.promise,
      ask(question) {
        const answers = Promise.withResolvers<Answers>()
        waiting.set(++lastId, answers)
        child.send({ id: lastId, ask: question })
        return answers.promise
      },
    }),
  )
}

/** As in service: a line for each command, but nobody reads it here. */
const log = pino({ level: 'info' }, pino.destination({ dest: '/dev/null', sync: true }))

/**
 * A whole desk, its real discord.js and grammY clients before servers in another process, and `people` viewers on each platform,
 * whose ids are `1000` and so on.
 */
export const withChatDesk = <T>(
  { people, draw }: { people: number; draw?: DiscordOptions['draw'] },
  work: (chat: {
    readonly desk: Desk
    readonly connectionString: string
    readonly servers: ChatServers
    readonly people: readonly string[]
  }) => Promise<T>,
): Promise<T> =>
  withChatServers((servers) => {
    const { discord, telegram } = servers.at.product
    const members = Array.from({ length: people }, (_, i) => viewer(i))
    return withDesk(
      async (desk, connectionString) => {
        for (const member of members) await desk.store.members.seed(member)
        return work({
          desk,
          connectionString,
          servers,
          people: members.map((one) => one.identities[0]!.platformUserId),
        })
      },
      {
        log,
        variables: { CHANNEL_ROLES: `discord:${discord.channelId}:viewer` },
        openChats: async () => [
          createDiscordChat({ ...discord, channels: [], commands, draw, log }),
          createTelegramChat({ ...telegram, channels: [], commands, draw, log }),
        ],
      },
    )
  })

const viewer = (i: number): Member => ({
  memberId: `viewer-${i}`,
  name: `Viewer ${i}`,
  role: 'viewer',
  identities: (['discord', 'telegram'] as const).map((platform) => ({ platform, platformUserId: `${1000 + i}` })),
})

interface Rounds {
  readonly platform: 'discord' | 'telegram'
  readonly people: readonly string[]
  /** From the end of a round to the beginning of the next. */
  readonly pauseMs: number
  readonly warmUp: number
  readonly rounds: number
}

/** Everyone asks the product and then the bare loop, again and again; what the first rounds took is left out. */
export async function timeInTurns(
  { ask }: ChatServers,
  { platform, people, pauseMs, ...usual }: Rounds,
): Promise<Measured> {
  const [warmUp, rounds] = [roundsOr(usual.warmUp), roundsOr(usual.rounds)]
  const [ours, limits]: [number[], number[]] = [[], []]
  let limited = 0
  for (let round = 1; round <= warmUp + rounds; round++) {
    const product = await ask({ platform, server: 'product', people, picture: 'no' })
    await sleep(pauseMs)
    const bare = await ask({ platform, server: 'bare', people, picture: 'no' })
    await sleep(pauseMs)
    if (round <= warmUp) continue
    ours.push(...product.ms)
    limits.push(...bare.ms)
    limited += product.limited
  }
  return compare({ unit: 'ms', ours, limits, apart: { 'refused by limits': limited } })
}

/** What the bare loop beside the product does for each who asks, and the words that it answers with. */
export async function bareWork(
  desk: Desk,
  { connectionString, platform }: { connectionString: string; platform: 'discord' | 'telegram' },
) {
  const pool = new pg.Pool({ connectionString })
  const book = (await desk.app.reportStatus()).assets.map(({ holding: { asset, instrument } }) => ({
    asset,
    instrumentId: instrument.instrumentId,
  }))
  return { close: () => pool.end(), work: bareRecord(pool, platform, book) }
}
