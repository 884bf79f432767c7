import type { AccessRules } from '../domain/access.ts'
import { PLATFORMS, ROLES, type Role } from '../domain/member.ts'
import { expected, parts } from './values.ts'

const CHANNEL = /^-?\d{1,20}$/
const COMMAND = /^[a-z]+( [a-z]+)?$/
const roleOf = (value: string | undefined): Role | undefined => ROLES.find((role) => role === value)

/** `platform:channel:role`: the most that anyone may do in a channel. */
export const channelRoles = expected(
  `a comma-separated list of platform:channel:role, each channel once, e.g. discord:123456789012345678:viewer (platforms: ${PLATFORMS.join(', ')}; roles: ${ROLES.join(', ')})`,
  (value): AccessRules['channels'] | undefined => {
    const rules = parts(value).map((part) => {
      const [platformName, channel = '', most, ...more] = part.split(':')
      const platform = PLATFORMS.find((one) => one === platformName)
      const role = roleOf(most)
      return platform && role && CHANNEL.test(channel) && more.length === 0
        ? { platform, channel, most: role }
        : undefined
    })
    if (rules.length === 0 || !rules.every((rule) => rule !== undefined)) return undefined
    // Of two rules for one channel nobody could say which holds.
    const named = new Set(rules.map(({ platform, channel }) => `${platform}:${channel}`))
    return named.size === rules.length ? rules : undefined
  },
)

/** `command=role`: the role that a command needs here instead of its own. */
export const commandRoles = expected(
  `a comma-separated list of command=role, e.g. hedge propose=approver (roles: ${ROLES.join(', ')})`,
  (value): AccessRules['commands'] | undefined => {
    const rules = parts(value).map((part): [string, Role] | undefined => {
      const [command = '', name, ...more] = part.split('=').map((word) => word.trim())
      const role = roleOf(name)
      return role && COMMAND.test(command) && more.length === 0 ? [command, role] : undefined
    })
    return rules.length > 0 && rules.every((rule) => rule !== undefined) ? Object.fromEntries(rules) : undefined
  },
)
