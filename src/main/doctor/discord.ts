import { ApplicationFlags, ChannelType } from 'discord.js'
import type { z } from 'zod'
import { commands } from '../../../commands/index.ts'
import { createSlashCommands } from '../../chat/discord/commands.ts'
import type { ConfigReading } from '../../config.ts'
import type { Calls } from './calls.ts'
import { type Check, checksOf } from './check.ts'
import {
  APPLICATION,
  type AskDiscord,
  CHANNEL,
  COMMANDS,
  createAskDiscord,
  GUILD,
  inWords,
  ME,
  MEMBER,
  type Told,
} from './discord-answers.ts'
import { lackingPermissions, neededBits } from './discord-permissions.ts'

const PORTAL = 'https://discord.com/developers/applications > your application'
const COPY_IDS = 'User Settings > Advanced > Developer Mode on'
const AGAIN = 'look at the network or the proxy of this machine, or at https://discordstatus.com, and run this again'
const TEXT_CHANNELS: readonly number[] = [ChannelType.GuildText, ChannelType.GuildAnnouncement]
/** Intents that Discord grants on request only, by the switch that turns each on. */
const PRIVILEGED = {
  'Presence Intent': ApplicationFlags.GatewayPresence | ApplicationFlags.GatewayPresenceLimited,
  'Server Members Intent': ApplicationFlags.GatewayGuildMembers | ApplicationFlags.GatewayGuildMembersLimited,
  'Message Content Intent': ApplicationFlags.GatewayMessageContent | ApplicationFlags.GatewayMessageContentLimited,
}

const { ok, warning, missing, wrong, skipped } = checksOf('Discord')

/** Where a person lets the bot into a server, with the rights that it needs. */
export const inviteLink = (applicationId: string): string =>
  `https://discord.com/oauth2/authorize?client_id=${applicationId}&scope=bot+applications.commands&permissions=${neededBits()}`

/** Token, application, server, channels and commands, as Discord itself sees them; only reads. */
export async function checkDiscord(
  { values, given }: Pick<ConfigReading, 'values' | 'given'>,
  calls: Calls,
): Promise<readonly Check[]> {
  const { DISCORD_TOKEN: token, DISCORD_API_ROOT: apiRoot } = values
  if (token === undefined || apiRoot === undefined) return [offBecause(given)]
  const ask = createAskDiscord(calls, { apiRoot, token })
  const me = await ask('/users/@me', ME)
  if (me.kind === 'unreachable') return [wrong('API', `could not be reached: ${me.why}`, AGAIN)]
  if (me.kind === 'refused' && me.status === 401) {
    const next = `${PORTAL} > Bot > Reset Token, copy it into DISCORD_TOKEN`
    return [ok('API', 'answers'), wrong('token', 'Discord does not accept it', next)]
  }
  if (me.kind === 'refused') return [wrong('API', inWords(me), AGAIN)]

  const application = await ask('/applications/@me', APPLICATION)
  const applicationId = application.kind === 'told' ? application.value.id : values.DISCORD_APPLICATION_ID
  const asked = { ask, values, botId: me.value.id, applicationId }
  const [places, registered] = await Promise.all([checkPlaces(asked), checkCommands(asked)])
  return [
    ok('API', 'answers'),
    ok('token', `accepted, it is that of the bot ${me.value.username}`),
    ...checkApplication(application, values.DISCORD_APPLICATION_ID),
    ...places,
    registered,
  ]
}

interface Asked {
  readonly ask: AskDiscord
  readonly values: ConfigReading['values']
  readonly botId: string
  readonly applicationId: string | undefined
}

function offBecause(given: ReadonlySet<string>): Check {
  if (!given.has('DISCORD_TOKEN')) {
    return skipped('platform', 'off, because DISCORD_TOKEN is empty', `to switch it on: ${PORTAL} > Bot > Reset Token`)
  }
  return skipped('platform', 'DISCORD_TOKEN or DISCORD_API_ROOT cannot be read yet')
}

function checkApplication(told: Told<z.output<typeof APPLICATION>>, configured: string | undefined): readonly Check[] {
  if (told.kind !== 'told') return [wrong('application', inWords(told), AGAIN)]
  const { id, name = 'your application', flags = 0, bot_require_code_grant, interactions_endpoint_url } = told.value
  const copy = `DISCORD_APPLICATION_ID=${id} (${PORTAL} > General Information > Application ID)`
  const on = Object.entries(PRIVILEGED).flatMap(([name, bits]) => ((flags & bits) === 0 ? [] : [name]))
  return [
    configured === undefined
      ? missing('application', `the token belongs to ${name}, ${id}; none is configured`, copy)
      : configured === id
        ? ok('application', `${name}, ${id}`)
        : wrong('application', `the token belongs to ${id}, configured is ${configured}`, copy),
    // Discord would send every command there, and none to this desk.
    ...(interactions_endpoint_url
      ? [
          wrong(
            'commands reach the bot',
            'no, an Interactions Endpoint URL is set and takes them all',
            `${PORTAL} > General Information > Interactions Endpoint URL: empty it`,
          ),
        ]
      : []),
    ...(bot_require_code_grant
      ? [
          wrong(
            'invitation',
            'asks for a code grant, so nobody can add the bot',
            `${PORTAL} > Bot > Requires OAuth2 Code Grant: off`,
          ),
        ]
      : []),
    ok(
      'intents',
      `none that is privileged is needed${on.length === 0 ? '' : `; switched on without need: ${on.join(', ')}`}`,
    ),
  ]
}

/** The server and every channel. */
async function checkPlaces({ ask, values, botId, applicationId }: Asked): Promise<readonly Check[]> {
  const channelIds = values.DISCORD_CHANNEL_IDS ?? []
  const [channels, named] = await Promise.all([
    Promise.all(channelIds.map(async (id) => ({ id, told: await ask(`/channels/${id}`, CHANNEL) }))),
    values.DISCORD_GUILD_ID === undefined ? undefined : askGuild(ask, values.DISCORD_GUILD_ID, botId),
  ])
  const invite = applicationId === undefined ? `${PORTAL} > OAuth2 > URL Generator` : inviteLink(applicationId)
  const others = channels.flatMap(({ told }) => (told.kind === 'told' ? (told.value.guild_id ?? []) : []))
  const rest = [...new Set(others)].filter((id) => id !== values.DISCORD_GUILD_ID)
  const guilds = new Map((await Promise.all(rest.map((id) => askGuild(ask, id, botId)))).map((one) => [one.id, one]))
  if (named) guilds.set(named.id, named)

  return [
    named === undefined
      ? ok('server', 'DISCORD_GUILD_ID is empty: commands appear in every server of the bot, after a while')
      : checkGuild(named, invite),
    ...(channels.length === 0
      ? [
          missing(
            'channels',
            'none that can be read',
            `${COPY_IDS}, right-click the channel > Copy Channel ID, into DISCORD_CHANNEL_IDS`,
          ),
        ]
      : channels.map(({ id, told }) =>
          checkChannel(id, told, { guilds, configured: values.DISCORD_GUILD_ID, invite, botId }),
        )),
  ]
}

interface GuildSeen {
  readonly id: string
  readonly guild: Told<z.output<typeof GUILD>>
  readonly member: Told<z.output<typeof MEMBER>>
}

async function askGuild(ask: AskDiscord, id: string, botId: string): Promise<GuildSeen> {
  const [guild, member] = await Promise.all([
    ask(`/guilds/${id}`, GUILD),
    ask(`/guilds/${id}/members/${botId}`, MEMBER),
  ])
  return { id, guild, member }
}

function checkGuild({ id, guild }: GuildSeen, invite: string): Check {
  if (guild.kind === 'told') return ok('server', `the bot is in ${guild.value.name}, ${id}`)
  if (guild.kind === 'unreachable' || ![403, 404].includes(guild.status)) return wrong('server', inWords(guild), AGAIN)
  return missing(
    'server',
    `the bot is not in the server ${id}`,
    `open ${invite} and choose it, or correct DISCORD_GUILD_ID`,
  )
}

interface ChannelContext {
  readonly guilds: ReadonlyMap<string, GuildSeen>
  readonly configured: string | undefined
  readonly invite: string
  readonly botId: string
}

function checkChannel(
  id: string,
  told: Told<z.output<typeof CHANNEL>>,
  { guilds, configured, invite, botId }: ChannelContext,
): Check {
  const copy = `${COPY_IDS}, right-click the right channel > Copy Channel ID, into DISCORD_CHANNEL_IDS`
  const allow = 'Edit Channel > Permissions > Advanced permissions > add the bot and allow'
  if (told.kind === 'unreachable') return wrong(`channel ${id}`, inWords(told), AGAIN)
  if (told.kind === 'refused') {
    if (told.status === 404) return wrong(`channel ${id}`, 'there is no such channel', copy)
    if (told.status === 403) {
      const next = `${allow} View Channel; if the bot is not in that server, open ${invite}`
      return wrong(`channel ${id}`, 'the bot may not see it', next)
    }
    return wrong(`channel ${id}`, inWords(told), AGAIN)
  }
  const { name, type, guild_id: guildId, permission_overwrites: overwrites } = told.value
  const called = `channel ${id}${name ? ` (#${name})` : ''}`
  if (!TEXT_CHANNELS.includes(type) || guildId === undefined) {
    return wrong(called, `is no text channel of a server (${ChannelType[type] ?? `kind ${type}`})`, copy)
  }
  if (configured !== undefined && guildId !== configured) {
    return wrong(called, `is in the server ${guildId}, not in DISCORD_GUILD_ID=${configured}`, copy)
  }
  const seen = guilds.get(guildId)
  if (seen?.guild.kind !== 'told' || seen.member.kind !== 'told') {
    return warning(called, `there, but what the bot may do there could not be read`, `open ${invite}`)
  }
  const { roles, communication_disabled_until: until } = seen.member.value
  const timedOut = until !== undefined && until !== null && Date.parse(until) > Date.now()
  const lacking = lackingPermissions({ guild: seen.guild.value, member: { id: botId, roles, timedOut }, overwrites })
  if (lacking.length === 0) return ok(called, `in ${seen.guild.value.name}, with every right that is needed`)
  if (timedOut) return wrong(called, 'the bot is timed out', 'right-click the bot in the member list > Remove Timeout')
  return wrong(
    called,
    `the bot lacks ${lacking.join(', ')}`,
    `${allow} ${lacking.join(', ')}; or invite it again with ${invite}`,
  )
}

async function checkCommands({ ask, values, applicationId }: Asked): Promise<Check> {
  if (applicationId === undefined) return skipped('commands', 'the application is not known yet')
  const guildId = values.DISCORD_GUILD_ID
  const path =
    guildId === undefined ? `/applications/${applicationId}` : `/applications/${applicationId}/guilds/${guildId}`
  const told = await ask(`${path}/commands`, COMMANDS)
  if (told.kind !== 'told') {
    const invite = `open ${inviteLink(applicationId)} (scopes bot and applications.commands)`
    return wrong('commands', `the bot may not add commands there: ${inWords(told)}`, invite)
  }
  const wanted = createSlashCommands(commands).registration.map(({ name }) => name)
  const there = new Set(told.value?.map(({ name }) => name))
  const absent = wanted.filter((name) => !there.has(name))
  if (absent.length === 0) return ok('commands', `all ${wanted.length} are registered`)
  return ok(
    'commands',
    `${wanted.length - absent.length} of ${wanted.length} registered, the rest are at the next npm start`,
  )
}
