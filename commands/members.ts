import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { describeReach, platformsOf } from './member-text.ts'

/** `/members`: who is on the desk; their ids are for admins. */
export default command({
  name: 'members',
  description: 'Who is on the desk, what they may do, and where they can be reached',
  role: 'viewer',
  options: z.object({}),

  async run({ actor }, app) {
    const all = await app.listMembers()
    const forAdmin = actor.role === 'admin'
    return {
      tone: 'info',
      title: `${all.length} members`,
      fields: all.map(({ member, reach }) => ({
        name: `${member.name}, ${member.role === 'none' ? 'no role' : member.role}`,
        value: [
          forAdmin
            ? `${member.memberId}: ${member.identities.map(({ platform, platformUserId }) => `${platform} ${platformUserId}`).join(', ') || 'no account'}`
            : platformsOf(member.identities).join(', ') || 'no account',
          `private chats: ${describeReach(member, reach, { reasons: forAdmin })}`,
        ].join('\n'),
      })),
      ephemeral: forAdmin,
    }
  },
})
