import { neededBits } from './discord-permissions.ts'

export const PORTAL = 'https://discord.com/developers/applications > your application'
export const COPY_IDS = 'User Settings > Advanced > Developer Mode on'
export const AGAIN =
  'look at the network or the proxy of this machine, or at https://discordstatus.com, and run this again'

/** Where a person lets the bot into a server, with the rights that it needs. */
export const inviteLink = (applicationId: string): string =>
  `https://discord.com/oauth2/authorize?client_id=${applicationId}&scope=bot+applications.commands&permissions=${neededBits()}`
