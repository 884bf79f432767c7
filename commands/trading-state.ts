import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import type { TradingState } from '../src/domain/risk/trading-state.ts'

/** `/risk halt|reduce [reason]` differ in the state they ask for and in nothing else. */
export const tradingStateCommand = (name: string, to: Exclude<TradingState, 'active'>, description: string) =>
  command({
    name,
    description,
    role: 'admin',
    options: z.object({ reason: z.string().max(300).default('no reason given').describe('Why, for the record') }),

    async run({ options, actor }, app) {
      const change = await app.changeTradingState({ to, by: actor, reason: options.reason })
      switch (change.kind) {
        case 'changed':
          return { tone: 'warning', title: `Trading state: ${change.from} → ${to}`, text: CONSEQUENCE[to] }
        case 'unchanged':
          return { tone: 'info', title: `Trading state is already ${to}`, text: 'Nothing changed.' }
        case 'overtaken':
          return {
            tone: 'refused',
            title: `Trading state is ${change.now.state} now`,
            text: `${change.now.by} moved it at the same moment: ${change.now.reason}. Nothing changed by this; say it again if it is still meant.`,
          }
      }
    },
  })

const CONSEQUENCE: Record<Exclude<TradingState, 'active'>, string> = {
  reducing: 'Only what shrinks |net delta| goes through.',
  halted: 'No new order leaves. The hedge that stands is kept; /risk resume goes on.',
}
