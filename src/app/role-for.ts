import type { Role } from '../domain/member.ts'
import type { Settings } from './settings.ts'

const OWN_ROLES = {
  approve: 'approver',
  decline: 'approver',
  'hedge resize': 'trader',
  'model approve': 'approver',
  'model decline': 'approver',
} as const

/** The least role that a decision needs at this desk. */
export const roleFor = ({ access }: Pick<Settings, 'access'>, command: keyof typeof OWN_ROLES): Role =>
  access.commands[command] ?? OWN_ROLES[command]
