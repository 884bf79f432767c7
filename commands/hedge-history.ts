import { z } from 'zod'
import { command } from '../src/chat/command.ts'
import { formatPercent, formatQuantity, formatTime, formatUsd } from '../src/domain/format.ts'
import type { Proposal } from '../src/domain/proposal.ts'

/** `/hedge history [limit]`: the latest proposals and what became of them. */
export default command({
  name: 'hedge history',
  description: 'The latest proposals and what became of them',
  role: 'viewer',
  options: z.object({ limit: z.coerce.number().int().min(1).max(20).default(8).describe('How many, 8 by default') }),

  async run({ options }, app) {
    const proposals = await app.listProposals(options.limit)
    if (proposals.length === 0)
      return { tone: 'info', title: 'No proposals yet', text: 'Ask for one with /hedge propose.' }
    return {
      tone: 'info',
      title: `Last ${proposals.length} proposals`,
      fields: proposals.map((proposal) => ({
        name: `${proposal.proposalId} ${proposal.state}`,
        value: linesOf(proposal),
      })),
    }
  },
})

function linesOf(proposal: Proposal): string {
  const { side, quantity, asset, notional, hedgeRatioBefore, hedgeRatioAfter, proposedAt, decidedBy, reason } = proposal
  return [
    `${side} ${formatQuantity(quantity, asset)} (${formatUsd(notional)}), ${formatPercent(hedgeRatioBefore)} → ${formatPercent(hedgeRatioAfter)}`,
    `${formatTime(proposedAt)}${decidedBy ? `, by ${decidedBy}` : ''}`,
    ...(reason ? [reason] : []),
  ].join('\n')
}
