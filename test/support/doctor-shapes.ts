import { existsSync, readFileSync } from 'node:fs'
import { Ajv2020, type AnySchema } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { readSpec, violations } from './telegram-spec.ts'

const DISCORD_SPEC = new URL('../../../shared/specs/discord-openapi.json', import.meta.url)

/** What is wrong with an answer of Discord's, by the name of its schema; nothing where the description is not at hand. */
export function loadDiscordAnswers(): (schema: string, answer: unknown) => readonly string[] {
  if (!existsSync(DISCORD_SPEC)) return () => []
  const ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true })
  formats.default(ajv)
  ajv.addFormat('snowflake', /^\d{1,20}$/).addFormat('nonce', /^.{1,25}$/)
  ajv.addSchema(JSON.parse(readFileSync(DISCORD_SPEC, 'utf8')) as AnySchema, 'discord')
  return (schema, answer) => {
    const validate = ajv.compile({ $ref: `discord#/components/schemas/${schema}` })
    return validate(answer)
      ? []
      : (validate.errors ?? []).map(({ instancePath, message }) => `${schema}${instancePath} ${message}`)
  }
}

/** The same of Telegram's answers, by the name of their type. */
export function loadTelegramAnswers(): (type: string, answer: unknown) => readonly string[] {
  const spec = readSpec()
  return (type, answer) => {
    if (!spec) return []
    const asMethod = { ...spec, methods: { [type]: { fields: spec.types[type]?.fields ?? [] } } }
    return violations(asMethod, type, answer as Record<string, unknown>)
  }
}

const USER = {
  avatar: null,
  discriminator: '0001',
  public_flags: 0,
  flags: 0,
  global_name: null,
  primary_guild: null,
  bot: true,
}

export const discordMe = (id: string) => ({ ...USER, id, username: 'breakwater', mfa_enabled: true, locale: 'en-US' })

export const discordApplication = (id: string, over: Readonly<Record<string, unknown>>) => ({
  id,
  name: 'Breakwater',
  icon: null,
  description: '',
  type: null,
  verify_key: '1'.repeat(64),
  flags: 0,
  flags_new: '0',
  redirect_uris: [],
  interactions_endpoint_url: null,
  role_connections_verification_url: null,
  owner: { ...USER, id: '700000000000000001', username: 'ana', bot: false },
  approximate_guild_count: 1,
  approximate_user_install_count: 0,
  approximate_user_authorization_count: 0,
  explicit_content_filter: 0,
  team: null,
  eligible_oauth2_scopes: [],
  bot_public: true,
  bot_require_code_grant: false,
  ...over,
})

export const discordRole = (id: string, permissions: bigint) => ({
  id,
  name: 'role',
  permissions: String(permissions),
  position: 0,
  color: 0,
  colors: { primary_color: 0, secondary_color: null, tertiary_color: null },
  hoist: false,
  managed: false,
  mentionable: false,
  icon: null,
  unicode_emoji: null,
  flags: 0,
})

export const discordGuild = (id: string, roles: readonly unknown[]) => ({
  id,
  name: 'Desk',
  icon: null,
  description: null,
  home_header: null,
  splash: null,
  discovery_splash: null,
  features: [],
  banner: null,
  owner_id: '700000000000000001',
  application_id: null,
  region: 'deprecated',
  afk_channel_id: null,
  afk_timeout: 300,
  system_channel_id: null,
  system_channel_flags: 0,
  widget_enabled: false,
  widget_channel_id: null,
  verification_level: 1,
  roles,
  default_message_notifications: 0,
  mfa_level: 0,
  explicit_content_filter: 0,
  max_presences: null,
  max_members: 500000,
  max_stage_video_channel_users: 50,
  max_video_channel_users: 25,
  vanity_url_code: null,
  premium_tier: 0,
  premium_subscription_count: 0,
  preferred_locale: 'en-US',
  rules_channel_id: null,
  safety_alerts_channel_id: null,
  public_updates_channel_id: null,
  premium_progress_bar_enabled: false,
  nsfw: false,
  nsfw_level: 0,
  emojis: [],
  stickers: [],
  incidents_data: null,
})

/** As it stands in the list of one's servers. */
export const discordServer = (id: string) => ({
  id,
  name: 'Desk',
  icon: null,
  banner: null,
  owner: false,
  permissions: '117760',
  features: [],
})

export const discordMember = (id: string, over: Readonly<Record<string, unknown>>) => ({
  avatar: null,
  banner: null,
  communication_disabled_until: null,
  flags: 0,
  joined_at: '2026-01-01T00:00:00.000000+00:00',
  nick: null,
  pending: false,
  premium_since: null,
  roles: [],
  user: { ...USER, id, username: 'breakwater' },
  mute: false,
  deaf: false,
  ...over,
})

export const discordChannel = (id: string, over: Readonly<Record<string, unknown>>) => ({
  id,
  type: 0,
  flags: 0,
  guild_id: '0',
  name: 'desk',
  position: 0,
  permission_overwrites: [],
  ...over,
})

export const discordCommand = (id: string, applicationId: string, name: string) => ({
  id,
  application_id: applicationId,
  version: '1',
  default_member_permissions: null,
  type: 1,
  name,
  description: name,
})

const RESTRICTED = [
  'audios',
  'documents',
  'photos',
  'videos',
  'video_notes',
  'voice_notes',
  'polls',
  'other_messages',
  'messages',
].map((what) => [`can_send_${what}`, true])

/** A bot in a chat as `getChatMember` tells it. */
export const telegramMember = (status: string, user: unknown, over: Readonly<Record<string, unknown>> = {}) => {
  const restricted = {
    ...Object.fromEntries(RESTRICTED),
    is_member: true,
    can_add_web_page_previews: true,
    can_react_to_messages: true,
    can_edit_tag: true,
    can_change_info: false,
    can_invite_users: false,
    can_pin_messages: false,
    can_manage_topics: false,
    until_date: 0,
  }
  const administrator = {
    can_be_edited: false,
    is_anonymous: false,
    can_manage_chat: true,
    can_delete_messages: false,
    can_manage_video_chats: false,
    can_restrict_members: false,
    can_promote_members: false,
    can_change_info: false,
    can_invite_users: false,
    can_post_stories: false,
    can_edit_stories: false,
    can_delete_stories: false,
  }
  const more = { restricted, administrator, kicked: { until_date: 0 } }[status] ?? {}
  return { status, user, ...more, ...over }
}

/** The name of its type in Telegram's description. */
export const telegramMemberType = (status: string): string =>
  ({
    member: 'ChatMemberMember',
    restricted: 'ChatMemberRestricted',
    administrator: 'ChatMemberAdministrator',
    left: 'ChatMemberLeft',
    kicked: 'ChatMemberBanned',
  })[status] ?? 'ChatMemberOwner'

export const telegramChat = (id: number, type: string, over: Readonly<Record<string, unknown>> = {}) => ({
  id,
  type,
  ...(type === 'private' ? { first_name: 'Ana' } : { title: 'Desk' }),
  accent_color_id: 0,
  max_reaction_count: 11,
  accepted_gift_types: {
    unlimited_gifts: true,
    limited_gifts: true,
    unique_gifts: true,
    premium_subscription: true,
    gifts_from_channels: true,
  },
  ...over,
})
