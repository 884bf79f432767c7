import type { PromotionDecision } from '../src/app/promote-model.ts'
import type { Card } from '../src/domain/card.ts'
import { formatCount } from '../src/domain/format.ts'
import { NO_REGISTRY } from './model-text.ts'
import { requestDecisionCard } from './request-card.ts'

/** The answer to a press on the request of a model. */
export function promotionCard(decision: PromotionDecision): Card {
  switch (decision.kind) {
    case 'waiting':
      return {
        tone: 'ok',
        title: 'Your approval counts',
        text: `${formatCount(decision.missing, 'approver')} more to agree. Until then nothing changes.`,
      }
    case 'already-approved-by-you':
      return {
        tone: 'info',
        title: 'You have approved this already',
        text: `${formatCount(decision.missing, 'approver')} more to agree. Nothing changed by this.`,
      }
    case 'self-approval':
      return {
        tone: 'refused',
        title: 'Another approver has to agree',
        text: 'You asked for it yourself.',
      }
    case 'forbidden':
      return { tone: 'refused', title: 'Only an approver decides this', text: 'Nothing changed. Ask an approver.' }
    case 'not-found':
      return { tone: 'refused', title: 'There is no such request', text: '/model promote asks for a model.' }
    case 'no-registry':
      return NO_REGISTRY
    default:
      return requestDecisionCard(decision, {
        done: 'It answers from now on. /model rollback puts the one before it back at once.',
        again: '/model promote <model>',
      })
  }
}
