import type { Proposal } from '../domain/proposal.ts'
import type { TimestampMs } from '../domain/units.ts'
import type { Ports } from './ports.ts'

/** The id carries the fencing number, so that a wake-up added after a crash is never taken for an earlier one. */
export const wakeExecution = ({ queue }: Pick<Ports, 'queue'>, proposal: Proposal, at?: TimestampMs): Promise<void> =>
  queue.add({
    name: 'execute-proposal',
    data: { proposalId: proposal.proposalId, lease: proposal.lease },
    jobId: `execute-${proposal.proposalId}-${proposal.lease}`,
    at,
  })

/**
 * Wakes an execution whatever else is planned for it: the lease moves on, so that wake-ups added before are overtaken. Where a live
 * process holds it just now, that one looks again at what people want before it lets go.
 */
export async function wakeNow(
  { store, queue, instanceId, settings }: Pick<Ports, 'store' | 'queue' | 'instanceId' | 'settings'>,
  proposal: Proposal,
): Promise<boolean> {
  const lease = await store.proposals.takeLease(proposal.proposalId, instanceId, settings.execution.leaseTtl)
  if (lease === undefined) return false
  await store.proposals.releaseLease(proposal.proposalId, lease)
  await wakeExecution({ queue }, { ...proposal, lease })
  return true
}

/** Every execution of the book: what has changed holds for all of them, and what rests is taken back by its own wake-up. */
export async function wakeAll(ports: Pick<Ports, 'store' | 'queue' | 'instanceId' | 'settings'>): Promise<void> {
  const { store, settings } = ports
  const executing = await store.proposals.list({
    book: settings.book.name,
    states: ['approved', 'executing'],
    limit: 100,
  })
  for (const proposal of executing) await wakeNow(ports, proposal)
}
