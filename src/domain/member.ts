/** From least to most; each may do what those before it may. */
export const ROLES = ['viewer', 'trader', 'approver', 'admin'] as const
export type Role = (typeof ROLES)[number]
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
  readonly role: Role
  readonly identities: readonly Identity[]
}

export const atLeast = (role: Role, needed: Role): boolean => ROLES.indexOf(role) >= ROLES.indexOf(needed)

export const PLATFORM_USER_ID = /^\d{1,20}$/
