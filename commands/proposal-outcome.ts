import type { ProposeOutcome } from '../src/app/propose-hedge.ts'
import type { Card } from '../src/domain/card.ts'
import { formatPercent, formatTime } from '../src/domain/format.ts'
import { formatDenial } from '../src/domain/risk/checks.ts'

/** The answer to whoever asked for a proposal of an asset. */
export function proposalOutcome(outcome: ProposeOutcome, asset: string): Card {
  switch (outcome.kind) {
    case 'proposed':
      return {
        tone: 'ok',
        title: `Proposed ${outcome.proposal.proposalId}`,
        text: `${outcome.proposal.replaces ? `It takes the place of ${outcome.proposal.replaces}. ` : ''}The card with its buttons is in the desk channel. It expires ${formatTime(outcome.proposal.expiresAt)}.`,
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
        text: `Nothing has been received for ${asset}. Look at /hedge status for the feeds.`,
      }
    case 'unknown-asset':
      return {
        tone: 'refused',
        title: `The book holds no ${asset}`,
        text: `It holds ${outcome.known.join(', ')}.`,
      }
  }
}

const HOLD_TEXT = {
  INSIDE_BAND: 'The target lies inside the no-trade band: the change would cost more than it is worth.',
  BELOW_MIN_NOTIONAL: "The change is below the venue's minimum order.",
  PACE_USED_UP: 'The hedge has moved as far as an hour or a day allows: /risk limits shows by how much.',
  NO_EXPOSURE: 'The book holds nothing of it.',
}
