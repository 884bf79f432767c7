import type { DiscordServer } from '../support/discord-server.ts'
import type { TelegramServer } from '../support/telegram-server.ts'
import type { Settings } from './product.ts'

export const DESK_CHAT = -1001
/** The same people on both platforms. */
export const ANA = { discord: '100000000000000001', telegram: { id: 1001 } }
export const BEN = { discord: '100000000000000002', telegram: { id: 1002 } }
export const CLEO = { discord: '100000000000000003', telegram: { id: 1003 } }
export const TOM = { discord: '100000000000000004', telegram: { id: 1004 } }

/**
 * A small book at 400 times the speed of the world, on both platforms. Policy and band are set so that only people propose; what
 * they propose is large enough to need two approvals.
 */
export const chatSettings = ({
  folder,
  discord,
  telegram,
}: {
  folder: string
  discord: DiscordServer
  telegram: TelegramServer
}): Settings => ({
  DATA_DIR: folder,
  MARKET: 'simulated',
  MARKET_SPEED: '400',
  BOOK: 'ETH:100',
  ASSETS: 'ETH',
  HEDGE_POLICY: 'formula',
  HEDGE_BETA: '0.2',
  HEDGE_MEAN_RATIO: '0.2',
  MIN_BAND: '0.5',
  PROPOSAL_EXPIRY_MS: '43200000',
  PROPOSAL_MAX_DRIFT_BPS: '3000',
  QUORUM_LARGE_ABOVE_USD: '100000',
  DISCORD_TOKEN: discord.token,
  DISCORD_APPLICATION_ID: discord.applicationId,
  DISCORD_GUILD_ID: discord.guildId,
  DISCORD_CHANNEL_IDS: discord.channelId,
  DISCORD_API_ROOT: discord.apiRoot,
  TELEGRAM_TOKEN: telegram.token,
  TELEGRAM_CHAT_IDS: String(DESK_CHAT),
  TELEGRAM_API_ROOT: telegram.apiRoot,
  ADMINS: `discord:${ANA.discord}:ana,telegram:${ANA.telegram.id}:ana`,
  MEMBERS: [
    `discord:${BEN.discord}:ben:approver,telegram:${BEN.telegram.id}:ben:approver`,
    `discord:${CLEO.discord}:cleo:approver,telegram:${CLEO.telegram.id}:cleo:approver`,
    `discord:${TOM.discord}:tom:trader,telegram:${TOM.telegram.id}:tom:trader`,
  ].join(','),
})
