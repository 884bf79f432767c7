import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { formatPercent, formatTime } from '../src/domain/format.ts'
import { formatDenial } from '../src/domain/risk/checks.ts'
import { fraction } from '../src/domain/units.ts'
import { symbol } from './arguments.ts'

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
    switch (outcome.kind) {
      case 'proposed':
        return {
          tone: 'ok',
          title: `Proposed ${outcome.proposal.proposalId}`,
          text: `The card with its buttons is in the desk channel. It expires ${formatTime(outcome.proposal.expiresAt)}.`,
        }
      case 'held':
        return {
          tone: 'info',
          title: 'Nothing to do',
          text: `${HOLD_TEXT[outcome.reason]} The hedge stays at ${formatPercent(outcome.ratio)}.`,
          fields: outcome.steps.map((step) => ({ name: step.name, value: step.note })),
        }
      case 'denied':
        return {
          tone: 'refused',
          title: 'Denied by the risk engine',
          text: outcome.denials.map(formatDenial).join('\n'),
        }
      case 'busy':
        return {
          tone: 'refused',
          title: `Proposal ${outcome.proposal.proposalId} is ${outcome.proposal.state}`,
          text: 'One at a time for each asset: propose again when it has finished.',
        }
      case 'cooling-down':
        return { tone: 'info', title: 'Too soon', text: 'A proposal for this asset was decided a moment ago.' }
      case 'no-forecast':
        return {
          tone: 'refused',
          title: 'No forecast yet',
          text: `Nothing has been received for ${options.symbol}. Look at /hedge status for the feeds.`,
        }
      case 'unknown-asset':
        return {
          tone: 'refused',
          title: `The book holds no ${options.symbol}`,
          text: `It holds ${outcome.known.join(', ')}.`,
        }
    }
  },
})

const HOLD_TEXT = {
  INSIDE_BAND: 'The target lies inside the no-trade band: the change would cost more than it is worth.',
  BELOW_MIN_NOTIONAL: "The change is below the venue's minimum order.",
  NO_EXPOSURE: 'The book holds nothing of it.',
}
