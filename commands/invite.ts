import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { formatTime } from '../src/domain/format.ts'
import { MEMBER_NAME, RESERVED_NAMES, ROLES } from '../src/domain/member.ts'
import { refuseInPublic } from './private-answer.ts'

const memberName = z
  .string()
  .regex(MEMBER_NAME, 'Expected a name of up to 32 letters, digits, _ or -, a letter first')
  .refine((name) => !RESERVED_NAMES.includes(name.toLowerCase()), 'Expected a name that the desk does not use itself')

/** `/invite <name> <role>`: a one-time code with which someone new comes in. */
export default command({
  name: 'invite',
  description: 'A one-time code with which someone new joins the desk',
  role: 'admin',
  options: z.object({
    name: memberName.describe('How the newcomer will be called'),
    role: z.enum(ROLES).describe('What they may do'),
  }),

  async run({ options, identity, direct, actor }, app) {
    const refusal = refuseInPublic({ direct, identity }, 'invite')
    if (refusal) return refusal
    const invitation = await app.inviteMember({ ...options, by: actor })
    switch (invitation.kind) {
      case 'invited':
        return {
          tone: 'ok',
          title: `Invitation for ${options.name} as ${options.role}`,
          text:
            `Give ${options.name} this to send to the bot, in a private chat:\n/start ${invitation.code}\n` +
            `It works once, until ${formatTime(invitation.expiresAt)}, and only while you are an admin.`,
          ephemeral: true,
        }
      case 'name-taken':
        return {
          tone: 'refused',
          title: `There is a member ${invitation.member.name} already`,
          text: `They are ${invitation.member.role}. /role changes that; for another person take another name, and /link joins another account of theirs.`,
          ephemeral: true,
        }
      case 'forbidden':
        return {
          tone: 'refused',
          title: 'Only an admin lets people in',
          text: 'Nothing was made. Ask an admin to /invite.',
          ephemeral: true,
        }
    }
  },
})
