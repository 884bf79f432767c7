/** From least to most; each may do what those before it may. */
export const ROLES = ['viewer', 'trader', 'approver', 'admin'] as const
export type Role = (typeof ROLES)[number]
/** `none`: on record and without any right, because it was taken away or never given. */
export type MemberRole = Role | 'none'
export type Platform = 'console' | 'discord' | 'telegram'
export const PLATFORMS = ['console', 'discord', 'telegram'] as const satisfies readonly Platform[]

export interface Identity {
  readonly platform: Platform
  /** Numeric, as the platform gives it: usernames change hands. */
  readonly platformUserId: string
}

export interface Member {
  readonly memberId: string
  readonly name: string
  readonly role: MemberRole
  readonly identities: readonly Identity[]
}

export const atLeast = (role: MemberRole, needed: Role): boolean =>
  role !== 'none' && ROLES.indexOf(role) >= ROLES.indexOf(needed)

export const PLATFORM_USER_ID = /^\d{1,20}$/

/** How a member is called: a letter, then letters, digits, `_`, `-`; the audit log signs its own acts with `system`. */
export const MEMBER_NAME = /^[a-z][a-z0-9_-]{0,31}$/i
export const RESERVED_NAMES: readonly string[] = ['system', 'none', 'all', 'operator']
