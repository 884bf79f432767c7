import type { Member } from '../domain/member.ts'

/** The people of the demo: one of each role and a second approver, known by their console numbers. */
export const DEMO_MEMBERS: readonly Member[] = [
  { memberId: 'ana', name: 'Ana', role: 'admin', identities: [{ platform: 'console', platformUserId: '1' }] },
  { memberId: 'ben', name: 'Ben', role: 'approver', identities: [{ platform: 'console', platformUserId: '2' }] },
  { memberId: 'cleo', name: 'Cleo', role: 'approver', identities: [{ platform: 'console', platformUserId: '3' }] },
  { memberId: 'tom', name: 'Tom', role: 'trader', identities: [{ platform: 'console', platformUserId: '4' }] },
  { memberId: 'vera', name: 'Vera', role: 'viewer', identities: [{ platform: 'console', platformUserId: '5' }] },
]
