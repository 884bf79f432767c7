import { z } from 'zod'
import { command } from '../src/chat/command.ts'

/** `/risk resume [reason]`: lets go of what people and rails hold, after a look at the venues; says what still holds the desk back. */
export default command({
  name: 'risk resume',
  description: 'Back to normal trading within the limits, after a look at the venues',
  role: 'admin',
  options: z.object({ reason: z.string().max(300).default('no reason given').describe('Why, for the record') }),

  async run({ options, actor }, app) {
    const outcome = await app.resumeTrading({ by: actor, reason: options.reason })
    switch (outcome.kind) {
      case 'resumed': {
        if (outcome.isLifting)
          return {
            tone: 'ok',
            title: `Trading state: ${outcome.from} → active, in a moment`,
            text: 'Proposals and orders go through within the limits as soon as the rails have been judged again: seconds.',
          }
        const isFree = outcome.state === 'active'
        return {
          tone: isFree ? 'ok' : 'warning',
          title: isFree
            ? `Trading state: ${outcome.from} → active`
            : `Resumed, and trading is still ${outcome.state}: the rails hold it`,
          text: isFree ? 'Proposals and orders go through within the limits. What was held goes on.' : THE_RAILS,
          fields: [
            ...(outcome.rearmed.length > 0
              ? [
                  {
                    name: 'Let go of',
                    value: outcome.rearmed.map(({ rail, scope, level }) => `${rail} (${scope}), ${level}`).join('\n'),
                  },
                ]
              : []),
            ...held(outcome.holds),
          ],
        }
      }
      case 'nothing-to-resume':
        return {
          tone: 'info',
          title:
            outcome.state === 'active'
              ? 'Trading state is already active'
              : `Nobody holds it: trading is ${outcome.state} by the rails`,
          text: outcome.state === 'active' ? 'Nothing changed.' : THE_RAILS,
          fields: held(outcome.holds),
        }
      case 'overtaken':
        return {
          tone: 'refused',
          title: `Trading state is ${outcome.now.state} now`,
          text: `${outcome.now.by} moved it at the same moment: ${outcome.now.reason}. Nothing changed by this; say it again if it is still meant.`,
        }
      case 'not-reconciled':
        return {
          tone: 'refused',
          title: 'Not resumed: a venue does not answer',
          text: `${outcome.why}. What stands there cannot be told, so nothing goes on. Try again when it answers.`,
        }
      case 'forbidden':
        return { tone: 'refused', title: 'Only an admin resumes', text: 'Nothing changed. Ask an admin.' }
    }
  },
})

const THE_RAILS =
  'Each is released by itself, step by step, once its reason has been gone for 15 minutes. /risk status shows how far.'

const held = (holds: readonly string[]) =>
  holds.length > 0 ? [{ name: 'Still held back', value: holds.join('\n') }] : []
