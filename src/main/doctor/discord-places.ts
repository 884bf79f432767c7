import type { ConfigReading } from '../../config.ts'
import { type Check, checksOf } from './check.ts'
import { type AskDiscord, CHANNEL, CHANNELS, GUILD, inWords, MEMBER, SERVERS } from './discord-answers.ts'
import { checkChannel, type GuildSeen, TEXT_CHANNELS } from './discord-channels.ts'
import { AGAIN, COPY_IDS, inviteLink, PORTAL } from './discord-words.ts'

/** How many are named to choose from. */
const SHOWN = 8
const { ok, missing, wrong } = checksOf('Discord')

export interface Asked {
  readonly ask: AskDiscord
  readonly values: ConfigReading['values']
  readonly botId: string
  readonly applicationId: string | undefined
}

/** The server and every channel; where an id is still to be filled in, what there is to choose from. */
export async function checkPlaces({ ask, values, botId, applicationId }: Asked): Promise<readonly Check[]> {
  const { DISCORD_GUILD_ID: configured, DISCORD_CHANNEL_IDS: channelIds = [] } = values
  const [channels, servers] = await Promise.all([
    Promise.all(channelIds.map(async (id) => ({ id, told: await ask(`/channels/${id}`, CHANNEL) }))),
    configured === undefined ? ask('/users/@me/guilds', SERVERS) : undefined,
  ])
  const here = servers?.kind === 'told' ? (servers.value ?? []) : []
  const theOnly = here.length === 1 ? here[0]!.id : undefined
  const ids = [
    configured ?? theOnly ?? [],
    channels.map(({ told }) => (told.kind === 'told' ? (told.value.guild_id ?? []) : [])),
  ].flat(2)
  const seen = await Promise.all([...new Set(ids)].map((id) => askGuild(ask, id, botId)))
  const guilds = new Map(seen.map((one) => [one.id, one]))
  const invite = applicationId === undefined ? `${PORTAL} > OAuth2 > URL Generator` : inviteLink(applicationId)
  const context = { guilds, configured, invite, botId }
  return [
    configured !== undefined
      ? checkGuild(guilds.get(configured)!, invite)
      : servers?.kind === 'told'
        ? checkServers(here, invite)
        : wrong('server', servers ? inWords(servers) : 'not told', AGAIN),
    ...(channels.length > 0
      ? channels.map(({ id, told }) => checkChannel(id, told, context))
      : [await offerChannels(ask, configured ?? theOnly)]),
  ]
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
  const next = `open ${invite} and choose it, or correct DISCORD_GUILD_ID`
  return missing('server', `the bot is not in the server ${id}`, next)
}

interface Named {
  readonly id: string
  readonly name: string
}

/** Of a bot for which no server is named. */
function checkServers(servers: readonly Named[], invite: string): Check {
  if (servers.length === 0) return missing('server', 'the bot is in no server yet', `open ${invite} and choose yours`)
  const found = `the bot is in ${listed(servers)}; none is named, so commands appear in all of them, after a while`
  return ok('server', found, `DISCORD_GUILD_ID=${servers[0]!.id} makes them appear there at once`)
}

async function offerChannels(ask: AskDiscord, guildId: string | undefined): Promise<Check> {
  const told = guildId === undefined ? undefined : await ask(`/guilds/${guildId}/channels`, CHANNELS)
  const text = (told?.kind === 'told' ? (told.value ?? []) : []).flatMap(({ id, name, type }) =>
    TEXT_CHANNELS.includes(type) ? [{ id, name: `#${name ?? ''}` }] : [],
  )
  if (text.length === 0) {
    return missing(
      'channels',
      'none is named',
      `${COPY_IDS}, right-click the channel > Copy Channel ID, into DISCORD_CHANNEL_IDS`,
    )
  }
  return missing(
    'channels',
    `none is named; there are ${listed(text)}`,
    'put those of the desk into DISCORD_CHANNEL_IDS',
  )
}

const listed = (named: readonly Named[]): string =>
  named
    .slice(0, SHOWN)
    .map(({ id, name }) => `${name} ${id}`)
    .join(', ')
