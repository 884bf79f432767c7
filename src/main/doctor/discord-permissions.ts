import { PermissionFlagsBits } from 'discord.js'

/** What a desk does in a channel, as Discord's menus call it. */
export const NEEDED_PERMISSIONS = {
  'View Channel': PermissionFlagsBits.ViewChannel,
  'Send Messages': PermissionFlagsBits.SendMessages,
  'Embed Links': PermissionFlagsBits.EmbedLinks,
  'Attach Files': PermissionFlagsBits.AttachFiles,
  'Read Message History': PermissionFlagsBits.ReadMessageHistory,
} as const
export type NeededPermission = keyof typeof NEEDED_PERMISSIONS

const ALL = ~0n
const WHILE_TIMED_OUT = PermissionFlagsBits.ViewChannel | PermissionFlagsBits.ReadMessageHistory
/** What cannot be done where no message can be sent. */
const SENDING = PermissionFlagsBits.SendMessages | PermissionFlagsBits.EmbedLinks | PermissionFlagsBits.AttachFiles

interface Permitted {
  readonly guild: {
    readonly id: string
    readonly owner_id: string
    readonly roles: readonly { readonly id: string; readonly permissions: string }[]
  }
  readonly member: { readonly id: string; readonly roles: readonly string[]; readonly timedOut: boolean }
  readonly overwrites: readonly { readonly id: string; readonly allow: string; readonly deny: string }[]
}

/** Bits of everything that the desk needs. */
export const neededBits = (): bigint => Object.values(NEEDED_PERMISSIONS).reduce((all, bit) => all | bit, 0n)

/**
 * What a member lacks in a channel of all that the desk needs there.
 *
 * Roles add up; then the channel's overwrites apply: first that of @everyone, then those of the member's roles together, then
 * the member's own, each taking away before it gives.
 *
 * @see https://discord.com/developers/docs/topics/permissions#permission-overwrites
 */
export function lackingPermissions(permitted: Permitted): readonly NeededPermission[] {
  const has = permissionsIn(permitted)
  return (Object.keys(NEEDED_PERMISSIONS) as NeededPermission[]).filter(
    (name) => (has & NEEDED_PERMISSIONS[name]) === 0n,
  )
}

function permissionsIn({ guild, member, overwrites }: Permitted): bigint {
  const own = guild.roles.filter(({ id }) => id === guild.id || member.roles.includes(id))
  const base = own.reduce((all, { permissions }) => all | BigInt(permissions), 0n)
  if (member.id === guild.owner_id || (base & PermissionFlagsBits.Administrator) !== 0n) return ALL

  const steps = [
    overwrites.filter(({ id }) => id === guild.id),
    overwrites.filter(({ id }) => id !== guild.id && member.roles.includes(id)),
    overwrites.filter(({ id }) => id === member.id),
  ]
  const overwritten = steps.reduce((all, step) => {
    const denied = step.reduce((bits, { deny }) => bits | BigInt(deny), 0n)
    const allowed = step.reduce((bits, { allow }) => bits | BigInt(allow), 0n)
    return (all & ~denied) | allowed
  }, base)
  if ((overwritten & PermissionFlagsBits.ViewChannel) === 0n) return 0n
  const sendable = (overwritten & PermissionFlagsBits.SendMessages) === 0n ? overwritten & ~SENDING : overwritten
  return member.timedOut ? sendable & WHILE_TIMED_OUT : sendable
}
