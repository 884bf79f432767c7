import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { fraction } from '../src/domain/units.ts'
import { symbol } from './arguments.ts'
import { proposalOutcome } from './proposal-outcome.ts'

/** `/hedge propose [symbol] [target]`: sizes a hedge now; with a target ratio, sizes to that instead of the policy's. */
export default command({
  name: 'hedge propose',
  description: 'Propose a hedge now, by policy or to a target ratio',
  role: 'trader',
  options: z.object({
    symbol: symbol.describe('Asset to hedge, ETH by default'),
    target: z.coerce.number().min(0).max(100).optional().describe('Hedge ratio to reach, 0.6 = 60 % of the exposure'),
  }),

  async run({ options, actor }, app) {
    const outcome = await app.proposeHedge({
      asset: options.symbol,
      proposedBy: actor.memberId,
      ...(options.target === undefined ? {} : { requestedRatio: fraction(options.target) }),
    })
    return proposalOutcome(outcome, options.symbol)
  },
})
