import type { ProposalId } from '../domain/proposal.ts'
import { announce, wakeDelivery } from './announce.ts'
import { askedPrivately, placesAtEscalation } from './ask-approvers.ts'
import { ESCALATE_AT_SHARE, instantAt, REMIND_AT_SHARE } from './open-proposal.ts'
import type { Ports } from './ports.ts'
import { reminderCard, reminderCardKey } from './proposal-card.ts'
import { roleFor } from './role-for.ts'

/**
 * Says that a pending proposal is about to expire: first to the desk, later in private to who comes next. Said again at any time
 * it changes nothing, and it does nothing once the proposal is decided.
 */
export const createRemindApprovers =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId }): Promise<void> => {
    const { store, settings, clock, queue } = ports
    if ((await store.proposals.find(input.proposalId))?.state !== 'pending') return
    await store.transaction(async (tx) => {
      // Held, so that no reminder follows a decision.
      const { changed, proposal } = await tx.proposals.move(input.proposalId, ['pending'], 'pending', {})
      const at = clock.now()
      if (!changed || at < instantAt(proposal, REMIND_AT_SHARE) || at >= proposal.expiresAt) return
      const asked = await askedPrivately(tx, proposal)
      const isEscalated = asked.length > 0 || at < instantAt(proposal, ESCALATE_AT_SHARE)
      const further = isEscalated ? [] : await placesAtEscalation(tx, ports, { proposal, at })
      if (further.length > 0) {
        await tx.audit.append({
          at,
          actor: 'system',
          action: 'proposal.escalated',
          subject: proposal.proposalId,
          details: { to: [...new Set(further.map(({ memberId }) => memberId))] },
        })
      }
      const members = await tx.members.list()
      const needs = roleFor(settings, 'approve')
      await announce(tx, ports, {
        cardKey: reminderCardKey(proposal),
        card: reminderCard(proposal, { members, needs, asked: [...asked, ...further] }),
        at,
        urgency: 'urgent',
        places: further,
      })
    })
    await wakeDelivery(queue)
  }
