import type { Proposal, ProposalId } from '../domain/proposal.ts'
import type { Denial } from '../domain/risk/checks.ts'
import { later, SECOND, type TimestampMs } from '../domain/units.ts'
import type { Store } from '../ports.ts'
import { wakeDelivery } from './announce.ts'
import type { Ports } from './ports.ts'
import { isHeldByState, wasLetGo } from './send-child.ts'
import { wakeExecution } from './wake-execution.ts'
import { workExecution } from './work-execution.ts'

export type ExecutionOutcome =
  | { readonly kind: 'working'; readonly nextAt: TimestampMs }
  | { readonly kind: 'executed' | 'failed'; readonly proposal: Proposal }
  /** The risk engine holds orders back, and a resume or the next try goes on; or a person did, and a resume goes on. */
  | { readonly kind: 'paused'; readonly denials: readonly Denial[] }
  /** Another live process holds the lease, or this wake-up was overtaken by a later one, or there is nothing to do. */
  | { readonly kind: 'not-ours' }

const RETRY_AFTER = 30 * SECOND

/**
 * One wake-up of an execution: take the lease, settle what is unresolved, let every working child take its next step, send what is
 * due now, schedule the next.
 *
 * The plan is derived from the proposal, every intent is stored before it is sent, and its id is derived too; so a crash at
 * any line resumes here, and the same intent is the same order.
 */
export const createExecuteProposal =
  (ports: Ports) =>
  async (input: { proposalId: ProposalId; lease: number }): Promise<ExecutionOutcome> => {
    const { store } = ports
    const found = await store.proposals.find(input.proposalId)
    if (!found || (found.state !== 'approved' && found.state !== 'executing') || found.lease !== input.lease)
      return { kind: 'not-ours' }
    const taken = await take(ports, found)
    if (!taken) return { kind: 'not-ours' }
    const { lease, proposal } = taken
    let next: TimestampMs | undefined
    let heldBack: readonly Denial[] | undefined
    try {
      if (proposal.state !== 'executing') return { kind: 'not-ours' }
      const outcome = await workExecution(ports, { ...proposal, lease })
      if (outcome.kind === 'working') next = outcome.nextAt
      else if (outcome.kind === 'paused' && (outcome.denials.length === 0 || isHeldByState(outcome.denials)))
        heldBack = outcome.denials
      else if (outcome.kind === 'paused') next = later(ports.clock.now(), RETRY_AFTER)
      return outcome
    } catch (error) {
      next = later(ports.clock.now(), RETRY_AFTER)
      throw error
    } finally {
      await store.proposals.releaseLease(found.proposalId, lease)
      // What a person or the trading state has changed while this wake-up held the lease found nothing to wake.
      const stands = await store.proposals.find(found.proposalId)
      if (stands && stands.control !== found.control) next = ports.clock.now()
      else if (heldBack && heldBack.length > 0 && (await wasLetGo(ports, heldBack))) next = ports.clock.now()
      if (next !== undefined) await wakeExecution(ports, { ...found, lease }, next)
      await wakeDelivery(ports.queue)
    }
  }

/** Takes the lease and, the first time, begins the execution: both or neither. Undefined where another has it. */
async function take(
  ports: Ports,
  found: Proposal,
): Promise<{ readonly lease: number; readonly proposal: Proposal } | undefined> {
  const { store, instanceId, settings } = ports
  const takeIn = (tx: Pick<Store, 'proposals'>) =>
    tx.proposals.takeLease(found.proposalId, instanceId, settings.execution.leaseTtl)
  if (found.state === 'executing') {
    const lease = await takeIn(store)
    return lease === undefined ? undefined : { lease, proposal: found }
  }
  try {
    return await store.transaction(async (tx) => {
      const lease = await takeIn(tx)
      return lease === undefined ? undefined : { lease, proposal: await start(tx, ports, found) }
    })
  } catch (error) {
    await wakeExecution(ports, found, later(ports.clock.now(), RETRY_AFTER))
    throw error
  }
}

async function start(tx: Store, ports: Ports, proposal: Proposal): Promise<Proposal> {
  const at = ports.clock.now()
  const { duration } = proposal.schedule ?? ports.settings.execution.schedule
  const moved = await tx.proposals.move(proposal.proposalId, ['approved'], 'executing', {
    executionStartedAt: at,
    executionEndsAt: later(at, duration),
  })
  if (moved.changed)
    await tx.audit.append({
      at,
      actor: 'system',
      action: 'proposal.executing',
      subject: proposal.proposalId,
      details: { termsHash: proposal.termsHash },
    })
  return moved.proposal
}
