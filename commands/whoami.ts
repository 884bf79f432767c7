import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { describeReach } from './member-text.ts'

/** `/whoami`: as whom the desk knows the asker. */
export default command({
  name: 'whoami',
  description: 'As whom the desk knows you, and whether it can reach you in private',
  role: 'anyone',
  options: z.object({}),

  async run({ identity }, app) {
    const here = { name: 'You here', value: `${identity.platform} id ${identity.platformUserId}` }
    const known = await app.describeMember(identity)
    if (!known) {
      return {
        tone: 'info',
        title: 'You are not a member of this desk',
        fields: [here],
        footer: 'An admin can let you in with /invite.',
        ephemeral: true,
      }
    }
    const { member, preferences, reach } = known
    return {
      tone: 'info',
      title: `You are ${member.name}`,
      fields: [
        { name: 'Role', value: member.role === 'none' ? 'none: an admin can give you one with /role' : member.role },
        { name: 'Member id', value: member.memberId },
        here,
        {
          name: 'Accounts',
          value: member.identities.map(({ platform, platformUserId }) => `${platform} ${platformUserId}`).join(', '),
        },
        { name: 'Time zone', value: preferences.timeZone },
        { name: 'Private chats', value: describeReach(member, reach, { reasons: true }) },
      ],
      ephemeral: true,
    }
  },
})
