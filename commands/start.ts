import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import type { Card } from '../src/domain/card.ts'
import type { Member } from '../src/domain/member.ts'
import { redeem } from './redemption.ts'

/** `/start [code]`: the first thing that anyone says; with an invitation's code they come in. */
export default command({
  name: 'start',
  description: 'Begin here; with the code of an invitation you join the desk',
  role: 'anyone',
  options: z.object({ code: z.string().max(64).optional().describe('The code of your invitation') }),

  async run({ options, identity }, app) {
    if (options.code) return redeem(app, options.code, identity)
    const known = await app.describeMember(identity)
    if (!known) {
      return {
        tone: 'info',
        title: 'This is a private desk',
        text:
          `You are not a member of it. Your ${identity.platform} id is ${identity.platformUserId}. ` +
          'An admin of the desk can let you in with /invite; send me the code you get: /start CODE. ' +
          'If you are a member under another account, send /link there and the code here.',
        ephemeral: true,
      }
    }
    return known.member.role === 'none' ? withoutRole(known.member) : welcome(known.member)
  },
})

const withoutRole = ({ name }: Member): Card => ({
  tone: 'info',
  title: `Hello ${name}`,
  text: 'You have no role on this desk any more. An admin can give you one with /role.',
  ephemeral: true,
})

const welcome = ({ name, role }: Member): Card => ({
  tone: 'ok',
  title: `Welcome, ${name}`,
  text: `You are ${role} on this desk. Three things to try:`,
  fields: [
    { name: '/hedge status', value: 'what the book holds, how much of it is hedged, what is open' },
    { name: '/liq map', value: 'where liquidations wait, drawn' },
    { name: '/settings', value: 'your time zone, quiet hours and digest' },
  ],
  buttons: [
    { label: 'Hedge status', command: '/hedge status', style: 'primary' },
    { label: 'Liquidation map', command: '/liq map', style: 'neutral' },
    { label: 'My settings', command: '/settings', style: 'neutral' },
  ],
  footer: '/help lists everything you can say.',
  ephemeral: true,
})
