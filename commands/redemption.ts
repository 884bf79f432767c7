import type { App } from '../src/app/app.ts'
import type { Card } from '../src/domain/card.ts'
import type { Identity } from '../src/domain/member.ts'

/** What `/start <code>` and `/link <code>` both do. */
export async function redeem(app: App, code: string, identity: Identity): Promise<Card> {
  const outcome = await app.redeemCode({ code, identity })
  const refused = (title: string, text: string): Card => ({ tone: 'refused', title, text, ephemeral: true })
  switch (outcome.kind) {
    case 'joined':
      return {
        tone: 'ok',
        title: `Welcome, ${outcome.member.name}`,
        text: `You are ${outcome.member.role} on this desk now. /start shows what to try first, /help everything you can say.`,
        ephemeral: true,
      }
    case 'linked':
      return {
        tone: 'ok',
        title: `You are ${outcome.member.name} here too`,
        text: `This ${identity.platform} account now counts as ${outcome.member.name}, ${outcome.member.role}. /whoami shows all of yours.`,
        ephemeral: true,
      }
    case 'already-theirs':
      return {
        tone: 'info',
        title: `This account is ${outcome.member.name}'s already`,
        text: 'Nothing changed, and the code is used up.',
        ephemeral: true,
      }
    case 'identity-taken':
      return refused(
        'This account belongs to another member',
        'An account counts as one member. Nothing changed, and the code is used up. If that is wrong, ask an admin.',
      )
    case 'name-taken':
      return refused(
        'The name of this invitation is taken',
        'Someone of that name joined first. Ask an admin to /invite you under another one.',
      )
    case 'withdrawn':
      return refused(
        'This code does not hold any more',
        'Who made it has no right to it now. Ask an admin for a new invitation.',
      )
    case 'unknown':
      return refused(
        'This code opens nothing',
        'It is mistyped, used or too old. Ask for a new one: an admin can /invite, a member gets one with /link.',
      )
  }
}
