import { VenueUnreachableError } from '../domain/execution/venue-unreachable.ts'
import type { BaseQty } from '../domain/units.ts'
import type { VenueStanding } from '../ports.ts'
import { readHolding } from './book.ts'
import type { Ports } from './ports.ts'
import { wakeRiskWatch } from './wake-risk-watch.ts'

export type ReconciledNow =
  | {
      readonly kind: 'reconciled'
      /** Of each leg that was looked at, with what our own fills add up to. */
      readonly standings: readonly (VenueStanding & { readonly ours: BaseQty })[]
    }
  | { readonly kind: 'unreachable'; readonly why: string }

/** `/risk reconcile`: one round of reconciling for someone who asks, and how records and venues stand after it. */
export const createReconcileNow =
  (ports: Ports, reconcile: () => Promise<unknown>) => async (): Promise<ReconciledNow> => {
    const { store, settings, queue } = ports
    try {
      await reconcile()
    } catch (error) {
      if (!(error instanceof VenueUnreachableError)) throw error
      return { kind: 'unreachable', why: error.message }
    }
    await wakeRiskWatch(queue)
    const standings: (VenueStanding & { ours: BaseQty })[] = []
    for (const asset of Object.keys(settings.book.exposures))
      for (const { instrument, position } of (await readHolding(ports, asset)).legs) {
        const standing = await store.standings.read(instrument.instrumentId)
        if (standing) standings.push({ ...standing, ours: position })
      }
    return { kind: 'reconciled', standings }
  }
