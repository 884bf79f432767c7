import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import type { TradingState } from '../src/domain/risk/trading-state.ts'

/** `/risk halt|reduce|resume [reason]` differ in the state they ask for and in nothing else. */
export const tradingStateCommand = (name: string, to: TradingState, description: string) =>
  command({
    name,
    description,
    role: 'admin',
    options: z.object({ reason: z.string().max(300).default('no reason given').describe('Why, for the record') }),

    async run({ options, actor }, app) {
      const change = await app.changeTradingState({ to, by: actor, reason: options.reason })
      return change.kind === 'unchanged'
        ? { tone: 'info', title: `Trading state is already ${to}`, text: 'Nothing changed.' }
        : {
            tone: to === 'active' ? 'ok' : 'warning',
            title: `Trading state: ${change.from} → ${to}`,
            text: CONSEQUENCE[to],
          }
    },
  })

const CONSEQUENCE: Record<TradingState, string> = {
  active: 'Proposals and orders go through within the limits. What was held goes on.',
  reducing: 'Only what shrinks |net delta| goes through.',
  halted: 'No new order leaves. The hedge that stands is kept; /risk resume goes on.',
}
