import {
  type Identity,
  MEMBER_NAME,
  type Member,
  PLATFORM_USER_ID,
  PLATFORMS,
  RESERVED_NAMES,
  ROLES,
  type Role,
} from '../domain/member.ts'
import { expected, parts } from './values.ts'

export interface Person {
  readonly identity: Identity
  readonly name: string
  readonly role: Role
}

/** `platform:numeric-id:name`: an admin. */
export const admins = expected(
  `a comma-separated list of platform:numeric-id:name, e.g. discord:123456789012345678:ana,telegram:4242:ana ` +
    `(platforms: ${PLATFORMS.join(', ')}; a name starts with a letter and is none of ${RESERVED_NAMES.join(', ')})`,
  (value) => people(value, 3),
)

/** `platform:numeric-id:name:role`. */
export const members = expected(
  `a comma-separated list of platform:numeric-id:name:role, e.g. discord:123456789012345679:ben:approver ` +
    `(roles: ${ROLES.join(', ')})`,
  (value) => people(value, 4),
)

/**
 * Joins people of the same name into one member with several identities.
 *
 * @returns the members, and one sentence for every contradiction between the entries
 */
export function joinPeople(people: readonly Person[]): {
  members: readonly Member[]
  contradictions: readonly string[]
} {
  const byId = new Map<string, Member>()
  const owners = new Map<string, string>()
  const contradictions: string[] = []
  for (const { identity, name, role } of people) {
    const memberId = name.toLowerCase()
    const key = `${identity.platform}:${identity.platformUserId}`
    const known = byId.get(memberId)
    const owner = owners.get(key)
    if (known && known.role !== role) {
      contradictions.push(`${name} is named as ${known.role} and as ${role}: keep one role for a name`)
    }
    if (owner !== undefined) {
      if (owner !== memberId)
        contradictions.push(`${key} is named as ${owner} and as ${memberId}: keep one name for an id`)
      continue
    }
    owners.set(key, memberId)
    byId.set(memberId, { memberId, name, role, ...known, identities: [...(known?.identities ?? []), identity] })
  }
  return { members: [...byId.values()], contradictions }
}

function people(value: string, fields: 3 | 4): readonly Person[] | undefined {
  const entries = parts(value).map((part) => person(part.split(':'), fields))
  return entries.length > 0 && entries.every((entry) => entry !== undefined) ? entries : undefined
}

function person(words: readonly string[], fields: 3 | 4): Person | undefined {
  const [platformName = '', platformUserId = '', name = '', roleName = 'admin'] = words
  const platform = PLATFORMS.find((one) => one === platformName)
  const role = ROLES.find((one) => one === roleName)
  if (words.length !== fields || !platform || !role) return undefined
  if (!PLATFORM_USER_ID.test(platformUserId) || !MEMBER_NAME.test(name) || RESERVED_NAMES.includes(name.toLowerCase()))
    return undefined
  return { identity: { platform, platformUserId }, name, role }
}
