import type { Member } from '../domain/member.ts'
import type { ExecutionControl, Proposal, ProposalId } from '../domain/proposal.ts'
import { wakeDelivery } from './announce.ts'
import { announceProposal } from './announce-proposal.ts'
import type { Ports } from './ports.ts'
import { wakeNow } from './wake-execution.ts'

export type Steering =
  | { readonly kind: 'steered'; readonly proposal: Proposal }
  /** It already does what was asked. */
  | { readonly kind: 'unchanged'; readonly proposal: Proposal }
  /** Only what is approved and not finished can be steered; what is being canceled cannot go on. */
  | { readonly kind: 'not-steerable'; readonly proposal: Proposal }
  | { readonly kind: 'not-found' }

const FROM: Readonly<Record<ExecutionControl, readonly ExecutionControl[]>> = {
  running: ['paused'],
  paused: ['running'],
  canceling: ['running', 'paused'],
}

/** Lets an execution hold still, go on, or end with what is filled: what rests is cancelled by its next wake-up, which is now. */
export const createSteerExecution =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId; to: ExecutionControl; by: Member }): Promise<Steering> => {
    const { store, clock } = ports
    const found = await store.proposals.find(input.proposalId)
    if (!found) return { kind: 'not-found' }
    if (found.state !== 'approved' && found.state !== 'executing') return { kind: 'not-steerable', proposal: found }
    if (found.control === input.to) return { kind: 'unchanged', proposal: found }
    const at = clock.now()
    const { changed, proposal } = await store.transaction(async (tx) => {
      const by = { memberId: input.by.memberId, at }
      const steered = await tx.proposals.steer(input.proposalId, FROM[input.to], input.to, by)
      if (!steered.changed) return steered
      await tx.audit.append({
        at,
        actor: input.by.memberId,
        action: `proposal.${input.to}`,
        subject: input.proposalId,
        details: { from: found.control },
      })
      const execution = {
        orders: await tx.orders.forProposal(input.proposalId),
        fills: await tx.orders.fills(input.proposalId),
      }
      await announceProposal(tx, ports, steered.proposal, { at, execution })
      return steered
    })
    if (!changed) return { kind: 'not-steerable', proposal }
    await wakeNow(ports, proposal)
    await wakeDelivery(ports.queue)
    return { kind: 'steered', proposal }
  }
