import { ApplicationFlags } from 'discord.js'
import type { z } from 'zod'
import { commands } from '../../../commands/index.ts'
import { createSlashCommands } from '../../chat/discord/commands.ts'
import type { ConfigReading } from '../../config.ts'
import type { Calls } from './calls.ts'
import { type Check, checksOf } from './check.ts'
import { APPLICATION, COMMANDS, createAskDiscord, inWords, ME, type Told } from './discord-answers.ts'
import { type Asked, checkPlaces } from './discord-places.ts'
import { AGAIN, inviteLink, PORTAL } from './discord-words.ts'

/** Intents that Discord grants on request only, by the switch that turns each on. */
const PRIVILEGED = {
  'Presence Intent': ApplicationFlags.GatewayPresence | ApplicationFlags.GatewayPresenceLimited,
  'Server Members Intent': ApplicationFlags.GatewayGuildMembers | ApplicationFlags.GatewayGuildMembersLimited,
  'Message Content Intent': ApplicationFlags.GatewayMessageContent | ApplicationFlags.GatewayMessageContentLimited,
}

const { ok, missing, wrong, skipped } = checksOf('Discord')

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
    ...offerOwner(application, values.ADMINS),
    ...places,
    registered,
  ]
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

/** Who made the application is mostly who sets up the desk, and has to write their own id into `.env`. */
function offerOwner(
  told: Told<z.output<typeof APPLICATION>>,
  admins: ConfigReading['values']['ADMINS'] = [],
): readonly Check[] {
  if (told.kind !== 'told' || admins.some(({ identity }) => identity.platform === 'discord')) return []
  const { owner, team } = told.value
  if (!owner || team) return []
  return [ok('ids of people', `for ADMINS: ${owner.id} (${owner.username}, who owns the application)`)]
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
