import type { MemberRole } from '../../src/domain/member.ts'

/** Whoever can ask: a member by role, one whose role was taken away, and someone whom the desk does not know. */
export const ASKERS = ['stranger', 'none', 'viewer', 'trader', 'approver', 'admin'] as const satisfies readonly (
  | MemberRole
  | 'stranger'
)[]
export type Askers = (typeof ASKERS)[number]

const ANYONE = ASKERS
const VIEWERS = ['viewer', 'trader', 'approver', 'admin'] as const
const TRADERS = ['trader', 'approver', 'admin'] as const
const APPROVERS = ['approver', 'admin'] as const
const ADMINS = ['admin'] as const

/** Who may run what, written by hand: a change of a command's role has to be made here too. */
export const RIGHTS: Readonly<Record<string, readonly Askers[]>> = {
  start: ANYONE,
  whoami: ANYONE,
  link: ANYONE,
  help: VIEWERS,
  'hedge status': VIEWERS,
  'hedge propose': TRADERS,
  'hedge resize': TRADERS,
  'hedge why': VIEWERS,
  'hedge pause': TRADERS,
  'hedge resume': TRADERS,
  'hedge cancel': TRADERS,
  'hedge history': VIEWERS,
  approve: APPROVERS,
  decline: APPROVERS,
  positions: VIEWERS,
  orders: VIEWERS,
  funding: VIEWERS,
  pnl: VIEWERS,
  report: VIEWERS,
  'liq map': VIEWERS,
  'liq clusters': VIEWERS,
  'liq explain': VIEWERS,
  'liq calibration': VIEWERS,
  alerts: VIEWERS,
  subscribe: VIEWERS,
  mute: VIEWERS,
  ack: TRADERS,
  oncall: VIEWERS,
  deliveries: APPROVERS,
  'risk status': VIEWERS,
  'risk limits': VIEWERS,
  'risk set': ADMINS,
  'risk approve': ADMINS,
  'risk decline': ADMINS,
  'risk halt': ADMINS,
  'risk reduce': ADMINS,
  'risk flatten': ADMINS,
  'risk confirm': ADMINS,
  'risk resume': ADMINS,
  'risk reconcile': ADMINS,
  'risk accept': ADMINS,
  'live status': VIEWERS,
  'live request': ADMINS,
  'live approve': ADMINS,
  'live revoke': ADMINS,
  'model status': VIEWERS,
  'model list': VIEWERS,
  'model explain': VIEWERS,
  'model health': VIEWERS,
  'model promote': TRADERS,
  'model approve': APPROVERS,
  'model decline': APPROVERS,
  'model rollback': ADMINS,
  'model train': APPROVERS,
  'model cancel': APPROVERS,
  settings: VIEWERS,
  members: VIEWERS,
  invite: ADMINS,
  role: ADMINS,
  audit: APPROVERS,
  version: VIEWERS,
}

/** What has to be said for a command to be more than a question about its own options. */
export const ARGUMENTS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  approve: { proposal: '0000000000' },
  decline: { proposal: '0000000000' },
  'hedge why': { proposal: '0000000000' },
  'risk accept': { instrument: 'ETH-USDT-PERP.PAPER' },
  'hedge pause': { proposal: '0000000000' },
  'hedge resume': { proposal: '0000000000' },
  'hedge cancel': { proposal: '0000000000' },
  'hedge resize': { proposal: '0000000000' },
  'liq explain': { cluster: 'ABCD' },
  report: { period: 'daily' },
  'risk set': { limit: 'max-leverage', value: '2.5' },
  'risk approve': { request: '0000000000000000' },
  'risk decline': { request: '0000000000000000' },
  'risk confirm': { request: '0000000000000000' },
  'live approve': { request: '0000000000000000' },
  'model explain': { what: 'ETH' },
  'model promote': { model: 'lstm-1' },
  'model approve': { request: '0000000000000000' },
  'model decline': { request: '0000000000000000' },
  ack: { alert: '0000000000000000' },
  mute: { duration: '1h' },
  invite: { name: 'newcomer', role: 'viewer' },
  role: { member: 'nobody', role: 'viewer' },
}
