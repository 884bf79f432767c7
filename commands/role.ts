import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { type MemberRole, ROLES } from '../src/domain/member.ts'

const GIVEN = [...ROLES, 'none'] as const satisfies readonly MemberRole[]

/** `/role <member> <role>`: what a member may do from now on; `none` takes every right away. */
export default command({
  name: 'role',
  description: 'What a member may do from now on; none takes every right away',
  role: 'admin',
  options: z.object({
    member: z.string().min(1).max(64).describe('A member by name or id'),
    role: z.enum(GIVEN).describe('viewer, trader, approver, admin or none'),
  }),
  complete: {
    member: async (_, app) =>
      (await app.listMembers()).map(({ member: { memberId, name, role } }) => ({
        value: memberId,
        label: `${name} (${role})`,
      })),
    role: async () => GIVEN.map((value) => ({ value })),
  },

  async run({ options, actor }, app) {
    const change = await app.changeRole({ memberId: options.member, to: options.role, by: actor })
    switch (change.kind) {
      case 'changed':
        return {
          tone: 'ok',
          title: `${change.member.name}: ${change.from} → ${change.to}`,
          text:
            change.to === 'none'
              ? 'It holds from now on. Their subscriptions, mutes and settings stay on record and no longer count. The desk is told.'
              : 'It holds from now on. The desk is told.',
        }
      case 'unchanged':
        return {
          tone: 'info',
          title: `${change.member.name} is ${change.member.role} already`,
          text: 'Nothing changed.',
        }
      case 'unknown':
        return {
          tone: 'refused',
          title: `There is no member ${options.member}`,
          text: '/members lists everyone; /invite lets someone in.',
        }
      case 'last-admin':
        return {
          tone: 'refused',
          title: `${change.member.name} is the last admin`,
          text: 'Nobody could undo this. Make someone else admin first: /role <member> admin.',
        }
      case 'forbidden':
        return { tone: 'refused', title: 'Only an admin gives roles', text: 'Nothing changed. Ask an admin.' }
    }
  },
})
