import { isMismatch } from '../domain/execution/venue-standing.ts'
import { VenueUnreachableError } from '../domain/execution/venue-unreachable.ts'
import type { InstrumentId } from '../domain/instrument.ts'
import type { VenueId } from '../domain/market/tick.ts'
import type { BaseQty, Usd } from '../domain/units.ts'
import type { VenueAccount } from '../ports.ts'
import { wakeDelivery } from './announce.ts'
import { brakeOnMismatch, releaseBrake } from './brake-on-mismatch.ts'
import { scheduleEscalations } from './escalate-alert.ts'
import { wakeStops } from './hear-order.ts'
import { scheduleExpiry } from './open-proposal.ts'
import type { Ports } from './ports.ts'
import { type LegReconciliation, reconcileLeg } from './reconcile-venue.ts'
import { scheduleDigests } from './send-digests.ts'
import { legsOf } from './venues.ts'
import { wakeNow } from './wake-execution.ts'

export interface Mismatch {
  readonly instrumentId: InstrumentId
  /** Signed: Σ of our fills, what is known to be of other hands, everything on the account. */
  readonly ours: BaseQty
  readonly foreign: BaseQty
  readonly theirs: BaseQty
  readonly unexplained: BaseQty
  readonly notional: Usd
}

export interface Reconciliation {
  readonly expiriesScheduled: number
  readonly executionsWoken: number
  /** One for each instrument of the book on each venue. */
  readonly legs: readonly LegReconciliation[]
  /** Of the venues that answered. */
  readonly accounts: readonly ({ readonly venueId: VenueId } & VenueAccount)[]
  /** Counted over two polls, and not released by three clean ones yet. */
  readonly mismatches: readonly Mismatch[]
}

/**
 * Rebuilds every wake-up from rows, and holds each instrument of each venue against our records. One path: at start-up, all the
 * time, when someone asks, and after a connection was lost.
 *
 * Waking an execution takes its lease first: if a live process holds it, nothing is needed; if the holder is dead, the
 * fencing number moves on and whatever the dead one left in the queue is overtaken.
 *
 * @throws {AggregateError} of what failed for other reasons than a venue that does not answer, when all the rest is done
 */
export const createReconcile = (ports: Ports) => async (): Promise<Reconciliation> => {
  const { store, queue } = ports
  const pending = await store.proposals.list({ states: ['pending'], limit: 100 })
  for (const proposal of pending) await scheduleExpiry({ queue }, proposal)

  let executionsWoken = 0
  for (const proposal of await store.proposals.list({ states: ['approved', 'executing'], limit: 100 }))
    if (await wakeNow(ports, proposal)) executionsWoken++
  await scheduleEscalations(ports)
  await scheduleDigests(ports)

  const { legs, faults } = await reconcileLegs(ports)
  const mismatches = legs.flatMap(toMismatch)
  if (mismatches.length > 0) await brakeOnMismatch(ports, mismatches)
  else if (legs.every(({ kind }) => kind === 'checked')) await releaseBrake(ports)
  const accounts = await readAccounts(ports)
  await wakeDelivery(queue)
  if (faults.length > 0)
    throw new AggregateError(
      faults,
      `Expected to reconcile ${legs.length + faults.length} instruments, ${faults.length} failed`,
    )
  return { expiriesScheduled: pending.length, executionsWoken, legs, accounts, mismatches }
}

/** One that fails does not keep the others from being looked at. */
async function reconcileLegs(
  ports: Ports,
): Promise<{ readonly legs: readonly LegReconciliation[]; readonly faults: readonly unknown[] }> {
  const legs: LegReconciliation[] = []
  const faults: unknown[] = []
  for (const asset of Object.keys(ports.settings.book.exposures))
    for (const leg of await legsOf(ports, asset)) {
      try {
        legs.push(await reconcileLeg(ports, leg))
        // A wake-up that came while the stops were being tended is lost: once a poll they are looked at anyway.
        await wakeStops(ports, leg.instrument.instrumentId)
      } catch (error) {
        faults.push(error)
      }
    }
  return { legs, faults }
}

async function readAccounts({ venues }: Ports): Promise<Reconciliation['accounts']> {
  const accounts: Reconciliation['accounts'][number][] = []
  for (const venue of venues) {
    try {
      accounts.push({ venueId: venue.venueId, ...(await venue.account()) })
    } catch (error) {
      if (!(error instanceof VenueUnreachableError)) throw error
    }
  }
  return accounts
}

function toMismatch(leg: LegReconciliation): readonly Mismatch[] {
  if (leg.kind !== 'checked' || !isMismatch(leg.standing)) return []
  const { instrumentId, ours, theirs, standing } = leg
  return [
    {
      instrumentId,
      ours,
      foreign: standing.foreignQuantity,
      theirs,
      unexplained: standing.unexplainedQuantity,
      notional: standing.unexplainedNotional,
    },
  ]
}
