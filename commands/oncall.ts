import { z } from 'zod'
import type { OnCallChange, OnCallOutcome, OnCallStanding } from '../src/app/on-call.ts'
import { command } from '../src/chat/command.ts'
import type { Card } from '../src/domain/card.ts'
import { formatTime } from '../src/domain/format.ts'
import { ROTATIONS } from '../src/domain/on-call.ts'

const ACTIONS = ['show', 'order', 'every', 'take'] as const
const DEFAULT_HOURS = 12
const MOST_HOURS = 168

/**
 * `/oncall`: who is on call and who is next. `/oncall order ana,ben` and `/oncall every day|week|off` set the rotation (admin),
 * `/oncall take [hours]` takes it out of turn (trader).
 */
export default command({
  name: 'oncall',
  description: 'Who is on call now and next; order and every set the rotation, take takes it',
  role: 'viewer',
  options: z.object({
    action: z.enum(ACTIONS).default('show').describe('show, order (admin), every (admin) or take (trader)'),
    value: z
      .string()
      .max(300)
      .optional()
      .describe('order: names with commas; every: day, week or off; take: hours, 12 by default'),
  }),

  async run({ options: { action, value }, actor, identity, channel, direct }, app) {
    if (action === 'show') return standingCard('On call', await app.readOnCall())
    const change = changeOf(action, value)
    if (typeof change === 'string') return { tone: 'refused', title: 'Nothing changed', text: change, ephemeral: true }
    const place = { platform: identity.platform, channel, direct }
    return answer(await app.changeOnCall({ change, by: actor, place }), actor.role)
  },
})

/** What was asked for, or what to type instead. */
function changeOf(action: Exclude<(typeof ACTIONS)[number], 'show'>, value = ''): OnCallChange | string {
  switch (action) {
    case 'order': {
      const names = value.split(/[\s,]+/).filter(Boolean)
      return names.length > 0 ? { kind: 'order', names } : 'Name who is on call, in order: /oncall order ana,ben,cleo'
    }
    case 'every': {
      const every = ROTATIONS.find((one) => one === value.trim().toLowerCase())
      return every ? { kind: 'every', every } : 'Expected day, week or off: /oncall every day'
    }
    case 'take': {
      const said = value.trim() === '' ? DEFAULT_HOURS : Number(value.trim().replace(/\s*h(ours?)?$/i, ''))
      return said > 0 && said <= MOST_HOURS
        ? { kind: 'take', hours: said }
        : `Expected a number of hours up to ${MOST_HOURS}: /oncall take 8`
    }
  }
}

function answer(outcome: OnCallOutcome, has: string): Card {
  switch (outcome.kind) {
    case 'changed':
      return { ...standingCard('On call', outcome.standing), tone: 'ok' }
    case 'forbidden': {
      const { reason, needs } = outcome.access
      const why =
        reason === 'CHANNEL_TOO_LOW' || reason === 'NOT_A_DESK_CHANNEL'
          ? `It needs ${needs}, and nobody may do that in this channel. Ask in a private chat with the bot.`
          : `It needs ${needs}, and you are ${has}. An admin can change that.`
      return { tone: 'refused', title: 'Forbidden', text: why, ephemeral: true }
    }
    case 'unknown-members':
      return {
        tone: 'refused',
        title: `Nobody here is called ${outcome.names.join(', ')}`,
        text: 'Nothing changed. Use the names of members, separated by commas.',
        ephemeral: true,
      }
    case 'too-low':
      return {
        tone: 'refused',
        title: `${outcome.members.map(({ name }) => name).join(', ')} could not acknowledge`,
        text: `Who is on call has to be ${outcome.needs} at least. Nothing changed.`,
        ephemeral: true,
      }
    case 'no-order':
      return { tone: 'refused', title: 'There is no order yet', text: NO_ORDER, ephemeral: true }
  }
}

const NO_ORDER = 'An admin sets it with /oncall order ana,ben,cleo.'

function standingCard(title: string, standing: OnCallStanding | undefined): Card {
  if (!standing || (standing.order.length === 0 && !standing.now)) {
    return {
      tone: 'warning',
      title: 'Nobody is on call',
      text: `Critical alerts that nobody acknowledges go to every approver. ${NO_ORDER}`,
    }
  }
  const { now, next, until, taken, every, order } = standing
  const passes = { day: 'every day at 08:00 UTC', week: 'every Monday at 08:00 UTC', off: 'by hand only' }[every]
  return {
    tone: now ? 'info' : 'warning',
    title,
    fields: [
      {
        name: 'Now',
        value: now
          ? `${now.name}${taken ? ', out of turn' : ''}${until === undefined ? '' : `, until ${formatTime(until)}`}`
          : 'nobody of the order may acknowledge: critical alerts go to every approver',
      },
      { name: 'Next', value: next?.name ?? 'nobody else' },
      ...(order.length > 0 ? [{ name: 'Order', value: order.map(({ name }) => name).join(', ') }] : []),
      { name: 'Passes on', value: passes },
    ],
  }
}
