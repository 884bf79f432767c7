import { ChannelType } from 'discord.js'
import type { z } from 'zod'
import { type Check, checksOf } from './check.ts'
import { type CHANNEL, type GUILD, inWords, type MEMBER, type Told } from './discord-answers.ts'
import { lackingPermissions } from './discord-permissions.ts'
import { AGAIN, COPY_IDS } from './discord-words.ts'

export const TEXT_CHANNELS: readonly number[] = [ChannelType.GuildText, ChannelType.GuildAnnouncement]

const { ok, warning, wrong } = checksOf('Discord')

/** A server, and the bot as a member of it. */
export interface GuildSeen {
  readonly id: string
  readonly guild: Told<z.output<typeof GUILD>>
  readonly member: Told<z.output<typeof MEMBER>>
}

interface ChannelContext {
  readonly guilds: ReadonlyMap<string, GuildSeen>
  readonly configured: string | undefined
  readonly invite: string
  readonly botId: string
}

/** Whether a channel is one of text, in the right server, with every right that the desk needs there. */
export function checkChannel(
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
