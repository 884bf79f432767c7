import type { TestContext } from 'node:test'
import { pino } from 'pino'
import { z } from 'zod'
import {
  type ChatAdapter,
  type Command,
  type Complete,
  command,
  type Dispatch,
  type Incoming,
} from '../../../src/chat/command.ts'
import { createDiscordChat, type DiscordOptions } from '../../../src/chat/discord.ts'
import type { Card } from '../../../src/domain/card.ts'
import { type DiscordServer, startDiscordServer } from '../../support/discord-server.ts'

const run = async (): Promise<Card> => ({ tone: 'ok', title: 'ran' })

export const commands: readonly Command[] = [
  command({ name: 'help', description: 'What you can say', role: 'viewer', options: z.object({}), run }),
  command({ name: 'hedge status', description: 'Where the hedge stands', role: 'viewer', options: z.object({}), run }),
  command({
    name: 'hedge propose',
    description: `Propose a hedge ${'now '.repeat(40)}`,
    role: 'trader',
    options: z.object({
      symbol: z.enum(['BTC', 'ETH']).optional().describe('The asset'),
      targetRatio: z.coerce.number().optional().describe('Hedged share, from 0 to 1'),
      slices: z.int().optional().describe('How many orders'),
      dry: z.boolean().optional().describe('Only show it'),
      book: z.string().describe('The book'),
    }),
    complete: { book: async () => [] },
    run,
  }),
  command({
    name: 'approve',
    description: 'Approve a proposal',
    role: 'approver',
    options: z.object({ proposal: z.string().describe('The id on the card') }),
    complete: { proposal: async () => [] },
    run,
  }),
  command({
    name: 'decline',
    description: 'Decline a proposal, and say to everyone who waits for it why it is not wanted',
    role: 'approver',
    options: z.object({
      proposal: z.string().describe('The id on the card'),
      reason: z.string().optional().describe('Why it is declined'),
    }),
    run,
  }),
]

/** What a button is known by on the platform: 16 characters, as they are issued. */
export const buttonId = (name: string): string => name.padEnd(16, 'z')

export interface Desk {
  readonly discord: DiscordServer
  readonly chat: ChatAdapter
  /** What dispatch was given, oldest first. */
  readonly heard: Incoming[]
  /** Log records, as objects. */
  readonly logged: Record<string, unknown>[]
}

/** No test of anything else waits for a flood limit. */
export const NO_LIMITS: NonNullable<DiscordOptions['limits']> = { channel: [], global: [] }

/** The real adapter, connected to a Discord on loopback; `answer` stands where dispatch does. */
export async function startDesk(
  t: TestContext,
  answer: (incoming: Incoming) => Card | undefined | Promise<Card | undefined> = () => ({ tone: 'ok', title: 'Done' }),
  {
    complete,
    server = {},
    ...options
  }: Partial<DiscordOptions> & { complete?: Complete; server?: Parameters<typeof startDiscordServer>[0] } = {},
): Promise<Desk> {
  const discord = await startDiscordServer(server)
  const heard: Incoming[] = []
  const logged: Record<string, unknown>[] = []
  const log = pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) })
  const { token, applicationId, guildId, channelId, apiRoot } = discord
  const connection = { token, applicationId, guildId, channels: [channelId], apiRoot }
  const chat = createDiscordChat({ ...connection, commands, log, limits: NO_LIMITS, ...options })
  t.after(async () => {
    await chat.close()
    await discord.close()
  })
  const dispatch: Dispatch = async (incoming) => {
    heard.push(incoming)
    return answer(incoming)
  }
  await chat.start(dispatch, complete)
  return { discord, chat, heard, logged }
}

export const createQuietLog = () => pino({ level: 'silent' })
