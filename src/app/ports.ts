import type { Clock, Forecaster, Ids, Queue, Store, Venue } from '../ports.ts'
import type { Settings } from './settings.ts'

/** Everything a verb may touch. Built once, in main. */
export interface Ports {
  readonly store: Store
  readonly queue: Queue
  readonly venue: Venue
  readonly forecaster: Forecaster
  readonly clock: Clock
  readonly ids: Ids
  readonly settings: Settings
  /** This process, as it signs leases. */
  readonly instanceId: string
}
