import { atLeast, type Member, type Platform, ROLES, type Role } from './member.ts'

/** What the desk has decided beyond each command's own role. Whatever is not named here is not allowed. */
export interface AccessRules {
  /** Channels in which the desk is answered, and the most that anyone may do there. Private chats need no entry. */
  readonly channels: readonly { readonly platform: Platform; readonly channel: string; readonly most: Role }[]
  /** The role a command needs here instead of its own, by its name. */
  readonly commands: Readonly<Record<string, Role>>
}

export type Access =
  | { readonly kind: 'allowed' }
  | {
      readonly kind: 'forbidden'
      readonly reason: 'NOT_A_MEMBER' | 'NO_ROLE' | 'ROLE_TOO_LOW' | 'NOT_A_DESK_CHANNEL' | 'CHANNEL_TOO_LOW'
      readonly needs: Role
    }

/**
 * Whether someone may run a command in a place. A group gives no right: the role is the member's own, and a channel can only
 * take away from it.
 *
 * @param command - `role` 'anyone' may be run by strangers and in any place: it tells nothing of the desk
 * @param place - `direct`: a private chat with the bot, or the terminal
 */
export function judgeAccess(
  rules: AccessRules,
  {
    command,
    member,
    place,
  }: {
    readonly command: { readonly name: string; readonly role: Role | 'anyone' }
    readonly member: Pick<Member, 'role'> | undefined
    readonly place: { readonly platform: Platform; readonly channel: string; readonly direct: boolean }
  },
): Access {
  if (command.role === 'anyone') return { kind: 'allowed' }
  const needs = rules.commands[command.name] ?? command.role
  if (!member) return { kind: 'forbidden', reason: 'NOT_A_MEMBER', needs }
  if (member.role === 'none') return { kind: 'forbidden', reason: 'NO_ROLE', needs }
  if (!atLeast(member.role, needs)) return { kind: 'forbidden', reason: 'ROLE_TOO_LOW', needs }
  if (place.direct) return { kind: 'allowed' }
  const channel = rules.channels.find((one) => one.platform === place.platform && one.channel === place.channel)
  if (!channel) return { kind: 'forbidden', reason: 'NOT_A_DESK_CHANNEL', needs }
  if (ROLES.indexOf(channel.most) < ROLES.indexOf(needs)) return { kind: 'forbidden', reason: 'CHANNEL_TOO_LOW', needs }
  return { kind: 'allowed' }
}
