import { formatQuantity } from '../domain/format.ts'
import type { Proposal } from '../domain/proposal.ts'
import { announceProposal } from './announce-proposal.ts'
import type { ExecutionOutcome } from './execute-proposal.ts'
import type { Ports } from './ports.ts'
import { createTendStops, describeStops } from './tend-stops.ts'
import { legsOf } from './venues.ts'

/**
 * Ends an execution in which nothing works any more, with what was filled and why the rest was not.
 *
 * @throws {Error} when `proposal.lease` is no longer the current one; nothing is ended then
 */
export async function finishExecution(ports: Ports, proposal: Proposal): Promise<ExecutionOutcome> {
  const { store, clock } = ports
  const at = clock.now()
  const execution = {
    orders: await store.orders.forProposal(proposal.proposalId),
    fills: await store.orders.fills(proposal.proposalId),
  }
  const stops = execution.fills.length === 0 ? [] : await protect(ports, proposal)
  const filled = execution.fills.reduce((sum, fill) => sum + fill.quantity, 0)
  const residual = proposal.quantity - filled
  const canceledBy = proposal.control === 'canceling' ? ((await nameOf(ports, proposal)) ?? 'a person') : undefined
  const left =
    residual * proposal.referencePrice >= 1 ? `left ${formatQuantity(residual, proposal.asset)} unfilled` : undefined
  const denied = execution.orders.filter((order) => order.state === 'denied').at(-1)?.reason
  const reason = [
    canceledBy && `canceled by ${canceledBy}`,
    filled <= 0 ? 'nothing could be filled' : left,
    left && denied && `last denial: ${denied}`,
  ]
    .filter(Boolean)
    .join('; ')
  const to = filled > 0 ? 'executed' : 'failed'
  const moved = await store.transaction(async (tx) => {
    const transition = await tx.proposals.move(proposal.proposalId, ['executing'], to, {
      finishedAt: at,
      ...(reason !== '' && { reason }),
    })
    if (!transition.changed) return transition
    // Whoever was frozen meanwhile knows nothing of the orders that were sent since: the end is another's to tell.
    if (transition.proposal.lease !== proposal.lease)
      throw new Error(
        `Expected the current lease ${transition.proposal.lease} of proposal ${proposal.proposalId}, was ${proposal.lease}: another process has taken over`,
      )
    await tx.audit.append({
      at,
      actor: 'system',
      action: `proposal.${to}`,
      subject: proposal.proposalId,
      details: { filled, residual, ...(reason !== '' && { reason }) },
    })
    await announceProposal(tx, ports, transition.proposal, { at, execution: { ...execution, stops } })
    return transition
  })
  return { kind: to, proposal: moved.proposal }
}

/** The stops are brought to the new position before the card says what they do; where a venue does not answer, the job goes on. */
async function protect(ports: Ports, { asset }: Proposal): Promise<readonly string[]> {
  if (ports.settings.stops.enabled) {
    const tend = createTendStops(ports)
    for (const { instrument } of await legsOf(ports, asset)) await tend({ instrumentId: instrument.instrumentId })
  }
  return describeStops(ports, asset)
}

async function nameOf({ store }: Ports, { controlledBy }: Proposal): Promise<string | undefined> {
  return controlledBy === undefined ? undefined : ((await store.members.find(controlledBy))?.name ?? controlledBy)
}
