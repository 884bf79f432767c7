import type { Member } from '../domain/member.ts'
import type { Proposal, ProposalId } from '../domain/proposal.ts'
import type { Denial } from '../domain/risk/checks.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Store, Transition } from '../ports.ts'
import { announce, wakeDelivery } from './announce.ts'
import { proposalCard, proposalCardKey } from './cards.ts'
import { judgeProposal } from './judge-proposal.ts'
import type { Ports } from './ports.ts'
import { maxPriceAge } from './propose-hedge.ts'

export type Decision =
  | { readonly kind: 'approved'; readonly proposal: Proposal }
  /** Counted, but more approvals are needed. */
  | { readonly kind: 'waiting'; readonly proposal: Proposal }
  | { readonly kind: 'declined'; readonly proposal: Proposal }
  | { readonly kind: 'denied'; readonly denials: readonly Denial[]; readonly proposal: Proposal }
  | { readonly kind: 'expired'; readonly proposal: Proposal }
  | { readonly kind: 'already-decided'; readonly proposal: Proposal }
  | { readonly kind: 'already-approved-by-you'; readonly proposal: Proposal }
  /** The proposer's own approval does not count at this size. */
  | { readonly kind: 'self-approval'; readonly proposal: Proposal }
  | { readonly kind: 'not-found' }

/**
 * One member's approval. With the last one needed, and only if the risk engine still agrees and the price has not run away,
 * the proposal becomes approved and its execution is woken.
 *
 * Approve, decline and expire meet in one compare-and-set: whichever comes second changes nothing.
 */
export const createApproveProposal =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId; approver: Member }): Promise<Decision> => {
    const { store, queue, clock } = ports
    const proposal = await store.proposals.find(input.proposalId)
    if (!proposal) return { kind: 'not-found' }
    if (proposal.state !== 'pending') return asItStands(proposal)
    const at = clock.now()
    const { memberId } = input.approver
    if (at >= proposal.expiresAt) return asItStands((await expire(ports, proposal)).proposal)
    if (proposal.proposedBy === memberId && !proposal.selfApprovalAllowed) {
      await store.audit.append({
        at,
        actor: memberId,
        action: 'proposal.self-approval-refused',
        subject: proposal.proposalId,
        details: {},
      })
      return { kind: 'self-approval', proposal }
    }
    if (proposal.approvals.some((approval) => approval.memberId === memberId))
      return { kind: 'already-approved-by-you', proposal }

    const denials = await judgeNow(ports, proposal)
    if (denials.length > 0) {
      const moved = await change(ports, proposal, 'denied', memberId, denials.map((denial) => denial.code).join(', '), {
        denials,
      })
      return moved.changed ? { kind: 'denied', denials, proposal: moved.proposal } : asItStands(moved.proposal)
    }

    const outcome = await store.transaction(async (tx): Promise<Decision> => {
      const counted = await tx.proposals.addApproval(proposal.proposalId, memberId, at)
      if (!counted.changed) return asItStands(counted.proposal)
      await tx.audit.append({
        at,
        actor: memberId,
        action: 'proposal.approval',
        subject: proposal.proposalId,
        details: { termsHash: proposal.termsHash, count: counted.proposal.approvals.length },
      })
      if (counted.proposal.approvals.length < proposal.quorum) {
        await announceProposal(tx, ports, counted.proposal, at)
        return { kind: 'waiting', proposal: counted.proposal }
      }
      const moved = await tx.proposals.move(proposal.proposalId, ['pending'], 'approved', {
        decidedBy: memberId,
        decidedAt: at,
      })
      if (!moved.changed) return asItStands(moved.proposal)
      await tx.audit.append({
        at,
        actor: memberId,
        action: 'proposal.approved',
        subject: proposal.proposalId,
        details: { termsHash: proposal.termsHash },
      })
      await announceProposal(tx, ports, moved.proposal, at)
      return { kind: 'approved', proposal: moved.proposal }
    })
    if (outcome.kind === 'approved') await wakeExecution(ports, outcome.proposal)
    await wakeDelivery(queue)
    return outcome
  }

export const createDeclineProposal =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId; by: Member; reason?: string }): Promise<Decision> => {
    const proposal = await ports.store.proposals.find(input.proposalId)
    if (!proposal) return { kind: 'not-found' }
    if (proposal.state !== 'pending') return asItStands(proposal)
    if (ports.clock.now() >= proposal.expiresAt) return asItStands((await expire(ports, proposal)).proposal)
    const moved = await change(ports, proposal, 'declined', input.by.memberId, input.reason, {})
    return moved.changed ? { kind: 'declined', proposal: moved.proposal } : asItStands(moved.proposal)
  }

/** What someone hears whose tap changed nothing: whatever came first, read from the row as it now is. */
function asItStands(proposal: Proposal): Decision {
  if (proposal.state === 'pending') return { kind: 'already-approved-by-you', proposal }
  return { kind: proposal.state === 'expired' ? 'expired' : 'already-decided', proposal }
}

/** The wake-up at a proposal's expiry: does nothing when someone was faster or the time has not come. */
export const createExpireProposal =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId }): Promise<void> => {
    const proposal = await ports.store.proposals.find(input.proposalId)
    if (proposal?.state === 'pending' && ports.clock.now() >= proposal.expiresAt) await expire(ports, proposal)
  }

/** Says once that a pending proposal is about to expire. */
export const createRemindApprovers =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId }): Promise<void> => {
    const { store, clock, queue } = ports
    const proposal = await store.proposals.find(input.proposalId)
    if (proposal?.state !== 'pending' || clock.now() >= proposal.expiresAt) return
    const card = proposalCard(proposal)
    await announce(store, ports, {
      urgency: 'urgent',
      cardKey: `reminder:${proposal.proposalId}`,
      card: { ...card, tone: 'warning', title: `Still waiting: ${card.title}` },
      at: clock.now(),
    })
    await wakeDelivery(queue)
  }

/** The id carries the fencing number, so that a wake-up added after a crash is never taken for an earlier one. */
export const wakeExecution = ({ queue }: Pick<Ports, 'queue'>, proposal: Proposal, at?: TimestampMs): Promise<void> =>
  queue.add({
    name: 'execute-proposal',
    data: { proposalId: proposal.proposalId, lease: proposal.lease },
    jobId: `execute-${proposal.proposalId}-${proposal.lease}`,
    at,
  })

const expire = (ports: Ports, proposal: Proposal): Promise<Transition> =>
  change(ports, proposal, 'expired', 'system', undefined, {})

async function change(
  ports: Ports,
  proposal: Proposal,
  to: 'declined' | 'expired' | 'denied',
  by: string,
  reason: string | undefined,
  details: Record<string, unknown>,
): Promise<Transition> {
  const at = ports.clock.now()
  const moved = await ports.store.transaction(async (tx) => {
    const transition = await tx.proposals.move(proposal.proposalId, ['pending'], to, {
      decidedBy: by,
      decidedAt: at,
      reason,
    })
    if (!transition.changed) return transition
    await tx.audit.append({
      at,
      actor: by,
      action: to === 'denied' ? 'risk.denied' : `proposal.${to}`,
      subject: proposal.proposalId,
      details: { ...details, reason },
    })
    await announceProposal(tx, ports, transition.proposal, at)
    return transition
  })
  await wakeDelivery(ports.queue)
  return moved
}

async function judgeNow(ports: Ports, proposal: Proposal): Promise<readonly Denial[]> {
  const latest = await ports.store.forecasts.latest(proposal.asset)
  if (!latest) return [{ code: 'PRICE_STALE', ageMs: Number.MAX_SAFE_INTEGER, maxMs: 0 }]
  const driftBps = Math.abs(latest.forecast.market.price / proposal.referencePrice - 1) * 1e4
  const drifted: readonly Denial[] =
    driftBps > proposal.maxPriceDrift ? [{ code: 'PRICE_DRIFTED', driftBps, maxBps: proposal.maxPriceDrift }] : []
  const judged = await judgeProposal(ports, {
    asset: proposal.asset,
    side: proposal.side,
    quantity: proposal.quantity,
    requestedRatio: proposal.hedgeRatioAfter,
    forecast: latest.forecast,
    maxPriceAge: await maxPriceAge(ports, proposal.asset),
    countsToday: false,
  })
  return [...drifted, ...judged]
}

const announceProposal = (tx: Store, ports: Ports, proposal: Proposal, at: TimestampMs): Promise<void> =>
  announce(tx, ports, { cardKey: proposalCardKey(proposal), card: proposalCard(proposal), at, urgency: 'urgent' })
