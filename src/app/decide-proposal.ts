import { atLeast, type Member, type Role } from '../domain/member.ts'
import { isOwnAndLarge, type Proposal, type ProposalId, tallyApprovals } from '../domain/proposal.ts'
import { type Denial, formatDenial } from '../domain/risk/checks.ts'
import type { Bps, TimestampMs } from '../domain/units.ts'
import type { ProposalPatch, Store } from '../ports.ts'
import { wakeDelivery } from './announce.ts'
import { announceProposal } from './announce-proposal.ts'
import { asItStands, type Decision } from './decision.ts'
import { judgePending } from './judge-proposal.ts'
import type { Ports } from './ports.ts'
import { requoteProposal } from './requote-proposal.ts'
import { roleFor } from './role-for.ts'
import { wakeExecution } from './wake-execution.ts'

/** A pending proposal whose row nobody else can change until the transaction ends, and who is who under it. */
interface Held {
  readonly proposal: Proposal
  readonly members: readonly Member[]
  readonly at: TimestampMs
}

/**
 * One member's approval. With the last one needed, and only if the risk engine still agrees, the proposal becomes approved and its
 * execution is woken. Where only the price has run away, fresh terms take its place.
 *
 * Approve, decline and expire meet on the locked row: whichever comes second changes nothing.
 */
export const createApproveProposal =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId; approver: Member }): Promise<Decision> => {
    const { store, settings, clock } = ports
    const { proposalId, approver } = input
    const proposal = await store.proposals.find(proposalId)
    if (!proposal) return { kind: 'not-found' }
    if (proposal.state !== 'pending') return asItStands(store, proposal)
    const needs = roleFor(settings, 'approve')
    if (clock.now() >= proposal.expiresAt) return expire(ports, proposal)
    if (isOwnAndLarge(proposal, approver)) return refuseOwn(ports, proposal, approver)

    const { missing } = tallyApprovals(proposal, await store.members.list(), needs)
    const mine = proposal.approvals.some(({ memberId }) => memberId === approver.memberId)
    if (mine && missing > 0) return { kind: 'already-approved-by-you', proposal, missing }

    const { denials, drift } = await judgePending(ports, proposal)
    if (denials.length > 0) return refuse(ports, proposal, { by: approver, denials, drift })
    const decision = await decide(ports, proposal, { by: approver, needs, as: 'approve' }, (tx, held) =>
      count(tx, ports, held, { approver, needs }),
    )
    if (decision.kind === 'approved') await wakeExecution(ports, decision.proposal)
    return decision
  }

export const createDeclineProposal =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId; by: Member; reason?: string }): Promise<Decision> => {
    const proposal = await ports.store.proposals.find(input.proposalId)
    if (!proposal) return { kind: 'not-found' }
    const needs = roleFor(ports.settings, 'decline')
    return decide(ports, proposal, { by: input.by, needs, as: 'decline' }, async (tx, held) => {
      const patch = { decidedBy: input.by.memberId, decidedAt: held.at, reason: input.reason }
      return { kind: 'declined', proposal: await close(tx, ports, held.proposal, { to: 'declined', patch }) }
    })
  }

/** The wake-up at a proposal's expiry: does nothing when someone was faster or the time has not come. */
export const createExpireProposal =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId }): Promise<void> => {
    const proposal = await ports.store.proposals.find(input.proposalId)
    if (proposal?.state === 'pending' && ports.clock.now() >= proposal.expiresAt) await expire(ports, proposal)
  }

/**
 * One decision in one transaction: the row is held, and the presser's right is read again under it, so that what was decided or
 * taken meanwhile counts. A proposal whose time is over expires instead.
 */
async function decide(
  ports: Ports,
  { proposalId }: Proposal,
  { by, needs, as }: { by: Member; needs: Role; as: 'approve' | 'decline' },
  work: (tx: Store, held: Held) => Promise<Decision>,
): Promise<Decision> {
  const decision = await ports.store.transaction(async (tx): Promise<Decision> => {
    const { changed, proposal } = await tx.proposals.move(proposalId, ['pending'], 'pending', {})
    if (!changed) return asItStands(tx, proposal)
    const at = ports.clock.now()
    if (at >= proposal.expiresAt) return closeExpired(tx, ports, proposal, at)
    const members = await tx.members.list()
    const has = members.find(({ memberId }) => memberId === by.memberId)?.role ?? 'none'
    if (!atLeast(has, needs)) {
      await tx.audit.append({
        at,
        actor: by.memberId,
        action: 'command.forbidden',
        subject: as,
        details: { proposalId, reason: 'ROLE_TAKEN', needs, has },
      })
      return { kind: 'forbidden', needs, has }
    }
    return work(tx, { proposal, members, at })
  })
  await wakeDelivery(ports.queue)
  return decision
}

async function count(
  tx: Store,
  ports: Ports,
  { proposal: { proposalId, termsHash }, members, at }: Held,
  { approver: { memberId }, needs }: { approver: Member; needs: Role },
): Promise<Decision> {
  const put = (action: string, details: Record<string, unknown>): Promise<void> =>
    tx.audit.append({ at, actor: memberId, action, subject: proposalId, details: { termsHash, ...details } })
  const { changed, proposal } = await tx.proposals.addApproval(proposalId, memberId, at)
  const { counted, uncounted, missing } = tallyApprovals(proposal, members, needs)
  if (changed) await put('proposal.approval', { count: counted.length })
  if (missing > 0) {
    if (!changed) return { kind: 'already-approved-by-you', proposal, missing }
    await announceProposal(tx, ports, proposal, { at })
    return { kind: 'waiting', proposal, missing }
  }
  const lost = uncounted.map((one) => members.find((member) => member.memberId === one.memberId)?.name ?? one.memberId)
  const reason = lost.length > 0 ? `not counted, for the role was taken: ${lost.join(', ')}` : undefined
  const moved = await tx.proposals.move(proposalId, ['pending'], 'approved', {
    decidedBy: memberId,
    decidedAt: at,
    reason,
  })
  await put('proposal.approved', {
    approvers: counted.map((one) => one.memberId),
    ...(uncounted.length > 0 && { notCounted: uncounted.map((one) => one.memberId) }),
  })
  await announceProposal(tx, ports, moved.proposal, { at })
  return { kind: 'approved', proposal: moved.proposal }
}

/** Fresh terms where the price is what stands against it, and a denial otherwise. */
async function refuse(
  ports: Ports,
  proposal: Proposal,
  { by, denials, drift }: { by: Member; denials: readonly Denial[]; drift: Bps | undefined },
): Promise<Decision> {
  const needs = roleFor(ports.settings, 'approve')
  let [all, why] = [denials, undefined as string | undefined]
  if (drift !== undefined && denials.some(({ code }) => code === 'PRICE_DRIFTED')) {
    const requoted = await requoteProposal(ports, proposal, { by, needs, drift })
    switch (requoted.kind) {
      case 'requoted':
        return requoted
      case 'overtaken':
        return asItStands(ports.store, (await ports.store.proposals.find(proposal.proposalId)) ?? proposal)
      case 'refused':
        all = [...denials, ...requoted.denials.filter(({ code }) => denials.every((denial) => denial.code !== code))]
        why = requoted.why
        break
      case 'forbidden':
        // Told and put on record below, where the right is read again.
        break
    }
  }
  const reason = [...all.map(formatDenial), ...(why === undefined ? [] : [why])].join('; ')
  return decide(ports, proposal, { by, needs, as: 'approve' }, async (tx, held) => {
    const patch = { decidedBy: by.memberId, decidedAt: held.at, reason }
    const closed = await close(tx, ports, held.proposal, { to: 'denied', patch, details: { denials: all } })
    return { kind: 'denied', denials: all, proposal: closed }
  })
}

async function refuseOwn({ store, clock }: Ports, proposal: Proposal, { memberId }: Member): Promise<Decision> {
  await store.audit.append({
    at: clock.now(),
    actor: memberId,
    action: 'proposal.self-approval-refused',
    subject: proposal.proposalId,
    details: {},
  })
  return { kind: 'self-approval', proposal }
}

async function expire(ports: Ports, { proposalId }: Proposal): Promise<Decision> {
  const decision = await ports.store.transaction(async (tx): Promise<Decision> => {
    const { changed, proposal } = await tx.proposals.move(proposalId, ['pending'], 'pending', {})
    return changed ? closeExpired(tx, ports, proposal, ports.clock.now()) : asItStands(tx, proposal)
  })
  await wakeDelivery(ports.queue)
  return decision
}

async function closeExpired(tx: Store, ports: Ports, proposal: Proposal, at: TimestampMs): Promise<Decision> {
  const patch = { decidedBy: 'system', decidedAt: at }
  return { kind: 'expired', proposal: await close(tx, ports, proposal, { to: 'expired', patch }) }
}

/** Ends a held proposal without a trade: its state, the record of it and what the desk sees, together. */
async function close(
  tx: Store,
  ports: Ports,
  held: Proposal,
  {
    to,
    patch,
    details,
  }: {
    to: 'declined' | 'expired' | 'denied'
    patch: ProposalPatch & Required<Pick<ProposalPatch, 'decidedBy' | 'decidedAt'>>
    details?: Record<string, unknown>
  },
): Promise<Proposal> {
  const { proposal } = await tx.proposals.move(held.proposalId, ['pending'], to, patch)
  await tx.audit.append({
    at: patch.decidedAt,
    actor: patch.decidedBy,
    action: to === 'denied' ? 'risk.denied' : `proposal.${to}`,
    subject: held.proposalId,
    details: { ...details, reason: patch.reason },
  })
  await announceProposal(tx, ports, proposal, { at: patch.decidedAt })
  return proposal
}
