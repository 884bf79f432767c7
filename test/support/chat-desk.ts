import { pino } from 'pino'
import { commands } from '../../commands/index.ts'
import type { Settings } from '../../src/app/settings.ts'
import type { ChatAdapter } from '../../src/chat/command.ts'
import { createDiscordChat } from '../../src/chat/discord.ts'
import type { WebhookOptions } from '../../src/chat/telegram/webhook.ts'
import { createTelegramChat } from '../../src/chat/telegram.ts'
import type { Member, Role } from '../../src/domain/member.ts'
import type { Cleanup } from './database.ts'
import { type DeskOptions, openDesk, type TestDesk } from './desk.ts'
import { type DiscordServer, startDiscordServer } from './discord-server.ts'
import { NO_LIMITS } from './telegram-desk.ts'
import { startTelegramServer, type TelegramServer } from './telegram-server.ts'

/** The group of the desk on Telegram. */
export const GROUP = -1001

export interface ChatDesk {
  readonly desk: TestDesk
  readonly discord: DiscordServer
  readonly telegram: TelegramServer
  readonly chats: { readonly discord: ChatAdapter; readonly telegram: ChatAdapter }
  /** Every line that was logged, as text. */
  readonly logged: readonly string[]
}

export interface ChatDeskOptions extends Omit<DeskOptions, 'notifiers' | 'log'> {
  /** Held to the limits of the platforms by their servers. */
  readonly limits?: boolean
  /** Telegram posts what happens; it is polled by default. */
  readonly webhook?: WebhookOptions
  readonly members?: readonly Member[]
}

/** Someone with the same number behind them on both platforms: `9` + what tells them apart. */
export const person = (memberId: string, role: Member['role'], number: number): Member => ({
  memberId,
  name: memberId[0]!.toUpperCase() + memberId.slice(1),
  role,
  identities: [
    { platform: 'discord', platformUserId: String(number) },
    { platform: 'telegram', platformUserId: String(number) },
  ],
})

/** One of each role, known on both platforms, and one whose role was taken away. */
export const PEOPLE: Readonly<Record<Role | 'none', Member>> = {
  none: person('nils', 'none', 900),
  viewer: person('vito', 'viewer', 901),
  trader: person('tess', 'trader', 902),
  approver: person('arne', 'approver', 903),
  admin: person('adam', 'admin', 904),
}

/** A whole desk with the real Discord and Telegram clients, each before a server of its own on loopback. */
export async function openChatDesk(t: Cleanup, options: ChatDeskOptions = {}): Promise<ChatDesk> {
  const logged: string[] = []
  const log = pino({ level: 'trace' }, { write: (line: string) => void logged.push(line) })
  const limits = options.limits ?? false
  const discord = await startDiscordServer(limits ? { limits } : {})
  const telegram = await startTelegramServer({ limits })
  const { token, applicationId, guildId, channelId, apiRoot } = discord
  const chats = {
    discord: createDiscordChat({
      ...{ token, applicationId, guildId, channels: [channelId], apiRoot, commands, log },
      ...(limits ? {} : { limits: { channel: [], global: [] } }),
    }),
    telegram: createTelegramChat({
      token: telegram.token,
      apiRoot: telegram.apiRoot,
      channels: [String(GROUP)],
      commands,
      log,
      ...(options.webhook && { webhook: options.webhook }),
      timing: { pollSeconds: 5, backoffMs: 20, ...(limits ? {} : { limits: NO_LIMITS }) },
    }),
  }
  const channels = [
    { platform: 'discord', channel: channelId },
    { platform: 'telegram', channel: String(GROUP) },
  ] as const
  const settings: Partial<Settings> = {
    channels,
    access: { channels: channels.map((place) => ({ ...place, most: 'admin' })), commands: {} },
    ...options.settings,
  }
  const desk = await openDesk(t, { ...options, settings, notifiers: Object.values(chats), log })
  for (const member of options.members ?? Object.values(PEOPLE)) {
    await desk.store.members.put(member)
    for (const { platform, platformUserId } of member.identities)
      if (platform === 'telegram') telegram.meet(Number(platformUserId))
  }
  t.after(async () => {
    for (const chat of Object.values(chats)) await chat.close()
    await discord.close()
    await telegram.close()
  })
  for (const chat of Object.values(chats)) await chat.start(desk.dispatch, desk.complete)
  await discord.ready()
  return { desk, discord, telegram, chats, logged }
}
