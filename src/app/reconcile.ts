import type { Asset } from '../domain/market/tick.ts'
import { announce, wakeDelivery } from './announce.ts'
import { readHolding } from './book.ts'
import { wakeExecution } from './decide-proposal.ts'
import { scheduleEscalations } from './escalate-alert.ts'
import { scheduleExpiry } from './open-proposal.ts'
import type { Ports } from './ports.ts'
import { scheduleDigests } from './send-digests.ts'

export interface Reconciliation {
  readonly expiriesScheduled: number
  readonly executionsWoken: number
  readonly mismatches: readonly { readonly asset: Asset; readonly ours: number; readonly venues: number }[]
}

const LOTS_TOLERATED = 1.5 // one lot of rounding is not a mismatch

/**
 * Rebuilds every wake-up from rows and compares our position with the venue's. One path, at start-up and all the time.
 *
 * Waking an execution takes its lease first: if a live process holds it, nothing is needed; if the holder is dead, the
 * fencing number moves on and whatever the dead one left in the queue is overtaken.
 */
export const createReconcile = (ports: Ports) => async (): Promise<Reconciliation> => {
  const { store, queue, instanceId, settings } = ports
  const pending = await store.proposals.list({ states: ['pending'], limit: 100 })
  for (const proposal of pending) await scheduleExpiry({ queue }, proposal)

  let executionsWoken = 0
  for (const proposal of await store.proposals.list({ states: ['approved', 'executing'], limit: 100 })) {
    const lease = await store.proposals.takeLease(proposal.proposalId, instanceId, settings.execution.leaseTtl)
    if (lease === undefined) continue
    await store.proposals.releaseLease(proposal.proposalId, lease)
    await wakeExecution({ queue }, { ...proposal, lease })
    executionsWoken++
  }
  const mismatches = executionsWoken > 0 ? [] : await comparePositions(ports)
  await scheduleEscalations(ports)
  await scheduleDigests(ports)
  await wakeDelivery(queue)
  return { expiriesScheduled: pending.length, executionsWoken, mismatches }
}

/** Only when nothing is in flight: an unbooked fill is explained, a quiet difference is not. */
async function comparePositions(ports: Ports): Promise<Reconciliation['mismatches']> {
  const { store, venue, settings, clock, queue, ids } = ports
  if ((await store.orders.unresolved()).length > 0) return []
  const mismatches: { asset: Asset; ours: number; venues: number }[] = []
  for (const asset of Object.keys(settings.book.exposures)) {
    const holding = await readHolding(ports, asset)
    const venues = await venue.position(holding.instrument.instrumentId)
    if (Math.abs(venues + holding.hedge) > LOTS_TOLERATED * Number(holding.instrument.lotSize))
      mismatches.push({ asset, ours: -holding.hedge, venues })
  }
  if (mismatches.length === 0) return mismatches
  const reason = `position mismatch: ${mismatches.map((m) => `${m.asset} ours ${m.ours}, venue ${m.venues}`).join('; ')}`
  const at = clock.now()
  await store.transaction(async (tx) => {
    if ((await tx.settings.tradingState()).state !== 'active') return // never looser than what a person has set
    await tx.settings.setTradingState('reducing', 'system', at, reason)
    await tx.audit.append({
      at,
      actor: 'system',
      action: 'trading-state.reducing',
      subject: settings.book.name,
      details: { mismatches },
    })
    await announce(tx, ports, {
      cardKey: `trading-state:${ids.rowId()}`,
      at,
      urgency: 'urgent',
      card: {
        tone: 'critical',
        title: 'Trading state: reducing',
        text: `Our books and the venue disagree (${reason}). Only what shrinks risk goes through until someone has looked and runs /risk resume.`,
      },
    })
  })
  await wakeDelivery(queue)
  return mismatches
}
